"""The way back through a map that bends: Newton's method, with folds found out."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length

_STEPS = 60
_CLOSE = 1e-10  # of the extent


class Bent(Protocol):
    """A smooth map that can be differentiated."""

    def apply(self, points_um: np.ndarray) -> np.ndarray:
        """Map points: (n, 3) [um]."""
        ...

    def gradient(self, points_um: np.ndarray) -> np.ndarray:
        """Differentiate mapped points by the points: (n, 3, 3)."""
        ...

    def determinant(self, points_um: np.ndarray) -> np.ndarray:
        """Tell by how much volume grows: (n,)."""
        ...


def invert(
    bent: Bent,
    points_um: np.ndarray,
    *,
    start: np.ndarray,
    knots: tuple[np.ndarray, np.ndarray],
    size_um: float,
    refuse: bool = True,
) -> np.ndarray:
    """Find where points came from.

    Parameters
    ----------
    bent : Bent
        The map.
    points_um : (n, 3) array
        Mapped points [um].
    start : (n, 3) array
        Where to begin [um].
    knots : two (k, 3) arrays
        Points and where they are mapped: the nearest one is the second start.
    size_um : float
        Extent of the map [um]; the result is mapped back to a part in 10¹⁰ of it.
    refuse : bool
        False where the nearest place will do, as for colours over a picture.

    Returns
    -------
    (n, 3) array

    Raises
    ------
    Degenerate
        Where the map folds.
    """
    if not len(points_um):
        return points_um.copy()
    limit = _CLOSE * max(size_um, float(np.abs(points_um).max()))
    found, left = _newton(bent, points_um, start, limit)
    lost = left > limit
    if lost.any():
        near = np.linalg.norm(points_um[lost][:, None] - knots[1][None], axis=2).argmin(axis=1)
        found[lost], left[lost] = _newton(bent, points_um[lost], knots[0][near], limit)
    if not refuse:
        return found
    folded = (left > limit) | (bent.determinant(found) <= 0)
    if folded.any():
        first = points_um[folded][0]
        place = ", ".join(format_length(value) for value in first[::-1])
        raise Degenerate(
            f"the map folds: {int(folded.sum())} of {len(points_um)} points have no single origin, "
            f"the first at x, y, z = {place}; check the landmarks near it, or smooth more"
        )
    return found


def _newton(
    bent: Bent, points: np.ndarray, start: np.ndarray, limit: float
) -> tuple[np.ndarray, np.ndarray]:
    """Take damped Newton steps: places and how far their images are off (n,)."""
    here = start.copy()
    error = points - bent.apply(here)
    left = np.linalg.norm(error, axis=1)
    for _ in range(_STEPS):
        todo = np.flatnonzero(left > limit)
        if not len(todo):
            break
        slope = bent.gradient(here[todo])
        step = (np.linalg.pinv(slope) @ error[todo][..., None])[..., 0]
        moved = np.zeros(len(todo), dtype=bool)
        for part in (1.0, 0.5, 0.25, 0.05):
            rest = todo[~moved]
            if not len(rest):
                break
            trial = here[rest] + part * step[~moved]
            miss = points[rest] - bent.apply(trial)
            length = np.linalg.norm(miss, axis=1)
            better = length < left[rest]
            here[rest[better]], error[rest[better]] = trial[better], miss[better]
            left[rest[better]] = length[better]
            moved[np.flatnonzero(~moved)[better]] = True
        if not moved.any():
            break
    return here, left
