"""Thin-plate splines: positions and leave-one-out errors, and no covariance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable, Degenerate
from .degeneracy import refuse_flat
from .estimate import closed_form
from .mirror import refuse_mirrored
from .points import Pairs, lift, pair_up
from .transform import AffineTransform


@dataclass(frozen=True, eq=False)
class ThinPlateSpline:
    """A smooth map that passes through every landmark.

    The kernel is r² log r in two and in three dimensions, as in BigWarp. It has no inverse in
    closed form and no covariance: its error is known only by leaving landmarks out.

    Parameters
    ----------
    moving_um, fixed_um : (n, 2) or (n, 3) array
        Landmark pairs [um].
    allow_mirror : bool
        Accept a map that turns a left hand into a right one.

    Raises
    ------
    Degenerate
        For too few, flat or doubled landmarks, and for images of opposite handedness.

    References
    ----------
    Bookstein 1989, doi:10.1109/34.24792. Not for noisy landmarks: it follows
    every error of picking.
    """

    moving_um: np.ndarray
    fixed_um: np.ndarray
    allow_mirror: bool = False
    _frame: tuple[np.ndarray, float] = field(init=False, repr=False)
    _weights: np.ndarray = field(init=False, repr=False)
    _inverse: np.ndarray = field(init=False, repr=False)
    _loo: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
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
        return self._terms(points_um) @ self._weights

    def influence(self, points_um: ArrayLike) -> np.ndarray:
        """Tell how far a mapped point follows each landmark's fixed position: (m, n).

        The map is linear in the fixed positions: errors of size sigma in them move a mapped point
        by sigma times the root of the sum of squares of its row.
        """
        return self._terms(points_um) @ self._inverse

    @property
    def loo_influence(self) -> np.ndarray:
        """As `influence`, of each landmark's place from the others alone: (n, n), 0 on itself."""
        n = len(self.moving_um)
        out = -self._inverse[:n] / np.diag(self._inverse)[:, None]
        np.fill_diagonal(out, 0.0)
        return out

    def _terms(self, points_um: ArrayLike) -> np.ndarray:
        """Kernels and the linear part at points: (m, n + d + 1)."""
        points = lift(points_um)
        if self.ndim_moving == 2 and np.abs(points[:, 0]).max(initial=0.0) > 0:
            raise ValueError(
                "a spline between 2-D images maps points with z = 0, got "
                f"z = {points[np.abs(points[:, 0]).argmax(), 0]:g} um: project them first"
            )
        centre, size = self._frame
        cut = (_cut(points, self.ndim_moving) - centre) / size
        nodes = (self.moving_um - centre) / size
        kernel = _kernel(cut[:, None, :] - nodes[None, :, :])
        return np.hstack([kernel, np.ones((len(cut), 1)), cut])

    def inverse_apply(self, points_um: ArrayLike) -> NoReturn:
        """Refuse: the spline has no inverse."""
        raise ValueError(
            "a thin-plate spline has no exact inverse: fit a second spline with the images "
            "swapped, and give the two their own leave-one-out errors"
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
            "use rigid, similarity or affine where an uncertainty is needed"
        )

    inverse_covariance_at = covariance_at

    def to_dict(self) -> dict[str, Any]:
        """Write the spline as plain JSON types, lossless."""
        return {
            "kind": "thin-plate spline",
            "moving_um": self.moving_um.tolist(),
            "fixed_um": self.fixed_um.tolist(),
            **({"allow_mirror": True} if self.allow_mirror else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ThinPlateSpline:
        """Read what `to_dict` wrote."""
        return cls(
            np.asarray(data["moving_um"]),
            np.asarray(data["fixed_um"]),
            allow_mirror=bool(data.get("allow_mirror", False)),
        )


def transform_from_dict(data: dict[str, Any]) -> AffineTransform | ThinPlateSpline:
    """Read either kind of transform from plain JSON types.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """
    kind = data.get("kind", "affine")
    if kind == "affine":
        return AffineTransform.from_dict(data)
    if kind == "thin-plate spline":
        return ThinPlateSpline.from_dict(data)
    raise ValueError(f"kind needs 'affine' or 'thin-plate spline', got {kind!r}")


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
