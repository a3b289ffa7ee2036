"""The explorer's controls: plane, position, zoom, layers, and what the cursor reads."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Any

import ipywidgets as ipw
import numpy as np

from .explorer import SliceExplorer, time_count
from .live import EXPLORING, HINT, LivePanel
from .picture import explorer_words
from .plane import ACROSS_THE_PLANE
from .reading import reading_words
from .views import Message, follow, html_table, link, words_html, words_line

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
_NARROW = {"width": "calc(100% - 4px)", "max_width": "340px"}
_SHORT = {"description_width": "76px"}
_LATE_S = 2.0
_STEPS = 20_000  # the browser rounds what it shows to whole steps


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
    for layer in explorer.layers:
        follow(layer, ("channel",), read)
    tell()
    read()
    more = ipw.Accordion(children=[reading])
    more.set_title(0, "At the cursor, layer by layer")
    below = columns(navigation(explorer, message), ipw.VBox([words, more]))
    stage = ipw.Layout(max_width=f"{width_px}px", width="100%")
    return ipw.VBox([panel, here, message.widget, below], layout=stage)


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


def navigation(explorer: SliceExplorer, message: Message) -> ipw.VBox:
    """Cursor, width of the view, time."""
    rows: list[Any] = [*cursor_sliders(explorer, message)]
    rows.append(_zoom_slider(explorer, message))
    if (count := time_count(explorer.world)) > 1:
        moment = ipw.IntSlider(
            min=0, max=count - 1, description="time", layout=_NARROW, style=_SHORT
        )
        link(moment, explorer, "time", message)
        rows.append(moment)
    return ipw.VBox(rows)


def cursor_sliders(explorer: SliceExplorer, message: Message) -> list[ipw.FloatSlider]:
    """One slider an axis; the one across the plane moves the slice."""
    corners = explorer.world.corners_um()
    sliders = []
    for axis in "xyz":
        low, high = corners[:, "zyx".index(axis)].min(), corners[:, "zyx".index(axis)].max()
        if high > low:
            sliders.append(_cursor_slider(explorer, axis, float(low), float(high), message))
    return sliders


class _Echoes:
    """What a slider was told: the browser rounds it to whole steps and sends that back, late."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._told: deque[tuple[float, float]] = deque(maxlen=100)

    def tell(self, value: float) -> None:
        """Note what the slider is about to show."""
        self._told.append((time.monotonic(), value))

    def has(self, value: float) -> bool:
        """Say whether a value that the browser sends is only what it was told."""
        since = time.monotonic() - _LATE_S
        return any(
            when > since and abs(value - told) <= 0.51 * self._step for when, told in self._told
        )


def _cursor_slider(
    explorer: SliceExplorer, axis: str, low: float, high: float, message: Message
) -> ipw.FloatSlider:
    key = f"{axis}_um"
    slider = ipw.FloatSlider(
        value=float(np.clip(explorer.cursor_um[key], low, high)),
        min=low,
        max=high,
        step=(high - low) / _STEPS,
        description=f"{axis} [{'px' if explorer.world.unit == 'px' else 'µm'}]",
        readout_format=".5g",
        layout=_NARROW,
        style=_SHORT,
    )

    echoes = _Echoes(slider.step)

    def moved(change: Any) -> None:
        near = abs(change["new"] - explorer.cursor_um[key]) <= 0.51 * slider.step
        if not (near or echoes.has(change["new"])):
            explorer.cursor_um = {**explorer.cursor_um, key: change["new"]}

    def follow_cursor(_: Any = None) -> None:
        value = float(np.clip(explorer.cursor_um[key], low, high))
        echoes.tell(value)
        slider.value = value
        across = ACROSS_THE_PLANE.get(explorer.orientation) == axis
        slider.style.handle_color = "#0072B2" if across else None

    slider.observe(moved, names="value")
    explorer.observe(follow_cursor, names=["cursor_um", "orientation"])
    follow_cursor()
    return slider


def _zoom_slider(explorer: SliceExplorer, message: Message) -> ipw.FloatLogSlider:
    whole = float(np.ptp(explorer.world.corners_um(), axis=0).max()) * 1.5
    finest = min(min(item.levels[0].spacing_um) for item in _placed(explorer))
    slider = ipw.FloatLogSlider(
        min=np.log10(max(finest * 8, whole / 1e6)),
        max=np.log10(whole),
        step=0.02,
        description=f"width [{'px' if explorer.world.unit == 'px' else 'µm'}]",
        readout_format=".4g",
        layout=_NARROW,
        style=_SHORT,
    )

    echoes = _Echoes(slider.step)

    def moved(change: Any) -> None:
        near = abs(np.log10(change["new"] / explorer.width_um)) <= 0.51 * slider.step
        if not (near or echoes.has(np.log10(change["new"]))):
            explorer.width_um = change["new"]

    def follow_width(_: Any = None) -> None:
        value = float(np.clip(explorer.width_um, 10**slider.min, 10**slider.max))
        echoes.tell(np.log10(value))
        slider.value = value

    follow_width()
    slider.observe(moved, names="value")
    explorer.observe(follow_width, names="width_um")
    return slider


def _placed(explorer: SliceExplorer) -> Any:
    return explorer.world.placed(explorer.layers)
