"""How well scribbles foretell those that were left out: strokes as a jury of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SegmentationCancelled
from .corrections import Corrections
from .forest import grown_forest
from .pixel_features import PixelFeatures
from .pixel_training import learned_voxels

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What forests said of strokes that they had not seen.

    Attributes
    ----------
    classes : tuple of int
    said : ndarray of int64, (classes, classes)
        Voxels by the class that a person gave them (row) and the class that they were given.
        A class of a single stroke is never left out: its row is 0.
    """

    classes: tuple[int, ...]
    said: NDArray[np.int64]

    @property
    def right(self) -> dict[int, float]:
        """Share of each class's voxels that were named right; NaN for one that was never judged."""
        totals = self.said.sum(axis=1)
        shares = np.diag(self.said) / np.where(totals > 0, totals, np.nan)
        return {label: float(share) for label, share in zip(self.classes, shares, strict=True)}


def left_out(
    source: Any,
    scribbles: Corrections,
    *,
    features: PixelFeatures | None = None,
    trees: int = 100,
    max_depth: int | None = 16,
    seed: int = 0,
    threads: int | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LeftOut:
    """Train without a fifth of the strokes, ask of those, and go on with the next fifth.

    Strokes are left out whole: voxels of one stroke are neighbours, and would vouch for each
    other. It judges places like those that were scribbled on, which people choose where a class
    is plain; edges between classes are harder.

    Parameters
    ----------
    source, scribbles, features, trees, max_depth, seed, threads
        As `train_pixel_classes`.
    cancelled : callable, optional
        Asked before each forest.

    Returns
    -------
    LeftOut

    Raises
    ------
    ValueError
        As `train_pixel_classes`; or no class has two strokes.
    SegmentationCancelled
    """
    wanted = PixelFeatures.usual(scribbles.spacing_um) if features is None else features
    learned = learned_voxels(source, scribbles, features=wanted, threads=threads)
    labels, strokes = learned.voxels.labels, learned.voxels.strokes
    classes = np.unique(labels)
    part = np.full(len(labels), -1)
    for label in classes:
        numbers = np.unique(strokes[labels == label])
        if len(numbers) < 2:
            continue
        turn = {number: k % min(_FOLDS, len(numbers)) for k, number in enumerate(numbers)}
        own = labels == label
        part[own] = [turn[number] for number in strokes[own]]
    if not np.any(part >= 0):
        raise ValueError(
            "a stroke that is left out needs another one of its class, and every class has one: "
            "add short ones elsewhere"
        )
    said = np.zeros((len(classes), len(classes)), np.int64)
    for fold in range(part.max() + 1):
        if cancelled is not None and cancelled():
            raise SegmentationCancelled("something newer is judged")
        out = part == fold
        forest = grown_forest(
            np.ascontiguousarray(learned.values[:, ~out]), labels[~out],
            trees=trees, max_depth=max_depth, seed=seed,
        )  # fmt: skip
        shares = forest.probabilities(np.ascontiguousarray(learned.values[:, out]), threads=threads)
        given = forest.classes[np.argmax(shares, axis=1)]
        rows, columns = np.searchsorted(classes, labels[out]), np.searchsorted(classes, given)
        np.add.at(said, (rows, columns), 1)
    return LeftOut(tuple(int(label) for label in classes), said)
