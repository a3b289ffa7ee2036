"""Compiled sweeps over numbered regions: sums, the largest ball in each, and where two meet."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

BLOCK = 128


@compiled
def sum_places(labels: Any, z0: int, z1: int, sums: Any) -> None:
    """Add voxels and their places to the sums of their regions.

    Parameters
    ----------
    labels : ndarray of int32, (z, y, x)
        0 where there is no region.
    z0, z1 : int
        Range of planes.
    sums : ndarray of int64, (regions + 1, 4)
        Voxels and sums of z, y, x; is written.
    """
    _, ny, nx = labels.shape
    for z in range(z0, z1):
        for y in range(ny):
            row = labels[z, y]
            x = 0
            while x < nx:
                label = row[x]
                first = x
                while x < nx and row[x] == label:
                    x += 1
                if label > 0:
                    own, count = sums[label], x - first
                    own[0] += count
                    own[1] += count * z
                    own[2] += count * y
                    own[3] += count * (first + x - 1) // 2


@compiled
def distances_along_z(labels: Any, squared: Any, cap: int, p0: int, p1: int) -> None:
    """Write the squared distance along z to the nearest voxel of another region.

    Parameters
    ----------
    labels : ndarray of int32, (z, y * x)
        Beyond the ends there is another region.
    squared : ndarray of int, (z, y * x)
        Is written; 0 where there is no region.
    cap : int
        Stands for "no less than this".
    p0, p1 : int
        Range along the second axis.
    """
    most = 1
    while most * most < cap:
        most += 1
    last = np.zeros(p1 - p0, squared.dtype)
    count = len(labels)
    for z in range(count):
        row, before, out = labels[z, p0:p1], labels[max(z - 1, 0), p0:p1], squared[z, p0:p1]
        for i in range(len(out)):
            step = min(last[i] + 1, most)
            step = step if row[i] == before[i] else 1
            step = step if row[i] > 0 else 0
            last[i] = step
            out[i] = step
    last[:] = 0
    for z in range(count - 1, -1, -1):
        row, behind = labels[z, p0:p1], labels[min(z + 1, count - 1), p0:p1]
        out = squared[z, p0:p1]
        for i in range(len(out)):
            step = last[i] + 1
            step = step if row[i] == behind[i] else 1
            step = min(step, out[i])
            last[i] = step
            out[i] = min(step * step, cap)


@compiled
def _lower(now: Any, own: Any, value: Any, other: Any, square: Any) -> None:
    for i in range(len(now)):
        a = value[i] if other[i] == own[i] else value.dtype.type(0)
        a = a + square
        now[i] = a if a < now[i] else now[i]


@compiled
def _largest(row: Any) -> Any:
    found = row[0]
    for i in range(len(row)):
        found = row[i] if row[i] > found else found
    return found


@compiled
def largest_distances(
    labels: Any, along_z: Any, bound: Any, z0: int, z1: int, largest: Any
) -> None:
    """Find the largest squared distance to another region in each.

    Parameters
    ----------
    labels : ndarray of int32, (z, y, x)
    along_z : ndarray of int, (z, y, x)
        From `distances_along_z`.
    bound : ndarray of int, (z, y, x)
        No squared distance is larger: offsets beyond it are not tried.
    z0, z1 : int
        Range of planes.
    largest : ndarray of int, (regions + 1,)
        Is raised.
    """
    _, ny, nx = labels.shape
    middle = np.empty(nx, along_z.dtype)
    values = np.zeros(3 * nx, along_z.dtype)
    names = np.empty(3 * nx, labels.dtype)
    names[:] = -2
    now = np.empty(BLOCK, along_z.dtype)
    for z in range(z0, z1):
        for y in range(ny):
            row = labels[z, y]
            if _largest(row) <= 0:
                continue
            top = _largest(bound[z, y])
            for x in range(0, nx, BLOCK):
                end = min(x + BLOCK, nx)
                part, own = middle[x:end], row[x:end]
                part[:] = along_z[z, y, x:end]
                step = 1
                while step * step < min(top, _largest(part)):
                    square = along_z.dtype.type(step * step)
                    for other in (y - step, y + step):
                        if 0 <= other < ny:
                            there = along_z[z, other, x:end]
                            _lower(part, own, there, labels[z, other, x:end], square)
                        else:
                            for i in range(len(part)):
                                part[i] = min(part[i], square)
                    step += 1
            values[nx : 2 * nx] = middle
            names[nx : 2 * nx] = row
            for x in range(0, nx, BLOCK):
                end = min(x + BLOCK, nx)
                part, own = now[: end - x], row[x:end]
                part[:] = middle[x:end]
                most = _largest(bound[z, y, x:end])
                step = 1
                while step * step < min(most, _largest(part)) and step <= nx:
                    square = along_z.dtype.type(step * step)
                    for start in (nx + x - step, nx + x + step):
                        stop = start + end - x
                        _lower(part, own, values[start:stop], names[start:stop], square)
                    step += 1
                for i in range(len(part)):
                    far = min(part[i], bound[z, y, x + i])
                    if own[i] > 0 and far > largest[own[i]]:
                        largest[own[i]] = far


@compiled
def meetings(labels: Any, squared: Any, jumps: Any, z0: int, z1: int) -> Any:
    """List the pairs of regions that meet in a range of planes.

    Of each pair, the voxels of the region with the higher number that touch the other count.

    Parameters
    ----------
    labels : ndarray of int32, (z, y, x)
        Pairs on the outermost voxels are left out.
    squared : ndarray of int, (z, y, x)
        Squared distance to the solid.
    jumps : ndarray of int64, (6,)
        To neighbours, by flat index.
    z0, z1 : int
        Range of planes, none of them the first or last.

    Returns
    -------
    ndarray of int64, (pairs, 4)
        Lower and higher number, largest squared distance, and the first voxel that has it.
    """
    _, ny, nx = labels.shape
    flat, far = labels.reshape(-1), squared.reshape(-1)
    found = np.empty((512, 4), np.int64)
    table = np.empty(1024, np.int64)
    table[:] = -1
    meets = np.empty(nx - 2, np.uint8)
    count = 0
    for z in range(z0, z1):
        for y in range(1, ny - 1):
            start = (z * ny + y) * nx + 1
            meets[:] = 0
            for k in range(len(jumps)):
                beside = start + jumps[k]
                _mark(meets, flat[start : start + nx - 2], flat[beside : beside + nx - 2])
            for x in range(nx - 2):
                if not meets[x]:
                    continue
                at = start + x
                own = flat[at]
                for k in range(len(jumps)):
                    other = flat[at + jumps[k]]
                    if other <= 0 or other >= own:
                        continue
                    place = _place(table, found, other, own)
                    if table[place] < 0:
                        if 2 * count == len(table):
                            found, table = _grown(found, table, count)
                            place = _place(table, found, other, own)
                        table[place] = count
                        found[count, 0], found[count, 1] = other, own
                        found[count, 2], found[count, 3] = -1, at
                        count += 1
                    pair = found[table[place]]
                    if far[at] > pair[2]:
                        pair[2], pair[3] = far[at], at
    return found[:count]


@compiled
def _mark(meets: Any, own: Any, beside: Any) -> None:
    for x in range(len(meets)):
        meets[x] |= (beside[x] > 0) & (beside[x] < own[x])


@compiled
def _place(table: Any, found: Any, low: int, high: int) -> int:
    """Return where a pair is in the table, or where it belongs."""
    place = (low * 73856093 + high * 19349663) & (len(table) - 1)
    while table[place] >= 0:
        pair = found[table[place]]
        if pair[0] == low and pair[1] == high:
            break
        place = (place + 1) & (len(table) - 1)
    return place


@compiled
def _grown(found: Any, table: Any, count: int) -> Any:
    more = np.empty((2 * len(found), 4), np.int64)
    for i in range(count):
        for k in range(4):
            more[i, k] = found[i, k]
    wider = np.empty(2 * len(table), np.int64)
    wider[:] = -1
    for i in range(count):
        wider[_place(wider, more, more[i, 0], more[i, 1])] = i
    return more, wider
