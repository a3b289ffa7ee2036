"""How good an image is: noise, contrast, saturation, sharpness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..segmentation.sampling import sample_blocks
from ..segmentation.thresholds import suggest_thresholds
from ..spacing import checked_image_ndim, checked_spacing
from .clear_edges import edge_width

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ImageQuality:
    """Quality of an image between its darkest and brightest phase.

    Attributes
    ----------
    noise : float
        Standard deviation of the noise [grey value].
    contrast : float
        Difference of the mean grey values of two phases (half-way thresholds) [grey value].
    contrast_to_noise : float
        \\|m1 - m2\\| / sqrt((s1² + s2²) / 2).
    saturated_low, saturated_high : float
        Share of voxels at the lowest and highest grey value when they pile up there, else 0.
    edge_width_px, edge_width_error_px : float
        10-90 % width of edges with its standard uncertainty [px]; NaN where no edge is clear.
    edge_width_axes_px : tuple of float
        Of edges facing each axis, (z, y, x) or (y, x) [px].
    edge_width_um : float
        [µm]; NaN without voxel size, or where the width in µm differs between axes by more
        than half (see `edge_width_axes_px`).
    sampled_share : float
        Share of the voxels that was looked at.
    """

    noise: float
    contrast: float
    contrast_to_noise: float
    saturated_low: float
    saturated_high: float
    edge_width_px: float
    edge_width_error_px: float
    edge_width_axes_px: tuple[float, ...]
    edge_width_um: float
    sampled_share: float

    def table(self) -> pd.DataFrame:
        """Return one row a figure."""
        import pandas as pd

        rows = [(k, v) for k, v in asdict(self).items() if not isinstance(v, tuple)]
        return pd.DataFrame(rows, columns=["quantity", "value"])


def image_quality(image: NDArray, *, spacing_um: Sequence[float] | None = None) -> ImageQuality:
    """Measure noise, contrast, saturation and sharpness of an image.

    Large images are sampled in evenly spaced blocks, so the cost does not grow with their size.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values.
    spacing_um : sequence of float, optional
        Voxel size along each axis [µm]; without it widths are in px only.

    Returns
    -------
    ImageQuality

    Notes
    -----
    Contrast and edges suppose two phases at least: an image of one phase has neither, and its
    figures are NaN.

    References
    ----------
    Noise: Immerkær 1996, doi:10.1006/cviu.1996.0060.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image = rng.normal(0, 2, (64, 64)); image[:, 32:] += 100
    >>> 48 < image_quality(image).contrast_to_noise < 52
    True
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    spacing = None if spacing_um is None else checked_spacing(spacing_um, ndim)
    blocks = list(sample_blocks(image))
    low, high = _saturation(blocks, image.dtype)
    noise = noise_sigma(image)
    nan = float("nan")
    contrast, ratio, width, error, axes = nan, nan, nan, nan, (nan,) * ndim
    grey = _two_phases(image)
    if grey is not None:
        contrast = grey[1] - grey[0]
        ratio = contrast / grey[2] if grey[2] > 0 else float("inf")
        edge = edge_width(image, low=grey[0], high=grey[1])
        width, error, axes = edge.width_px, edge.error_px, edge.axes_px
    return ImageQuality(
        noise=noise,
        contrast=contrast,
        contrast_to_noise=ratio,
        saturated_low=low,
        saturated_high=high,
        edge_width_px=width,
        edge_width_error_px=error,
        edge_width_axes_px=axes,
        edge_width_um=_width_um(axes, spacing),
        sampled_share=sum(block.size for block in blocks) / image.size,
    )


def noise_sigma(image: NDArray) -> float:
    """Estimate the standard deviation of white noise, robust to structure [grey value].

    The second difference across two axes cancels planes and straight edges along the axes; the
    median of its size is hardly moved by the other edges. Noise that is correlated between voxels
    (after smoothing or reconstruction) comes out too small: `contrast_to_noise` does not use this.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)

    Returns
    -------
    float

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> 1.9 < noise_sigma(rng.normal(0, 2, (128, 128))) < 2.1
    True
    """
    checked_image_ndim(np.shape(image))
    values = []
    for block in sample_blocks(np.asarray(image)):
        grey = block.astype(np.float32)
        if min(grey.shape[-2:]) < 3:
            continue
        across = grey[..., :-2, :] - 2 * grey[..., 1:-1, :] + grey[..., 2:, :]
        both = across[..., :-2] - 2 * across[..., 1:-1] + across[..., 2:]
        values.append(np.abs(both[np.isfinite(both)]))
    if not values or not sum(len(v) for v in values):
        return float("nan")
    # 36: the sum of the squared weights of (1, -2, 1) x (1, -2, 1)
    return float(np.median(np.concatenate(values))) / 0.6745 / sqrt(36)


def _saturation(blocks: list[NDArray], dtype: np.dtype) -> tuple[float, float]:
    """Share of voxels at either end, when it is more than the next grey values suggest."""
    values = np.concatenate([block.ravel() for block in blocks])
    values = values[np.isfinite(values)] if not np.issubdtype(dtype, np.integer) else values
    if values.size == 0 or values.min() == values.max():
        return 0.0, 0.0
    low, high = values.min(), values.max()
    span = (float(high) - float(low)) / 256
    shares = []
    for end, inner in ((low, (values > low) & (values <= low + span)),
                       (high, (values < high) & (values >= high - span))):  # fmt: skip
        at_end = float(np.mean(values == end))
        shares.append(at_end if at_end > max(1e-4, 2 * float(np.mean(inner))) else 0.0)
    return shares[0], shares[1]


def _two_phases(image: NDArray) -> tuple[float, float, float] | None:
    try:
        found = suggest_thresholds(image)
    except ValueError:  # one grey value only
        return None
    low, high = found.class_means
    noise = sqrt((found.class_sigmas[0] ** 2 + found.class_sigmas[1] ** 2) / 2)
    # the halves of one Gaussian lie 1.6 of its sigmas apart, 2.6 of their own
    return (low, high, noise) if high - low > 3 * noise else None


def _width_um(axes: tuple[float, ...], spacing: tuple[float, ...] | None) -> float:
    if spacing is None or not np.all(np.isfinite(axes)):
        return float("nan")
    widths = np.array(axes) * spacing
    return float("nan") if widths.max() > 1.5 * widths.min() else float(np.mean(widths))
