"""Compiled flood that parts a pore space from its markers down the distances, and what it leaves.

Strategy: a queue for each level, first in first out, made of short blocks that are used again; a
voxel gets its number when it is put there. Until then its level is in the same place, so that a
neighbour costs one look. They are asked for ahead of time, as the front is all over the volume.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled, prefetch

BLOCK = 32  # voxels of a queue that lie together
_AHEAD = 16  # voxels, no more than a block
_NONE = -1


@compiled
def flood(labels: Any, markers: Any, pores: Any, jumps: Any, top: int, room: Any) -> None:
    """Number the open voxels that the markers reach, from high levels to low.

    What is higher than the way to it comes at the level of the way.

    Parameters
    ----------
    labels : ndarray of int32, (voxels,)
        Minus the level where it is open, 0 elsewhere and all around; is written.
    markers, pores : ndarray of int64, (n,)
        Where it begins, and the number there.
    jumps : ndarray of int64, (6,)
        To neighbours.
    top : int
        Highest level.
    room : ndarray of int, (blocks, BLOCK)
        Scratch: as many blocks as open voxels fill and one more a level.
    """
    following = np.empty(len(room), np.int32)
    ends = np.empty((top + 1, 4), np.int32)  # first block, last block, begin, end
    ends[:] = _NONE
    free = np.zeros(2, np.int32)  # used before, never used
    free[0] = _NONE
    for i in range(len(markers)):
        _push(markers[i], -labels[markers[i]], room, following, ends, free)
        labels[markers[i]] = pores[i]
    level = top
    while level > 0:
        queue = ends[level]
        if queue[0] == _NONE:
            level -= 1
            continue
        _look_ahead(queue, room, following, labels, jumps)
        at = np.int64(room[queue[0], queue[2]])
        queue[2] += 1
        last = queue[0] == queue[1]
        if queue[2] == BLOCK or (last and queue[2] == queue[3]):
            used = queue[0]
            queue[0] = _NONE if last else following[used]
            queue[2] = 0
            following[used] = free[0]
            free[0] = used
        for k in range(len(jumps)):
            there = at + jumps[k]
            if labels[there] < 0:
                _push(there, min(level, -labels[there]), room, following, ends, free)
                labels[there] = labels[at]


@compiled
def _look_ahead(queue: Any, room: Any, following: Any, labels: Any, jumps: Any) -> None:
    """Ask for the surroundings of a voxel that comes soon."""
    block, place = queue[0], queue[2] + _AHEAD
    if place >= BLOCK and block != queue[1]:
        block, place = following[block], place - BLOCK
    if place < (queue[3] if block == queue[1] else BLOCK):
        at = np.int64(room[block, place])
        prefetch(labels, at)
        for k in range(len(jumps)):
            prefetch(labels, at + jumps[k])


@compiled
def _push(at: int, level: int, room: Any, following: Any, ends: Any, free: Any) -> None:
    queue = ends[level]
    if queue[0] == _NONE or queue[3] == BLOCK:
        block = free[0]
        if block == _NONE:
            block = free[1]
            free[1] += 1
        else:
            free[0] = following[block]
        if queue[0] == _NONE:
            queue[0], queue[2] = block, 0
        else:
            following[queue[1]] = block
        queue[1], queue[3] = block, 0
    room[queue[1], queue[3]] = at
    queue[3] += 1


@compiled
def number_rest(labels: Any, count: int, jumps: Any, rim: int, wide: int) -> Any:
    """Number the pieces that no marker is in, if they reach a face or are wide.

    Parameters
    ----------
    labels : ndarray of int32, (z, y, x)
        Minus the level where it is open and has no number; is written, 0 where it gets none.
    count : int
        Numbers that are given.
    jumps : ndarray of int64, (6,)
    rim : int
        Width of what surrounds the volume.
    wide : int
        Level from which on a piece is numbered though it is closed.

    Returns
    -------
    int, int
        Numbers that are given now, and voxels that get none.
    """
    nz, ny, nx = labels.shape
    flat = labels.reshape(-1)
    queue = np.empty(1024, np.int64)
    closed = 0
    for start in range(flat.size):
        if flat[start] >= 0:
            continue
        queue[0] = start
        counts = -flat[start] >= wide
        flat[start] = count + 1
        first, last = 0, 1
        while first < last:
            at = queue[first]
            first += 1
            z, rest = at // (ny * nx), at % (ny * nx)
            y, x = rest // nx, rest % nx
            low, high = min(z, y, x), max(z - nz, y - ny, x - nx)
            counts |= low == rim or high == -rim - 1
            for k in range(len(jumps)):
                there = at + jumps[k]
                if flat[there] < 0:
                    counts |= -flat[there] >= wide
                    flat[there] = count + 1
                    if last == len(queue):
                        more = np.empty(2 * last, np.int64)
                        more[:last] = queue
                        queue = more
                    queue[last] = there
                    last += 1
        if counts:
            count += 1
        else:
            closed += last
            for j in range(last):
                flat[queue[j]] = 0
    return count, closed
