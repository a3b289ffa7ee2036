"""Find the transform: in closed form, or by weighted least squares where errors are stated."""

from __future__ import annotations

import numpy as np

from . import tangent
from .points import Pairs
from .tangent import Model
from .transform import AffineTransform

_STEPS = 60


def solve(pairs: Pairs, model: Model, *, allow_mirror: bool = False) -> AffineTransform:
    """Fit without any judgement."""
    start = closed_form(pairs, model)
    if allow_mirror and model != "affine" and pairs.ndim_moving == pairs.ndim_fixed:
        other = closed_form(pairs, model, mirrored=True)
        if np.sum(residuals(pairs, other) ** 2) < 0.999999 * np.sum(residuals(pairs, start) ** 2):
            start = other
    return weighted(pairs, start) if pairs.stated else start


def closed_form(pairs: Pairs, model: Model, *, mirrored: bool = False) -> AffineTransform:
    """Fit with equal weights.

    Rigid and similarity by singular values, affine by linear least squares.

    Parameters
    ----------
    pairs : Pairs
        Landmark pairs.
    model : str
        Model.
    mirrored : bool
        Take the best map that turns a left hand into a right one, instead of the best proper one
        (rigid and similarity).

    References
    ----------
    Umeyama 1991, doi:10.1109/34.88573. Not for landmarks of very unequal quality.
    """
    centre, offset = pairs.moving_um.mean(axis=0), pairs.fixed_um.mean(axis=0)
    moving, fixed = pairs.moving_um - centre, pairs.fixed_um - offset
    if model == "affine":
        matrix = _linear(moving, fixed, pairs)
    else:
        matrix = _orthogonal(moving, fixed, pairs, mirrored)
        if model == "similarity":
            matrix = matrix * (np.sum(fixed * (moving @ matrix.T)) / np.sum(moving**2))
    return AffineTransform(
        model=model,
        matrix=matrix,
        centre_um=centre,
        offset_um=offset,
        ndim_moving=pairs.ndim_moving,
        ndim_fixed=pairs.ndim_fixed,
    )


def _linear(moving: np.ndarray, fixed: np.ndarray, pairs: Pairs) -> np.ndarray:
    sides = slice(3 - pairs.ndim_moving, 3)
    matrix = np.zeros((3, 3))
    matrix[:, sides] = np.linalg.lstsq(moving[:, sides], fixed, rcond=None)[0].T
    return tangent.with_normal(matrix) if pairs.ndim_moving == 2 else matrix


def _orthogonal(moving: np.ndarray, fixed: np.ndarray, pairs: Pairs, mirrored: bool) -> np.ndarray:
    axes = pairs.axes
    left, _, right = np.linalg.svd(fixed[:, axes].T @ moving[:, axes])
    signs = np.ones(len(left))
    if (np.linalg.det(left @ right) < 0) != mirrored:
        signs[-1] = -1.0
    matrix = np.eye(3)
    matrix[axes, axes] = (left * signs) @ right
    if mirrored and pairs.ndim_fixed == 2:
        matrix[0, 0] = -1.0  # a mirrored picture is a picture turned over
    return matrix


def weighted(pairs: Pairs, start: AffineTransform) -> AffineTransform:
    """Refine a fit by generalised least squares with the stated localisation errors.

    Each residual is weighted with the inverse of its covariance, both images' errors added in the
    fixed frame. Errors of the moving landmarks are followed while the matrix changes, so that
    they do not shrink it.

    Parameters
    ----------
    pairs : Pairs
        With stated localisation errors.
    start : AffineTransform
        Where to begin, for example `closed_form`.

    References
    ----------
    Cohen, Kim & Ober 2015, arXiv:1504.05781; Neitzel 2010, doi:10.1007/s00190-010-0408-0.
    """
    transform = start
    for _ in range(_STEPS):
        white = whitener(pairs, transform.matrix)
        left_over = residuals(pairs, transform)
        places = _corrected(pairs, transform, white, left_over)
        slopes = transform.jacobian(places)[:, pairs.axes]
        left = (white @ slopes).reshape(-1, transform.parameter_count)
        size = np.linalg.norm(left, axis=0)
        right = (white @ left_over[..., None]).reshape(-1)
        step = np.linalg.lstsq(left / size, right, rcond=None)[0]
        transform = moved(transform, step / size)
        if np.abs(step).max() < 1e-10 * max(1.0, float(np.linalg.norm(right))):
            break
    return transform


def _corrected(
    pairs: Pairs, transform: AffineTransform, white: np.ndarray, left_over: np.ndarray
) -> np.ndarray:
    """Move the moving landmarks to where they most likely are: (n, 3) [um]."""
    if pairs.moving_covariance_um2 is None:
        return pairs.moving_um
    pull = (white.transpose(0, 2, 1) @ white @ left_over[..., None])[..., 0]
    back = pull @ transform.matrix[pairs.axes]
    return pairs.moving_um + (pairs.moving_covariance_um2 @ back[..., None])[..., 0]


def whitener(pairs: Pairs, matrix: np.ndarray) -> np.ndarray:
    """Return factors F with FᵀF = Σ⁻¹ of each landmark: (n, d, d) [1/um]."""
    covariances = pairs.localisation_um2(matrix)
    values = np.linalg.eigvalsh(covariances)
    if (values[:, 0] <= 1e-12 * values[:, -1]).any():
        raise ValueError(
            "the localisation errors of both images together need to be above 0 on every axis, got "
            f"0 for landmarks {np.flatnonzero(values[:, 0] <= 1e-12 * values[:, -1]).tolist()}: "
            "state sigma_fixed_um too, or give no error and take it from the residuals"
        )
    return np.linalg.inv(np.linalg.cholesky(covariances))


def residuals(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    """Subtract mapped from fixed landmarks: (n, d) [um]."""
    return (pairs.fixed_um - transform.apply(pairs.moving_um))[:, pairs.axes]


def design(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    """Differentiate the mapped landmarks by the parameters: (n, d, p)."""
    return transform.jacobian(pairs.moving_um)[:, pairs.axes]


def moved(transform: AffineTransform, change: np.ndarray) -> AffineTransform:
    """Change the parameters of a transform: (p,)."""
    matrices, offsets = tangent.perturb(
        transform.model,
        transform.ndim_moving,
        transform.ndim_fixed,
        transform.matrix,
        transform.offset_um,
        change[None],
    )
    return AffineTransform(
        model=transform.model,
        matrix=matrices[0],
        centre_um=transform.centre_um,
        offset_um=offsets[0],
        ndim_moving=transform.ndim_moving,
        ndim_fixed=transform.ndim_fixed,
    )
