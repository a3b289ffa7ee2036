"""Width of clear edges, each judged by the grey values on its own two sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..distributions import norm
from ..segmentation.sampling import sample_blocks
from ..spacing import checked_image_ndim
from .edges import WIDTH_10_90

_SMOOTHING_PX = 1.0
_REACHES_PX = (6.0, 12.0, 24.0)  # how far beside an edge its two sides are looked up
_FULLEST = 0.65  # of a straight ramp between them: above it, the sides are not reached
_CONTRAST = 0.5  # least step of an edge, in units of the contrast between the phases
_MIDDLE, _BAND = 0.3, 0.12  # how near to half-way: between the phases, between the sides
_BAND_STEEPNESS = 0.977  # median squared steepness over that band of an error function
_THIRD_PX, _BEYOND = 7, 0.5  # neighbourhood, and how far it may leave the two phases
_ALONG = 0.9  # cosine above which an edge faces an axis
_ENOUGH, _ALIKE = 60, 2.0  # edges, and the ratio of the quartiles of their widths
_METHOD_ERROR = 0.05


@dataclass(frozen=True)
class EdgeWidth:
    """The 10-90 % width of edges.

    Attributes
    ----------
    width_px, error_px : float
        With its standard uncertainty [px]; NaN where no edge is clear.
    axes_px : tuple of float
        From edges facing each axis, (z, y, x) or (y, x) [px]; the overall one where an axis has
        too few.
    edges : int
        Voxels on edges that were used.
    """

    width_px: float
    error_px: float
    axes_px: tuple[float, ...]
    edges: int


def edge_width(image: NDArray, *, low: float, high: float) -> EdgeWidth:
    """Measure the width of edges in a picture with shading and texture.

    Every edge is compared with the grey values on its own two sides, so that neither a slow
    change of brightness nor what merely has the grey value half-way is taken for an edge. Where
    edges do not reach their sides, or differ too much among each other, there is no clear edge
    and no width.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; large images are sampled in blocks.
    low, high : float
        Grey values of the two main phases.

    Returns
    -------
    EdgeWidth

    Raises
    ------
    ValueError
        If `high` is not above `low`.

    See Also
    --------
    edge_blur : of two uniform phases, where both grey values are known everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import erf
    >>> x = np.arange(60.0) - 29.5
    >>> shaded = (1 + 0.004 * x) * (0.5 + 0.5 * erf(x / 2 / 2**0.5)) * np.ones((60, 1))
    >>> 1.9 < edge_width(shaded, low=0, high=1).width_px / 2.563 < 2.1
    True
    """
    ndim = checked_image_ndim(np.shape(image))
    if not high > low:
        raise ValueError(f"high needs to be above low, got {high} and {low}: swap them")
    blocks = [_candidates(raw, low, high) for raw in sample_blocks(image) if min(raw.shape) >= 5]
    noise = [block.flat for block in blocks if len(block.flat)]
    flat = float(np.median(np.concatenate(noise))) if noise else 0.0
    for reach in _REACHES_PX:
        parts = [_beside(block, reach) for block in blocks]
        steepness = np.concatenate([part[0] - flat / part[2] ** 2 for part in parts])
        normals = np.concatenate([part[1] for part in parts])
        if _clear(steepness, reach):
            return _width(steepness, normals, reach)
    nan = float("nan")
    return EdgeWidth(nan, nan, (nan,) * ndim, 0)


@dataclass(frozen=True)
class _Block:
    """Places of one block that may be edges, with contrast 1 between the phases."""

    smooth: NDArray
    squared: NDArray  # gradients
    normals: NDArray
    places: NDArray
    flat: NDArray  # squared gradients where no edge is


def _candidates(raw: NDArray, low: float, high: float) -> _Block:
    from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

    grey = (np.nan_to_num(raw.astype(np.float32), nan=low) - low) / (high - low)
    smooth = gaussian_filter(grey, _SMOOTHING_PX)
    orders = np.eye(raw.ndim, dtype=int)
    gradient = np.stack([gaussian_filter(grey, _SMOOTHING_PX, order=o) for o in orders])
    squared = np.einsum("i...,i...->...", gradient, gradient)
    edge = np.abs(smooth - 0.5) < _MIDDLE
    far = ~maximum_filter(edge, 5)
    edge &= maximum_filter(smooth, _THIRD_PX) < 1 + _BEYOND
    edge &= minimum_filter(smooth, _THIRD_PX) > -_BEYOND
    inner = np.zeros_like(edge)
    inner[(slice(2, -2),) * raw.ndim] = True  # the filter mirrors the image at its border
    edge &= inner
    normals = (gradient[:, edge] / np.sqrt(squared[edge] + 1e-30)).T
    return _Block(smooth, squared[edge], normals, np.argwhere(edge), squared[far])


def _beside(block: _Block, reach: float) -> tuple[NDArray, NDArray, NDArray]:
    """Squared steepness of edges in units of their own step, their normals, their steps."""
    from scipy.ndimage import map_coordinates

    sides = [block.places + sign * reach * block.normals for sign in (-1, 1)]
    last = np.array(block.smooth.shape) - 1
    inside = np.all([(side >= 0) & (side <= last) for side in sides], axis=(0, 2))
    dark, bright = (map_coordinates(block.smooth, side.T, order=1) for side in sides)
    here, step = block.smooth[tuple(block.places.T)], bright - dark
    chosen = inside & (step > _CONTRAST)
    chosen &= np.abs(here - (bright + dark) / 2) < _BAND * step
    step = step[chosen]
    return block.squared[chosen] / step**2, block.normals[chosen], step


def _clear(steepness: NDArray, reach: float) -> bool:
    if len(steepness) < _ENOUGH:
        return False
    first, middle, third = np.quantile(steepness, [0.25, 0.5, 0.75])
    if first <= 0 or sqrt(third / first) > _ALIKE:
        return False
    return bool(1 / sqrt(middle) < _FULLEST * 2 * reach)


def _width(steepness: NDArray, normals: NDArray, reach: float) -> EdgeWidth:
    width = WIDTH_10_90 * _sigma(steepness, reach)
    axes = []
    for axis in range(normals.shape[1]):
        facing = steepness[np.abs(normals[:, axis]) > _ALONG]
        axes.append(WIDTH_10_90 * _sigma(facing, reach) if len(facing) >= _ENOUGH else width)
    groups = [WIDTH_10_90 * _sigma(g, reach) for g in np.array_split(steepness, 10)]
    scatter = float(np.nanstd(groups)) / sqrt(10)
    error = float(np.hypot(scatter, _METHOD_ERROR * max(width, 0.5 * WIDTH_10_90)))
    return EdgeWidth(width, error, tuple(axes), len(steepness))


def _sigma(steepness: Sequence[float] | NDArray, reach: float) -> float:
    """Invert the steepness half-way of an edge blurred by s, over the step between its sides.

    The sides are looked up at a finite reach, where the edge has covered 2 Phi(reach / s) - 1 of
    its step; the blur by which the gradient was taken is subtracted.
    """
    middle = float(np.median(steepness)) / _BAND_STEEPNESS
    if middle <= 0:
        return float("nan")
    blurs = np.linspace(_SMOOTHING_PX, 2 * reach, 2000)
    ratios = blurs * sqrt(2 * pi) * (2 * norm.cdf(reach / blurs) - 1)
    seen = float(np.interp(1 / sqrt(middle), ratios, blurs))
    return sqrt(max(0.0, seen**2 - _SMOOTHING_PX**2))
