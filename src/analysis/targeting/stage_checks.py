"""What is wrong or weak about readings of fiducials on a stage."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from ..registration import AffineTransform, fit_landmarks
from .stage_axes import UNITS, StageAxes

_CLEARLY = 4.0  # times the mirrored residuals' sum of squares, as of images
_FLAT = 1e-3  # thickness of the fiducials in units of their size


def is_flat(places_um: np.ndarray) -> bool:
    """Say whether places lie in a plane."""
    spread = np.linalg.svd(places_um - places_um.mean(axis=0), compute_uv=False)
    return bool(spread[2] < _FLAT * spread[0])


def size_um(points: np.ndarray) -> float:
    """Largest distance of a point from the middle [um]."""
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())


def refuse_other_unit(places: np.ndarray, measured: np.ndarray, axes: StageAxes) -> None:
    """Refuse readings whose distances are not those of the specimen: another unit."""
    ratio = size_um(measured) / size_um(places)
    if 0.5 < ratio < 2.0:
        return
    fitting = [unit for unit in ("um", "mm", "m") if 0.5 < ratio * UNITS[unit] / axes.unit_um < 2]
    do = f"the readings look like {fitting[0]}" if fitting else "check the pairs of fiducials"
    raise Degenerate(
        f"the fiducials' distances on the stage, in {axes.unit}, need to be those of the specimen, "
        f"got {ratio:.4g} times as much: {do}"
    )


def refuse_other_hand(places: np.ndarray, righted: np.ndarray, axes: StageAxes) -> None:
    """Refuse readings that fit clearly better as the other hand's."""
    declared, other = (_rms(places, righted @ np.diag([s, 1, 1])) for s in (1.0, -1.0))
    if declared**2 <= _CLEARLY * other**2 or declared < 1e-8 * size_um(places):
        return
    hand = "left" if axes.handedness == "right" else "right"
    raise Degenerate(
        f"the stage was declared {axes.handedness}-handed, but its readings fit to "
        f"{format_length(other)} RMS as {hand}-handed and to {format_length(declared)} as "
        "declared: "
        f"give handedness={hand!r}, or check the signs of x, y, z"
    )


def _rms(places: np.ndarray, righted: np.ndarray) -> float:
    moving, fixed = places - places.mean(axis=0), righted - righted.mean(axis=0)
    left, _, right = np.linalg.svd(fixed.T @ moving)
    signs = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return float(np.sqrt(np.mean(np.sum((fixed - moving @ (left @ signs @ right).T) ** 2, axis=1))))


def refuse_upside_down(transform: AffineTransform, axes: StageAxes, outwards: ArrayLike) -> None:
    """Refuse a fit that would lay the specimen on its face."""
    if axes.z_grows is None:
        return
    out = np.asarray(outwards, dtype=float)
    rise = float((transform.matrix @ (out / np.linalg.norm(out)))[0])
    if (rise > 0) != (axes.z_grows == "outwards"):
        raise Degenerate(
            f"z readings were declared to grow {axes.z_grows}, but by this fit the specimen would "
            "lie upside down: check the handedness, the signs of x and y, and the order of the "
            "fiducials"
        )


def flat_notes(flat: bool, axes: StageAxes) -> tuple[str, ...]:
    """Say that fiducials in a plane cannot tell a mirror."""
    if not flat:
        return ()
    checked = "" if axes.z_grows else "; give z_grows to have it checked"
    return (
        f"the fiducials lie in a plane and cannot tell a mirror: the stage counts as "
        f"{axes.handedness}-handed, as declared{checked}",
    )


def scale_notes(
    places: np.ndarray, righted: np.ndarray, sigma_um: ArrayLike | None
) -> tuple[str, ...]:
    """Say that lengths on the stage are clearly not those of the specimen."""
    try:
        free = fit_landmarks(places, righted, model="similarity", sigma_um=sigma_um).transform
    except Degenerate:
        return ()
    off, sigma = free.scale - 1, free.scale_sigma
    if not np.isfinite(sigma) or abs(off) <= 3 * sigma:
        return ()
    return (
        f"lengths on the stage are {1 + off:.5g} ± {sigma:.1g} times those of the specimen: "
        "one of them is calibrated wrongly; calibrate it before cutting",
    )
