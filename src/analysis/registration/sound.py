"""Whether a transform from elsewhere (a record, another program) can be a map of a specimen."""

from __future__ import annotations

import math

import numpy as np

from ...errors import Degenerate
from .displacement import DisplacementField
from .spline import ThinPlateSpline
from .spline_fit import SplineMap
from .transform import AffineTransform

_THINNEST = 1e-6  # of the largest magnification: µm would become pm, and back
_ROUNDING = 1e-6  # of a correlation or a rotation, far above what arithmetic leaves


Map = AffineTransform | ThinPlateSpline | SplineMap | DisplacementField


def refuse_unsound(transform: Map) -> None:
    """Refuse a transform that no registration of a specimen can give.

    Parameters
    ----------
    transform : AffineTransform, ThinPlateSpline, SplineMap or DisplacementField
        A spline judges itself when it is made.

    Raises
    ------
    Degenerate
        It flattens space, mirrors it without ``allow_mirror``, or folds.
    ValueError
        Its covariance, its matrix or its error contradict what they are said to be.

    Examples
    --------
    >>> refuse_unsound(AffineTransform.exact(offset_um=[0, 0, 5]))
    >>> refuse_unsound(AffineTransform.exact([[1, 0, 0], [0, 1, 0], [0, 0, -1]]))
    Traceback (most recent call last):
    ...
    scalebridge.errors.Degenerate: a transform needs a positive determinant, got -1: it mirrors \
the specimen; flip an axis of one image, or make it with allow_mirror=True if that is meant
    """
    if isinstance(transform, ThinPlateSpline | SplineMap):
        return
    if isinstance(transform, DisplacementField):
        _refuse_folds(transform)
        return
    _refuse_flat(transform)
    _refuse_mirror(transform)
    _refuse_other_model(transform)
    _refuse_odd_errors(transform)
    if transform.covariance is not None:
        _refuse_odd_covariance(transform.covariance)


def _refuse_folds(field: DisplacementField) -> None:
    share = field.folds()
    if share > 0:
        raise Degenerate(
            f"a displacement field needs a way back everywhere, got folds in {share:.2g} of its "
            "cells: smooth it, or cut it to where it is good"
        )


def _refuse_flat(transform: AffineTransform) -> None:
    values = np.linalg.svd(transform.matrix, compute_uv=False)
    if values[-1] <= _THINNEST * values[0]:
        raise Degenerate(
            "a transform needs an invertible matrix, got magnifications of "
            f"{', '.join(f'{value:.3g}' for value in values)}: it flattens the specimen; "
            "fit a simpler model, or add landmarks off the line or plane"
        )


def _refuse_mirror(transform: AffineTransform) -> None:
    if transform.allow_mirror is True:
        return
    blocks = [transform.matrix]
    if transform.ndim_fixed == 2:
        blocks.append(transform.matrix[1:, 1:])  # turned over, a picture is mirrored too
    for block in blocks:
        if np.linalg.slogdet(block)[0] < 0:
            raise Degenerate(
                f"a transform needs a positive determinant, got {np.linalg.det(block):.3g}: it "
                "mirrors the specimen; flip an axis of one image, or make it with "
                "allow_mirror=True if that is meant"
            )


def _refuse_other_model(transform: AffineTransform) -> None:
    if transform.model in ("translation", "affine"):
        return
    scale = 1.0 if transform.model == "rigid" else transform.scale
    square = transform.matrix.T @ transform.matrix / scale**2
    off = float(np.abs(square - np.eye(3)).max())
    if off > _ROUNDING:
        wanted = "a rotation" if transform.model == "rigid" else "a rotation times one scale"
        raise ValueError(
            f"a {transform.model} transform needs {wanted} as its matrix, got "
            f"{transform.matrix.tolist()} (off by {off:.2g}): correct it, or call it affine"
        )


def _refuse_odd_errors(transform: AffineTransform) -> None:
    for name, value in (("nu", transform.nu), ("sigma_um", transform.sigma_um)):
        if value is None:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0:
            raise ValueError(
                f"{name} needs a finite number of 0 or more, got {value!r}: give None if not known"
            )


def _refuse_odd_covariance(covariance: np.ndarray) -> None:
    variances = np.diag(covariance)
    if (variances < 0).any():
        raise ValueError(
            f"a covariance needs variances of 0 or more, got {variances.min():.3g} for parameter "
            f"{int(variances.argmin())}: give None if it is not known"
        )
    if covariance[variances == 0].any() or covariance[:, variances == 0].any():
        raise ValueError(
            "a covariance needs to be positive semidefinite, got covariances of a parameter whose "
            "variance is 0: give None if it is not known"
        )
    # parameters have units of their own (µm, rad): judged as correlations
    sizes = np.sqrt(variances)
    scale = np.where(sizes > 0, sizes, 1.0)
    correlation = covariance / scale / scale[:, None]
    asymmetry = float(np.abs(correlation - correlation.T).max())
    if asymmetry > _ROUNDING:
        raise ValueError(
            f"a covariance needs to be symmetric, got correlations that differ by {asymmetry:.3g} "
            "across the diagonal: give None if it is not known"
        )
    lowest = float(np.linalg.eigvalsh((correlation + correlation.T) / 2)[0])
    if lowest < -_ROUNDING:
        raise ValueError(
            f"a covariance needs to be positive semidefinite, got {lowest:.3g} as the smallest "
            "eigenvalue of its correlations: give None if it is not known"
        )
