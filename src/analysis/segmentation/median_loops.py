"""Compiled loops of the median of 27 or 9 neighbours, by exchanges of whole rows.

A row is exchanged with another voxel by voxel, the smaller value to the first: the compiler works
on many voxels at once, and no step depends on the values.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

# Sorting network of nine, 25 exchanges: Knuth, The Art of Computer Programming 3, 5.3.4.
_NINE = np.array([
    [0, 3], [1, 7], [2, 5], [4, 8], [0, 7], [2, 4], [3, 8], [5, 6], [0, 2], [1, 3], [4, 5], [7, 8],
    [1, 4], [3, 6], [5, 7], [0, 1], [2, 4], [3, 5], [6, 8], [2, 3], [4, 5], [6, 7], [1, 2], [3, 4],
    [5, 6],
])  # fmt: skip
# Odd-even merge of two sorted lists of four (Batcher 1968, doi:10.1145/1468075.1468121).
_FOUR_AND_FOUR = np.array([
    [0, 4], [2, 6], [2, 4], [1, 5], [3, 7], [3, 5], [1, 2], [3, 4], [5, 6],
])  # fmt: skip


@compiled
def _exchange(a: Any, b: Any) -> None:
    for x in range(len(a)):
        low, high = a[x], b[x]
        a[x] = low if low < high else high
        b[x] = high if low < high else low


@compiled
def _lower(out: Any, a: Any) -> None:
    for x in range(len(out)):
        out[x] = out[x] if out[x] < a[x] else a[x]


@compiled
def _higher(out: Any, a: Any, b: Any) -> None:
    for x in range(len(out)):
        out[x] = a[x] if a[x] > b[x] else b[x]


@compiled
def _middle_of_three_lists(lists: Any, part: Any, work: Any, nx: int) -> None:
    """Median of 27 values in three sorted lists of nine, which stand at x, x + 1 and x + 2.

    Rank by rank the three are sorted; what then has fourteen below or above it is left out, which
    leaves the upper four of the lowest, the middle five of the middle, the lower four of the
    highest, and the seventh of those thirteen.
    """
    for k in range(9):
        for j in range(3):
            part[j] = lists[k, j : j + nx]
        _exchange(part[0], part[1])
        _exchange(part[1], part[2])
        _exchange(part[0], part[1])
        if k >= 5:
            work[k - 5] = part[0]
        if 2 <= k <= 6:
            work[8 + k - 2] = part[1]
        if k <= 3:
            work[4 + k] = part[2]
    for i in range(len(_FOUR_AND_FOUR)):
        _exchange(work[_FOUR_AND_FOUR[i, 0]], work[_FOUR_AND_FOUR[i, 1]])
    # the seventh of eight and five sorted values
    best, other = part[0], part[1]
    best[:] = work[6]
    for i in range(5):
        _higher(other, work[5 - i], work[8 + i])
        _lower(best, other)


@compiled
def median_planes(source: Any, out: Any, first: int, last: int) -> None:
    """Median of 3 x 3 x 3 voxels (3 x 3 of a picture), mirrored at the borders.

    Parameters
    ----------
    source : ndarray, (z, y, x)
    out : ndarray of its type, (z, y, x)
        Planes `first` to `last` are written.
    """
    nz, ny, nx = source.shape
    lists = np.empty((9, nx + 2), source.dtype)
    part = np.empty((3, nx), source.dtype)
    work = np.empty((13, nx), source.dtype)
    for z in range(first, last):
        for y in range(ny):
            count = 0
            for i in range(-1, 2):
                if nz == 1 and i != 0:
                    continue
                at = min(max(z + i, 0), nz - 1)
                for j in range(-1, 2):
                    row = source[at, min(max(y + j, 0), ny - 1)]
                    lists[count, 1 : nx + 1] = row
                    lists[count, 0] = row[0]
                    lists[count, nx + 1] = row[nx - 1]
                    count += 1
            if nz == 1:
                _picture_row(lists, work, nx)
                out[z, y] = work[4]
            else:
                for i in range(len(_NINE)):
                    _exchange(lists[_NINE[i, 0]], lists[_NINE[i, 1]])
                _middle_of_three_lists(lists, part, work, nx)
                out[z, y] = part[0]


@compiled
def _picture_row(lists: Any, work: Any, nx: int) -> None:
    """Sort the nine values around every voxel of a row."""
    for k in range(3):
        for j in range(3):
            work[3 * k + j] = lists[k, j : j + nx]
    for i in range(len(_NINE)):
        _exchange(work[_NINE[i, 0]], work[_NINE[i, 1]])
