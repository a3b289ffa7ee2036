"""How alike the noise of neighbouring voxels is, and what that does to a weighted sum of them.

The filters of a reconstruction leave noise whose sum over an object scatters more than that of
independent voxels: a centroid is known less well than these would have it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LAGS = (1, 2)  # voxels
_FAR = 4  # voxels: taken to be independent
_SIDE = {2: 512, 3: 64}  # voxels of a middle block that is looked at


def noise_correlation(image: NDArray) -> NDArray[np.float64]:
    """Estimate the correlation of the noise of voxels 1 and 2 apart, along each axis.

    Differences of neighbours scatter less than those of voxels far apart. The smaller half of the
    differences is looked at, which hardly sees edges; texture counts as noise.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)

    Returns
    -------
    ndarray, shape (axes, 2)
        0 to 1; 0 where an axis is too short to tell.

    Examples
    --------
    >>> white = np.random.default_rng(0).normal(size=(200, 201))
    >>> alike = white[:, 1:] + white[:, :-1]
    >>> (noise_correlation(alike).round(1) + 0.0).tolist()
    [[0.0, 0.0], [0.5, 0.0]]
    """
    block = _middle(np.asarray(image))
    found = np.zeros((block.ndim, len(_LAGS)))
    for axis, size in enumerate(block.shape):
        if size <= 2 * _FAR:
            continue
        far = _scatter(block, _FAR, axis)
        near = np.array([_scatter(block, lag, axis) for lag in _LAGS])
        if far > 0:
            found[axis] = np.clip(1 - (near / far) ** 2, 0, 1)
    return found


def spread_of_noise(weights: NDArray, alike: NDArray) -> float:
    """Tell by how much a weighted sum of voxels scatters, in units of one voxel's noise.

    Parameters
    ----------
    weights : ndarray, (z, y, x) or (y, x)
    alike : ndarray, shape (axes, 2)
        Of `noise_correlation`; zeros for independent noise.

    Examples
    --------
    >>> spread_of_noise(np.ones((2, 2)), np.zeros((2, 2)))
    2.0
    >>> spread_of_noise(np.ones((2, 2)), np.ones((2, 2)))
    4.0
    """
    from scipy.ndimage import correlate1d

    seen = np.asarray(weights, float)
    for axis, (near, next_) in enumerate(alike):
        if near > 0 or next_ > 0:
            kernel = [next_, near, 1.0, near, next_]
            seen = correlate1d(seen, kernel, axis=axis, mode="constant")
    return float(np.sqrt(max(float(np.sum(weights * seen)), 0.0)))


def _middle(image: NDArray) -> NDArray:
    """The middle of the image; whole numbers are spread evenly over their step."""
    block = image[
        tuple(
            slice(max(0, (size - _SIDE[image.ndim]) // 2), (size + _SIDE[image.ndim] + 1) // 2)
            for size in image.shape
        )
    ]
    grey = block.astype(np.float32)
    if np.issubdtype(image.dtype, np.integer):
        grey += np.random.default_rng(0).random(grey.shape, dtype=np.float32)
    return grey


def _scatter(image: NDArray, lag: int, axis: int) -> float:
    """Quartile of the differences' sizes, which is in proportion to their scatter."""
    size = image.shape[axis]
    ends = (np.take(image, range(*span), axis=axis) for span in ((lag, size), (0, size - lag)))
    later, earlier = ends
    return float(np.quantile(np.abs(later - earlier), 0.25))
