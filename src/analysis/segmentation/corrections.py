"""Labels corrected by hand: strokes on the grid of an image, done one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .stroke_shapes import inside_stroke, stroke_box
from .strokes import Stroke


@dataclass(frozen=True)
class Corrections:
    """Strokes on the grid of an image.

    Attributes
    ----------
    strokes : tuple of Stroke
    spacing_um, origin_um : tuple of float
        Voxel size, and centre of the first voxel, per axis [µm].
    """

    strokes: tuple[Stroke, ...]
    spacing_um: tuple[float, ...]
    origin_um: tuple[float, ...]

    def apply(self, labels: Any, box: Sequence[slice] = ()) -> int:
        """Correct the labels of the image, or of a box of it, in place; as `correct`."""
        start = [part.start or 0 for part in box] + [0] * (len(self.spacing_um) - len(box))
        origin = np.asarray(self.origin_um) + np.multiply(start, self.spacing_um)
        return correct(labels, self.strokes, spacing_um=self.spacing_um, origin_um=origin.tolist())


def correct(
    labels: Any,
    strokes: Sequence[Stroke],
    *,
    spacing_um: Sequence[float],
    origin_um: Sequence[float] | None = None,
) -> int:
    """Correct labels in place, stroke after stroke.

    Only the box around each stroke is read and written, so an array on disk of any size will do.
    Memory is some 30 bytes a voxel of the largest box of a straight part of a brush, a lasso or a
    fill, and the labels of all boxes in which corrections are taken away.

    Parameters
    ----------
    labels : array, shape (z, y, x) or (y, x)
        Anything that is read and written by slices.
    strokes : sequence of Stroke
        Oldest first.
    spacing_um : sequence of float
        Voxel size per axis [µm].
    origin_um : sequence of float, optional
        Centre of the first voxel [µm]; 0 unless told.

    Returns
    -------
    int
        Number of voxels that were written, a voxel of two strokes twice.

    Examples
    --------
    >>> labels = np.zeros((1, 5), int)
    >>> stroke = Stroke(tool="brush", label=2, points_um=((0, 0, 2),), radius_um=1.0)
    >>> correct(labels, [stroke], spacing_um=(1, 1)), labels.tolist()
    (3, [[0, 2, 2, 2, 0]])
    """
    dims = len(spacing_um)
    spacing = np.asarray(spacing_um, float)
    origin = np.zeros(dims) if origin_um is None else np.asarray(origin_um, float)
    boxes = [stroke_box(stroke, labels.shape, spacing, origin) for stroke in strokes]
    automatic = {
        number: np.array(labels[box])
        for number, (stroke, box) in enumerate(zip(strokes, boxes, strict=True))
        if stroke.label is None and box is not None
    }
    written = 0
    for number, (stroke, box) in enumerate(zip(strokes, boxes, strict=True)):
        if box is None:
            continue
        block = np.array(labels[box])
        inside = inside_stroke(stroke, block, box, spacing, origin)
        if not inside.any():
            continue
        before = automatic.get(number)
        block[inside] = before[inside] if before is not None else stroke.label
        labels[box] = block
        written += int(np.count_nonzero(inside))
    return written


def stroke_voxels(
    stroke: Stroke,
    *,
    shape: Sequence[int],
    spacing_um: Sequence[float],
    origin_um: Sequence[float],
) -> NDArray[np.int64]:
    """Return the voxels of a grid that a brush, pen or lasso touches, shape (n, axes) [px].

    Examples
    --------
    >>> stroke = Stroke(tool="brush", label=2, points_um=((0, 0, 2),), radius_um=1.0)
    >>> stroke_voxels(stroke, shape=(1, 5), spacing_um=(1, 1), origin_um=(0, 0)).tolist()
    [[0, 1], [0, 2], [0, 3]]
    """
    spacing, origin = np.asarray(spacing_um, float), np.asarray(origin_um, float)
    box = stroke_box(stroke, shape, spacing, origin)
    if box is None:
        return np.empty((0, len(spacing)), np.int64)
    inside = inside_stroke(stroke, np.empty(0), box, spacing, origin)
    return np.argwhere(inside) + [part.start for part in box]
