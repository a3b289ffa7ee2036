"""How much an answer owes to its thresholds: the same measurement with each of them moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.quantification.measurement import Measurement
from ..analysis.segmentation import segment
from ..widgets.phase_record import corrections_of
from .central_block import central_block
from .measured_settings import Settings
from .quantification import grey_values

SIDE = 64  # voxels of the block in which thresholds are moved, at most
_TO_95 = 1.96
_LEAST = 0.01  # of the range of grey values: a smaller step would measure single voxels' noise

Values = Mapping[str, float]


@dataclass(frozen=True)
class Moved:
    """A block of the segmentation, and the same with one threshold down and up.

    Attributes
    ----------
    labels : ndarray of uint8
        As segmented.
    lower, upper : tuple of ndarray
        One a threshold that bounds the phase.
    scale : tuple of float
        From the difference of upper and lower to a 95 % half-width.
    """

    labels: NDArray[np.uint8]
    lower: tuple[NDArray[np.uint8], ...]
    upper: tuple[NDArray[np.uint8], ...]
    scale: tuple[float, ...]

    part = "threshold"

    def shares(self, measured: Callable[[NDArray[np.uint8]], Values]) -> Values:
        """Return the 95 % half-width that each value owes to the thresholds, as a share of it.

        A value that is nothing, or nothing definite, in one of the segmentations is left out.
        """
        there = measured(self.labels)
        squares = {key: 0.0 for key, value in there.items() if math.isfinite(value) and value != 0}
        for low, high, scale in zip(self.lower, self.upper, self.scale, strict=True):
            ends = measured(low), measured(high)
            for key in list(squares):
                values = [end.get(key, math.nan) for end in ends]
                if not all(math.isfinite(v) for v in values):
                    del squares[key]
                    continue
                squares[key] += (scale * (values[1] - values[0]) / there[key]) ** 2
        return {key: math.sqrt(square) for key, square in squares.items()}


def moved_thresholds(
    image: Any,
    settings: Settings,
    labels: NDArray,
    label: int | None,
    *,
    within: Sequence[slice] | None = None,
) -> Moved | None:
    """Segment the central block with each threshold of a phase, or of all, moved both ways.

    Parameters
    ----------
    image : Image
    settings : Settings
    labels : ndarray of uint8
        The segmentation of the image.
    label : int or None
        Of the phase; None moves every threshold.
    within : sequence of slice, optional
        The box that is measured, where it is not all of the image.

    Returns
    -------
    Moved or None
        None where no uncertainty is stated: then nothing is known, and nothing is zero.
    """
    all_of_them = range(len(settings.thresholds))
    bounding = [i for i in all_of_them if label is None or i in (label - 1, label)]
    if not any(settings.uncertainty[i] > 0 for i in bounding):
        return None
    block = central_block(labels.shape, most=SIDE, within=within)
    grey = np.asarray(grey_values(image, settings)[block.slices])
    corrections = settings.record and corrections_of(settings.record, image)

    def segmented(levels: list[float]) -> NDArray[np.uint8]:
        recipe = replace(settings.recipe, thresholds=tuple(levels))
        found = segment(grey, thresholds=levels, recipe=recipe, spacing_um=image.spacing_um)
        if corrections:
            corrections.apply(found, block.slices)
        return np.asarray(found)

    lower, upper, scale = [], [], []
    low, high = np.percentile(grey, (1, 99))
    for i in bounding:
        sigma = settings.uncertainty[i]
        step = max(sigma, _LEAST * float(high - low))
        moved = [_moved(settings.thresholds, i, sign * step) for sign in (-1, 1)]
        lower.append(segmented(moved[0]))
        upper.append(segmented(moved[1]))
        scale.append(_TO_95 * sigma / (2 * step))
    return Moved(np.asarray(labels[block.slices]), tuple(lower), tuple(upper), tuple(scale))


def with_share(m: Measurement, part: str, share: float | None, *, needed: bool) -> Measurement:
    """Add a part of the half-width; where it is `needed` and not known, the whole is not known."""
    if not math.isfinite(m.value):
        return m
    if share is None:
        return m.without_interval() if needed else m
    if share == 0:  # nothing that moves by whole steps moved: no reason to call it exact
        return m
    parts = {**m.parts, part: abs(m.value) * share}
    if not math.isfinite(m.uncertainty):
        return replace(m, parts=parts)
    size = math.sqrt(sum(one**2 for one in parts.values()))
    low, high = _bounds(m.key)
    ends = (max(low, m.value - size), min(high, m.value + size))
    return replace(m, parts=parts, uncertainty=size, interval95=ends)


def _moved(levels: tuple[float, ...], index: int, step: float) -> list[float]:
    """Move one threshold; its neighbours make way."""
    moved = list(levels)
    moved[index] += step
    below = [min(level, moved[index] - 1e-9) for level in moved[:index]]
    above = [max(level, moved[index] + 1e-9) for level in moved[index + 1 :]]
    return [*below, moved[index], *above]


def _bounds(key: str) -> tuple[float, float]:
    quantity = key.rsplit(".", 1)[1]
    if quantity.startswith(("tortuosity_factor", "path_ratio")):
        return 1.0, math.inf
    if quantity.endswith("_curvature"):
        return -math.inf, math.inf
    return 0.0, 1.0 if quantity.startswith("effective_diffusivity") else math.inf
