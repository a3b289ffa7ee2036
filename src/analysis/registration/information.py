"""What landmarks say about the parameters: covariance and leverage."""

from __future__ import annotations

import numpy as np

from ...errors import Degenerate
from . import estimate
from .degrees import effective_nu
from .points import Pairs
from .transform import AffineTransform

_FEWEST_BY_AXIS = 3.0  # degrees of freedom left over on every axis
_ZERO = 1e-9  # of the spread: residuals of rounding, not of picking


def with_error(pairs: Pairs, fitted: AffineTransform, sigma_source: str) -> AffineTransform:
    """Give a fit its covariance: from the stated errors, or from its residuals."""
    if pairs.stated:
        covariance = _inverse_information(pairs, fitted)
        sigma = float(np.sqrt(np.mean(_variances(pairs, fitted))))
        return fitted.with_covariance(covariance, sigma_um=sigma, sigma_source=sigma_source)
    nu = pairs.ndim_fixed * len(pairs) - fitted.parameter_count
    if nu == 0:
        return fitted.with_covariance(None, nu=0.0, sigma_source="residuals")
    if np.sqrt(_squares(pairs, fitted) / len(pairs)) < _ZERO * np.ptp(pairs.fixed_um, axis=0).max():
        return fitted.with_covariance(None, nu=0.0, sigma_um=0.0, sigma_source="residuals")
    variance = _squares(pairs, fitted) / nu
    covariance = variance * _inverse_information(pairs, fitted)
    return fitted.with_covariance(
        covariance, nu=float(nu), sigma_um=float(np.sqrt(variance)), sigma_source="residuals"
    )


def with_error_by_axis(pairs: Pairs, fitted: AffineTransform) -> AffineTransform:
    """Give a fit its covariance from its residuals, whose size may differ between axes.

    The axes are those of the moving image. Each axis has its own variance, told by what it has left
    over (unbiased, by all quadratic forms together); the fit keeps its equal weights. Degrees of
    freedom are those at the middle of the landmarks. Where an axis has too little left over, all
    axes count as alike.

    References
    ----------
    Rao 1970, doi:10.1080/01621459.1970.10481070 (variance components by quadratic forms).
    """
    pooled = with_error(pairs, fitted, "residuals")
    if pairs.stated or pooled.covariance is None:
        return pooled
    turn = _nearest_turn(fitted.matrix[pairs.axes, pairs.axes])
    ndim, count = pairs.ndim_fixed, fitted.parameter_count
    design = (turn.T @ estimate.design(pairs, fitted)).reshape(-1, count)
    left = (estimate.residuals(pairs, fitted) @ turn).reshape(-1)
    size = np.linalg.norm(design, axis=0)
    back = np.linalg.pinv(design / size) / size[:, None]  # parameters by landmarks
    rest = np.eye(len(left)) - design @ back
    groups = [slice(axis, None, ndim) for axis in range(ndim)]
    shares = np.array([[np.sum(rest[one, other] ** 2) for other in groups] for one in groups])
    squares = np.array([np.sum(left[one] ** 2) for one in groups])
    variances = np.linalg.solve(shares, squares)
    free = np.array([np.trace(rest[one, one]) for one in groups])
    if (variances <= 0).any() or (free < _FEWEST_BY_AXIS).any():
        return pooled
    parts = [v * back[:, one] @ back[:, one].T for v, one in zip(variances, groups, strict=True)]
    slope = fitted.jacobian(fitted.centre_um)
    there = [slope @ part @ slope.transpose(0, 2, 1) for part in parts]
    return fitted.with_covariance(
        sum(parts[1:], parts[0]),
        nu=float(effective_nu(there, free.tolist())[0]),
        sigma_um=float(np.sqrt(variances.mean())),
        sigma_source="residuals",
    )


def _nearest_turn(matrix: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right)


def _squares(pairs: Pairs, transform: AffineTransform) -> float:
    return float(np.sum(estimate.residuals(pairs, transform) ** 2))


def _variances(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    return np.diagonal(pairs.localisation_um2(transform.matrix), axis1=1, axis2=2)


def weights_of(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    """Return the factors that make residuals comparable: of the stated errors, or ones."""
    if pairs.stated:
        return estimate.whitener(pairs, transform.matrix)
    return np.broadcast_to(
        np.eye(pairs.ndim_fixed), (len(pairs), pairs.ndim_fixed, pairs.ndim_fixed)
    )


def _inverse_information(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    white = weights_of(pairs, transform)
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


def leverage_of(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    """Tell how much of its own position each landmark determines: (n,), 0 to 1."""
    left = weights_of(pairs, transform) @ estimate.design(pairs, transform)
    flat = left.reshape(-1, transform.parameter_count)
    orthogonal = np.linalg.qr(flat / np.linalg.norm(flat, axis=0))[0]
    return np.sum(orthogonal**2, axis=1).reshape(len(pairs), -1).mean(axis=1)
