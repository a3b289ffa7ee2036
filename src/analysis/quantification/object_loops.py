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
def sum_runs(labels: Any, sums: Any, z0: int, z1: int) -> None:
    """Add voxels, moments and boxes of the labels in a slab.

    Parameters
    ----------
    labels : ndarray of unsigned int, (z, y, x)
    sums : ndarray of int64, (labels, COLUMNS)
        Is added to.
    """
    _, ny, nx = labels.shape
    for z in range(z0, z1):
        for y in range(ny):
            row = labels[z, y]
            x = 0
            while x < nx:
                label = row[x]
                start = x
                x += 1
                while x < nx and row[x] == label:
                    x += 1
                if label:
                    _add_run(sums[label], z, y, start, x - start)


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
    mixed = np.zeros(nx + 1, np.bool_)
    u = np.empty(nx, labels.dtype)
    keys, areas = np.zeros(1024, np.int64), np.zeros(1024, np.int64)
    used, last_key, last_at = 0, np.int64(0), 0
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
            for x in range(nx + 1):
                if not mixed[x]:
                    continue
                halves = half_z + half_y + (x == 0) + (x == nx)
                low, high = max(x - 1, 0), min(x, nx - 1)
                cell[0], cell[1], cell[2], cell[3] = a[low], a[high], b[low], b[high]
                cell[4], cell[5], cell[6], cell[7] = d[low], d[high], e[low], e[high]
                count = 0
                for i in range(8):
                    k = 0
                    while k < count and names[k] != cell[i]:
                        k += 1
                    if k == count:
                        names[k] = cell[i]
                        sets[k] = 0
                        count += 1
                    sets[k] |= 1 << i
                for k in range(count):
                    if names[k] or join_zero:
                        sums[names[k], SURFACE] += table[sets[k]] >> halves
                if not pairs:
                    continue
                for k in range(count):
                    for m in range(k):
                        if not join_zero and (names[k] == 0 or names[m] == 0):
                            continue
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
    return keys, areas
