"""A thin-plate spline as a fit of landmarks, with the error that leave-one-out tells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from .points import Pairs, lift, pair_up
from .spline import ThinPlateSpline

SPLINE = "thin-plate"


@dataclass(frozen=True, eq=False)
class SplineMap:
    """A thin-plate spline with a way back and an error.

    The way back is a second spline, fitted with the images swapped; the two agree at the
    landmarks and differ between them by less than their leave-one-out errors.

    Attributes
    ----------
    forward, backward : ThinPlateSpline
    sigma_um, backward_sigma_um : float
        Scatter of a fixed (moving) position about a smooth map, per axis, as leaving landmarks
        out tells it [um]: picking error and what bends between landmarks.
    nu : float
        Degrees of freedom behind it.
    """

    forward: ThinPlateSpline
    backward: ThinPlateSpline
    sigma_um: float
    backward_sigma_um: float
    nu: float

    model = SPLINE
    covariance = None  # it has no parameters that could have one
    sigma_source = "leave-one-out"

    @property
    def parameter_count(self) -> int:
        """Numbers that it has, as many as the landmarks give it."""
        return self.forward.fixed_um.size

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the moving to the fixed frame: (n, 3) [um]."""
        return self.forward.apply(_flat(points_um, self.forward.ndim_moving))

    def inverse_apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the fixed back to the moving frame, by the second spline: (n, 3) [um]."""
        return self.backward.apply(_flat(points_um, self.backward.ndim_moving))

    def covariance_at(self, points_um: ArrayLike) -> np.ndarray:
        """Predict the covariance of mapped points: (n, 3, 3) in the fixed frame [um2].

        What a bootstrap of the leave-one-out errors gives, in closed form: the spline is linear
        in the fixed positions. Between landmarks it is no larger than at them; beyond them it
        says nothing about how a specimen goes on.
        """
        return _spread(self.forward, points_um, self.sigma_um)

    def inverse_covariance_at(self, points_um: ArrayLike) -> np.ndarray:
        """As `covariance_at`, for points mapped back: (n, 3, 3) in the moving frame [um2]."""
        return _spread(self.backward, points_um, self.backward_sigma_um)

    def to_dict(self) -> dict[str, Any]:
        """Write the spline as plain JSON types; `transform_from_dict` gives it without error."""
        return self.forward.to_dict()


@dataclass(frozen=True, eq=False)
class SplineFit:
    """A thin-plate spline through landmarks, to be read as a `LandmarkFit`.

    Attributes
    ----------
    transform : SplineMap
    pairs : Pairs
    warnings : tuple of str
    """

    transform: SplineMap
    pairs: Pairs
    warnings: tuple[str, ...]

    fre_um = 0.0
    nu = 0

    @property
    def residuals_um(self) -> np.ndarray:
        """Zeros: it passes through every landmark."""
        return np.zeros((len(self.pairs), self.pairs.ndim_fixed))

    @property
    def leverage(self) -> np.ndarray:
        """Ones: each landmark determines its own place."""
        return np.ones(len(self.pairs))

    @property
    def surprise_p(self) -> np.ndarray:
        """NaN: what bends and what is mistaken cannot be told apart."""
        return np.full(len(self.pairs), np.nan)

    @cached_property
    def loo_um(self) -> np.ndarray:
        """Distance of each landmark from where the others put it: (n,) [um]."""
        return self.transform.forward.loo_um

    @property
    def loo_rms_um(self) -> float:
        """RMS leave-one-out error [um]."""
        return float(np.sqrt(np.mean(self.loo_um**2)))

    def tre_at(self, points_um: ArrayLike) -> np.ndarray:
        """Predict the RMS error of mapped points: (n,) [um], see `SplineMap.covariance_at`."""
        covariance = self.transform.covariance_at(points_um)
        return np.sqrt(np.trace(covariance, axis1=1, axis2=2))


def fit_spline(
    moving_um: ArrayLike,
    fixed_um: ArrayLike,
    *,
    ndim_moving: int | None = None,
    ndim_fixed: int | None = None,
) -> SplineFit:
    """Fit a thin-plate spline from the moving to the fixed frame, with its leave-one-out error.

    Parameters
    ----------
    moving_um, fixed_um : (n, 3) or (n, 2) array
        Landmarks in z, y, x, or y, x of a 2-D image [um].
    ndim_moving, ndim_fixed : {2, 3}, optional
        Dimensions of the images, where the positions of a 2-D image come as (n, 3).

    Returns
    -------
    SplineFit

    Raises
    ------
    Degenerate
        For too few, flat or doubled landmarks, for images of opposite handedness, and for a
        picture in a volume.

    References
    ----------
    Bookstein 1989, doi:10.1109/34.24792; leave-one-out from one factorisation: Wahba 1990,
    doi:10.1137/1.9781611970128. Not where an error has to be defended: choose a model with a
    covariance.
    """
    pairs = pair_up(moving_um, fixed_um, ndim_moving=ndim_moving, ndim_fixed=ndim_fixed)
    d = pairs.ndim_fixed
    if pairs.ndim_moving != d:
        raise Degenerate(
            "a thin-plate spline of a picture in a volume has no way back: choose rigid, "
            "similarity or affine"
        )
    if len(pairs) < d + 3:
        raise Degenerate(
            f"a thin-plate spline in {d}-D that can be checked by leaving landmarks out needs "
            f"{d + 3} or more, got {len(pairs)}"
        )
    moving, fixed = pairs.moving_um[:, 3 - d :], pairs.fixed_um[:, 3 - d :]
    forward, backward = ThinPlateSpline(moving, fixed), ThinPlateSpline(fixed, moving)
    sigma, back = (_scatter(spline) for spline in (forward, backward))
    nu = float(d * (len(pairs) - d - 1))
    loo = format_length(float(np.sqrt(np.mean(forward.loo_um**2))))
    warning = (
        "a thin-plate spline passes through every landmark and follows every error of picking; "
        f"its error is that of leaving landmarks out, {loo} RMS, spread as a bootstrap would; it "
        "has no covariance in accepted transforms, and says nothing beyond the landmarks"
    )
    return SplineFit(SplineMap(forward, backward, sigma, back, nu), pairs, (warning,))


def _scatter(spline: ThinPlateSpline) -> float:
    """Scatter of a position per axis from the leave-one-out errors [um].

    Each of them holds the landmark's own error and those of the others with their influence.
    """
    shares = 1.0 + np.sum(spline.loo_influence**2, axis=1)
    return float(np.sqrt(np.mean(spline.loo_um**2 / shares) / spline.ndim_fixed))


def _spread(spline: ThinPlateSpline, points_um: ArrayLike, sigma_um: float) -> np.ndarray:
    shares = np.sum(spline.influence(_flat(points_um, spline.ndim_moving)) ** 2, axis=1)
    axes = np.zeros(3)
    axes[3 - spline.ndim_fixed :] = 1.0
    return sigma_um**2 * shares[:, None, None] * np.diag(axes)


def _flat(points_um: ArrayLike, ndim: int) -> np.ndarray:
    return lift(points_um) * ([0.0, 1.0, 1.0] if ndim == 2 else [1.0, 1.0, 1.0])
