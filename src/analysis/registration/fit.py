"""Fit a transform to landmark pairs, and judge it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from ...errors import CovarianceUnavailable, Degenerate
from ...quantities import format_length
from . import degeneracy, estimate
from .points import Pairs, lift, pair_up
from .tangent import MODELS, Model
from .transform import AffineTransform


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
    loo_um : (n,) array
        Distance of each landmark from where the others put it [um]; NaN where the others do not
        determine the model.
    leverage : (n,) array
        How much of its own position each landmark determines, 0 to 1; the mean is p / (D n).
    warnings : tuple of str
        What a person should read before using the transform.
    pairs : Pairs
        The landmarks that were fitted.
    """

    transform: AffineTransform
    residuals_um: np.ndarray
    fre_um: float
    loo_um: np.ndarray
    leverage: np.ndarray
    warnings: tuple[str, ...]
    pairs: Pairs

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
    ndim_moving: int | None = None,
    ndim_fixed: int | None = None,
) -> LandmarkFit:
    """Fit a transform from the moving to the fixed frame to landmark pairs.

    Without a stated localisation error the fit has equal weights, and the error is taken from the
    residuals with ``nu = D n - p`` degrees of freedom. With one, each landmark is weighted with
    its own error, and the covariance follows from it.

    Parameters
    ----------
    moving_um, fixed_um : (n, 3) or (n, 2) array
        Landmarks in z, y, x, or y, x of a 2-D image [um]. 2-D into 2-D, 2-D into 3-D, 3-D into 3-D.
    model : {"rigid", "similarity", "affine"}
        What may differ between the images.
    sigma_um : float, (n,) or (n, d) array, optional
        Localisation error of a pair, per axis, in the fixed frame, both images together [um].
    sigma_moving_um, sigma_fixed_um : float, (n,) or (n, d) array, optional
        Localisation error in either image, per axis, each in its own frame [um].
    sigma_source : {"stated", "repeated picks"}
        Where these errors come from.
    target_um : (n, 3) or (n, 2) array, optional
        Where the transform will be used, in the moving frame [um]. The landmarks are then judged by
        the error predicted there.
    allow_mirror : bool
        Accept a map that turns a left hand into a right one.
    ndim_moving, ndim_fixed : {2, 3}, optional
        Dimensions of the images, where the positions of a 2-D image come as (n, 3).

    Returns
    -------
    LandmarkFit

    Raises
    ------
    Degenerate
        If the landmarks do not determine the model, hardly determine it, or are mirrored.
    ValueError
        For wrong shapes, NaN, or errors that are zero on some axis in both images.

    References
    ----------
    Fitzpatrick & West 2001, doi:10.1109/42.952729; Moghari & Abolmaesumi 2009,
    doi:10.1109/TMI.2009.2020417. Not for specimens that bend: see `ThinPlateSpline`.

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
    degeneracy.refuse_too_few(pairs, model)
    degeneracy.refuse_flat(pairs, model)
    plain = solve(pairs, model, allow_mirror=allow_mirror)
    if not allow_mirror:
        degeneracy.refuse_mirrored(pairs, plain)
    transform = _with_error(pairs, plain, sigma_source)
    warnings = _reach(pairs, transform, None if target_um is None else lift(target_um))
    return _judged(pairs, transform, warnings, allow_mirror)


def solve(pairs: Pairs, model: Model, *, allow_mirror: bool = False) -> AffineTransform:
    """Fit without any judgement."""
    start = estimate.closed_form(pairs, model)
    if allow_mirror and model != "affine" and pairs.ndim_moving == pairs.ndim_fixed:
        other = estimate.closed_form(pairs, model, mirrored=True)
        if _squares(pairs, other) < 0.999999 * _squares(pairs, start):
            start = other
    return estimate.weighted(pairs, start) if pairs.stated else start


def _squares(pairs: Pairs, transform: AffineTransform) -> float:
    return float(np.sum(estimate.residuals(pairs, transform) ** 2))


def _with_error(pairs: Pairs, fitted: AffineTransform, sigma_source: str) -> AffineTransform:
    if pairs.stated:
        white = estimate.whitener(pairs, fitted.matrix)
        covariance = _inverse_information(pairs, fitted, white)
        sigma = float(np.sqrt(np.mean(_variances(pairs, fitted))))
        return fitted.with_covariance(covariance, sigma_um=sigma, sigma_source=sigma_source)
    nu = pairs.ndim_fixed * len(pairs) - fitted.parameter_count
    if nu == 0:
        return fitted.with_covariance(None, nu=0.0, sigma_source="residuals")
    variance = _squares(pairs, fitted) / nu
    covariance = variance * _inverse_information(pairs, fitted, _equal(pairs))
    return fitted.with_covariance(
        covariance, nu=float(nu), sigma_um=float(np.sqrt(variance)), sigma_source="residuals"
    )


def _variances(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    return np.diagonal(pairs.localisation_um2(transform.matrix), axis1=1, axis2=2)


def _equal(pairs: Pairs) -> np.ndarray:
    return np.broadcast_to(
        np.eye(pairs.ndim_fixed), (len(pairs), pairs.ndim_fixed, pairs.ndim_fixed)
    )


def _inverse_information(pairs: Pairs, transform: AffineTransform, white: np.ndarray) -> np.ndarray:
    left = (white @ estimate.design(pairs, transform)).reshape(-1, transform.parameter_count)
    size = np.linalg.norm(left, axis=0)
    if (size == 0).any():
        raise Degenerate("the landmarks do not determine every parameter: add landmarks")
    triangle = np.linalg.qr(left / size, mode="r")
    if np.abs(np.diag(triangle)).min() < 1e-10:
        raise Degenerate(
            f"the landmarks hardly determine the {transform.model} model: choose a simpler model "
            "or add landmarks"
        )
    root = np.linalg.inv(triangle) / size[:, None]
    return root @ root.T


def _reach(
    pairs: Pairs, transform: AffineTransform, target_um: np.ndarray | None
) -> tuple[str, ...]:
    white = estimate.whitener(pairs, transform.matrix) if pairs.stated else _equal(pairs)
    points = degeneracy.probes(pairs, target_um)
    factor = degeneracy.unit_errors(estimate.design(pairs, transform), white, transform, points)
    error = None if transform.sigma_um is None else transform.sigma_um * np.sqrt(pairs.ndim_fixed)
    return degeneracy.judge_reach(
        pairs, transform.model, factor, points, error, at_target=target_um is not None
    )


def _judged(
    pairs: Pairs, transform: AffineTransform, warnings: tuple[str, ...], allow_mirror: bool
) -> LandmarkFit:
    left = estimate.residuals(pairs, transform)
    leverage = _leverage(pairs, transform)
    loo = leave_one_out(pairs, transform.model, allow_mirror=allow_mirror)
    warnings += degeneracy.dominating(leverage)
    warnings += _disagreeing(pairs, transform, left)
    warnings += _stands_out(pairs, transform, left, leverage)
    return LandmarkFit(
        transform=transform,
        residuals_um=left,
        fre_um=float(np.sqrt(np.mean(np.sum(left**2, axis=1)))),
        loo_um=loo,
        leverage=leverage,
        warnings=warnings,
        pairs=pairs,
    )


def _leverage(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    white = estimate.whitener(pairs, transform.matrix) if pairs.stated else _equal(pairs)
    left = white @ estimate.design(pairs, transform)
    flat = left.reshape(-1, transform.parameter_count)
    orthogonal = np.linalg.qr(flat / np.linalg.norm(flat, axis=0))[0]
    return np.sum(orthogonal**2, axis=1).reshape(len(pairs), -1).mean(axis=1)


def leave_one_out(pairs: Pairs, model: Model, *, allow_mirror: bool = False) -> np.ndarray:
    """Predict each landmark from the others.

    Returns
    -------
    (n,) array
        Distance between the prediction and the landmark in the fixed frame [um]; NaN where the
        others do not determine the model.
    """
    out = np.full(len(pairs), np.nan)
    for index in range(len(pairs)):
        others = pairs.without(index)
        try:
            degeneracy.refuse_too_few(others, model)
            degeneracy.refuse_flat(others, model)
            fitted = solve(others, model, allow_mirror=allow_mirror)
        except Degenerate:
            continue
        difference = fitted.apply(pairs.moving_um[index]) - pairs.fixed_um[index]
        out[index] = np.linalg.norm(difference[:, pairs.axes])
    return out


def _disagreeing(pairs: Pairs, transform: AffineTransform, left: np.ndarray) -> tuple[str, ...]:
    """Warn where the residuals are larger than the stated errors allow."""
    nu = left.size - transform.parameter_count
    if not pairs.stated or nu < 1:
        return ()
    white = estimate.whitener(pairs, transform.matrix)
    square = float(np.sum((white @ left[..., None]) ** 2))
    chance = float(chi2.sf(square, nu))
    if chance >= 0.01:
        return ()
    return (
        f"the residuals are {np.sqrt(square / nu):.2g} times larger than the stated localisation "
        f"error allows (chance {chance:.1g}): the specimen bends, a landmark is wrong, the model "
        "is too simple, or the error was stated too small; leave it out to take it from the "
        "residuals",
    )


def _stands_out(
    pairs: Pairs, transform: AffineTransform, left: np.ndarray, leverage: np.ndarray
) -> tuple[str, ...]:
    """Warn of a landmark that the others contradict (a swapped or mistaken pair)."""
    n, d = left.shape
    nu = left.size - transform.parameter_count
    if nu <= d or np.abs(left).max() < 1e-9 * np.ptp(pairs.fixed_um):
        return ()
    white = estimate.whitener(pairs, transform.matrix) if pairs.stated else _equal(pairs)
    squares = np.sum((white @ left[..., None]) ** 2, axis=(1, 2))
    own = squares / np.maximum(1.0 - leverage, 1e-9)
    rest = np.maximum(squares.sum() - own, 1e-12 * squares.sum()) / (nu - d)
    chance = n * f_distribution.sf(own / d / rest, d, nu - d)
    worst = int(np.argmin(chance))
    if chance[worst] >= 0.01:
        return ()
    length = format_length(float(np.linalg.norm(left[worst])))
    return (
        f"landmark {worst} does not agree with the others (residual {length}, chance "
        f"{chance[worst]:.1g}): check whether it is the same place in both images",
    )


def error_at_target(fit: LandmarkFit, target_um: ArrayLike) -> float:
    """Predict the RMS error over targets [um]; NaN where it cannot be told."""
    try:
        return float(np.sqrt(np.mean(fit.tre_at(target_um) ** 2)))
    except CovarianceUnavailable:
        return float("nan")
