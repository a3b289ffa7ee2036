"""How phases become grey values: what each is worth, blur and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Imaging:
    """How phases became grey values.

    Attributes
    ----------
    greys, noises : tuple of float
        Grey value and noise of each class [grey value].
    blur_px : tuple of float
        Standard deviation of the blur along each axis [px], the voxel's own width included.
    noise_correlation_px : float
        Standard deviation of the Gaussian that correlates the noise [px]; 0 for white noise.
    """

    greys: tuple[float, ...]
    noises: tuple[float, ...]
    blur_px: tuple[float, ...]
    noise_correlation_px: float


def centred_greys(means: tuple[float, ...], thresholds: tuple[float, ...]) -> tuple[float, ...]:
    """Shift the grey values of phases so that each threshold lies half-way.

    The threshold that was decided on is taken to be the interface; how well that is known
    is a part of the uncertainty of its own.

    Examples
    --------
    >>> centred_greys((50.0, 150.0), (110.0,))
    (60.0, 160.0)
    """
    relative = [0.0]
    for threshold in thresholds:
        relative.append(2 * threshold - relative[-1])
    signs = np.array([(-1) ** k for k in range(len(relative))])
    base = float(np.mean((np.asarray(means) - relative) * signs))
    greys = np.asarray(relative) + base * signs
    if np.any(np.diff(greys) <= 0):
        return means
    return tuple(float(grey) for grey in greys)


def noise_correlation_px(image: NDArray, inside: NDArray[np.bool_]) -> float:
    """Measure how far the noise reaches, from neighbours inside one phase.

    Parameters
    ----------
    image : ndarray
        Grey values.
    inside : ndarray of bool
        The core of a phase.

    Returns
    -------
    float
        Standard deviation of the Gaussian that would correlate white noise as much [px].

    Examples
    --------
    >>> white = np.random.default_rng(0).normal(size=(64, 64))
    >>> noise_correlation_px(white, np.ones((64, 64), bool)) < 0.4
    True
    """
    pair = inside[..., :-1] & inside[..., 1:]
    if np.count_nonzero(pair) < 500:
        return 0.0
    a, b = image[..., :-1][pair].astype(float), image[..., 1:][pair].astype(float)
    variance = (a.var() + b.var()) / 2
    if variance <= 0:
        return 0.0
    rho = float(np.mean((a - a.mean()) * (b - b.mean())) / variance)
    return _width_of(min(rho, 0.97)) if rho >= 0.03 else 0.0


def _width_of(correlation: float) -> float:
    """Find the Gaussian that, sampled on voxels as the filter does, correlates neighbours so."""
    from scipy.optimize import brentq

    def misfit(width: float) -> float:
        kernel = np.exp(-(np.arange(-60, 61) ** 2) / (2 * width**2))
        return float(kernel[1:] @ kernel[:-1] / (kernel @ kernel)) - correlation

    return float(brentq(misfit, 0.2, 14.0))


def image_noise(
    shape: tuple[int, ...], imaging: Imaging, seed: int | Sequence[int]
) -> NDArray[np.float32]:
    """Draw noise of unit variance with the image's correlation.

    Returns
    -------
    ndarray of float32, in `shape`
    """
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    if imaging.noise_correlation_px > 0:
        noise = gaussian_filter(noise, imaging.noise_correlation_px)
        noise /= noise.std()
    return noise


def render(
    others: NDArray[np.uint8],
    imaging: Imaging,
    noise: NDArray[np.float32],
    *,
    label: int,
    occupied: NDArray[np.float32],
    own: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Turn a phase among others into grey values: grey value of each class, blur, noise.

    Parameters
    ----------
    others : ndarray of uint8
        Classes of what is not the phase.
    imaging : Imaging
    noise : ndarray of float32
        Of unit variance.
    label : int
        Of the phase.
    occupied : ndarray of float32
        Share of each voxel that it fills.
    own : ndarray of float32, optional
        Grey value of the phase where it is not the same everywhere.

    Examples
    --------
    >>> sharp = Imaging((10.0, 20.0), (0.0, 0.0), (0.0, 0.0), 0.0)
    >>> shares = np.array([[0.0, 0.25, 1.0]], np.float32)
    >>> nothing = np.zeros((1, 3), np.float32)
    >>> render(np.zeros((1, 3), np.uint8), sharp, nothing, label=1, occupied=shares)
    array([[10. , 12.5, 20. ]], dtype=float32)
    """
    from scipy.ndimage import gaussian_filter

    greys = np.asarray(imaging.greys, np.float32)
    sigmas = np.asarray(imaging.noises, np.float32)
    around = greys[others]
    # the shares of voxels already hold the width of the voxel
    blur = np.sqrt(np.maximum(np.square(imaging.blur_px) - 1 / 12, 0))
    inside = greys[label] if own is None else own
    grey = gaussian_filter(around + (inside - around) * occupied, blur)
    scatter = sigmas[others]
    return grey + (scatter + (sigmas[label] - scatter) * occupied) * noise
