"""Compiled floods from the highest levels down: widest paths, and the bodies of pores."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled


@compiled
def widest_paths(
    levels: Any, starts: Any, steps: Any, reached: Any, stop: Any, heads: Any, following: Any
) -> int:
    """Write the largest level at which each voxel is reached from the starts.

    Parameters
    ----------
    levels : ndarray of int, (z, y, x)
        0 is closed.
    starts : ndarray of bool, (z, y, x)
    steps : ndarray of int64, (n, 3)
        To neighbours.
    reached : ndarray of int, (z, y, x)
        Zeros; is written.
    stop : ndarray of bool, (z, y, x)
        Where it may end; one of size 0 for none.
    heads : ndarray of int64, (largest level + 1,)
        -1; the first voxel to look at of each level.
    following : ndarray of int, (voxels,)
        Scratch: the next one.

    Returns
    -------
    int
        Level at which the first of `stop` was reached, else 0.
    """
    nz, ny, nx = levels.shape
    flat, out = levels.reshape(-1), reached.reshape(-1)
    begin, end = starts.reshape(-1), stop.reshape(-1)
    jumps = np.empty(len(steps), np.int64)
    for k in range(len(steps)):
        jumps[k] = (steps[k, 0] * ny + steps[k, 1]) * nx + steps[k, 2]
    for at in range(levels.size):
        if begin[at] and flat[at] > 0:
            level = flat[at]
            out[at] = level
            following[at] = heads[level]
            heads[level] = at
    for level in range(len(heads) - 1, 0, -1):
        while heads[level] >= 0:
            at = heads[level]
            heads[level] = following[at]
            if end.size and end[at]:
                return level
            z = at // (ny * nx)
            y = at // nx - z * ny
            x = at - (z * ny + y) * nx
            inner = 0 < z < nz - 1 and 0 < y < ny - 1 and 0 < x < nx - 1
            for k in range(len(steps)):
                if not inner:
                    a, b, c = z + steps[k, 0], y + steps[k, 1], x + steps[k, 2]
                    if a < 0 or b < 0 or c < 0 or a >= nz or b >= ny or c >= nx:
                        continue
                there = at + jumps[k]
                if out[there] == 0 and flat[there] > 0:
                    found = min(level, flat[there])
                    out[there] = found
                    following[there] = heads[found]
                    heads[found] = there
    return 0


@compiled
def _root(parents: Any, label: int) -> int:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = parents[label]
    return label


@compiled
def part_bodies(levels: Any, order: Any, steps: Any, ratio: float, labels: Any) -> int:
    """Label the bodies around the maxima of a level map, from high to low.

    Two bodies that meet become one unless the level there is below `ratio` of both maxima.

    Parameters
    ----------
    levels : ndarray of int, (z, y, x)
    order : ndarray of int64, (n,)
        Flat index of the voxels to label, from high to low.
    labels : ndarray of int32, (z, y, x)
        Zeros; is written.

    Returns
    -------
    int
        Number of bodies.
    """
    nz, ny, nx = levels.shape
    flat, out = levels.reshape(-1), labels.reshape(-1)
    parents, peaks = np.zeros(1024, np.int64), np.zeros(1024, np.float64)
    count = 1
    for i in range(len(order)):
        at = order[i]
        level = np.float64(flat[at])
        z = at // (ny * nx)
        y = at // nx - z * ny
        x = at - (z * ny + y) * nx
        mine, best = 0, np.float64(-1)
        for k in range(len(steps)):
            a, b, c = z + steps[k, 0], y + steps[k, 1], x + steps[k, 2]
            if a < 0 or b < 0 or c < 0 or a >= nz or b >= ny or c >= nx:
                continue
            there = (a * ny + b) * nx + c
            if out[there] == 0:
                continue
            other = _root(parents, out[there])
            if mine and other != mine and level >= ratio * min(peaks[other], peaks[mine]):
                high, low = (mine, other) if peaks[mine] >= peaks[other] else (other, mine)
                parents[low] = high
                mine = high
                best = max(best, np.float64(flat[there]))
            elif other != mine and flat[there] > best:
                mine, best = other, np.float64(flat[there])
        if mine == 0:
            if count == len(parents):
                more, heights = np.zeros(2 * count, np.int64), np.zeros(2 * count, np.float64)
                more[:count], heights[:count] = parents, peaks
                parents, peaks = more, heights
            mine = count
            parents[mine], peaks[mine] = mine, level
            count += 1
        out[at] = mine
    names = np.zeros(count, np.int64)
    used = 0
    for i in range(len(order)):
        root = _root(parents, out[order[i]])
        if names[root] == 0:
            used += 1
            names[root] = used
        out[order[i]] = names[root]
    return used
