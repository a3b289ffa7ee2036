"""The necks between parts of a piece, and which of them are too wide to part anything."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray


def merged_basins(
    basins: NDArray[np.int32], far: NDArray[np.float32], *, depth: float
) -> NDArray[np.int32]:
    """Join basins whose neck is not narrower than the narrower of them by some depth.

    Necks are gone through from the widest. Where a neck is less than `depth` below the top of the
    lower of what it joins, that top is no object of its own.

    Parameters
    ----------
    basins : ndarray of int
        1 to n, each around a local maximum of `far`; 0 is outside.
    far : ndarray of float
        Distance to what is outside.
    depth : float
        In the unit of `far`.

    Returns
    -------
    ndarray of int32, (n + 1,)
        The new number of each basin, from 1 in the order of the old ones.

    References
    ----------
    Grimaud 1992, doi:10.1117/12.60650 (dynamics of a maximum).

    Examples
    --------
    >>> far = np.array([[1, 5, 4, 5, 1, 3, 1]], np.float32)
    >>> merged_basins(np.array([[1, 1, 1, 2, 2, 3, 3]]), far, depth=1.5).tolist()
    [0, 1, 1, 2]
    """
    count = int(basins.max(initial=0))
    tops = np.zeros(count + 1, far.dtype)
    np.maximum.at(tops, basins.ravel(), far.ravel())
    top, parent = tops.tolist(), list(range(count + 1))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for a, b, width in zip(*(column.tolist() for column in _necks(basins, far)), strict=True):
        one, two = root(a), root(b)
        if one != two and min(top[one], top[two]) - width < depth:
            kept, gone = min(one, two), max(one, two)
            parent[gone], top[kept] = kept, max(top[one], top[two])
    roots = np.array([root(number) for number in range(count + 1)])
    return np.unique(roots, return_inverse=True)[1].astype(np.int32)


def _necks(basins: NDArray, far: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Pairs of basins that touch, with the widest place where they do, widest first."""
    count = int(basins.max(initial=0)) + 1
    keys, widths = [], []
    for step in _forward(basins.ndim):
        here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in _pairs(step, basins))
        there = tuple(slice(max(0, s), n + min(0, s)) for s, n in _pairs(step, basins))
        one, two = basins[here], basins[there]
        where = (one != two) & (one > 0) & (two > 0)
        a, b = one[where].astype(np.int64), two[where].astype(np.int64)
        keys.append(np.minimum(a, b) * count + np.maximum(a, b))
        widths.append(np.minimum(far[here][where], far[there][where]))
    key, width = np.concatenate(keys), np.concatenate(widths)
    order = np.lexsort((key, -width))
    _, first = np.unique(key[order], return_index=True)
    order = order[np.sort(first)]  # the widest of each pair, and still the widest first
    return key[order] // count, key[order] % count, width[order]


def _forward(ndim: int) -> list[tuple[int, ...]]:
    """Half of the directions to the voxels all around."""
    none = (0,) * ndim
    return [step for step in product((-1, 0, 1), repeat=ndim) if step > none]


def _pairs(step: tuple[int, ...], values: NDArray) -> list[tuple[int, int]]:
    return list(zip(step, values.shape, strict=True))
