"""The image of a point: a Gaussian with the width of measured edges, or one that was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..distributions import norm
from ..spacing import checked_spacing

_REACH = 4.0  # standard deviations at which a Gaussian ends


def gaussian_psf(
    sigma_um: float | Sequence[float], *, spacing_um: Sequence[float]
) -> NDArray[np.float32]:
    """Return a Gaussian point-spread function, averaged over voxels.

    Parameters
    ----------
    sigma_um : float or sequence of float
        Standard deviation, one for all axes or one an axis [µm]: a 10-90 % edge width over 2.563.
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    ndarray of float32
        Of odd sizes, with the point in the middle; its sum is 1.

    Raises
    ------
    ValueError
        A width that is not positive, or wider than 32 voxels.

    Examples
    --------
    >>> psf = gaussian_psf(1.0, spacing_um=(0.5, 1.0))
    >>> psf.shape, round(float(psf.sum()), 6)
    ((17, 9), 1.0)
    """
    widths = np.atleast_1d(np.asarray(sigma_um, float))
    spacing = checked_spacing(spacing_um, len(tuple(spacing_um)))
    if len(widths) not in (1, len(spacing)) or not np.all(np.isfinite(widths) & (widths > 0)):
        raise ValueError(
            f"sigma_um needs one width above 0 µm, or one an axis, got {sigma_um!r}: divide an "
            "edge width by 2.563"
        )
    sigmas = np.broadcast_to(widths, len(spacing)) / spacing
    if sigmas.max() > 32:
        raise ValueError(
            f"sigma_um needs widths of up to 32 voxels, got {sigmas.max():.3g}: is it in µm?"
        )
    psf = np.ones(())
    for sigma in sigmas:
        reach = max(1, int(np.ceil(_REACH * sigma)))
        edges = np.arange(-reach, reach + 2) - 0.5
        psf = np.multiply.outer(psf, np.diff(norm.cdf(edges / sigma)))
    return np.asarray(psf / psf.sum(), np.float32)


def checked_psf(psf: NDArray, ndim: int) -> NDArray[np.float32]:
    """Return a point-spread function with the sum 1, or say what is wrong with it."""
    found = np.asarray(psf, np.float64)
    if found.ndim != ndim or any(n % 2 == 0 for n in found.shape):
        raise ValueError(
            f"psf needs {ndim} axes of odd sizes with the point in the middle, got {found.shape}"
        )
    if not np.isfinite(found).all() or found.min() < 0 or not found.sum() > 0:
        raise ValueError(
            "psf needs values of 0 or more that are not all 0: subtract its background"
        )
    return np.asarray(found / found.sum(), np.float32)
