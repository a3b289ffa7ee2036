"""Sharpness of the edges between two phases: the standard deviation of the blur, axis by axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ..segmentation.sampling import sample_blocks
from ..spacing import checked_image_ndim

WIDTH_10_90 = 2.563  # of an edge blurred by a Gaussian, in standard deviations
_BAND = 0.12  # grey values this near to half-way, in units of the contrast, count as the edge
_BAND_STEEPNESS = 0.977  # median squared steepness over that band of an error function
_SMOOTHING_PX = 1.0
_ALONG = 0.9  # cosine above which an edge faces an axis
_ENOUGH = 60
_REACH_PX, _BEYOND = 7, 0.5  # neighbourhood of an edge, and how far it may leave the two phases


@dataclass(frozen=True)
class EdgeBlur:
    """The blur of edges, as the standard deviation of a Gaussian.

    Attributes
    ----------
    sigma_px : float
        Over all directions [px]; NaN when there are no edges.
    sigma_error_px : float
        Standard uncertainty [px].
    sigma_axes_px : tuple of float
        From edges facing each axis, (z, y, x) or (y, x) [px]; the overall value where an axis has
        too few.
    edges : int
        Voxels on edges that were used.
    """

    sigma_px: float
    sigma_error_px: float
    sigma_axes_px: tuple[float, ...]
    edges: int


def edge_blur(image: NDArray, *, low: float, high: float) -> EdgeBlur:
    """Measure the blur of the edges between two phases from their steepness.

    An edge of contrast c blurred by a Gaussian of standard deviation s has the gradient
    c / (sqrt(2 pi) s) half-way. The gradient is taken after a Gaussian of 1 px, whose variance
    is subtracted; the noise's share of the squared gradient is read off where no edge is. Edges
    beside something much darker or brighter than the two phases are left out.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; large images are sampled in blocks.
    low, high : float
        Grey values of the two phases.

    Returns
    -------
    EdgeBlur

    Notes
    -----
    Not for phases thinner than about 4 standard deviations: their edges are less steep because
    the grey value never reaches the plateau, and the blur comes out too large.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import erf
    >>> x = np.arange(40.0) - 19.5
    >>> image = np.broadcast_to(0.5 + 0.5 * erf(x / 2 / 2**0.5), (40, 40))
    >>> round(edge_blur(image, low=0, high=1).sigma_px, 1)
    2.0
    """
    ndim = checked_image_ndim(np.shape(image))
    if not high > low:
        raise ValueError(f"high needs to be above low, got {high} and {low}: swap them")
    steepness, normal, flat = _edge_gradients(np.asarray(image), low, high, ndim)
    if len(steepness) < _ENOUGH:
        nan = float("nan")
        return EdgeBlur(nan, nan, (nan,) * ndim, len(steepness))
    sigma = _sigma(steepness, flat, ndim)
    axes = []
    for axis in range(ndim):
        facing = steepness[np.abs(normal[:, axis]) > _ALONG]
        axes.append(_sigma(facing, flat, ndim) if len(facing) >= _ENOUGH else sigma)
    return EdgeBlur(sigma, _error(steepness, flat, ndim, sigma), tuple(axes), len(steepness))


def _edge_gradients(
    image: NDArray, low: float, high: float, ndim: int
) -> tuple[NDArray, NDArray, float]:
    """Return squared gradients and normals on edges, and the mean squared one where none is.

    Grey values are scaled so that the contrast is 1.
    """
    from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

    on_edge, normals, flat = [], [], []
    for raw in sample_blocks(image):
        if min(raw.shape) < 5:
            continue
        grey = (np.nan_to_num(raw.astype(np.float32), nan=low) - low) / (high - low)
        smooth = gaussian_filter(grey, _SMOOTHING_PX)
        # derivatives of the Gaussian: differences would steepen edges that face no axis
        orders = np.eye(ndim, dtype=int)
        gradient = np.stack([gaussian_filter(grey, _SMOOTHING_PX, order=o) for o in orders])
        squared = np.einsum("i...,i...->...", gradient, gradient)
        edge = np.abs(smooth - 0.5) < _BAND
        # an edge towards a third phase passes through these grey values at its foot
        edge &= maximum_filter(smooth, _REACH_PX) < 1 + _BEYOND
        edge &= minimum_filter(smooth, _REACH_PX) > -_BEYOND
        inner = (slice(2, -2),) * ndim  # the filter mirrors the image at its border
        chosen = np.zeros_like(edge)
        chosen[inner] = edge[inner]
        on_edge.append(squared[chosen])
        normals.append((gradient[:, chosen] / np.sqrt(squared[chosen] + 1e-30)).T)
        middle = (smooth > 0.2) & (smooth < 0.8)
        far = ~maximum_filter(middle, 5)
        flat.append(squared[far])
    noise = np.concatenate(flat) if flat else np.zeros(0)
    return (
        np.concatenate(on_edge) if on_edge else np.zeros(0),
        np.concatenate(normals) if normals else np.zeros((0, ndim)),
        float(np.median(noise)) if len(noise) else 0.0,
    )


def _sigma(squared: NDArray, flat: float, ndim: int) -> float:
    """Invert the steepness of an edge blurred by s, half-way: 1 / (sqrt(2 pi) s)."""
    mean = (float(np.median(squared)) - flat) / _BAND_STEEPNESS
    if mean <= 0:
        return float("nan")
    return sqrt(max(0.0, 1 / (2 * np.pi * mean) - _SMOOTHING_PX**2))


def _error(squared: NDArray, flat: float, ndim: int, sigma: float) -> float:
    """Split the edges into ten groups; their scatter says how well the mean is known."""
    if np.isnan(sigma):
        return sigma
    groups = [_sigma(group, flat, ndim) for group in np.array_split(squared, 10)]
    scatter = float(np.nanstd(groups)) / sqrt(10)
    return float(np.hypot(scatter, 0.05 * max(sigma, 0.5)))  # 5 %: curvature and band of the method


def mean_blur(blurs: Sequence[float]) -> float:
    """Return the root mean square of blurs that are known, else NaN.

    Examples
    --------
    >>> mean_blur([3.0, float("nan"), 3.0])
    3.0
    """
    known = np.asarray([b for b in blurs if np.isfinite(b)])
    return float(np.sqrt(np.mean(known**2))) if len(known) else float("nan")
