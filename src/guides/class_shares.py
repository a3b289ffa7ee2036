"""How much an answer owes to the scribbles: the same measurement on classes learned from others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.distributions import student
from ..analysis.segmentation import Classified, scribbled_voxels, segment
from ..analysis.segmentation.pixel_classes import classified_by
from ..widgets.training_record import training_now
from ..widgets.world import levels_of
from .central_block import Block, central_block
from .measured_settings import Settings
from .threshold_shares import SIDE, Values

VARIANTS = 8
_PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)  # along an axis, where a block is tried


@dataclass(frozen=True)
class Varied:
    """A block of the classes, and the same as other draws of the scribbles would have it.

    Attributes
    ----------
    labels : ndarray of uint8
    variants : tuple of ndarray of uint8
        None where a class has too few scribbles to draw from.
    block : Block
    strokes_a_class : int
        Fewest of a class.
    classified : Classified
        The image as its scribbles have it.
    """

    labels: NDArray[np.uint8]
    variants: tuple[NDArray[np.uint8], ...]
    block: Block
    strokes_a_class: int
    classified: Classified

    part = "classes"

    def shares(self, measured: Callable[[NDArray[np.uint8]], Values]) -> Values:
        """Return the 95 % half-width that each value owes to the scribbles, as a share of it.

        A value that is nothing, or nothing definite, in one of the variants is left out.
        """
        there = measured(self.labels)
        found = [measured(variant) for variant in self.variants]
        few = self.strokes_a_class
        factor = float(student.ppf(0.975, len(found) - 1)) * math.sqrt(few / (few - 1))
        shares = {}
        for key, value in there.items():
            values = [one.get(key, math.nan) for one in found]
            if math.isfinite(value) and value != 0 and all(map(math.isfinite, values)):
                shares[key] = factor * float(np.std(values, ddof=1)) / abs(value)
        return shares


def varied_classes(
    image: Any,
    settings: Settings,
    classified: Classified,
    labels: NDArray[np.uint8],
    *,
    within: Sequence[slice] | None = None,
) -> Varied:
    """Learn from other draws of the scribbles, and classify a block by each.

    The block has up to 64 voxels along each axis, and as much as can be of the rarest class.

    Parameters
    ----------
    image : Image
    settings : Settings
        Of a trained segmentation.
    classified : Classified
        The image as its scribbles have it.
    labels : ndarray of uint8
        The whole, cleaned.
    within : sequence of slice, optional
        The box that is measured, where it is not all of the image.
    """
    training, origin = training_now(settings.record), levels_of(image)[0].origin_um
    drawn = training.drawn(classified.classifier.spacing_um, origin)
    few = min(scribbled_voxels(drawn, shape=labels.shape).strokes_a_class().values())
    block = _telling_block(labels, within)
    here = np.asarray(labels[block.slices])
    if few < 3:
        return Varied(here, (), block, few, classified)
    others = training.variants(
        classified.source, classified.classifier, origin_um=origin,
        count=VARIANTS, threads=classified.threads,
    )  # fmt: skip
    found = classified_by(classified.source, others, box=block.slices, threads=classified.threads)
    cleaned = (segment(one.labels, recipe=settings.recipe) for one in found)
    return Varied(here, tuple(np.asarray(one) for one in cleaned), block, few, classified)


def _telling_block(labels: NDArray[np.uint8], within: Sequence[slice] | None) -> Block:
    """A block in which the rarest class has most voxels: one that lacks a class tells nothing."""
    best = central_block(labels.shape, most=SIDE, within=within)
    classes = int(labels.max()) + 1
    parts = [slice(0, n) for n in labels.shape] if within is None else list(within)
    there = np.bincount(labels[tuple(parts)].ravel(), minlength=classes) > 0

    def least(block: Block) -> int:
        return int(np.bincount(labels[block.slices].ravel(), minlength=classes)[there].min())

    starts = [
        sorted({part.start + round(share * (part.stop - part.start - size)) for share in _PLACES})
        for part, size in zip(parts, best.size, strict=True)
    ]
    most = least(best)
    for corner in product(*starts):
        slices = tuple(slice(a, a + size) for a, size in zip(corner, best.size, strict=True))
        block = Block(slices, best.shape)
        if (count := least(block)) > most:
            best, most = block, count
    return best
