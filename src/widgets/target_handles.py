"""A target's box with handles: its middle moves it, its faces make it larger or smaller.

The target is the place that matters and its box is kept as half sizes around it, so a face takes
the opposite one along: moving one alone would move the place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drawn import Handle
from .plane import triple
from .seen import seen_key, seen_of
from .state import by_name

_MIDDLE = "middle"
_COLOR = "#F0E442"
#: What a person has to know before dragging one.
HINT = "Middle: move the target. Face: resize to both sides, the target stays in the middle."
_LEAST = 1e-6  # of the world's size: a face that is dragged through the middle stays on its side


class TargetHandles:
    """What can be dragged of the selected target; it is written when it is let go.

    Parameters
    ----------
    picker : TargetPicker
    """

    def __init__(self, picker: Any) -> None:
        self._picker = picker

    def __call__(self) -> list[Handle]:
        """The handles of the selected target: its middle and, of a volume, six faces."""
        picker = self._picker
        if not picker.selected:
            return []
        place, half = picker.drawn_target()
        version = picker.target().version
        handles = [Handle(seen_key(_MIDDLE, version), triple(place), color=_COLOR)]
        if half is None:
            return handles
        axes = range(1 if picker.explorer.planar else 0, 3)
        return handles + [
            Handle(
                seen_key(f"{axis} {sign}", version),
                triple(place + step),
                color=_COLOR,
                along=triple(step / half),
            )
            for axis in axes
            for sign in (-1, 1)
            for step in [sign * half * np.eye(3)[axis]]
        ]

    def dragged(self, key: str, at_um: Any, done: bool) -> str | None:
        """Take a drag over: drawn while it goes on, a record when it is done.

        Raises
        ------
        Conflict
            Somebody has changed the target since it was drawn.
        """
        picker = self._picker
        key, version = seen_of(key)
        name = picker.target().name
        place, half = _of(picker.target())
        if key == _MIDDLE:
            change = {"position": np.asarray(at_um, float)}
        else:
            axis = int(key.split()[0])
            if half is None:
                raise ValueError(f"target {name} is a point: give it a half size first")
            least = _LEAST * float(np.ptp(picker.explorer.world.corners_um(), axis=0).max())
            resized = half.copy()
            side = int(key.split()[1])
            resized[axis] = max(least, side * (float(at_um[axis]) - place[axis]))
            change = {"half": resized}
        (now,), known = change.values(), place if half is None or key == _MIDDLE else half
        back = bool(np.allclose(now, known))
        if not done:
            picker.draft = {} if back else {**change, "name": name}  # taken back: nothing dragged
            return None
        picker.draft = {}
        if back:  # a click, or told again because no answer came
            return None
        if key == _MIDDLE:
            picker.move_target(name, by_name(change["position"]), look=False, version=version)
            return f"moved {name}, written to the workspace"
        picker.resize_target(name, by_name(change["half"]), look=False, version=version)
        return f"resized {name} to both sides of its place, written to the workspace"


def _of(record: Any) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    names = ("z_um", "y_um", "x_um")
    place = np.array([record.position[name] for name in names])
    half = record.half_size
    return place, None if half is None else np.array([half[name] for name in names])
