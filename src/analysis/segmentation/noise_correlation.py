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
_WIDE = 9  # voxels of the local mean that shows edges: noise alone hardly moves it
_NARROW = 5  # voxels, in the surroundings of one mark
_FLAT = 0.7  # share of the differences that is looked at, where the local mean is flattest
_MAD = 0.6745  # median size of a standard normal number
_MOST_ALIKE, _FEWEST = 0.8, 100


def noise_correlation(image: NDArray) -> NDArray[np.float64]:
    """Estimate the correlation of the noise of voxels 1 and 2 apart, along each axis.

    Differences of neighbours scatter less than those of voxels far apart. They are looked at where
    a local mean is flat: edges would make what is far apart less alike than noise does. Texture
    counts as noise.

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
    from scipy.ndimage import uniform_filter

    block = _middle(np.asarray(image))
    local = uniform_filter(block, _WIDE)
    found = np.zeros((block.ndim, len(_LAGS)))
    for axis, size in enumerate(block.shape):
        if size <= 2 * _FAR:
            continue
        far = _scatter(block, local, _FAR, axis)
        near = np.array([_scatter(block, local, lag, axis) for lag in _LAGS])
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


def _scatter(image: NDArray, local: NDArray, lag: int, axis: int) -> float:
    """Median of the differences' sizes where the image is flat, in proportion to their scatter."""
    step = _steps(local, lag, axis)
    flat = step <= np.quantile(step, _FLAT)
    return float(np.median(_steps(image, lag, axis)[flat]))


def _steps(image: NDArray, lag: int, axis: int) -> NDArray:
    """Sizes of the differences of voxels so far apart along an axis."""
    size = image.shape[axis]
    later, earlier = (
        np.take(image, range(*span), axis=axis) for span in ((lag, size), (0, size - lag))
    )
    return np.asarray(np.abs(later - earlier))


def noise_of_neighbours(part: NDArray, where: NDArray, alike: NDArray) -> float | None:
    """Tell the noise of a voxel by the steps between neighbours, where a local mean is flat.

    Parameters
    ----------
    part : ndarray, (z, y, x) or (y, x)
        Grey values.
    where : ndarray of bool, same shape
        Both neighbours of a step lie in there.
    alike : ndarray, shape (axes, 2)
        Of `noise_correlation`.

    Returns
    -------
    float or None
        Standard deviation [grey value]; None where fewer than 100 steps are left, or neighbours
        are nearly the same and say nothing.

    Examples
    --------
    >>> ramp = np.arange(30.0)[:, None] + np.random.default_rng(0).normal(size=(30, 30))
    >>> round(noise_of_neighbours(ramp, np.ones((30, 30), bool), np.zeros((2, 2))), 1)
    1.1
    """
    from scipy.ndimage import uniform_filter

    local, found = uniform_filter(part, _NARROW), list[NDArray]()
    for axis, (near, _) in enumerate(alike):
        if near > _MOST_ALIKE or part.shape[axis] < 2:
            continue
        size = part.shape[axis]
        both = np.take(where, range(1, size), axis) & np.take(where, range(size - 1), axis)
        slope = _steps(local, 1, axis)[both]
        if len(slope):
            steps = _steps(part, 1, axis)[both][slope <= np.median(slope)]
            found.append(steps / np.sqrt(2 * (1 - near)))
    kept = np.concatenate(found) if found else np.empty(0)
    return float(np.median(kept)) / _MAD if len(kept) >= _FEWEST else None
