"""Compiled search for the largest box of voxels inside a mask."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled


@compiled
def largest_rectangle(plane: Any, heights: Any, stack: Any, found: Any) -> int:
    """Write rows and columns of the largest rectangle of ones, and return its cells.

    Row by row the ones above stand as columns; the widest run of each height is found by a stack.
    """
    rows, columns = plane.shape
    heights[:] = 0
    best = 0
    for row in range(rows):
        top = 0
        for column in range(columns + 1):
            if column < columns:
                heights[column] = heights[column] + 1 if plane[row, column] else 0
            height = heights[column] if column < columns else 0
            start = column
            while top > 0 and stack[top - 1, 1] >= height:
                top -= 1
                start = stack[top, 0]
                tall = stack[top, 1]
                cells = tall * (column - start)
                if cells > best:
                    best = cells
                    found[0], found[1] = row + 1 - tall, row + 1
                    found[2], found[3] = start, column
            stack[top, 0], stack[top, 1] = start, height
            top += 1
    return best


@compiled
def largest_box(mask: Any, found: Any) -> int:
    """Write the ends of the largest box of ones along each axis, and return its voxels.

    A box from one layer on can have no more voxels than its smallest rectangle so far, times the
    layers that are left: where that is no more than the best, the next layer is tried.
    """
    layers, rows, columns = mask.shape
    both = np.zeros((rows, columns), np.bool_)
    heights = np.zeros(columns, np.int64)
    stack = np.zeros((columns + 1, 2), np.int64)
    sides = np.zeros(4, np.int64)
    best = 0
    for first in range(layers):
        both[:] = True
        for last in range(first, layers):
            both &= mask[last]
            cells = largest_rectangle(both, heights, stack, sides)
            if cells * (layers - first) <= best:
                break
            if cells * (last + 1 - first) > best:
                best = cells * (last + 1 - first)
                found[0], found[1] = first, last + 1
                found[2:] = sides
    return best
