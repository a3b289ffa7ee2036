"""Compiled loops of local thickness: which centres matter, and painting their balls.

Strategy: a ball that lies inside a neighbour's is not painted. The rest are painted from large to
small on a map with one bit a voxel that isn't painted yet, 64 to a word, and one a brick of
4 x 4 x 4 voxels that has such: bricks that are done cost a 64th of an AND, and each voxel is
written once.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

_NONE = -(2**40)  # half the width of a row that a ball does not reach


@compiled
def cover_table(offset: Any, weights: Any, length: int, shift: int) -> Any:
    """Return the squared radius from which a ball at an offset holds a ball at the origin.

    Remy and Thiel's look-up table: for all squared radii up to ``(index + 1) << shift``.

    Parameters
    ----------
    offset : tuple of int
        Along z, y, x; 0 or more.
    weights : tuple of int
        Of a squared step.
    length : int
        Of the table.
    """
    vz, vy, vx = offset
    wz, wy, wx = weights
    table = np.zeros(length, np.int64)
    limit = length << shift
    z = 0
    while wz * z * z < limit:
        y = 0
        while wz * z * z + wy * y * y < limit:
            x = 0
            near = wz * z * z + wy * y * y
            far = wz * (z + vz) ** 2 + wy * (y + vy) ** 2
            while near + wx * x * x < limit:
                at = (near + wx * x * x) >> shift
                reach = far + wx * (x + vx) ** 2 + 1
                if reach > table[at]:
                    table[at] = reach
                x += 1
            y += 1
        z += 1
    for at in range(1, length):
        table[at] = max(table[at], table[at - 1])
    return table


@compiled
def mark_centres(
    squared: Any, offsets: Any, classes: Any, tables: Any, shift: int, keep: Any, z0: int, z1: int
) -> None:
    """Mark the voxels whose ball is in none of the balls at the offsets.

    Parameters
    ----------
    squared : ndarray of int, (z, y, x)
        Squared distances.
    offsets : ndarray of int64, (n, 3)
    classes : ndarray of int64, (n,)
        Row of `tables` for each offset.
    tables : ndarray of int64, (classes, length)
        From `cover_table`; index ``r`` holds for a ball of squared radius up to that.
    keep : ndarray of uint8, (z, y, x)
        Is written.
    """
    nz, ny, nx = squared.shape
    count = len(offsets)
    steps = np.empty(count, np.int64)
    for k in range(count):
        steps[k] = (offsets[k, 0] * ny + offsets[k, 1]) * nx + offsets[k, 2]
    flat = squared.reshape(-1)
    margin = 0
    for k in range(count):
        for axis in range(3):
            margin = max(margin, abs(offsets[k, axis]))
    for z in range(z0, z1):
        for y in range(ny):
            rows_inside = margin <= z < nz - margin and margin <= y < ny - margin
            for x in range(nx):
                radius = squared[z, y, x]
                found = np.uint8(radius > 0)
                if found:
                    at = (z * ny + y) * nx + x
                    index = (np.int64(radius) - 1) >> shift
                    if rows_inside and margin <= x < nx - margin:
                        for k in range(count):
                            if flat[at + steps[k]] >= tables[classes[k], index]:
                                found = np.uint8(0)
                                break
                    else:
                        for k in range(count):
                            a, b, c = z + offsets[k, 0], y + offsets[k, 1], x + offsets[k, 2]
                            if a < 0 or b < 0 or c < 0 or a >= nz or b >= ny or c >= nx:
                                continue
                            if squared[a, b, c] >= tables[classes[k], index]:
                                found = np.uint8(0)
                                break
                keep[z, y, x] = found


@compiled
def pack_bits(phase: Any, fine: Any, coarse: Any, slab0: int, slab1: int) -> None:
    """Set one bit for each voxel of a phase, and one for each brick of 4 x 4 x 4 that has some.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x)
    fine : ndarray of uint64, (z // 4, y // 4, x // 64, 16)
        64 voxels along x to a word; the last axis is the row in the bricks. Is written.
    coarse : ndarray of uint64, (z // 4, y // 4, x // 256)
        64 bricks along x to a word. Is written.
    slab0, slab1 : int
        Range along the first axis.
    """
    nz, ny, nx = phase.shape
    for a in range(slab0, slab1):
        for b in range(fine.shape[1]):
            for r in range(16):
                z, y = 4 * a + r // 4, 4 * b + r % 4
                for k in range(fine.shape[2]):
                    word = np.uint64(0)
                    if z < nz and y < ny:
                        for x in range(64 * k, min(64 * k + 64, nx)):
                            word |= np.uint64(phase[z, y, x]) << np.uint64(x - 64 * k)
                    fine[a, b, k, r] = word
            for c in range(coarse.shape[2]):
                coarse[a, b, c] = _bricks(fine[a, b], c)


@compiled
def _bricks(rows: Any, c: int) -> Any:
    """Return the word of the bricks that still hold a bit."""
    found = np.uint64(0)
    for k in range(4 * c, min(4 * c + 4, rows.shape[0])):
        word = np.uint64(0)
        for r in range(16):
            word |= rows[k, r]
        word |= word >> np.uint64(2)
        word |= word >> np.uint64(1)
        word &= np.uint64(0x1111111111111111)
        # bits 0, 4, 8, ... are brought together
        word = (word | (word >> np.uint64(3))) & np.uint64(0x0303030303030303)
        word = (word | (word >> np.uint64(6))) & np.uint64(0x000F000F000F000F)
        word = (word | (word >> np.uint64(12))) & np.uint64(0x000000FF000000FF)
        word = (word | (word >> np.uint64(24))) & np.uint64(0xFFFF)
        found |= word << np.uint64(16 * (k - 4 * c))
    return found


@compiled
def half_widths(radius: int, weights: Any, reach_z: int, reach_y: int) -> Any:
    """Return half the width of the row of a ball at each (dz, dy), `_NONE` where there is none.

    The middle is at (reach_z + 3, reach_y + 3): bricks go up to 3 voxels beyond the ball.
    """
    wz, wy, wx = weights
    mid_z, mid_y = reach_z + 3, reach_y + 3
    table = np.empty((2 * mid_z + 1, 2 * mid_y + 1), np.int64)
    for dz in range(mid_z + 1):
        for dy in range(mid_y + 1):
            left = radius - 1 - wz * dz * dz - wy * dy * dy
            half = _NONE
            if left >= 0:
                half = int(np.sqrt(left / wx))
                while wx * half * half > left:
                    half -= 1
                while wx * (half + 1) * (half + 1) <= left:
                    half += 1
            table[mid_z + dz, mid_y + dy] = table[mid_z - dz, mid_y + dy] = half
            table[mid_z + dz, mid_y - dy] = table[mid_z - dz, mid_y - dy] = half
    return table


@compiled
def _covered(rows: Any, halves: Any, x: int, fresh: Any) -> Any:
    """Write the bits of 16 words that a ball covers; branch-free, so that it runs on vectors.

    Parameters
    ----------
    rows : ndarray of uint64, (16,)
    halves : ndarray of int64, (16,)
        Half the width of the ball in each.
    x : int
        Its middle, from the first bit on.
    fresh : ndarray of uint64, (16,)
        Is written.

    Returns
    -------
    uint64
        All of them together.
    """
    full, none, found = ~np.uint64(0), np.uint64(0), np.uint64(0)
    for r in range(16):
        low, high = x - halves[r], x + halves[r]
        from_low = full << np.uint64(max(low, 0) & 63)
        to_high = full >> np.uint64((63 - min(high, 63)) & 63)
        from_low = none if low > 63 else from_low
        to_high = none if high < 0 else to_high
        fresh[r] = rows[r] & from_low & to_high
        found |= fresh[r]
    return found


@compiled
def _span(first: int, last: int, start: int) -> Any:
    """Return the bits first .. last of a word that begins at a position."""
    full = ~np.uint64(0)
    mask = full
    if first > start:
        mask &= full << np.uint64(first - start)
    if last < start + 63:
        mask &= full >> np.uint64(start + 63 - last)
    return mask


@compiled
def _lowest(word: Any) -> Any:
    """Return the position of the lowest bit of a word."""
    word = (word & (~word + np.uint64(1))) - np.uint64(1)
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def _outside(at: Any, start: int) -> Any:
    """Return how far a place is from the range start .. start + 3."""
    return max(start - at, at - start - 3, 0)


@compiled
def paint(
    places: Any,
    radii: Any,
    weights: Any,
    unit: float,
    fine: Any,
    coarse: Any,
    out: Any,
    slab0: int,
    slab1: int,
) -> None:
    """Paint balls from large to small into the planes of a slab.

    Parameters
    ----------
    places : ndarray of int64, (n,)
        Flat index of each centre, in order of falling radius.
    radii : ndarray of int, (n,)
        Squared.
    weights : tuple of int
        Of a squared step.
    unit : float
        Diameters are written in it.
    fine, coarse : ndarray of uint64
        Voxels not painted yet, from `pack_bits`; are updated.
    out : ndarray of float32, (z, y, x)
        Is written.
    """
    nz, ny, nx = out.shape
    wz, wy, _ = weights
    left = 0
    for a in range(slab0, slab1):
        for b in range(coarse.shape[1]):
            for c in range(coarse.shape[2]):
                left += coarse[a, b, c] != 0
    table = np.empty((1, 1), np.int64)
    halves, fresh = np.empty(16, np.int64), np.empty(16, np.uint64)
    made: Any = -1
    reach_z, reach_y = 0, 0
    value = np.float32(0)
    for i in range(len(places)):
        radius = np.int64(radii[i])
        if radius != made:
            made = radius
            reach_z = min(int(np.sqrt(radius / wz)) + 1, nz)
            reach_y = min(int(np.sqrt(radius / wy)) + 1, ny)
            table = half_widths(radius, weights, reach_z, reach_y)
            value = np.float32(2 * unit * np.sqrt(float(radius)))
        z = places[i] // (ny * nx)
        low_z, high_z = max(z - reach_z, 4 * slab0), min(z + reach_z, nz - 1, 4 * slab1 - 1)
        if low_z > high_z:
            continue
        if left == 0:
            break
        y = places[i] // nx - z * ny
        x = places[i] - (z * ny + y) * nx
        low_y, high_y = max(y - reach_y, 0), min(y + reach_y, ny - 1)
        for a in range(low_z >> 2, (high_z >> 2) + 1):
            near_z = _outside(z, 4 * a)
            for b in range(low_y >> 2, (high_y >> 2) + 1):
                near_y = _outside(y, 4 * b)
                half = table[reach_z + 3 + near_z, reach_y + 3 + near_y]
                if half < 0:
                    continue
                first, last = max(0, x - half), min(nx - 1, x + half)
                for c in range(first >> 8, (last >> 8) + 1):
                    if not coarse[a, b, c]:
                        continue
                    bricks = coarse[a, b, c] & _span(first >> 2, last >> 2, 64 * c)
                    if not bricks:
                        continue
                    for r in range(16):
                        halves[r] = table[
                            reach_z + 3 + 4 * a - z + (r >> 2), reach_y + 3 + 4 * b - y + (r & 3)
                        ]
                    painted = False
                    for k in range(4 * c, min(4 * c + 4, fine.shape[2])):
                        if not (bricks >> np.uint64(16 * (k - 4 * c))) & np.uint64(0xFFFF):
                            continue
                        if not _covered(fine[a, b, k], halves, x - 64 * k, fresh):
                            continue
                        painted = True
                        for r in range(16):
                            word = fresh[r]
                            fine[a, b, k, r] ^= word
                            zz, yy = 4 * a + (r >> 2), 4 * b + (r & 3)
                            while word:
                                out[zz, yy, 64 * k + _lowest(word)] = value
                                word &= word - np.uint64(1)
                    if painted:
                        coarse[a, b, c] = _bricks(fine[a, b], c)
                        left -= coarse[a, b, c] == 0
