"""Compiled loop of path lengths: a front that spreads until nothing gets shorter.

Strategy: voxels wait in buckets of equal length, as in Dial's shortest paths. Inside a bucket a
voxel is taken up again whenever a neighbour shortens it, so that the end is the same as that of
sweeps over the whole volume, in time that grows with the voxels and not with the bends.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

_OPEN, _WAITS = 1, 2  # what a voxel is marked with
_BUCKET = 0.5  # of the smallest step: narrower ones are many, wider ones are gone through again


@compiled
def _arrival(low: Any, steps: Any, order: Any) -> float:
    """Solve for the length at a voxel from the shortest of its neighbours along each axis."""
    for i in range(3):
        order[i] = i
    for i in range(2):
        for j in range(2 - i):
            if low[order[j]] > low[order[j + 1]]:
                order[j], order[j + 1] = order[j + 1], order[j]
    found = low[order[0]] + steps[order[0]]
    a = b = c = 0.0
    for i in range(3):
        k = order[i]
        if not low[k] < found:
            break
        w = 1.0 / (steps[k] * steps[k])
        a += w
        b += w * low[k]
        c += w * low[k] * low[k]
        root = b * b - a * (c - 1.0)
        if root < 0:
            break
        found = (b + np.sqrt(root)) / a
    return found


@compiled
def _nearest(lengths: Any, z: int, y: int, x: int, low: Any) -> None:
    """Write the shorter of both neighbours along each axis."""
    nz, ny, nx = lengths.shape
    low[:] = np.inf
    if z > 0:
        low[0] = lengths[z - 1, y, x]
    if z < nz - 1:
        low[0] = min(low[0], lengths[z + 1, y, x])
    if y > 0:
        low[1] = lengths[z, y - 1, x]
    if y < ny - 1:
        low[1] = min(low[1], lengths[z, y + 1, x])
    if x > 0:
        low[2] = lengths[z, y, x - 1]
    if x < nx - 1:
        low[2] = min(low[2], lengths[z, y, x + 1])


@compiled
def spread_lengths(state: Any, steps: Any, lengths: Any) -> int:
    """Spread path lengths from where they are 0 to all that is open and connected to it.

    Parameters
    ----------
    state : ndarray of uint8, (z, y, x)
        1 where a path may go, else 0; is scratch.
    steps : ndarray of float, (3,)
        Voxel size; any along an axis with one plane.
    lengths : ndarray of float32, (z, y, x)
        0 at the start, infinite elsewhere; is written.

    Returns
    -------
    int
        Voxels that were taken up, those taken up again counted again.
    """
    nz, ny, nx = state.shape
    flat, marks = lengths.reshape(-1), state.reshape(-1)
    low, order = np.empty(3), np.empty(3, np.int64)
    least, most = np.inf, 0.0
    for axis in range(3):
        if state.shape[axis] > 1:
            least, most = min(least, steps[axis]), max(most, steps[axis])
    width = _BUCKET * least
    count = int(most / width) + 2
    waiting = np.empty((count, 1024), np.int64)
    used = np.zeros(count, np.int64)
    for at in range(flat.size):
        if flat[at] == 0.0:
            if used[0] == waiting.shape[1]:
                waiting = _longer(waiting)
            waiting[0, used[0]] = at
            used[0] += 1
            marks[at] = _WAITS
    level, idle, taken = 0, 0, 0
    while idle < count:
        here = level % count
        first = 0
        idle = idle + 1 if used[here] == 0 else 0
        while first < used[here]:
            at = waiting[here, first]
            first += 1
            if marks[at] != _WAITS:
                continue
            marks[at] = _OPEN
            taken += 1
            own = flat[at]
            z = at // (ny * nx)
            y = at // nx - z * ny
            x = at - (z * ny + y) * nx
            for side in range(6):
                a, b, c = z, y, x
                step = 1 if side & 1 else -1
                if side < 2:
                    a += step
                elif side < 4:
                    b += step
                else:
                    c += step
                if a < 0 or b < 0 or c < 0 or a >= nz or b >= ny or c >= nx:
                    continue
                there = (a * ny + b) * nx + c
                if marks[there] == 0 or flat[there] <= own:
                    continue
                _nearest(lengths, a, b, c, low)
                found = np.float32(_arrival(low, steps, order))
                if not found < flat[there]:
                    continue
                before, after = flat[there] / width, max(level, int(found / width))
                flat[there] = found
                if marks[there] == _WAITS and before < after + 1:
                    continue  # it waits in this bucket already
                bucket = after % count
                if used[bucket] == waiting.shape[1]:
                    waiting = _longer(waiting)
                waiting[bucket, used[bucket]] = there
                used[bucket] += 1
                marks[there] = _WAITS
        used[here] = 0
        level += 1
    return taken


@compiled
def _longer(waiting: Any) -> Any:
    """Give each bucket twice the room."""
    found = np.empty((waiting.shape[0], 2 * waiting.shape[1]), np.int64)
    found[:, : waiting.shape[1]] = waiting
    return found
