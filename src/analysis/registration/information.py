"""What landmarks say about the parameters: covariance and leverage."""

from __future__ import annotations

import numpy as np

from ...errors import Degenerate
from . import estimate
from .points import Pairs
from .transform import AffineTransform

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
