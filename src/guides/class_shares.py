"""How much an answer owes to the scribbles: the same measurement on classes learned from others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.distributions import student
from ..analysis.segmentation import Classified, segment
from ..analysis.segmentation.pixel_classes import classified_by
from ..widgets.training_record import training_of
from ..widgets.world import levels_of
from .central_block import Block, central_block
from .measured_settings import Settings
from .threshold_shares import SIDE, Values

VARIANTS = 8


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
    image: Any, settings: Settings, classified: Classified, labels: NDArray[np.uint8]
) -> Varied:
    """Learn from other draws of the scribbles, and classify the central block by each.

    Parameters
    ----------
    image : Image
    settings : Settings
        Of a trained segmentation.
    classified : Classified
        The image as its scribbles have it.
    labels : ndarray of uint8
        The whole, cleaned.
    """
    training = training_of(settings.record)
    block = central_block(labels.shape, most=SIDE)
    here = np.asarray(labels[block.slices])
    few = min(training.strokes_a_class().values())
    if few < 3:
        return Varied(here, (), block, few, classified)
    others = training.variants(
        classified.source, classified.classifier, origin_um=levels_of(image)[0].origin_um,
        count=VARIANTS, threads=classified.threads,
    )  # fmt: skip
    found = classified_by(classified.source, others, box=block.slices, threads=classified.threads)
    cleaned = (segment(one.labels, recipe=settings.recipe) for one in found)
    return Varied(here, tuple(np.asarray(one) for one in cleaned), block, few, classified)
