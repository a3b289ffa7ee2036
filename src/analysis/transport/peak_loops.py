"""Compiled loops that find where pores are widest: blurred distances, peaks, saddles.

Strategy: everything lies on the grid with a rim that is closed, so that no loop asks where the
volume ends. What is known of a voxel is a few bits of one byte.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

OPEN, PEAK, TAKEN, SEEN, KEPT = 1, 2, 4, 8, 16  # bits of a voxel


@compiled
def _along(out: Any, a: Any, b: Any, c: Any, d: Any, e: Any, weights: Any) -> None:
    """Sum five lines as scipy does, so that the same voxels are equal to each other."""
    for i in range(len(out)):
        total = np.float64(c[i]) * weights[0]
        total += (np.float64(a[i]) + np.float64(e[i])) * weights[2]
        total += (np.float64(b[i]) + np.float64(d[i])) * weights[1]
        out[i] = np.float32(total)


@compiled
def _distances(squared: Any, z: int, rim: int, out: Any) -> None:
    _, ny, nx = squared.shape
    for y in range(rim, ny - rim):
        row, to = squared[z, y, rim : nx - rim], out[y - rim]
        for x in range(len(row)):
            to[x] = np.sqrt(np.float32(row[x]))


@compiled
def blurred_distances(
    squared: Any, state: Any, rim: int, weights: Any, solid: float, out: Any, z0: int, z1: int
) -> None:
    """Write the distances after a Gaussian that reaches two voxels.

    Parameters
    ----------
    squared : ndarray of int, (z, y, x)
    state : ndarray of uint8, (z, y, x)
        `OPEN` where there is pore; 0 in the rim.
    rim : int
        Its width; beyond it distances are mirrored.
    weights : ndarray of float64, (3,)
        From the middle outwards.
    solid : float
        Is written where there is no pore.
    out : ndarray of float32, (z, y, x)
        Its rim is left as it is.
    z0, z1 : int
        Range of planes, counted without the rim.
    """
    nz, ny, nx = squared.shape[0] - 2 * rim, squared.shape[1] - 2 * rim, squared.shape[2] - 2 * rim
    planes = np.empty((5, ny, nx), np.float32)
    deep, tall = np.empty((ny, nx), np.float32), np.empty((ny, nx), np.float32)
    wide = np.empty(nx + 4, np.float32)
    line = np.empty(nx, np.float32)
    for z in range(z0, z1):
        for k in range(-2, 3):
            if z == z0 or k == 2:
                _distances(squared, _mirrored(z + k, nz) + rim, rim, planes[(z + k) % 5])
        for y in range(ny):
            _along(
                deep[y], planes[(z - 2) % 5, y], planes[(z - 1) % 5, y], planes[z % 5, y],
                planes[(z + 1) % 5, y], planes[(z + 2) % 5, y], weights,
            )  # fmt: skip
        for y in range(ny):
            _along(
                tall[y], deep[_mirrored(y - 2, ny)], deep[_mirrored(y - 1, ny)], deep[y],
                deep[_mirrored(y + 1, ny)], deep[_mirrored(y + 2, ny)], weights,
            )  # fmt: skip
        for y in range(ny):
            wide[2 : nx + 2] = tall[y]
            for k in range(2):
                wide[k] = tall[y, _mirrored(k - 2, nx)]
                wide[nx + 2 + k] = tall[y, _mirrored(nx + k, nx)]
            _along(line, wide[:nx], wide[1:], wide[2:], wide[3:], wide[4:], weights)
            to, room = out[z + rim, y + rim], state[z + rim, y + rim]
            for x in range(nx):
                to[x + rim] = line[x] if room[x + rim] else solid


@compiled
def _mirrored(i: int, n: int) -> int:
    i = i % (2 * n)
    return i if i < n else 2 * n - 1 - i


@compiled
def local_peaks(blurred: Any, state: Any, jumps: Any, rim: int, z0: int, z1: int) -> Any:
    """Return the open voxels in a range of planes that no neighbour exceeds.

    Parameters
    ----------
    blurred : ndarray of float32, (z, y, x)
        With a rim that is lower than all.
    state : ndarray of uint8, (z, y, x)
    jumps : ndarray of int64, (n,)
        To neighbours, by flat index, the nearest first.
    rim, z0, z1 : int
        As of `blurred_distances`.

    Returns
    -------
    ndarray of int64
        Flat indices, rising.
    """
    _, ny, nx = blurred.shape
    flat, room = blurred.reshape(-1), state.reshape(-1)
    found = np.empty(1024, np.int64)
    count = 0
    for z in range(z0 + rim, z1 + rim):
        for y in range(rim, ny - rim):
            start = (z * ny + y) * nx
            for at in range(start + rim, start + nx - rim):
                if not room[at]:
                    continue
                mine = flat[at]
                highest = True
                for k in range(len(jumps)):
                    if flat[at + jumps[k]] > mine:
                        highest = False
                        break
                if highest:
                    if count == len(found):
                        more = np.empty(2 * count, np.int64)
                        more[:count] = found
                        found = more
                    found[count] = at
                    count += 1
    return found[:count]


@compiled
def true_peaks(squared: Any, state: Any, peaks: Any, faces: Any, around: Any, most: int) -> Any:
    """Return which peaks are no saddles: nothing beside their plateau is higher.

    Parameters
    ----------
    squared : ndarray of int, (voxels,)
    state : ndarray of uint8, (voxels,)
        `OPEN` or 0; is left as it was.
    peaks : ndarray of int64, (n,)
    faces, around : ndarray of int64
        Jumps to the 6 and to the 26 neighbours.
    most : int
        Steps within which a plateau has to end.

    Returns
    -------
    ndarray of bool, (n,)
    """
    queue = np.empty(1024, np.int64)
    for i in range(len(peaks)):
        state[peaks[i]] |= PEAK
    for i in range(len(peaks)):
        if state[peaks[i]] & TAKEN:
            continue
        queue, own = _piece(state, peaks[i], faces, queue)
        high = squared[queue[0]]
        for j in range(own):
            high = max(high, squared[queue[j]])
        top, queue, last = _is_top(squared, state, queue, own, high, around, most)
        for j in range(last):
            state[queue[j]] &= ~SEEN
            if top and j < own and squared[queue[j]] == high:
                state[queue[j]] |= KEPT
    kept = np.zeros(len(peaks), np.bool_)
    for i in range(len(peaks)):
        kept[i] = state[peaks[i]] & KEPT != 0
        state[peaks[i]] = OPEN
    return kept


@compiled
def touching(state: Any, peaks: Any, around: Any) -> Any:
    """Return the number, from 0, of the piece that each peak is in, in the order of the first."""
    numbers = np.empty(len(peaks), np.int64)
    queue = np.empty(1024, np.int64)
    for i in range(len(peaks)):
        state[peaks[i]] |= PEAK
    count = 0
    for i in range(len(peaks)):
        if state[peaks[i]] & TAKEN:
            continue
        queue, own = _piece(state, peaks[i], around, queue)
        for j in range(own):
            numbers[np.searchsorted(peaks, queue[j])] = count
        count += 1
    for i in range(len(peaks)):
        state[peaks[i]] = OPEN
    return numbers


@compiled
def _with(queue: Any, count: int, place: int) -> Any:
    if count == len(queue):
        more = np.empty(2 * count, np.int64)
        more[:count] = queue
        queue = more
    queue[count] = place
    return queue


@compiled
def _piece(state: Any, start: int, jumps: Any, queue: Any) -> Any:
    """List the peaks that hang together with one of them."""
    queue[0] = start
    state[start] |= TAKEN
    first, last = 0, 1
    while first < last:
        at = queue[first]
        first += 1
        for k in range(len(jumps)):
            there = at + jumps[k]
            if state[there] & PEAK and not state[there] & TAKEN:
                state[there] |= TAKEN
                queue = _with(queue, last, there)
                last += 1
    return queue, last


@compiled
def _is_top(
    squared: Any, state: Any, queue: Any, own: int, high: int, around: Any, most: int
) -> Any:
    """Say whether nothing around the plateau of these peaks is higher; lists it behind them."""
    even = True
    for j in range(own):
        state[queue[j]] |= SEEN
        even &= squared[queue[j]] == high
    first, last = 0, own
    for step in range(most):
        end = last
        for j in range(first, end):
            for k in range(len(around)):
                there = queue[j] + around[k]
                if state[there] == 0 or squared[there] < high:
                    continue
                if squared[there] > high:
                    return False, queue, last
                if not state[there] & SEEN:
                    state[there] |= SEEN
                    queue = _with(queue, last, there)
                    last += 1
        if last == end and (even or step > 0):
            return True, queue, last
        first = end
    return False, queue, last
