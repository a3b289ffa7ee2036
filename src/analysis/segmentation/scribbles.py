"""Scribbles: a few voxels that somebody named, from which a classifier learns the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .corrections import Corrections, stroke_voxels


@dataclass(frozen=True)
class ScribbledVoxels:
    """Voxels and the classes that they were given, in the order of the array.

    Attributes
    ----------
    places : ndarray of int64, (n, 3) or (n, 2)
        z, y, x [px].
    labels : ndarray of uint8, (n,)
    strokes : ndarray of int64, (n,)
        Which scribble, counted from 0.
    """

    places: NDArray[np.int64]
    labels: NDArray[np.uint8]
    strokes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def strokes_a_class(self) -> dict[int, int]:
        """Number of strokes of each class that have voxels: not erased, painted over or outside."""
        return {
            int(label): len(np.unique(self.strokes[self.labels == label]))
            for label in np.unique(self.labels)
        }

    def chosen(self, which: NDArray) -> ScribbledVoxels:
        """Some of them, by mask or number; one that is chosen twice stands there twice."""
        return ScribbledVoxels(self.places[which], self.labels[which], self.strokes[which])


def scribbled_voxels(scribbles: Corrections, *, shape: Sequence[int]) -> ScribbledVoxels:
    """Find the voxels of an image that scribbles touch.

    Where two cross, the later one holds; one without a label takes earlier ones away. Brushes,
    pens, lassos and areas are scribbles; a fill needs labels that are not there yet.

    Parameters
    ----------
    scribbles : Corrections
        Strokes on the grid of the image.
    shape : sequence of int
        Of the image.

    Returns
    -------
    ScribbledVoxels

    Raises
    ------
    ValueError
        A fill; a label beside 0 to 255.

    Examples
    --------
    >>> from scalebridge.analysis.segmentation import Stroke
    >>> one = Stroke(tool="brush", label=2, points_um=((0, 0, 2),), radius_um=1.0)
    >>> found = scribbled_voxels(Corrections((one,), (1, 1), (0, 0)), shape=(2, 5))
    >>> found.places.tolist(), found.labels.tolist()
    ([[0, 1], [0, 2], [0, 3], [1, 2]], [2, 2, 2, 2])
    """
    size = tuple(int(n) for n in shape)
    ndim = len(size)
    flat, labels, numbers = [], [], []
    for number, stroke in enumerate(scribbles.strokes):
        if stroke.tool == "fill":
            raise ValueError("scribbles need brushes, pens or lassos, got a fill: draw it by pen")
        label = -1 if stroke.label is None else int(stroke.label)
        if not -1 <= label <= 255:
            raise ValueError(f"a scribble needs a label from 0 to 255, got {label}")
        places = stroke_voxels(
            stroke, shape=size, spacing_um=scribbles.spacing_um, origin_um=scribbles.origin_um
        )
        flat.append(np.ravel_multi_index(tuple(places.T), size) if len(places) else places[:, 0])
        labels.append(np.full(len(places), label))
        numbers.append(np.full(len(places), number))
    if not flat:
        none = np.empty(0, np.int64)
        return ScribbledVoxels(np.empty((0, ndim), np.int64), none.astype(np.uint8), none)
    where, said, by = (np.concatenate(column)[::-1] for column in (flat, labels, numbers))
    where, last = np.unique(where, return_index=True)
    said, by = said[last], by[last]
    kept = said >= 0
    places = np.stack(np.unravel_index(where[kept], size), axis=1).astype(np.int64)
    return ScribbledVoxels(places, said[kept].astype(np.uint8), by[kept].astype(np.int64))
