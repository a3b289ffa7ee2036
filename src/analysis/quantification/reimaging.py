"""A phantom at the user's own resolution: the segmented shapes, imaged and segmented once more.

Blur moves curved interfaces inwards, smoothing does it again, and noise roughens them. How much
depends on the shapes, so the shapes are taken from the image itself: a smooth model of them is
blurred, given the image's noise and segmented by the same thresholds. What that changes in the
model is what imaging has changed in the specimen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# of the model's surface, in 2D and 3D: noise leaves rougher lines than surfaces. The two of a pair
# differ so that their difference says how much it matters
MODEL_SMOOTHINGS_PX = {2: (2.0, 2.6), 3: (1.0, 1.3)}
_START, _SECOND, _RANGE = 0.5, 0.4, (0.08, 0.8)


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


@dataclass(frozen=True)
class Reimaged:
    """A model phase, its image, and what segmenting made of it.

    Attributes
    ----------
    soft : ndarray of float32
        The model is where this is above `level`, between voxels too.
    level : float
    fraction : float
        Share of the image that the model fills.
    grey : ndarray of float32
    segmented : ndarray of bool
    """

    soft: NDArray[np.float32]
    level: float
    fraction: float
    grey: NDArray[np.float32]
    segmented: NDArray[np.bool_]


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


def reimage_phase(
    labels: NDArray[np.uint8],
    *,
    label: int,
    imaging: Imaging,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    smoothing_px: float,
    seed: int,
) -> Reimaged:
    """Model one phase so that, imaged and segmented, it has the measured volume.

    Parameters
    ----------
    labels : ndarray of uint8
        The segmentation.
    label : int
        The phase to model; the others keep their shapes.
    imaging : Imaging
    segmenter : callable
        The segmentation that made `labels`.
    smoothing_px : float
        Smoothing of the model's surface [px].
    seed : int
        Of the noise.

    Returns
    -------
    Reimaged
    """
    from scipy.ndimage import gaussian_filter

    wanted = np.count_nonzero(labels == label) / labels.size
    soft = gaussian_filter((labels == label).astype(np.float32), smoothing_px)
    slope = np.gradient(soft)
    steepness = np.maximum(np.sqrt(sum(along**2 for along in slope)), 1e-3)
    others = _others(labels, label)
    noise = image_noise(labels.shape, imaging, seed)

    def again(level: float) -> Reimaged:
        # shares of voxels, not whole ones: whole ones would lock the shape to the grid
        occupied = np.clip(0.5 + (soft - level) / steepness, 0, 1)
        grey = render(others, imaging, noise, label=label, occupied=occupied)
        fraction = float(occupied.mean(dtype=np.float64))
        return Reimaged(soft, level, fraction, grey, segmenter(grey) == label)

    level, result = _START, again(_START)
    change = _SECOND
    misfit = _share(result) - wanted
    for _ in range(2):  # secant steps on the level of the model's surface
        following = again(change)
        new = _share(following) - wanted
        level_before, level, result = level, change, following
        if new == misfit:
            break
        change = float(np.clip(level - new * (level - level_before) / (new - misfit), *_RANGE))
        misfit = new
    return again(change) if change != level else result


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
    if rho < 0.03:
        return 0.0
    return float(np.sqrt(-1 / (4 * np.log(min(rho, 0.97)))))


def _share(reimaged: Reimaged) -> float:
    return np.count_nonzero(reimaged.segmented) / reimaged.segmented.size


def _others(labels: NDArray[np.uint8], label: int) -> NDArray[np.uint8]:
    """Fill the place of a phase with what is nearest to it, so that it can be made smaller."""
    from scipy.ndimage import distance_transform_edt

    own = labels == label
    if labels.max() <= 1:
        return np.full(labels.shape, 1 - label, np.uint8)
    nearest = distance_transform_edt(own, return_distances=False, return_indices=True)
    return labels[tuple(nearest)]


def image_noise(shape: tuple[int, ...], imaging: Imaging, seed: int) -> NDArray[np.float32]:
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
    grey = gaussian_filter(around + (greys[label] - around) * occupied, blur)
    scatter = sigmas[others]
    return grey + (scatter + (sigmas[label] - scatter) * occupied) * noise
