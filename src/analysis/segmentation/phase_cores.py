"""The inside of each phase: grey value and noise away from interfaces."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sampling import sample_blocks

_CORE_ENOUGH = 200  # voxels a class, below which its core says nothing
_LIGHT_SMOOTHING_PX = 1.0
_LAGS, _LONG = 3, 0.2  # distances at which noise is compared, and what is still correlated
_TRIM = 3.0  # robust standard deviations beyond which a voxel is another material


@dataclass(frozen=True)
class PhaseGrey:
    """Grey value and noise inside each phase, away from its interfaces.

    Attributes
    ----------
    means, sigmas : tuple of float
        One a class [grey value].
    has_core : tuple of bool
        Whether the class is thick enough to have an inside.
    """

    means: tuple[float, ...]
    sigmas: tuple[float, ...]
    has_core: tuple[bool, ...]


def phase_grey(
    image: NDArray, *, thresholds: tuple[float, ...], mask: NDArray | None = None
) -> PhaseGrey:
    """Measure the grey value and the noise inside each phase that given thresholds part.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; large images are sampled in blocks.
    thresholds : tuple of float
        Increasing [grey value].
    mask : ndarray of bool, optional

    Returns
    -------
    PhaseGrey

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((40, 40), 10.0); image[:, 20:] = 30.0
    >>> phase_grey(image, thresholds=(15.0,)).means
    (10.0, 30.0)
    """
    blocks = light_blocks(np.asarray(image), mask)
    cores = [core_of(blocks, thresholds, k) for k in range(len(thresholds) + 1)]
    return PhaseGrey(
        tuple(core.mean for core in cores),
        tuple(core.sigma for core in cores),
        tuple(core.found for core in cores),
    )


@dataclass(frozen=True)
class Block:
    """A block of an image, as it is and lightly smoothed, and where the specimen is in it."""

    raw: NDArray
    smooth: NDArray
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Core:
    """Grey value of the inside of a class; `error` is the standard error of the mean."""

    mean: float
    sigma: float
    error: float
    median: float
    share: float  # of the class's voxels that are core
    found: bool


def light_blocks(image: NDArray, mask: NDArray | None) -> list[Block]:
    """Sample an image in blocks, with a copy smoothed by 1 px to tell classes apart under noise."""
    from scipy.ndimage import gaussian_filter

    blocks = []
    masks = itertools.repeat(None) if mask is None else sample_blocks(mask)
    for raw, inside in zip(sample_blocks(image), masks, strict=False):
        raw = raw.astype(np.float32)
        valid = np.isfinite(raw)
        if not valid.all():
            raw = np.where(valid, raw, np.float32(np.mean(raw[valid]) if valid.any() else 0))
        inside = valid if inside is None else valid & inside.astype(bool)
        blocks.append(Block(raw, gaussian_filter(raw, _LIGHT_SMOOTHING_PX), inside))
    return blocks


def core_of(blocks: list[Block], levels: tuple[float, ...], label: int, *, ndim: int = 0) -> Core:
    """Measure the inside of one class: the deepest layer that still has voxels enough.

    The standard error takes most of the time: it is NaN unless the image's `ndim` is given.
    """
    from scipy.ndimage import minimum_filter

    bounds = (-np.inf, *levels, np.inf)
    members = [
        (block.smooth >= bounds[label]) & (block.smooth < bounds[label + 1]) & block.inside
        for block in blocks
    ]
    whole = sum(int(np.count_nonzero(member)) for member in members)
    for depth in (3, 2, 1, 0):
        inner = [minimum_filter(m, 2 * depth + 1) if depth else m for m in members]
        values = np.concatenate([block.raw[i] for block, i in zip(blocks, inner, strict=True)])
        if len(values) >= max(_CORE_ENOUGH, 0.02 * whole):
            break
    if len(values) == 0:
        between = np.clip(bounds, *_ends(levels))[label : label + 2]
        return Core(float(np.mean(between)), 0, 0, 0, 0, False)
    sigma, middle = _robust_sigma(values), float(np.median(values))
    independent = np.nan
    if ndim:
        # without what the trimmed mean leaves out: another material in the class is no noise
        typical = [
            i & (np.abs(block.raw - middle) <= _TRIM * sigma)
            for block, i in zip(blocks, inner, strict=True)
        ]
        independent = max(1.0, len(values) / _noise_volume(blocks, typical, ndim))
    return Core(
        mean=_trimmed_mean(values, sigma),
        sigma=sigma,
        error=sigma / np.sqrt(independent),
        median=middle,
        share=len(values) / max(1, whole),
        found=depth >= 2,
    )


def _noise_volume(blocks: list[Block], inner: list[NDArray], ndim: int) -> float:
    """Voxels that share one independent value of the noise: the sum of its correlations."""
    voxels = 1.0
    for axis in range(ndim):
        near = _correlation(blocks, inner, axis, 1)
        if near is None:
            return float(2**ndim)
        further = [_correlation(blocks, inner, axis, lag) for lag in range(2, _LAGS + 1)]
        if further[-1] is None or further[-1] > _LONG:  # it reaches further than is looked at
            voxels *= (1 + near) / (1 - near)
        else:
            voxels *= 1 + 2 * (near + sum(rho or 0.0 for rho in further))
    return voxels


def _correlation(blocks: list[Block], inner: list[NDArray], axis: int, lag: int) -> float | None:
    """Correlation of grey values that are `lag` voxels apart, 0 to 0.95; None without any."""
    first, second = (
        tuple(cut if a == axis else slice(None) for a in range(inner[0].ndim))
        for cut in (slice(None, -lag), slice(lag, None))
    )
    pairs = [
        (block.raw[first][both], block.raw[second][both])
        for block, i in zip(blocks, inner, strict=True)
        if (both := i[first] & i[second]).any()
    ]
    if not pairs:
        return None
    a, b = (np.concatenate(side).astype(float) for side in zip(*pairs, strict=True))
    variance = (a.var() + b.var()) / 2
    if variance <= 0:
        return 0.0
    return float(np.clip(np.mean((a - a.mean()) * (b - b.mean())) / variance, 0, 0.95))


def _ends(levels: tuple[float, ...]) -> tuple[float, float]:
    return min(levels), max(levels)


def _robust_sigma(values: NDArray) -> float:
    low, high = np.quantile(values, [0.1587, 0.8413])
    return float(high - low) / 2


def _trimmed_mean(values: NDArray, sigma: float) -> float:
    middle = float(np.median(values))
    near = values[np.abs(values - middle) <= _TRIM * sigma] if sigma > 0 else values
    return float(np.mean(near, dtype=np.float64)) if len(near) else middle
