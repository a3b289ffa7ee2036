"""Landmarks and the ghost as things that can be dragged."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..plots.theme import OKABE_ITO
from .live import Handle
from .plane import Triple, triple
from .seen import seen_key, seen_of

_GHOST = "\nghost"  # no name of a pair has a line break
_NOT_MOVED = 1e-9


def handles(picker: Any, side: str) -> list[Handle]:
    """What can be dragged on one side: the pairs and, where it is expected, the ghost."""
    planar = picker.images[side].ndim == 2
    found = [
        Handle(
            key=seen_key(record.name, record.version),
            at_um=triple(_flat(record.fields[side], planar)),
            color=OKABE_ITO["yellow" if record.active else "grey"],
        )
        for record in picker.records()
    ]
    if side == picker.ghost_side and picker.state().fit is not None:
        place = triple(_flat(picker.ghost().position, planar))
        found.append(Handle(key=_GHOST, at_um=place, color=OKABE_ITO["sky blue"]))
    return found


def drag(picker: Any, side: str, key: str, at_um: Triple, done: bool) -> str | None:
    """Take over where something was dragged, once it was let go.

    A pair is placed there by hand. The ghost becomes a pair with the other side's crosshair: the
    place is a person's then, and no prediction.

    Raises
    ------
    Conflict
        Somebody has moved it since it was drawn.
    """
    name, version = seen_of(key)
    was = next((one.at_um for one in handles(picker, side) if seen_of(one.key)[0] == name), None)
    if was is None:
        raise ValueError("what was dragged is gone: look again")
    if not done:
        return None
    if np.abs(np.subtract(at_um, was)).max() < _NOT_MOVED:  # a click on it
        if name != _GHOST:
            picker.selected = name
        return None
    if name != _GHOST:
        picker.move_point(name, side, picker.dropped_at(side, at_um), version=version)
        picker.selected = name
        return f"moved {name} in the {side} image"
    places = {
        side: picker.dropped_at(side, at_um),
        picker.pointed: picker.crosshair_of(picker.pointed),
    }
    picker.selected = picker.add_pair(moving=places["moving"], fixed=places["fixed"]).name
    return f"added {picker.selected} where you dropped the ghost"


def _flat(position: dict[str, float], planar: bool) -> list[float]:
    return [0.0 if planar else position["z_um"], position["y_um"], position["x_um"]]
