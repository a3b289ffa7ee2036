"""From grey values to labels by thresholds: smooth, cut, clean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim
from .cleaning import fill_enclosed, merge_small

_SLAB_VOXELS = 2**24  # working copies stay near 64 MB of float32


def segment(
    image: NDArray,
    *,
    thresholds: Sequence[float],
    smoothing_px: float | Sequence[float] = 0.0,
    min_size_px: int = 0,
    fill_holes: bool = False,
) -> NDArray[np.uint8]:
    """Label an image by grey-value thresholds.

    A voxel whose value equals a threshold belongs to the upper class.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; NaN is labelled 0.
    thresholds : sequence of float
        Increasing; n thresholds give the classes 0 to n.
    smoothing_px : float or sequence of float
        Standard deviation of a Gaussian applied first, for all axes or one an axis [px].
        It moves curved interfaces inwards by about sigma**2 / R.
    min_size_px : int
        Connected components (faces touching) of any class with fewer voxels are merged into the
        class that surrounds them most.
    fill_holes : bool
        Give components of class 0 that do not reach the border of the image to the class around
        them.

    Returns
    -------
    ndarray of uint8
        Labels, in the shape of `image`.

    Raises
    ------
    ValueError
        Thresholds missing, not finite or not increasing; image neither 2D nor 3D.

    Examples
    --------
    >>> import numpy as np
    >>> segment(np.array([[10, 90, 91], [200, 89, 90]]), thresholds=(90,))
    array([[0, 1, 1],
           [1, 0, 1]], dtype=uint8)
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    levels = checked_thresholds(thresholds)
    sigmas = _checked_smoothing(smoothing_px, ndim)
    if min_size_px < 0:
        raise ValueError(
            f"min_size_px needs a count of 0 or more, got {min_size_px}: use 0 for none"
        )
    labels = _labels_smoothed(image, levels, sigmas) if any(sigmas) else _labels(image, levels)
    if min_size_px > 1:
        labels = merge_small(labels, min_size_px=int(min_size_px))
    return fill_enclosed(labels) if fill_holes else labels


def checked_thresholds(thresholds: Sequence[float]) -> tuple[float, ...]:
    """Return increasing, finite thresholds as floats, or say what is wrong with them.

    Examples
    --------
    >>> checked_thresholds([90, 120])
    (90.0, 120.0)
    """
    levels = tuple(float(value) for value in np.atleast_1d(np.asarray(thresholds, dtype=float)))
    if not 1 <= len(levels) <= 254:
        raise ValueError(f"thresholds needs 1 to 254 values, got {len(levels)}: give at least one")
    if not np.all(np.isfinite(levels)):
        raise ValueError(f"thresholds needs finite values, got {levels}: remove NaN and inf")
    if any(b <= a for a, b in pairwise(levels)):
        raise ValueError(f"thresholds needs increasing values, got {levels}: sort them")
    return levels


def _checked_smoothing(smoothing_px: float | Sequence[float], ndim: int) -> tuple[float, ...]:
    sigmas = np.broadcast_to(np.asarray(smoothing_px, dtype=float), (ndim,))
    if not np.all(np.isfinite(sigmas)) or np.any(sigmas < 0):
        raise ValueError(
            f"smoothing_px needs finite values of 0 or more, got {smoothing_px}: use 0 for none"
        )
    return tuple(float(sigma) for sigma in sigmas)


def _labels(image: NDArray, levels: tuple[float, ...]) -> NDArray[np.uint8]:
    labels = np.greater_equal(image, levels[0]).view(np.uint8)
    for level in levels[1:]:
        labels += np.greater_equal(image, level).view(np.uint8)
    return labels


def _labels_smoothed(
    image: NDArray, levels: tuple[float, ...], sigmas: tuple[float, ...]
) -> NDArray[np.uint8]:
    """Smooth and label slab by slab, with the halo that makes slabs agree with the whole."""
    from scipy.ndimage import gaussian_filter

    labels = np.empty(image.shape, np.uint8)
    halo = int(4 * sigmas[0] + 0.5)  # scipy's radius for truncate=4
    step = max(1, _SLAB_VOXELS // max(1, image[0].size))
    for start in range(0, len(image), step):
        low, high = max(0, start - halo), min(len(image), start + step + halo)
        smooth = gaussian_filter(image[low:high].astype(np.float32), sigmas)
        labels[start : start + step] = _labels(smooth[start - low :][:step], levels)
    return labels
