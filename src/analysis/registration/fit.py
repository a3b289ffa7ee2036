"""Fit a transform to landmark pairs, and judge it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable
from . import degeneracy, estimate, scrutiny
from .information import leverage_of, weights_of, with_error, with_error_by_axis
from .left_out import leave_one_out
from .mirror import refuse_mirrored
from .points import Pairs, lift, pair_up
from .reach import judge_reach, probes, unit_errors
from .surprise import surprises
from .tangent import MODELS, Model
from .transform import AffineTransform
from .unstated import PARTLY, complete

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class LandmarkFit:
    """A transform with everything that says how far to trust it.

    Attributes
    ----------
    transform : AffineTransform
        Maps the moving to the fixed frame.
    residuals_um : (n, d) array
        Fixed landmark minus mapped landmark [um].
    fre_um : float
        RMS length of the residuals (fiducial registration error) [um]. Not an accuracy: it is
        uncorrelated with the error at a target.
    leverage : (n,) array
        How much of its own position each landmark determines, 0 to 1; the mean is p / (D n).
    warnings : tuple of str
        What a person should read before using the transform.
    pairs : Pairs
        The landmarks that were fitted.
    allow_mirror : bool
        Whether a mirror was allowed.
    """

    transform: AffineTransform
    residuals_um: np.ndarray
    fre_um: float
    leverage: np.ndarray
    warnings: tuple[str, ...]
    pairs: Pairs
    allow_mirror: bool = False

    @cached_property
    def loo_um(self) -> np.ndarray:
        """Distance of each landmark from where the others put it: (n,) [um].

        NaN where the others do not determine the model.
        """
        return leave_one_out(self.pairs, self.transform.model, allow_mirror=self.allow_mirror)

    @cached_property
    def surprise_p(self) -> np.ndarray:
        """Chance that the worst of so many honest landmarks stands out as much as each: (n,).

        NaN where it cannot be told, see `scalebridge.analysis.registration.surprises`.
        """
        return surprises(self.pairs, self.transform)

    @property
    def loo_rms_um(self) -> float:
        """RMS leave-one-out error [um]; NaN if it cannot be computed for every landmark."""
        return float(np.sqrt(np.mean(self.loo_um**2)))

    @property
    def nu(self) -> int:
        """Degrees of freedom of the residuals, D n - p."""
        return self.residuals_um.size - self.transform.parameter_count

    def tre_at(self, points_um: ArrayLike) -> np.ndarray:
        """Predict the RMS error of mapped points (target registration error): (n,) [um].

        Parameters
        ----------
        points_um : (n, 3) array, or (n, 2) of a 2-D image
            Positions in the moving frame [um].

        Returns
        -------
        (n,) array
            Root of the trace of the covariance [um].
        """
        covariance = self.transform.covariance_at(points_um)
        return np.sqrt(np.trace(covariance, axis1=1, axis2=2))

    def table(self) -> pd.DataFrame:
        """One row a landmark: positions, residual, leave-one-out error, leverage."""
        import pandas as pd

        moving, fixed = self.pairs.moving_um, self.pairs.fixed_um
        left = np.zeros((len(moving), 3))
        left[:, self.pairs.axes] = self.residuals_um
        columns = {}
        for name, values in (("moving", moving), ("fixed", fixed), ("residual", left)):
            for axis in (2, 1, 0):
                columns[f"{name}_{'zyx'[axis]}_um"] = values[:, axis]
        columns["residual_um"] = np.linalg.norm(left, axis=1)
        return pd.DataFrame({**columns, "loo_um": self.loo_um, "leverage": self.leverage})


def fit_landmarks(
    moving_um: ArrayLike,
    fixed_um: ArrayLike,
    *,
    model: Model,
    sigma_um: ArrayLike | None = None,
    sigma_moving_um: ArrayLike | None = None,
    sigma_fixed_um: ArrayLike | None = None,
    sigma_source: str = "stated",
    target_um: ArrayLike | None = None,
    allow_mirror: bool = False,
    by_axis: bool = False,
    ndim_moving: int | None = None,
    ndim_fixed: int | None = None,
) -> LandmarkFit:
    """Fit a transform from the moving to the fixed frame to landmark pairs.

    Without a stated localisation error the fit has equal weights, and the error is taken from the
    residuals with ``nu = D n - p`` degrees of freedom; residuals of zero say nothing about it, so
    nothing is stated then. With one, each landmark is weighted with
    its own error, and the covariance follows from it.

    Parameters
    ----------
    moving_um, fixed_um : (n, 3) or (n, 2) array
        Landmarks in z, y, x, or y, x of a 2-D image [um]. 2-D into 2-D, 2-D into 3-D, 3-D into 3-D.
    model : {"rigid", "similarity", "affine"}
        What may differ between the images.
    sigma_um : float, (n,) or (n, d) array, or (n, d, d) array, optional
        Localisation error of a pair, per axis, in the fixed frame, both images together [um], or
        its covariance [um2]. NaN for a pair that states none: these share the error that their
        residuals tell.
    sigma_moving_um, sigma_fixed_um : float, (n,) or (n, d) array, or (n, d, d) array, optional
        Localisation error in either image, per axis, each in its own frame [um], or its covariance
        [um2]. NaN in both for a pair that states none; in one, that image is exact.
    sigma_source : {"stated", "repeated picks"}
        Where these errors come from.
    target_um : (n, 3) or (n, 2) array, optional
        Where the transform will be used, in the moving frame [um]. The landmarks are then judged by
        the error predicted there.
    allow_mirror : bool
        Accept a map that turns a left hand into a right one.
    by_axis : bool
        Without stated errors: let residuals tell an error for each axis of the moving image, with
        fewer degrees of freedom. For marks on a surface, whose depth is found less well than their
        place along it; not for fewer than some nine landmarks.
    ndim_moving, ndim_fixed : {2, 3}, optional
        Dimensions of the images, where the positions of a 2-D image come as (n, 3).

    Returns
    -------
    LandmarkFit

    Raises
    ------
    Degenerate
        If the landmarks do not determine the model, hardly determine it, are mirrored, or if a
        pair is given twice.
    ValueError
        For wrong shapes, NaN, or errors that are zero on some axis in both images.

    References
    ----------
    Fitzpatrick & West 2001, doi:10.1109/42.952729; Danilchenko & Fitzpatrick 2011,
    doi:10.1109/TMI.2010.2091513. Not for specimens that bend: see `ThinPlateSpline`.

    Examples
    --------
    >>> import numpy as np
    >>> moving = np.array([[0, 0, 0], [0, 0, 9], [0, 9, 0], [9, 0, 0]], dtype=float)
    >>> fit = fit_landmarks(moving, moving + [1, 2, 3], model="rigid", sigma_um=0.1)
    >>> fit.transform.apply([[0, 0, 0]]).round(6)
    array([[1., 2., 3.]])
    """
    if model not in MODELS:
        raise ValueError(f"model needs one of {', '.join(MODELS)}, got {model!r}")
    pairs = pair_up(
        moving_um,
        fixed_um,
        ndim_moving=ndim_moving,
        ndim_fixed=ndim_fixed,
        sigma_um=sigma_um,
        sigma_moving_um=sigma_moving_um,
        sigma_fixed_um=sigma_fixed_um,
    )
    degeneracy.refuse_repeated(pairs)
    degeneracy.refuse_too_few(pairs, model)
    degeneracy.refuse_flat(pairs, model)
    completed = complete(pairs, model, allow_mirror=allow_mirror)
    pairs = completed.pairs
    plain = estimate.solve(pairs, model, allow_mirror=allow_mirror)
    if not allow_mirror:
        refuse_mirrored(pairs, plain)
    known = (
        with_error_by_axis(pairs, plain)
        if by_axis and not pairs.stated
        else with_error(pairs, plain, sigma_source)
    )
    transform = replace(known, allow_mirror=allow_mirror)
    if completed.nu is not None:
        transform = replace(transform, nu=completed.nu, sigma_source=PARTLY)
    target = None if target_um is None else lift(target_um)
    reach = _reach(pairs, transform, target)
    judged = _judged(pairs, transform, (*completed.warnings, *reach), allow_mirror)
    shape = () if reach else scrutiny.flat(pairs, transform, target)
    return replace(judged, warnings=(*judged.warnings, *scrutiny.few(pairs, transform), *shape))


def _reach(
    pairs: Pairs, transform: AffineTransform, target_um: np.ndarray | None
) -> tuple[str, ...]:
    places, design = probes(pairs, target_um), estimate.design(pairs, transform)
    factor = unit_errors(design, weights_of(pairs, transform), transform, places)
    error = None if transform.sigma_um is None else transform.sigma_um * np.sqrt(pairs.ndim_fixed)
    return judge_reach(
        pairs, transform.model, factor, places, error, at_target=target_um is not None
    )


def _judged(
    pairs: Pairs, transform: AffineTransform, warnings: tuple[str, ...], allow_mirror: bool
) -> LandmarkFit:
    left, leverage = estimate.residuals(pairs, transform), leverage_of(pairs, transform)
    return LandmarkFit(
        transform=transform,
        residuals_um=left,
        fre_um=float(np.sqrt(np.mean(np.sum(left**2, axis=1)))),
        leverage=leverage,
        warnings=(
            *warnings,
            *scrutiny.copied(transform),
            *scrutiny.dominating(leverage),
            *scrutiny.disagreeing(pairs, transform, left),
            *scrutiny.standing_out(pairs, transform, left),
        ),
        pairs=pairs,
        allow_mirror=allow_mirror,
    )


def error_at_target(fit: LandmarkFit, target_um: ArrayLike) -> float:
    """Predict the RMS error over targets [um]; NaN where it cannot be told."""
    try:
        return float(np.sqrt(np.mean(fit.tre_at(target_um) ** 2)))
    except CovarianceUnavailable:
        return float("nan")
