"""Thin-plate splines: positions there and back, their slope, and leave-one-out errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable, Degenerate
from .degeneracy import refuse_flat
from .estimate import closed_form
from .inversion import invert
from .mirror import refuse_mirrored
from .points import Pairs, lift, pair_up

_AT_ONCE = 20_000  # points: a picture's worth at once would need gigabytes


@dataclass(frozen=True, eq=False)
class ThinPlateSpline:
    """A smooth map that passes through the landmarks, or near them.

    The kernel is r² log r in two and in three dimensions, as in BigWarp. It has no covariance: its
    error is known only by leaving landmarks out, see `fit_spline`.

    Parameters
    ----------
    moving_um, fixed_um : (n, 2) or (n, 3) array
        Landmark pairs [um].
    allow_mirror : bool
        Accept a map that turns a left hand into a right one.
    smoothing : float
        How far it may leave the landmarks: 0 passes through every one, the larger the nearer to an
        affine map. Without unit: the square of the picking error over that of the bend, in
        coordinates divided by their RMS.

    Raises
    ------
    Degenerate
        For too few, flat or doubled landmarks, and for images of opposite handedness.

    References
    ----------
    Bookstein 1989, doi:10.1109/34.24792; smoothing: Wahba 1990, doi:10.1137/1.9781611970128. Not
    for noisy landmarks without smoothing: it follows every error of picking.
    """

    moving_um: np.ndarray
    fixed_um: np.ndarray
    allow_mirror: bool = False
    smoothing: float = 0.0
    _frame: tuple[np.ndarray, float] = field(init=False, repr=False)
    _weights: np.ndarray = field(init=False, repr=False)
    _inverse: np.ndarray = field(init=False, repr=False)
    _loo: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.smoothing) and self.smoothing >= 0):
            raise ValueError(f"smoothing needs a number of 0 or more, got {self.smoothing!r}")
        pairs = pair_up(self.moving_um, self.fixed_um)
        moving, fixed = (_cut(pairs.moving_um, pairs.ndim_moving), pairs.fixed_um)
        n, d = moving.shape
        if n < d + 2:
            raise Degenerate(
                f"a thin-plate spline in {d}-D needs {d + 2} landmarks or more, got {n}"
            )
        if not self.allow_mirror:
            _refuse_mirrored(pairs)
        centre = moving.mean(axis=0)
        size = float(np.sqrt(np.mean((moving - centre) ** 2))) or 1.0
        system = _system((moving - centre) / size)
        if np.linalg.cond(system) > 1e12:
            raise Degenerate(
                "the landmarks lie on a line or in a plane, or two of them coincide: a thin-plate "
                "spline is not determined; remove duplicates or add landmarks off the plane"
            )
        system[:n, :n] += self.smoothing * np.eye(n)
        inverse = np.linalg.inv(system)
        weights = inverse[:, :n] @ fixed
        loo = weights[:n] / np.diag(inverse)[:n, None]
        for name, value in (("moving_um", moving), ("fixed_um", _cut(fixed, pairs.ndim_fixed))):
            value = np.array(value)
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_frame", (centre, size))  # keeps the system well conditioned
        object.__setattr__(self, "_weights", weights)
        object.__setattr__(self, "_inverse", inverse[:, :n])
        object.__setattr__(self, "_loo", np.linalg.norm(loo, axis=1))

    @property
    def ndim_moving(self) -> int:
        """Dimensions of the moving image."""
        return self.moving_um.shape[1]

    @property
    def ndim_fixed(self) -> int:
        """Dimensions of the fixed image."""
        return self.fixed_um.shape[1]

    @property
    def loo_um(self) -> np.ndarray:
        """Distance of each landmark from where the others would put it: (n,) [um].

        From one factorisation, not from n fits; a landmark on the rim is extrapolated.
        """
        return self._loo

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the moving frame to the fixed frame: (n, 3) [um]."""
        points = self._checked(points_um)
        parts = np.array_split(points, 1 + len(points) // _AT_ONCE)
        return np.concatenate([self._terms(part) @ self._weights for part in parts])

    def gradient(self, points_um: ArrayLike) -> np.ndarray:
        """Differentiate mapped points by the points: (n, 3, 3), row the fixed axis.

        Across the plane of two pictures it is 1.
        """
        points = self._checked(points_um)
        n, first = len(self.moving_um), 3 - self.ndim_moving
        difference = self._scaled(points)[:, None, :] - self._scaled(lift(self.moving_um))[None]
        square = np.sum(difference**2, axis=-1)
        slope = (np.log(np.where(square > 0, square, 1.0)) + 1.0)[..., None] * difference
        out = np.zeros((len(points), 3, 3))
        along = np.einsum("mnd,nk->mkd", slope, self._weights[:n]) + self._weights[n + 1 :].T
        out[:, :, first:] = along / self._frame[1]
        if self.ndim_fixed == 2:
            out[:, 0, 0] = 1.0
        return out

    def determinant(self, points_um: ArrayLike) -> np.ndarray:
        """Tell by how much volume (area) grows: (n,); 0 or less where the map folds.

        Of a map that mirrors, with the sign turned, so that folds are negative there too.
        """
        sign = 1.0
        if self.allow_mirror and self.ndim_fixed == self.ndim_moving:
            sign = float(np.sign(np.linalg.det(self._affine())))
        return sign * np.linalg.det(self.gradient(points_um))

    @property
    def residuals_um(self) -> np.ndarray:
        """Fixed landmark minus mapped landmark: (n, d) [um]; zeros without smoothing."""
        return self.smoothing * self._weights[: len(self.moving_um), 3 - self.ndim_fixed :]

    @property
    def leverage(self) -> np.ndarray:
        """How much of its own position each landmark determines: (n,), 1 without smoothing."""
        return 1.0 - self.smoothing * np.diag(self._inverse)

    def influence(self, points_um: ArrayLike) -> np.ndarray:
        """Tell how far a mapped point follows each landmark's fixed position: (m, n).

        The map is linear in the fixed positions: errors of size sigma in them move a mapped point
        by sigma times the root of the sum of squares of its row.
        """
        return self._terms(self._checked(points_um)) @ self._inverse

    @property
    def loo_influence(self) -> np.ndarray:
        """As `influence`, of each landmark's place from the others alone: (n, n), 0 on itself."""
        n = len(self.moving_um)
        out = -self._inverse[:n] / np.diag(self._inverse)[:, None]
        np.fill_diagonal(out, 0.0)
        return out

    def kernel(self, points_um: ArrayLike, others_um: ArrayLike) -> np.ndarray:
        """Evaluate the kernel of two sets of points in the spline's own unit of length: (m, k)."""
        return _kernel(self._scaled(lift(points_um))[:, None] - self._scaled(lift(others_um))[None])

    def _scaled(self, points: np.ndarray) -> np.ndarray:
        centre, size = self._frame
        return (_cut(points, self.ndim_moving) - centre) / size

    def _checked(self, points_um: ArrayLike) -> np.ndarray:
        points = lift(points_um)
        if self.ndim_moving == 2 and np.abs(points[:, 0]).max(initial=0.0) > 0:
            raise ValueError(
                "a spline between 2-D images maps points with z = 0, got "
                f"z = {points[np.abs(points[:, 0]).argmax(), 0]:g} um: project them first"
            )
        return points

    def _terms(self, points: np.ndarray) -> np.ndarray:
        """Kernels and the linear part at points: (m, n + d + 1)."""
        cut = self._scaled(points)
        kernel = _kernel(cut[:, None, :] - self._scaled(lift(self.moving_um))[None, :, :])
        return np.hstack([kernel, np.ones((len(cut), 1)), cut])

    def _affine(self) -> np.ndarray:
        """Linear part of the map, without its bends: (3, 3)."""
        out = np.eye(3)
        linear = self._weights[len(self.moving_um) + 1 :].T / self._frame[1]
        out[:, 3 - self.ndim_moving :] = linear
        out[0, 0] = 1.0 if self.ndim_fixed == 2 else out[0, 0]
        return out

    def inverse_apply(self, points_um: ArrayLike, *, refuse_folds: bool = True) -> np.ndarray:
        """Map points of the fixed frame back to the moving frame: (n, 3) [um].

        By Newton's method, to a part in 10¹⁰ of the landmarks' extent. Where the map folds the
        nearest place found is given if ``refuse_folds`` is False, as for colours over a picture.

        Raises
        ------
        Degenerate
            Where the map folds, so that a point has several origins or none.
        ValueError
            For a picture in a volume: not every point of the volume lies in the picture.
        """
        if self.ndim_moving != self.ndim_fixed:
            raise ValueError(
                "a thin-plate spline of a picture in a volume has no way back, got "
                f"{self.ndim_moving}-D into {self.ndim_fixed}-D: choose rigid, similarity or affine"
            )
        points = lift(points_um)
        if self.ndim_fixed == 2:
            points = points * [0.0, 1.0, 1.0]
        mean = lift(self.fixed_um).mean(axis=0)
        # the mean of the fixed landmarks, taken back by the linear part alone
        origin = lift(self.moving_um).mean(axis=0)
        start = origin + (points - mean) @ np.linalg.inv(self._affine()).T
        return invert(
            self,
            points,
            start=start,
            knots=(lift(self.moving_um), lift(self.fixed_um)),
            size_um=float(np.ptp(self.fixed_um, axis=0).max()),
            refuse=refuse_folds,
        )

    def covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> NoReturn:
        """Refuse: no covariance is defined.

        Raises
        ------
        CovarianceUnavailable
            Always.
        """
        raise CovarianceUnavailable(
            "a thin-plate spline passes through every landmark, so its residuals are zero and say "
            "nothing about its error: no covariance is given. Its leave-one-out error is "
            f"{np.sqrt(np.mean(self.loo_um**2)):.3g} µm RMS over {len(self.moving_um)} landmarks; "
            "fit_spline gives it an error from leaving landmarks out"
        )

    inverse_covariance_at = covariance_at

    def to_dict(self) -> dict[str, Any]:
        """Write the spline as plain JSON types, lossless."""
        return {
            "kind": "thin-plate spline",
            "moving_um": self.moving_um.tolist(),
            "fixed_um": self.fixed_um.tolist(),
            **({"allow_mirror": True} if self.allow_mirror else {}),
            **({"smoothing": float(self.smoothing)} if self.smoothing else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ThinPlateSpline:
        """Read what `to_dict` wrote."""
        return cls(
            np.asarray(data["moving_um"]),
            np.asarray(data["fixed_um"]),
            allow_mirror=bool(data.get("allow_mirror", False)),
            smoothing=float(data.get("smoothing", 0.0)),
        )


def _refuse_mirrored(pairs: Pairs) -> None:
    """Ask the affine part of the map for its handedness."""
    try:
        refuse_flat(pairs, "affine")
    except Degenerate:
        return  # refused below, in the words of a spline
    refuse_mirrored(pairs, closed_form(pairs, "affine"))


def _cut(points: np.ndarray, ndim: int) -> np.ndarray:
    return points[:, 3 - ndim :]


def _kernel(difference: np.ndarray) -> np.ndarray:
    square = np.sum(difference**2, axis=-1)
    return 0.5 * square * np.log(np.where(square > 0, square, 1.0))


def _system(points: np.ndarray) -> np.ndarray:
    n, d = points.shape
    out = np.zeros((n + d + 1, n + d + 1))
    out[:n, :n] = _kernel(points[:, None, :] - points[None, :, :])
    out[:n, n], out[n, :n] = 1.0, 1.0
    out[:n, n + 1 :], out[n + 1 :, :n] = points, points.T
    return out
