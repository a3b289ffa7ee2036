"""Numbers to read and type: where the cursor is, and how wide the view."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, isfinite, log10
from typing import Any

import ipywidgets as ipw

from .explorer import SliceExplorer
from .views import Message, follow

_FIELD = {"width": "156px"}
_STYLE = {"description_width": "70px"}


def position_fields(explorer: SliceExplorer, message: Message) -> ipw.HBox:
    """Fields for x, y, z as far as the specimen reaches there, and for the width of the view.

    Not sliders: a notebook's slider rounds what it is told and tells the kernel so, and the panel
    has one of its own.
    """
    corners = explorer.world.corners_um()
    unit = "px" if explorer.world.unit == "px" else "µm"
    fields = []
    for axis in "xyz":
        column = corners[:, "zyx".index(axis)]
        low, high = float(column.min()), float(column.max())
        if high > low:
            fields.append(_cursor_field(explorer, axis, low, high, unit, message))
    fields.append(_width_field(explorer, unit, message))
    return ipw.HBox(fields, layout=ipw.Layout(flex_flow="row wrap", grid_gap="0 8px"))


def _cursor_field(
    explorer: SliceExplorer, axis: str, low: float, high: float, unit: str, message: Message
) -> ipw.FloatText:
    key = f"{axis}_um"

    def put(value: float) -> None:
        if not low <= value <= high:
            raise ValueError(
                f"the specimen reaches from {low:.6g} to {high:.6g} {unit} along {axis}, got "
                f"{value:.6g}; the cursor stays where it was"
            )
        explorer.cursor_um = {**explorer.cursor_um, key: value}

    field = _field(f"{axis} [{unit}]", lambda: explorer.cursor_um[key], put, explorer, message)
    field.tooltip = f"{axis} of the cursor, from {low:.6g} to {high:.6g} {unit}"
    return field


def _width_field(explorer: SliceExplorer, unit: str, message: Message) -> ipw.FloatText:
    def put(value: float) -> None:
        if not (isfinite(value) and value > 0):
            raise ValueError(f"the view needs a width above 0 {unit}, got {value:g}; it stays")
        explorer.width_um = value

    field = _field(f"width [{unit}]", lambda: explorer.width_um, put, explorer, message)
    field.tooltip = "how much the view shows from left to right"
    return field


def _field(
    description: str,
    read: Callable[[], float],
    put: Callable[[float], Any],
    explorer: SliceExplorer,
    message: Message,
) -> ipw.FloatText:
    field = ipw.FloatText(description=description, layout=_FIELD, style=_STYLE)

    def shown() -> float:
        """As exact as a pixel of the panel."""
        return round(read(), 3 - floor(log10(explorer.width_um)))

    def show() -> None:
        field.step = 10.0 ** (floor(log10(explorer.width_um)) - 2)
        field.value = shown()

    def typed(change: Any) -> None:
        if change["new"] != shown():
            message.guard(lambda: put(change["new"]))()
            show()

    show()
    field.observe(typed, names="value")
    follow(explorer, ("cursor_um", "width_um"), show)
    return field
