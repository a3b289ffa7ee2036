"""Compiled sweep over labels: moments from runs along x, surfaces and contacts from cells of 2³.

Strategy: all sums are whole numbers (surfaces in parts of 2**-36 voxel faces), so that the order of
summation, and with it the number of threads, doesn't matter. Only cells that hold more than one
label cost anything; which they are is found for whole rows at once.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

#: Columns of the sums: voxels, first moments, second moments, box, surface.
COLUMNS = 17
LOW, HIGH, SURFACE = 10, 13, 16


@compiled
def _add_run(row: Any, z: int, y: int, first: int, length: int) -> None:
    """Add a run of voxels to the sums of its label."""
    last = first + length - 1
    sum_x = (first + last) * length // 2
    sum_xx = (last * (last + 1) * (2 * last + 1) - (first - 1) * first * (2 * first - 1)) // 6
    if row[0] == 0:
        row[LOW], row[LOW + 1], row[LOW + 2] = z, y, first
        row[HIGH], row[HIGH + 1], row[HIGH + 2] = z + 1, y + 1, last + 1
    row[0] += length
    row[1] += z * length
    row[2] += y * length
    row[3] += sum_x
    row[4] += z * z * length
    row[5] += y * y * length
    row[6] += sum_xx
    row[7] += z * y * length
    row[8] += z * sum_x
    row[9] += y * sum_x
    row[LOW] = min(row[LOW], z)
    row[LOW + 1] = min(row[LOW + 1], y)
    row[LOW + 2] = min(row[LOW + 2], first)
    row[HIGH] = max(row[HIGH], z + 1)
    row[HIGH + 1] = max(row[HIGH + 1], y + 1)
    row[HIGH + 2] = max(row[HIGH + 2], last + 1)


@compiled
def _places(mixed: Any, places: Any) -> Any:
    """Write where a row is marked, eight at a time and no branch within; return how often it is."""
    count: Any = 0
    eights = mixed.view(np.uint64)
    for k in range(len(eights)):
        if eights[k]:
            for x in range(8 * k, 8 * k + 8):
                places[count] = x
                count += mixed[x]
    return count


@compiled
def _marks(length: int) -> Any:
    """Return room for the marks of a row, in whole eights, and for their places."""
    eights = -(-length // 8)
    return np.zeros(8 * eights, np.bool_), np.empty(8 * eights + 1, np.int32)


@compiled
def sum_runs(labels: Any, sums: Any, z0: int, z1: int) -> None:
    """Add voxels, moments and boxes of the labels in a slab.

    Parameters
    ----------
    labels : ndarray of unsigned int, (z, y, x)
    sums : ndarray of int64, (labels, COLUMNS)
        Is added to.
    """
    _, ny, nx = labels.shape
    ends, places = _marks(nx)
    ends[nx - 1] = True
    for z in range(z0, z1):
        for y in range(ny):
            row = labels[z, y]
            for x in range(nx - 1):
                ends[x] = row[x] != row[x + 1]
            start: Any = 0
            for place in places[: _places(ends, places)]:
                label, end = row[place], np.int64(place) + 1
                if label:
                    _add_run(sums[label], z, y, start, end - start)
                start = end


@compiled
def _mixed(a: Any, b: Any, c: Any, d: Any, u: Any, mixed: Any) -> None:
    """Mark the cells x - 1, x of four rows that hold more than one label."""
    for x in range(len(a)):
        u[x] = (a[x] ^ b[x]) | (a[x] ^ c[x]) | (a[x] ^ d[x])
    for x in range(len(a) - 1):
        mixed[x + 1] = (u[x] | u[x + 1] | (a[x] ^ a[x + 1])) != 0
    mixed[0] = u[0] != 0
    mixed[len(a)] = u[len(a) - 1] != 0


@compiled
def _columns(a: Any, b: Any, c: Any, d: Any, names: Any, corners: Any) -> None:
    """Write the only label beside 0 in the columns x of four rows, and the set of its corners.

    Columns of several labels get a set of 16, so that no cell of theirs has one label only.
    """
    for x in range(len(a)):
        name = max(max(a[x], b[x]), max(c[x], d[x]))
        inside = (a[x] != 0) | (b[x] != 0) << 1 | (c[x] != 0) << 2 | (d[x] != 0) << 3
        same = (a[x] == name) | (b[x] == name) << 1 | (c[x] == name) << 2 | (d[x] == name) << 3
        names[x] = name
        corners[x] = inside if name == 0 or inside == same else 16


@compiled
def _by_columns(table: Any) -> Any:
    """Return the surface for sets of the lower (low bits) and the upper column of a cell."""
    found = np.empty(256, np.int64)
    for low in range(16):
        for high in range(16):
            both = 0
            for k in range(4):
                both |= (low >> k & 1) << (2 * k) | (high >> k & 1) << (2 * k + 1)
            found[low | high << 4] = table[both]
    return found


@compiled
def _slot(keys: Any, key: Any) -> Any:
    """Return where a key is in a hash table, or belongs."""
    size = len(keys) - 1
    at = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & size
    while keys[at] != key and keys[at] != 0:
        at = (at + 1) & size
    return at


@compiled
def grown(keys: Any, areas: Any) -> Any:
    """Return a hash table twice the size, with the same entries."""
    more = np.zeros(2 * len(keys), np.int64)
    sums = np.zeros(2 * len(keys), np.int64)
    for i in range(len(keys)):
        if keys[i]:
            at = _slot(more, keys[i])
            more[at] = keys[i]
            sums[at] = areas[i]
    return more, sums


@compiled
def sum_cells(
    labels: Any, sums: Any, table: Any, pairs: bool, join_zero: bool, c0: int, c1: int
) -> Any:
    """Add the surface of each label, and of each pair of labels, in a range of cell planes.

    Cells at the border of the image repeat its outermost voxels and count half.

    Parameters
    ----------
    labels : ndarray of unsigned int, (z, y, x)
    sums : ndarray of int64, (labels, COLUMNS)
        Surfaces are added to.
    table : ndarray of int64, (256,)
        Surface for each set of corners, bit 4 z + 2 y + x.
    pairs : bool
        Whether to sum the contacts as well.
    join_zero : bool
        Whether label 0 is an object too.
    c0, c1 : int
        Planes of cells; plane c lies between voxels c - 1 and c.

    Returns
    -------
    tuple of ndarray of int64
        Key ``(smaller << 32) + larger + 1`` and twice the contact surface of each pair.
    """
    nz, ny, nx = labels.shape
    mixed, places = _marks(nx + 1)
    u = np.empty(nx, labels.dtype)
    keys, areas = np.zeros(1024, np.int64), np.zeros(1024, np.int64)
    used, last_key, last_at = 0, np.int64(0), 0
    by_columns = _by_columns(table)
    tops, corners = np.empty(nx, labels.dtype), np.empty(nx, np.uint8)
    surfaces = np.zeros(len(sums), np.int64)
    cell = np.empty(8, np.int64)
    names, sets = np.empty(8, np.int64), np.empty(8, np.int64)
    for c in range(c0, c1):
        half_z = (c == 0) + (c == nz)
        low_z, high_z = max(c - 1, 0), min(c, nz - 1)
        for r in range(ny + 1):
            half_y = (r == 0) + (r == ny)
            low_y, high_y = max(r - 1, 0), min(r, ny - 1)
            a, b = labels[low_z, low_y], labels[low_z, high_y]
            d, e = labels[high_z, low_y], labels[high_z, high_y]
            _mixed(a, b, d, e, u, mixed)
            if not join_zero:
                _columns(a, b, d, e, tops, corners)
            for place in places[: _places(mixed, places)]:
                x: Any = np.int64(place)
                halves = half_z + half_y + (x == 0) + (x == nx)
                low, high = max(x - 1, 0), min(x, nx - 1)
                if not join_zero:  # most cells hold one object and what is outside
                    one, other = tops[low], tops[high]
                    alone = one == other or one == 0 or other == 0
                    if alone and (corners[low] | corners[high]) < 16:
                        area = by_columns[corners[low] | corners[high] << 4]
                        surfaces[max(one, other)] += area >> halves
                        continue
                cell[0], cell[1], cell[2], cell[3] = a[low], a[high], b[low], b[high]
                cell[4], cell[5], cell[6], cell[7] = d[low], d[high], e[low], e[high]
                count, left = 0, 255
                for i in range(8):
                    if not left >> i & 1:
                        continue
                    name, inside = cell[i], 0
                    for k in range(8):
                        inside |= (cell[k] == name) << k
                    left &= ~inside
                    if name or join_zero:
                        surfaces[name] += table[inside] >> halves
                        names[count], sets[count] = name, inside
                        count += 1
                if not pairs:
                    continue
                for k in range(count):
                    for m in range(k):
                        area = table[sets[k]] + table[sets[m]] - table[sets[k] | sets[m]]
                        smaller, larger = min(names[k], names[m]), max(names[k], names[m])
                        key = (smaller << 32) + larger + 1
                        if key != last_key:
                            last_at = _slot(keys, key)
                            last_key = key
                            if keys[last_at] == 0:
                                keys[last_at] = key
                                used += 1
                                if 2 * used > len(keys):
                                    keys, areas = grown(keys, areas)
                                    last_at = _slot(keys, key)
                        areas[last_at] += area >> halves
    sums[:, SURFACE] += surfaces
    return keys, areas
