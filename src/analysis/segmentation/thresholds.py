"""Thresholds between phases, with how well they are known."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim
from .phase_cores import Block, Core, core_of, light_blocks

_BINS = 512
_STEEPEST_BIAS = 0.03  # of the contrast: the steepest grey value on spheres of 3 to 18 px radius
_FLOOR = 0.001  # of the contrast
_REACH_PX, _BEYOND = 7, 0.5  # neighbourhood of an edge, and how far it may leave the two phases


@dataclass(frozen=True)
class ThresholdEstimate:
    """Thresholds with their standard uncertainty, and the classes they part.

    Attributes
    ----------
    values : tuple of float
        Increasing [grey value].
    uncertainty : tuple of float
        Standard uncertainty (1 sigma) of each threshold [grey value].
    class_means, class_sigmas : tuple of float
        Grey value and noise of the inside of each class, one more than thresholds.
    class_fractions : tuple of float
        Share of voxels on each side of the thresholds.
    method : str
        What was done, in words.
    candidates : dict of str to tuple of float
        What each method says [grey value].
    warnings : tuple of str
    """

    values: tuple[float, ...]
    uncertainty: tuple[float, ...]
    class_means: tuple[float, ...]
    class_sigmas: tuple[float, ...]
    class_fractions: tuple[float, ...]
    method: str
    candidates: dict[str, tuple[float, ...]]
    warnings: tuple[str, ...] = ()


def otsu_thresholds(image: NDArray, *, classes: int = 2, bins: int = _BINS) -> tuple[float, ...]:
    """Compute Otsu's (multi-)thresholds on a histogram.

    A histogram makes the cost independent of the size and type of the image. Otsu's threshold
    is biased towards the larger class when the classes differ in size: use it to start
    from, and `suggest_thresholds` to measure with.

    Parameters
    ----------
    image : ndarray
        Grey values; NaN and inf are ignored.
    classes : {2, 3, 4, 5}
        Number of classes.
    bins : int
        Bins between the 0.01 % and 99.99 % quantiles.

    Returns
    -------
    tuple of float
        `classes` - 1 increasing thresholds [grey value].

    References
    ----------
    Otsu 1979, doi:10.1109/TSMC.1979.4310076; Liao, Chen & Chung 2001 (several classes).

    Examples
    --------
    >>> import numpy as np
    >>> otsu_thresholds(np.repeat([10.0, 20.0], 50))[0] > 10
    True
    """
    from skimage.filters import threshold_multiotsu

    if classes not in (2, 3, 4, 5):
        raise ValueError(f"classes needs 2 to 5, got {classes}: choose the number of phases")
    values = np.asarray(image).ravel()
    if not np.issubdtype(values.dtype, np.integer):
        values = values[np.isfinite(values)]
    if values.size == 0:
        raise ValueError("image needs finite grey values, got none: nothing to threshold")
    stride = max(1, values.size // 4_000_000)
    low, high = np.quantile(values[::stride], [1e-4, 1 - 1e-4])
    if not high > low:
        low, high = float(values.min()), float(values.max())
    if not high > low:
        raise ValueError(
            f"image needs two different grey values, got only {low:g}: nothing to part"
        )
    bins = 160 if classes == 5 else bins  # the search grows as bins**(classes - 1)
    counts, edges = np.histogram(values, bins, (low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    if np.count_nonzero(counts) < classes:
        raise ValueError(
            f"image needs at least {classes} grey levels for {classes} classes, "
            f"got {np.count_nonzero(counts)}: ask for fewer classes"
        )
    found = threshold_multiotsu(hist=(counts, centres), classes=classes)
    return tuple(float(t + (edges[1] - edges[0]) / 2) for t in found)


def suggest_thresholds(
    image: NDArray, *, classes: int = 2, mask: NDArray | None = None
) -> ThresholdEstimate:
    """Suggest thresholds half-way between the grey values of neighbouring phases.

    A symmetric blur leaves a flat interface where the grey value is half-way between the two
    phases, whatever their shares; Otsu's threshold is not half-way when the shares differ. The
    grey value of a phase is taken from its core, voxels whose whole neighbourhood falls in
    the same class, since voxels at interfaces pull the mean of a class to the other side.

    The standard uncertainty combines, in quadrature, the standard error of the class means (with
    the correlation of the noise between neighbours), half the distance to the value half-way
    between the core medians, 0.1 % of the contrast, and what exceeds 3 % of the contrast in the
    distance to the grey value at which the gradient is steepest (on curved interfaces that one
    is itself off by up to 3 %), divided by sqrt(3).

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values. Large images are sampled in blocks.
    classes : {2, 3, 4, 5}
        Number of phases.
    mask : ndarray of bool, optional
        Where the specimen is.

    Returns
    -------
    ThresholdEstimate

    Notes
    -----
    Do not use it where a phase is thinner than about three times the blur: its core does not
    exist, and the warning says so. Partial-volume voxels between a dark and a bright phase
    look like a phase between them (three classes): see the core shares in the warnings.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((40, 40), 10.0); image[:, 20:] = 30.0
    >>> suggest_thresholds(image).values
    (20.0,)
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    if mask is not None and mask.shape != image.shape:
        raise ValueError(
            f"mask needs the image's shape {image.shape}, got {mask.shape}: make them on one grid"
        )
    blocks = light_blocks(image, mask)
    start = otsu_thresholds(np.concatenate([b.smooth[b.inside] for b in blocks]), classes=classes)
    cores = _refined_cores(blocks, start, ndim)
    return _estimate(blocks, cores, start)


