"""Maps known by what they do to points: from other programs, or without a closed inverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable, Degenerate
from .points import lift

Mapping = Callable[[np.ndarray], np.ndarray]
_STEP_UM = 1e-3  # of the slope by differences
_ROUNDS = 50
_CLOSE = 1e-9  # of the size of the map, and never under a picometre


@dataclass(frozen=True, eq=False)
class PointMap:
    """A smooth map between two frames, given by functions of points.

    Attributes
    ----------
    name : str
        Where it comes from.
    forward, backward : callable or None
        From (n, 3) points of the moving frame to the fixed one [um], and back. One of them may be
        None: it is then found by Newton's method on the other.
    ndim_moving, ndim_fixed : int

    Examples
    --------
    >>> bent = PointMap("bent", forward=lambda p: p + 0.1 * np.sin(p))
    >>> there = bent.apply([[1.0, 2.0, 3.0]])
    >>> bent.inverse_apply(there).round(6).tolist()
    [[1.0, 2.0, 3.0]]
    """

    name: str
    forward: Mapping | None = None
    backward: Mapping | None = None
    ndim_moving: int = 3
    ndim_fixed: int = 3

    def __post_init__(self) -> None:
        if self.forward is None and self.backward is None:
            raise ValueError("a point map needs forward or backward, got neither")

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the moving frame to the fixed frame: (n, 3) [um]."""
        return self._through(self.forward, self.backward, lift(points_um), self.ndim_moving)

    def inverse_apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the fixed frame back to the moving frame: (n, 3) [um].

        Raises
        ------
        Degenerate
            The map folds there, or no point goes where it was asked.
        """
        return self._through(self.backward, self.forward, lift(points_um), self.ndim_fixed)

    def covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """Refuse: a map from elsewhere does not say how well it is known.

        Raises
        ------
        CovarianceUnavailable
            Always.
        """
        raise CovarianceUnavailable(
            f"{self.name} comes without errors: fit the landmarks here, or measure it against "
            "points whose place is known"
        )

    def _through(
        self, there: Mapping | None, back: Mapping | None, points: np.ndarray, ndim: int
    ) -> np.ndarray:
        if there is not None:
            return there(points)
        assert back is not None
        return _inverted(back, points, axes=np.arange(3 - ndim, 3), name=self.name)


def _inverted(mapping: Mapping, wanted: np.ndarray, *, axes: np.ndarray, name: str) -> np.ndarray:
    """Find the points that a map takes to the wanted ones, by damped Newton steps."""
    at = wanted.copy()
    off = mapping(at) - wanted
    size = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    for _ in range(_ROUNDS):
        open_ = np.linalg.norm(off[:, axes], axis=1) > _CLOSE * size
        done = not open_.any()
        open_ |= done  # at the end all are looked at: a fold has three answers, all exact
        slope = _slope(mapping, at[open_], axes)
        folded = np.linalg.det(slope) <= 0
        if folded.any():
            raise Degenerate(
                f"{name} folds near {wanted[open_][folded][0].tolist()} um (z, y, x): there it has "
                "no inverse; leave landmarks out that cross each other"
            )
        if done:
            return at
        step = np.linalg.solve(slope, off[open_][:, axes, None])[..., 0]
        at, off = _stepped(mapping, wanted, at, off, open_, step, axes)
    raise Degenerate(
        f"{name}: no point was found that goes to {wanted[open_][0].tolist()} um (z, y, x): is it "
        "outside the image?"
    )


def _slope(mapping: Mapping, at: np.ndarray, axes: np.ndarray) -> np.ndarray:
    columns = []
    for axis in axes:
        arm = np.zeros(3)
        arm[axis] = _STEP_UM
        columns.append((mapping(at + arm) - mapping(at - arm))[:, axes] / (2 * _STEP_UM))
    return np.stack(columns, axis=2)


def _stepped(
    mapping: Mapping,
    wanted: np.ndarray,
    at: np.ndarray,
    off: np.ndarray,
    open_: np.ndarray,
    step: np.ndarray,
    axes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Take whole steps, or half as long ones where that does not come closer."""
    at, off = at.copy(), off.copy()
    rows = np.flatnonzero(open_)
    share = np.ones(len(rows))
    for _ in range(8):
        trial = at[rows]
        trial[:, axes] -= share[:, None] * step
        missed = mapping(trial) - wanted[rows]
        better = np.linalg.norm(missed[:, axes], axis=1) < np.linalg.norm(
            off[rows][:, axes], axis=1
        )
        at[rows[better]], off[rows[better]] = trial[better], missed[better]
        rows, share, step = rows[~better], share[~better] / 2, step[~better]
        if not len(rows):
            break
    return at, off
