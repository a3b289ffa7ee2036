"""Compiled loop that pulls paths taut: from voxel to voxel they bend, as strings they don't."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

_ROUNDS = 60  # of moving the bends of a path by each step, at most
_STEPS = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.125)  # by which a bend is moved [voxels]
_EVERY = 0.3  # of a voxel: how close a line is looked at


@compiled
def _joined(inside: Any, a: Any, b: Any) -> bool:
    """Whether faces lead from a voxel inside to one beside it, over an edge or a corner too."""
    moved = 0
    for axis in range(3):
        if abs(b[axis] - a[axis]) > 1:
            return False
        moved += b[axis] != a[axis]
    if moved < 2:
        return True
    here = a.copy()
    for first in range(3):
        here[:] = a
        here[first] = b[first]
        if b[first] == a[first] or not inside[here[0], here[1], here[2]]:
            continue
        if moved == 2:
            return True
        for second in range(3):
            here[:] = a
            here[first], here[second] = b[first], b[second]
            if second != first and inside[here[0], here[1], here[2]]:
                return True
    return False


@compiled
def _seen(inside: Any, a: Any, b: Any) -> bool:
    """Whether a straight line stays where the voxels around it, interpolated, are at least half.

    From voxel to voxel it goes over faces: two that touch by an edge have a wall between them.
    """
    last, now, begun = np.empty(3, np.int64), np.empty(3, np.int64), False
    longest = max(abs(b[0] - a[0]), max(abs(b[1] - a[1]), abs(b[2] - a[2])))
    count = int(longest / _EVERY) + 1
    nz, ny, nx = inside.shape
    for n in range(count + 1):
        t = n / count
        z, y, x = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])
        i, j, k = min(int(z), nz - 1), min(int(y), ny - 1), min(int(x), nx - 1)
        u, v, w = z - i, y - j, x - k
        ii, jj, kk = min(i + 1, nz - 1), min(j + 1, ny - 1), min(k + 1, nx - 1)
        low = (1 - v) * ((1 - w) * inside[i, j, k] + w * inside[i, j, kk]) + v * (
            (1 - w) * inside[i, jj, k] + w * inside[i, jj, kk]
        )
        high = (1 - v) * ((1 - w) * inside[ii, j, k] + w * inside[ii, j, kk]) + v * (
            (1 - w) * inside[ii, jj, k] + w * inside[ii, jj, kk]
        )
        if (1 - u) * low + u * high < 0.5 - 1e-9:
            return False
        now[0] = min(int(z + 0.5), nz - 1)
        now[1] = min(int(y + 0.5), ny - 1)
        now[2] = min(int(x + 0.5), nx - 1)
        if not inside[now[0], now[1], now[2]]:
            continue
        if begun and not _joined(inside, last, now):
            return False
        last[:] = now
        begun = True
    return True


@compiled
def _apart(a: Any, b: Any, steps: Any) -> float:
    return np.sqrt(
        (steps[0] * (a[0] - b[0])) ** 2
        + (steps[1] * (a[1] - b[1])) ** 2
        + (steps[2] * (a[2] - b[2])) ** 2
    )


@compiled
def _way_back(lengths: Any, end: Any, way: Any) -> int:
    """Write the voxels from an end to where the length is 0, over faces; return their number."""
    shape = lengths.shape
    here, there, best = end.copy(), end.copy(), end.copy()
    count = 0
    while True:
        if count == len(way):
            return 0
        way[count] = here
        count += 1
        least = lengths[here[0], here[1], here[2]]
        if least == 0:
            return count
        found = False
        for axis in range(3):
            for sign in (-1, 1):
                there[:] = here
                there[axis] += sign
                if there[axis] < 0 or there[axis] >= shape[axis]:
                    continue
                length = lengths[there[0], there[1], there[2]]
                if length < least:
                    least, found = length, True
                    best[:] = there
        if not found:
            return 0
        here[:] = best


@compiled
def _bends_of(inside: Any, way: Any, count: int, bends: Any) -> int:
    """Write the voxels of a way from each of which the next is seen, far apart; return how many."""
    n, at = 1, 0
    bends[0] = way[0]
    while at < count - 1:
        low, reach = at + 1, 1
        while at + reach < count and _seen(inside, way[at], way[at + reach]):
            low = at + reach
            reach *= 2
        high = min(at + reach, count - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if _seen(inside, way[at], way[middle]):
                low = middle
            else:
                high = middle - 1
        at = low
        bends[n] = way[at]
        n += 1
    return n


@compiled
def _moved(
    inside: Any, steps: Any, start_axis: int, bends: Any, n: int, k: int, step: float, there: Any
) -> bool:
    """Move one bend where the path gets shorter; the last one stays on the plane of the start."""
    last = k == n - 1
    least = _apart(bends[k - 1], bends[k], steps)
    if not last:
        least += _apart(bends[k], bends[k + 1], steps)
    z, y, x = bends[k, 0], bends[k, 1], bends[k, 2]
    best = -1
    for number in range(27):
        there[0] = z + step * (number // 9 - 1)
        there[1] = y + step * (number // 3 % 3 - 1)
        there[2] = x + step * (number % 3 - 1)
        if last and there[start_axis] != bends[k, start_axis]:
            continue
        out = False
        for i in range(3):
            out |= there[i] < 0 or there[i] > inside.shape[i] - 1
        if out:
            continue
        length = _apart(bends[k - 1], there, steps)
        if not last:
            length += _apart(there, bends[k + 1], steps)
        if length >= least - 1e-9 or not _seen(inside, bends[k - 1], there):
            continue
        if not last and not _seen(inside, there, bends[k + 1]):
            continue
        least, best = length, number
    if best < 0:
        return False
    bends[k, 0] = z + step * (best // 9 - 1)
    bends[k, 1] = y + step * (best // 3 % 3 - 1)
    bends[k, 2] = x + step * (best % 3 - 1)
    return True


@compiled
def _pulled(inside: Any, steps: Any, start_axis: int, bends: Any, n: int) -> float:
    """Move the bends of a path until it gets no shorter, leave out those that are none."""
    there = np.empty(3)
    for step in _STEPS:
        for _ in range(_ROUNDS):
            moved = False
            k = 1
            while k < n:
                if k < n - 1 and _seen(inside, bends[k - 1], bends[k + 1]):
                    for j in range(k, n - 1):
                        bends[j] = bends[j + 1]
                    n -= 1
                    moved = True
                    continue
                moved |= _moved(inside, steps, start_axis, bends, n, k, step, there)
                k += 1
            if not moved:
                break
    total = 0.0
    for k in range(1, n):
        total += _apart(bends[k - 1], bends[k], steps)
    return total


@compiled
def taut_lengths(
    inside: Any, lengths: Any, steps: Any, start_axis: int, ends: Any, found: Any
) -> int:
    """Follow path lengths down from some ends, and measure the paths when they are pulled taut.

    Parameters
    ----------
    inside : ndarray of uint8, (z, y, x)
        Not 0 where a path may go.
    lengths : ndarray of float32, (z, y, x)
        From the start, where they are 0; infinite where it isn't reached.
    steps : ndarray of float, (3,)
        Voxel size.
    start_axis : int
        The axis across which the start is a plane.
    ends : ndarray of int64, (n, 3)
    found : ndarray of float, (n,)
        Is written; NaN where a path could not be followed.

    Returns
    -------
    int
        Paths that were followed.
    """
    most = 0.0
    for i in range(len(ends)):
        most = max(most, lengths[ends[i, 0], ends[i, 1], ends[i, 2]])
    least = min(steps[0], min(steps[1], steps[2]))
    room = int(3 * most / least) + 8
    way, bends = np.empty((room, 3), np.int64), np.empty((room, 3))
    done = 0
    for i in range(len(ends)):
        count = _way_back(lengths, ends[i], way)
        if count == 0:
            found[i] = np.nan
            continue
        n = _bends_of(inside, way, count, bends)
        found[i] = _pulled(inside, steps, start_axis, bends, n)
        done += 1
    return done
