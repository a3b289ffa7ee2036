"""The explorer's controls: plane, position, zoom, layers, and what the cursor reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as ipw

from .explorer import SliceExplorer
from .live import EXPLORING, HINT, LivePanel
from .others import follow_others
from .picture import explorer_words
from .reading import reading_words
from .views import Message, after_display, follow, html_table, words_html, words_line

_VIEW = ("cursor_um", "centre_um", "width_um", "orientation", "across", "down")
_LOOK = (
    "layers", "linked", "aspect", "time", "compare", "split", "slab_um", "slab", "crosshair",
    "theme",
)  # fmt: skip
_READ = ("cursor_um", "layers", "time")  # a zoom reads nothing else
_LAYER = (
    "mode",
    "color_map",
    "limits",
    "opacity",
    "blending",
    "visible",
    "channel",
    "phases",
    "slab_um",
    "widths_um",
)


def explorer_view(explorer: SliceExplorer, *, width_px: int = 1200) -> ipw.VBox:
    """Build the controls of an explorer."""
    message = Message()
    panel = LivePanel(explorer, guard=message.quiet, bar=EXPLORING)
    words, reading, here = ipw.HTML(), ipw.HTML(), ipw.HTML()

    def tell() -> None:
        page = explorer_words(explorer)
        panel.alt = " ".join(page.caption)
        panel.redraw()
        words.value = words_html(replace(page, legend=()), hint=HINT)

    def read() -> None:
        found = explorer.read()
        reading.value = html_table(found)
        here.value = words_line(
            reading_words(found, explorer.cursor_um, frame=explorer.frame, unit=explorer.world.unit)
        )

    redraw_all(explorer, tell)
    follow(explorer, _READ, read)
    follow(explorer, ("revision",), panel.redraw_pins)
    follow_others(explorer, panel)
    for layer in explorer.layers:
        follow(layer, ("channel",), read)
    tell()
    after_display(read)
    more = ipw.Accordion(children=[reading])
    more.set_title(0, "At the cursor, layer by layer")
    stage = ipw.Layout(max_width=f"{width_px}px", width="100%")
    return ipw.VBox([panel, here, message.widget, words, more], layout=stage)


def columns(*parts: ipw.Widget, flex: str = "", gap: str = "8px 20px") -> ipw.HBox:
    """Put parts side by side, below each other where there is no room."""
    layout = ipw.Layout(
        flex_flow="row wrap",
        grid_gap=gap,
        flex=flex or None,
        width="100%",
        align_items="flex-start",
        align_content="flex-start",
    )
    return ipw.HBox(sharing(*parts), layout=layout)


def sharing(*parts: ipw.Widget) -> tuple[ipw.Widget, ...]:
    """Parts that share a row's width."""
    for part in parts:
        part.layout.flex = part.layout.flex or "1 1 280px"
        part.layout.min_width = "0"
    return parts


def redraw_all(explorer: SliceExplorer, *handlers: Any) -> None:
    """Call handlers after anything that the picture shows has changed."""
    follow(explorer, (*_VIEW, *_LOOK), *handlers)
    for layer in explorer.layers:
        follow(layer, _LAYER, *handlers)
