"""Classes on the plane that is seen, by the very classifier that the headless run applies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.segmentation import ClassifiedBox, PixelClassifier, classify_box
from .plane import Plane
from .scene import GridLevel, Placed

# Seconds on two cores, measured: for each voxel within reach, and for each that is classified.
_REACHED_S, _CLASSIFIED_S, _MOST_S = 4e-8, 1.3e-6, 0.8
_SMALLER = 0.85


@dataclass(frozen=True, eq=False)
class SeenClasses:
    """Classes of a box of voxels around the middle of a view.

    Attributes
    ----------
    found : ClassifiedBox
    origin_um : tuple of float
        Centre of the box's first voxel [µm].
    spacing_um : tuple of float
    share : float
        Of the view's width: below 1 where the whole would take too long.
    """

    found: ClassifiedBox
    origin_um: tuple[float, ...]
    spacing_um: tuple[float, ...]
    share: float

    @property
    def level(self) -> GridLevel:
        """The labels, to be sampled like an image."""
        return GridLevel(self.found.labels, self.spacing_um, self.origin_um)

    def doubtful_um(self) -> NDArray[np.float64]:
        """Where the classifier is least sure, over a few voxels: own position [µm]."""
        from scipy.ndimage import uniform_filter

        size = [min(5, n) for n in self.found.labels.shape]
        mean = uniform_filter(self.found.margin, size, mode="nearest")
        index = np.unravel_index(int(np.argmin(mean)), mean.shape)
        return np.asarray(self.origin_um) + np.array(index) * np.asarray(self.spacing_um)


class ClassPreview:
    """Classifies what is seen, once for each box and classifier."""

    def __init__(self) -> None:
        self._known: tuple[Any, SeenClasses] | None = None

    def of(
        self,
        item: Placed,
        plane: Plane,
        source: Any,
        classifier: PixelClassifier,
    ) -> SeenClasses:
        """Classify the voxels of the finest level on a plane, or as many as take a second.

        Parameters
        ----------
        item : Placed
        plane : Plane
        source : OneVolume
            Of the finest level.
        classifier : PixelClassifier
        """
        known = self.known(item, plane, source, classifier)
        if known is not None:
            return known
        finest = item.levels[0]
        key, box, share = _wanted(item, plane, source, classifier)
        spacing = np.asarray(finest.spacing_um, float)
        start = np.asarray(finest.origin_um) + np.array([part.start for part in box]) * spacing
        seen = SeenClasses(
            classify_box(source, classifier, box=box),
            tuple(start.tolist()),
            tuple(spacing.tolist()),
            share,
        )
        self._known = (key, seen)
        return seen

    def known(
        self, item: Placed, plane: Plane, source: Any, classifier: PixelClassifier
    ) -> SeenClasses | None:
        """What `of` gives, where it was asked for last."""
        key, _, share = _wanted(item, plane, source, classifier)
        if self._known is None or self._known[0] != key:
            return None
        return replace(self._known[1], share=share)


def _wanted(
    item: Placed, plane: Plane, source: Any, classifier: PixelClassifier
) -> tuple[Any, tuple[slice, ...], float]:
    """The voxels to classify, how much of the view they are, and what both are known by."""
    box, share = _box(item, plane, classifier.features.reach_px(classifier.spacing_um))
    places = tuple((part.start, part.stop) for part in box)
    return (id(classifier), source.select, places), box, share


def _box(item: Placed, plane: Plane, reach: tuple[int, ...]) -> tuple[tuple[slice, ...], float]:
    """The voxels on a plane, or so much of its middle as can be classified at once."""
    level = item.levels[0]
    dims = len(level.spacing_um)
    points = item.placement.apply(plane.points(32, 32))[..., -dims:].reshape(-1, dims)
    middle = item.placement.apply(np.asarray(plane.centre_um, float))[..., -dims:].reshape(dims)
    last = np.asarray(level.array.shape[-dims:])
    share = 1.0
    while True:
        part = middle + share * (points - middle)
        index = (part - np.asarray(level.origin_um)) / np.asarray(level.spacing_um)
        low = np.clip(np.round(index.min(axis=0)), 0, last - 1).astype(int)
        high = np.clip(np.round(index.max(axis=0)) + 1, low + 1, last).astype(int)
        size = high - low
        reached = np.minimum(size + 2 * np.array(reach), last)
        seconds = _REACHED_S * np.prod(reached) + _CLASSIFIED_S * np.prod(size)
        if seconds <= _MOST_S or share < 0.02:
            return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), share
        share *= _SMALLER
