"""Local thresholds: grey values as differences to the mean of their surroundings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing

_TRUNCATE = 4.0  # standard deviations at which scipy and scikit-image end a Gaussian


def levelled(
    image: NDArray, *, window_um: float, spacing_um: Sequence[float], shape: str = "mean"
) -> NDArray[np.float32]:
    """Take the mean of its surroundings off every grey value.

    A threshold on the result is a local (adaptive) threshold, in grey values above the
    surroundings. Brightness that drifts across the image goes, and so does the inside of objects
    wider than the window: choose it some times the largest object.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; NaN is left out of the mean and stays NaN.
    window_um : float
        Width of the surroundings [µm].
    spacing_um : sequence of float
        Voxel size along each axis [µm]; 1 an axis to give the window in voxels.
    shape : {"mean", "gaussian"}
        Every voxel of the window alike, or a Gaussian of a sixth of the window.

    Returns
    -------
    ndarray of float32
        [grey value]

    References
    ----------
    As ``skimage.filters.threshold_local``; Sezgin & Sankur 2004, doi:10.1117/1.1631315.

    Examples
    --------
    >>> import numpy as np
    >>> levelled(np.array([[1.0, 1, 4, 1, 1]]), window_um=3, spacing_um=(1, 1)).tolist()
    [[0.0, -1.0, 2.0, -1.0, 0.0]]
    """
    from scipy.ndimage import correlate1d

    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    if not (np.isfinite(window_um) and window_um > 0):
        raise ValueError(f"window_um needs a width of more than 0 µm, got {window_um}")
    kernels = [_kernel(px, shape) for px in window_px(window_um, checked_spacing(spacing_um, ndim))]

    def mean(values: NDArray) -> NDArray:
        # no running sums: their rounding would depend on where a block begins
        for axis, kernel in enumerate(kernels):
            if len(kernel) > 1:
                values = correlate1d(values, kernel, axis, mode="reflect")
        return values

    grey = image.astype(np.float32)
    if np.issubdtype(image.dtype, np.integer) or image.dtype == bool:
        return np.asarray(grey - mean(grey), np.float32)
    known = np.isfinite(grey)
    weight = mean(known.astype(np.float32))
    inside = mean(np.where(known, grey, np.float32(0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, grey - inside / weight, np.float32(np.nan)), np.float32)


def window_px(window_um: float, spacing_um: Sequence[float]) -> tuple[int, ...]:
    """Return the odd number of voxels along each axis that is nearest to a window.

    Examples
    --------
    >>> window_px(5.0, (2.0, 1.0, 0.5))
    (3, 5, 11)
    """
    return tuple(2 * int(window_um / size / 2 + 1e-9) + 1 for size in spacing_um)


def window_reach_px(window_um: float, spacing_um: Sequence[float], shape: str) -> tuple[int, ...]:
    """Return how far the surroundings reach along each axis [px]."""
    return tuple(len(_kernel(px, shape)) // 2 for px in window_px(window_um, spacing_um))


def _kernel(width_px: int, shape: str) -> NDArray[np.float64]:
    if shape == "mean":
        return np.full(width_px, 1.0 / width_px)
    sigma = (width_px - 1) / 6
    reach = int(_TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-9)) ** 2)
    return np.asarray(weights / weights.sum())