def _refined_cores(blocks: list[Block], start: tuple[float, ...], ndim: int) -> list[Core]:
    """Alternate between cores and half-way thresholds until they agree."""
    levels = start
    for _ in range(3):
        means = [core_of(blocks, levels, label).mean for label in range(len(levels) + 1)]
        levels = tuple((a + b) / 2 for a, b in itertools.pairwise(means))
    return [core_of(blocks, levels, label, ndim=ndim) for label in range(len(levels) + 1)]


def _estimate(
    blocks: list[Block], cores: list[Core], start: tuple[float, ...]
) -> ThresholdEstimate:
    means = [core.mean for core in cores]
    values = tuple((a + b) / 2 for a, b in itertools.pairwise(means))
    medians = tuple((a.median + b.median) / 2 for a, b in itertools.pairwise(cores))
    steep = _steepest(blocks, cores, values)
    uncertainty = []
    for i, value in enumerate(values):
        contrast = means[i + 1] - means[i]
        error = 0.5 * np.hypot(cores[i].error, cores[i + 1].error)
        excess = max(0.0, abs(steep[i] - value) - _STEEPEST_BIAS * contrast) / np.sqrt(3)
        terms = (error, (medians[i] - value) / 2, _FLOOR * contrast, excess)
        uncertainty.append(float(np.linalg.norm(terms)))
    smooth = np.concatenate([block.smooth[block.inside] for block in blocks])
    shares = np.bincount(np.searchsorted(values, smooth, side="right"), minlength=len(cores))
    return ThresholdEstimate(
        values=values,
        uncertainty=tuple(uncertainty),
        class_means=tuple(means),
        class_sigmas=tuple(core.sigma for core in cores),
        class_fractions=tuple(float(share) for share in shares / max(1, shares.sum())),
        method="half-way between the mean grey values of the cores of neighbouring phases",
        candidates={
            "core means": values,
            "core medians": medians,
            "steepest": steep,
            "Otsu": start,
        },
        warnings=tuple(_warnings(cores, values)),
    )


def _steepest(
    blocks: list[Block], cores: list[Core], values: tuple[float, ...]
) -> tuple[float, ...]:
    """Find the grey value with the steepest gradient between each pair of phases.

    The mean squared gradient of a blurred edge against its grey value is symmetric about the
    half-way level; its centroid over the middle of the range is the estimate. The foot of an edge
    towards something much brighter or darker than the two phases is not an edge between them.
    """
    from scipy.ndimage import maximum_filter, minimum_filter, sobel

    grey, squared, least, most = [], [], [], []
    for block in blocks:
        gradient = sum((sobel(block.smooth, axis) / 2) ** 2 for axis in range(block.smooth.ndim))
        grey.append(block.smooth[block.inside])
        squared.append(gradient[block.inside])
        least.append(minimum_filter(block.smooth, _REACH_PX)[block.inside])
        most.append(maximum_filter(block.smooth, _REACH_PX)[block.inside])
    grey_all, squared_all = np.concatenate(grey), np.concatenate(squared)
    least_all, most_all = np.concatenate(least), np.concatenate(most)
    found = []
    for i, value in enumerate(values):
        low, high = cores[i].mean, cores[i + 1].mean
        position = (grey_all - low) / max(high - low, 1e-30)
        bins = np.floor((position - 0.2) / 0.6 * 24).astype(int)
        beyond = _BEYOND * (high - low)
        ok = (bins >= 0) & (bins < 24)
        ok &= (least_all > low - beyond) & (most_all < high + beyond)
        counts = np.bincount(bins[ok], minlength=24)
        if counts.min() < 5:
            found.append(value)
            continue
        mean = np.bincount(bins[ok], squared_all[ok], minlength=24) / counts
        level = 0.2 + 0.6 * (np.arange(24) + 0.5) / 24
        curve = np.polynomial.Polynomial.fit(level, np.log(mean + 1e-30), 2, w=np.sqrt(counts))
        c = curve.convert().coef
        peak = -c[1] / (2 * c[2]) if len(c) > 2 and c[2] < 0 else 0.5
        found.append(float(low + np.clip(peak, 0.2, 0.8) * (high - low)))
    return tuple(found)


def _warnings(cores: list[Core], values: tuple[float, ...]) -> list[str]:
    found = []
    for i, core in enumerate(cores):
        if not core.found:
            found.append(
                f"class {i} has no core: it is thinner than the blur, so its grey value "
                f"({core.mean:.4g}) is drawn towards its neighbours; check the threshold by eye"
            )
        elif 0 < i < len(cores) - 1 and core.share < 0.1:
            found.append(
                f"only {core.share:.0%} of class {i} lies inside a region of its own: "
                "it may be the blurred border between the classes on both sides"
            )
    for i, (a, b) in enumerate(itertools.pairwise(cores)):
        contrast, noise = b.mean - a.mean, np.sqrt((a.sigma**2 + b.sigma**2) / 2)
        if contrast < 2 * noise:
            found.append(
                f"classes {i} and {i + 1} differ by {contrast:.4g} with noise {noise:.4g} "
                f"(contrast to noise {contrast / noise:.1f} < 2): smooth before thresholding"
            )
    return found
