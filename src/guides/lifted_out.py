"""A chunk that was lifted out: its change of pose as an edge of the graph, with a stated error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..analysis.registration import AffineTransform
from ..workspace import Workspace

METHOD = "lift-out, as the manipulator says"


def record_lift_out(
    ws: Workspace,
    *,
    before: str,
    after: str,
    pivot_um: Sequence[float],
    shift_um: Sequence[float] = (0.0, 0.0, 0.0),
    turn_deg: Sequence[float] = (0.0, 0.0, 0.0),
    shift_sigma_um: float,
    turn_sigma_deg: float,
    name: str | None = None,
    note: str = "",
) -> Any:
    """Write how a chunk was moved and turned as it was lifted out and set down.

    A registration of the new images later joins the same frames, and closes a loop with it.

    Parameters
    ----------
    ws : Workspace
    before, after : str
        Frames; the second one is made where it does not exist.
    pivot_um : sequence of float
        About which it was turned, z, y, x in the frame before [um].
    shift_um : sequence of float
        Of the pivot, z, y, x in the frame after [um].
    turn_deg : sequence of float
        Rotation vector, z, y, x [degree].
    shift_sigma_um, turn_sigma_deg : float
        Standard uncertainties about each axis, as somebody states them.
    name : str, optional
        Of the transform; ``<before>_to_<after>`` unless told.
    note : str

    Returns
    -------
    Record
        Of ``ws.transforms``, accepted.

    Raises
    ------
    ValueError
        An uncertainty is not above 0: a manipulator that misses nothing does not exist.
    """
    from scipy.spatial.transform import Rotation

    for label, value in (("shift_sigma_um", shift_sigma_um), ("turn_sigma_deg", turn_sigma_deg)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{label} needs a value above 0, got {value!r}: state what is known")
    pivot = np.asarray(pivot_um, float)
    # A rotation vector's axes are permuted as the coordinates are; z, y, x is a left-handed order.
    turn = Rotation.from_rotvec(-np.radians(np.asarray(turn_deg, float))[::-1]).as_matrix()
    moved = AffineTransform(
        "rigid", turn[::-1, ::-1], pivot, pivot + np.asarray(shift_um, float), 3, 3
    )
    variances = [shift_sigma_um**2] * 3 + [float(np.radians(turn_sigma_deg)) ** 2] * 3
    stated = moved.with_covariance(
        np.diag(variances), sigma_um=float(shift_sigma_um), sigma_source="stated"
    )
    with ws.transaction():
        if all(frame.name != after for frame in ws.frames):
            ws.frames.add(name=after, description=f"after the lift-out from {before}")
        return ws.transforms.add(
            name=name or f"{before}_to_{after}",
            from_frame=before,
            to_frame=after,
            transform={**stated.to_dict(), "allow_mirror": False},
            status="accepted",
            method=METHOD,
            note=note,
        )
