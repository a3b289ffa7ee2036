"""The brush's controls: the picture, the histogram under it, and the way from object to object."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw

from .explorer_view import redraw_all
from .live import HINT
from .size_bars import SizeBars
from .size_brush_picture import brush_words
from .size_panel import SizePanel
from .sized_objects import DIAMETER
from .views import Message, button, follow, history_buttons, html_table, words_html

_MOST_ROWS = 12
_COLUMNS = ("object", "x_um", "y_um", "z_um", DIAMETER)
_BRUSHING = "Drag over bars to light their objects; a click on an empty place puts them out."


def size_brush_view(brush: Any, *, width_px: int = 900) -> ipw.VBox:
    """Build the controls of a brush."""
    message = Message()
    panel = SizePanel(brush, guard=message.quiet)
    bars, words, rows = SizeBars(brush, guard=message.guard), ipw.HTML(), ipw.HTML()

    def tell() -> None:
        page = brush_words(brush)
        panel.alt = " ".join(page.caption)
        panel.redraw()
        bars.redraw()
        words.value = words_html(page, hint=f"{_BRUSHING} {HINT}")

    def list_lit() -> None:
        lit = brush.lit()
        columns = [name for name in _COLUMNS if name in lit]
        more = f" The largest {_MOST_ROWS} of {len(lit)}." if len(lit) > _MOST_ROWS else ""
        rows.value = html_table(lit[columns].head(_MOST_ROWS), empty="Nothing is lit.") + more

    redraw_all(brush.explorer, tell)
    follow(brush, ("range_um", "bins", "name", "theme"), tell, list_lit)
    tell()
    list_lit()
    table = ipw.Accordion(children=[rows])
    table.set_title(0, "The objects that are lit")
    stage = ipw.Layout(max_width=f"{width_px}px", width="100%")
    return ipw.VBox(
        [panel, bars, _steps(brush, message), message.widget, words, table], layout=stage
    )


def _steps(brush: Any, message: Message) -> ipw.HBox:
    def go(step: int) -> str:
        number = brush.go_on(step)
        return f"object {number}, {brush.seen} of {len(brush.lit())} that are lit"

    before = button("before", message.guard(lambda: go(-1)), icon="arrow-left")
    after = button(
        "next", message.guard(lambda: go(1)), icon="arrow-right", tip="Go to the next lit object"
    )
    out = button("put out", message.guard(brush.put_out), tip="Light nothing")
    row = ipw.Layout(flex_flow="row wrap")
    return ipw.HBox([before, after, out, *history_buttons(brush, message)], layout=row)
