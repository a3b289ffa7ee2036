"""How much of landmarks' departure from an affine map is bend, and how much is picking error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .spline import ThinPlateSpline

_RANGE = np.logspace(-6, 3, 55)  # of the stiffest bend: from following everything to affine


@dataclass(frozen=True, eq=False)
class BendAndError:
    """The two parts of what an affine map leaves over.

    Attributes
    ----------
    smoothing : float
        Square of the picking error over that of the bend, as `ThinPlateSpline` takes it.
    bend_um2 : float
        Size of the bend: variance of a generalised random field with the spline's kernel [um2].
    sigma_um : float
        Picking error of a pair, per axis [um].
    """

    smoothing: float
    bend_um2: float
    sigma_um: float


def bend_and_error(moving_um: np.ndarray, fixed_um: np.ndarray) -> BendAndError:
    """Split what an affine map leaves over into bend and picking error.

    The ratio is the one under which the landmarks are most likely (restricted maximum likelihood,
    all axes alike); the size of both is then set so that leaving each landmark out misses it by as
    much as predicted.

    Parameters
    ----------
    moving_um, fixed_um : (n, d) array
        Landmarks, at least d + 3 [um].

    References
    ----------
    Wahba 1985, doi:10.1214/aos/1176349743 (against cross-validation, which followed picking errors
    more often on measured landmarks).
    """
    spline = ThinPlateSpline(moving_um, fixed_um, allow_mirror=True)
    n, d = spline.moving_um.shape
    kernel = spline.kernel(spline.moving_um, spline.moving_um)
    centred = spline.moving_um - spline.moving_um.mean(axis=0)
    rest = np.linalg.qr(np.column_stack([np.ones(n), centred]), mode="complete")[0][:, d + 1 :]
    values, vectors = np.linalg.eigh(rest.T @ kernel @ rest)
    values, basis = np.maximum(values, 0.0), rest @ vectors
    parts = np.sum((basis.T @ fixed_um) ** 2, axis=1)
    if parts.sum() <= (1e-9 * np.ptp(fixed_um, axis=0).max()) ** 2 * n:
        return BendAndError(0.0, 0.0, 0.0)
    tried = np.concatenate([[0.0], values.max() * _RANGE])
    smoothing = float(min(tried, key=lambda ratio: _unlikely(values + ratio, parts)))
    bend = _scale(basis, values + smoothing, fixed_um)
    return BendAndError(smoothing, bend, float(np.sqrt(bend * smoothing)))


def _unlikely(values: np.ndarray, parts: np.ndarray) -> float:
    if values.min() <= 0:
        return float("inf")
    return float(len(parts) * np.log(np.sum(parts / values)) + np.sum(np.log(values)))


def _scale(basis: np.ndarray, values: np.ndarray, fixed: np.ndarray) -> float:
    """Mean square of the leave-one-out errors in units of what is predicted for them."""
    precision = np.sum(basis**2 / values, axis=1)  # one over the variance of each
    pull = basis @ ((basis.T @ fixed) / values[:, None])
    return float(np.mean(pull**2 / precision[:, None]))
