"""A fiducial that an instrument shows, and what it shares with the map that was fitted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..registration import FramePath, LandmarkFit
from ..registration.estimate import whitener


@dataclass(frozen=True, eq=False)
class SeenFiducial:
    """A fiducial as the instrument shows it.

    Parameters
    ----------
    name : str
    position_um : (3,) array
        In the instrument's frame, z, y, x [um].
    sigma_um : float, optional
        Localisation error there, per axis, where it is known [um].
    row : int, optional
        Its row in the fit of the last transform on the way; None where it took no part.
    visible : sequence of str, optional
        Names of the views that show it, where a person has said so; None leaves it to the view.
    """

    name: str
    position_um: ArrayLike
    sigma_um: float | None = None
    row: int | None = None
    visible: Sequence[str] | None = None


class SeenFrom:
    """What the last transform and the fiducial contribute to an offset, before any view."""

    def __init__(
        self,
        mark: SeenFiducial,
        fit: LandmarkFit | None,
        way: FramePath,
        point: np.ndarray,
        pick_um: float | None,
        seen_share: float | None,
    ) -> None:
        parts = {name: part[0] for name, part in way.contributions(point).items()}
        last = way.steps[-1] if way.steps else None
        self.direct = np.zeros((3, 3)) if last is None else parts.pop(last.edge.name)
        self.before = parts
        self.freedom = {name: way.nu_of(name) for name in parts}
        self.freedom["own"] = None if last is None else way.nu_of(last.edge.name)
        self._fit = fit if mark.row is not None else None
        self._row = mark.row or 0
        self._backward = last is not None and last.backward
        self._estimated = self._fit is not None and not self._fit.pairs.stated
        self.shares: tuple[float, ...] = (1.0,)
        if self._estimated:
            self.shares = (0.0, 1.0) if seen_share is None else (seen_share,)
        self._arrive(point, way)
        self._pick(mark, pick_um)

    def _arrive(self, point: np.ndarray, way: FramePath) -> None:
        """Keep the target as it comes to the last transform."""
        for step in way.steps[:-1]:
            point = step.apply(point)
        self._point = point

    def _pick(self, mark: SeenFiducial, pick_um: float | None) -> None:
        """Sort the picking errors: those known, and the one that rests on the residuals."""
        first = _round(mark.sigma_um if mark.sigma_um is not None else pick_um)
        if self._fit is not None:
            first = self._seen(1.0)
        if first is None:
            raise ValueError(
                f"the localisation error of {mark.name} in the instrument is not known: state "
                "sigma_um of the fiducial, or pick_um"
            )
        again = first if pick_um is None else _round(pick_um)
        rests = self._estimated and pick_um is None
        self._again = again if rests else np.zeros((3, 3))
        self.known = np.zeros((3, 3)) if rests else again
        if self._fit is None:
            self.known = self.known + first

    def _seen(self, share: float) -> np.ndarray:
        """Covariance of the fiducial as it was picked in the instrument: (3, 3) [um2]."""
        fit = self._fit
        assert fit is not None
        pairs, transform = fit.pairs, fit.transform
        if pairs.stated:
            side = pairs.moving_covariance_um2 if self._backward else pairs.fixed_covariance_um2
            return np.zeros((3, 3)) if side is None else side[self._row]
        total = np.zeros((3, 3))
        total[pairs.axes, pairs.axes] = (
            share * (transform.sigma_um or 0.0) ** 2 * np.eye(pairs.ndim_fixed)
        )
        if not self._backward:
            return total
        back = np.linalg.inv(transform.matrix)
        seen = back @ total @ back.T
        if pairs.ndim_moving == 2:
            seen[0, :] = seen[:, 0] = 0.0
        return np.asarray(seen)

    def covariance(self, share: float) -> np.ndarray:
        """Covariance of the mapped target minus the seen fiducial from both: (3, 3) [um2]."""
        if self._fit is None:
            return self.direct
        seen = self._seen(share)
        cross = self._cross(self._fit, seen)
        return np.asarray(self.direct + seen - cross - cross.T + self._again)

    def _cross(self, fit: LandmarkFit, seen: np.ndarray) -> np.ndarray:
        """Covariance of the mapped target with the seen fiducial: (3, 3) [um2]."""
        transform, pairs, row = fit.transform, fit.pairs, self._row
        covariance = transform.covariance
        at_mark = transform.jacobian(pairs.moving_um[row : row + 1])[0][pairs.axes]
        weight = self._weight(fit)
        if not self._backward:
            at_target = transform.jacobian(self._point)[0]
            error = seen[pairs.axes]
        else:
            at_target = transform.jacobian(transform.inverse_apply(self._point))[0]
            at_target = np.linalg.solve(transform.matrix, at_target)
            error = (transform.matrix @ seen)[pairs.axes]
        return np.asarray(at_target @ covariance @ at_mark.T @ weight @ error)

    def _weight(self, fit: LandmarkFit) -> np.ndarray:
        if fit.pairs.stated:
            root = whitener(fit.pairs, fit.transform.matrix)[self._row]
            return np.asarray(root.T @ root)
        sigma = fit.transform.sigma_um
        return np.eye(fit.pairs.ndim_fixed) / (sigma**2 if sigma else 1.0)


def _round(sigma_um: float | None) -> np.ndarray | None:
    if sigma_um is None:
        return None
    if not (np.isfinite(sigma_um) and sigma_um >= 0):
        raise ValueError(
            f"a localisation error needs a finite value of 0 or more, got {sigma_um!r}"
        )
    return float(sigma_um) ** 2 * np.eye(3)
