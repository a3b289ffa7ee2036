"""What a quantity owes to its thresholds: the segmentation with each of them moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..segmentation.corrections import Corrections
from .imaged_blocks import imaged_blocks
from .phase_quantities import QUANTITIES, PhaseFigures, phase_figures

TO_95 = 1.96  # standard uncertainties in a 95 % half-width
_LARGE = 20_000_000  # voxels above which the thresholds are varied in blocks only


@dataclass(frozen=True)
class PhaseJob:
    """An image with all that its segmentation and measurement need, checked."""

    image: NDArray
    levels: tuple[float, ...]
    sigmas: tuple[float, ...]
    spacing: tuple[float, ...]
    spacing_uncertainty: float
    connectivity: int
    inside: NDArray[np.bool_] | None
    segmenter: partial
    corrections: Corrections | None = None
    already: bool = False  # the image is a segmentation
    smoothing_px: tuple[float, ...] = ()  # of the Gaussian before the thresholds, along each axis
    cuts_touching: bool = False  # the segmentation parts grains itself

    def segmented(self, levels: Sequence[float], box: tuple[slice, ...] = ()) -> NDArray[np.uint8]:
        """Labels at thresholds, of the image or a box of it, with what was corrected by hand."""
        labels = self.segmenter(self.image[box] if box else self.image, thresholds=levels)
        if self.corrections is not None:
            self.corrections.apply(labels, box)
        return np.asarray(labels)

    def figures(self, phase: NDArray[np.bool_], inside: NDArray[np.bool_] | None) -> PhaseFigures:
        """Measure a phase of this image."""
        return phase_figures(
            phase, spacing_um=self.spacing, connectivity=self.connectivity, mask=inside
        )


@dataclass(frozen=True)
class Variation:
    """The segmentation with one threshold moved down and up by `step`, block by block."""

    blocks: tuple[tuple[slice, ...], ...]
    lower: tuple[NDArray[np.uint8], ...]
    upper: tuple[NDArray[np.uint8], ...]
    step: float
    sigma: float


def varied_thresholds(job: PhaseJob, labels: NDArray[np.uint8]) -> list[Variation]:
    """Segment with each threshold moved both ways, by at least 1 % of the range between phases.

    A smaller step would measure the noise of single voxels; the effect is scaled back. Of a large
    image, evenly spaced blocks are segmented.
    """
    blocks: list[tuple[slice, ...]] = [(slice(None),)]
    if labels.size > _LARGE:
        blocks = [block.outer for block in imaged_blocks(labels.shape, job.inside)]
    span = _grey_span(job.image, labels)
    least = 1.0 if np.issubdtype(job.image.dtype, np.integer) else 0.0
    varied = []
    for i, sigma in enumerate(job.sigmas):
        step = max(sigma, 0.01 * span, least)
        moved = []
        for sign in (-1, 1):
            levels = list(job.levels)
            levels[i] += sign * step
            levels = [
                *np.minimum(levels[:i], levels[i] - 1e-9),
                levels[i],
                *np.maximum(levels[i + 1 :], levels[i] + 1e-9),
            ]
            moved.append(tuple(job.segmented(levels, b) for b in blocks))
        varied.append(Variation(tuple(blocks), moved[0], moved[1], step, sigma))
    return varied


def _grey_span(image: NDArray, labels: NDArray[np.uint8]) -> float:
    stride = max(1, image.size // 1_000_000)
    grey, label = image.ravel()[::stride], labels.ravel()[::stride]
    means = [float(np.mean(grey[label == k])) for k in np.unique(label)]
    return float(np.min(np.diff(means))) if len(means) > 1 else 0.0


def threshold_parts(job: PhaseJob, varied: list[Variation], label: int) -> dict[str, float]:
    """Return the 95 % half-width that each quantity owes to the thresholds of its phase.

    Central difference over each threshold that bounds the phase, times its uncertainty.
    """
    total = {quantity.key: 0.0 for quantity in QUANTITIES}
    for i, variation in enumerate(varied):
        if i not in (label - 1, label):
            continue
        low = _mean_figures(job, variation.lower, variation.blocks, label)
        high = _mean_figures(job, variation.upper, variation.blocks, label)
        for key in total:
            slope = abs(high[key] - low[key]) / (2 * variation.step)
            total[key] = float(np.hypot(total[key], TO_95 * variation.sigma * np.nan_to_num(slope)))
    return total


def _mean_figures(
    job: PhaseJob,
    labels: tuple[NDArray[np.uint8], ...],
    blocks: tuple[tuple[slice, ...], ...],
    label: int,
) -> dict[str, float]:
    found = [
        job.figures(part == label, None if job.inside is None else job.inside[block]).values
        for part, block in zip(labels, blocks, strict=True)
    ]
    means = {}
    for key in found[0]:
        known = [values[key] for values in found if np.isfinite(values[key])]
        means[key] = float(np.mean(known)) if known else float("nan")
    return means
