"""What the recorded stage of an instrument adds to the error of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..analysis.registration.instrument import InstrumentError

_AXES = ("z_um", "y_um", "x_um")


def stage_error(
    ws: Any, *, to: str, place_um: np.ndarray, minutes: float | None = None
) -> tuple[InstrumentError | None, tuple[str, ...]]:
    """Give the error of the stage that is recorded for a frame, and say what nobody has stated.

    Lengths count from the nearest active landmark that the frame holds.

    Parameters
    ----------
    ws : Workspace
    to : str
        Frame of the instrument.
    place_um : (3,) array
        The target there [µm].
    minutes : float, optional
        Between the last look at a fiducial and the cut; without them a drift does not count [min].
    """
    from ..analysis.registration.instrument import InstrumentError

    stage = next((stage for stage in ws.stages if stage.frame == to), None)
    if stage is None or stage.repeatability_um is None:
        return None, (
            f"stage, drift and scale of the instrument do not count: nobody has stated them for "
            f"{to}; give instrument=InstrumentError(...), or record the stage with "
            "repeatability_um",
        )
    notes = []
    near = _nearest_mark(ws, to, place_um)
    scaled: dict[str, Any] = {}
    if stage.scale_sigma and near is not None:
        scaled = {"scale_sigma": stage.scale_sigma, "from_um": near}
    else:
        notes.append(f"the scale of {stage.name} counts as exact: it is not stated")
    if stage.drift_um_per_min is None:
        notes.append(f"the drift of {stage.name} does not count: it is not stated")
    elif minutes is None:
        notes.append(
            f"the drift of {stage.name} does not count: nobody has stated the minutes between the "
            "last look at a fiducial and the cut"
        )
    else:
        scaled |= {"drift_um_per_min": stage.drift_um_per_min, "minutes": minutes}
    return InstrumentError(stage_um=stage.repeatability_um, **scaled), tuple(notes)


def _nearest_mark(ws: Any, frame: str, place_um: np.ndarray) -> np.ndarray | None:
    places = [
        np.array([side[name] for name in _AXES], float)
        for mark in ws.landmarks
        if mark.active
        for own, side in ((mark.moving_frame, mark.moving), (mark.fixed_frame, mark.fixed))
        if own == frame
    ]
    return min(places, key=lambda place: float(np.linalg.norm(place - place_um)), default=None)
