"""Compiled loops over the voxels of an image: means, softening, and how steep it is.

Numba compiles them when they are first called and keeps them beside this file. All of them let
go of the interpreter, and work on a slab of planes, so that several threads can share an image.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_fused


@compiled_fused
def average(values: Any, factors: Any, first: int, last: int, out: Any) -> None:
    """Average blocks of voxels, for the planes of the result from the first to before the last.

    Parameters
    ----------
    values : ndarray of float32, shape (z, y, x)
    factors : ndarray of int64, shape (3,)
        Voxels along the sides of a block.
    out : ndarray of float32, shape (z, y, x)
        Is written.
    """
    fz, fy, fx = factors
    share = np.float32(1.0 / (fz * fy * fx))
    for z in range(first, last):
        for y in range(out.shape[1]):
            row = out[z, y]
            row[:] = 0
            for a in range(fz):
                for b in range(fy):
                    line = values[z * fz + a, y * fy + b]
                    if fx == 1:
                        for x in range(row.shape[0]):
                            row[x] += line[x]
                    elif fx == 2:
                        for x in range(row.shape[0]):
                            row[x] += line[2 * x] + line[2 * x + 1]
                    else:
                        for x in range(row.shape[0]):
                            for c in range(fx):
                                row[x] += line[x * fx + c]
            for x in range(row.shape[0]):
                row[x] *= share


@compiled_fused
def soften(values: Any, first: int, last: int, out: Any) -> None:
    """Average each voxel with its neighbours along every axis, 1 : 3 : 1 (0.63 voxels).

    Parameters
    ----------
    values, out : ndarray of float32, shape (z, y, x)
        The border voxels are their own neighbours. Planes from the first to before the last are
        written.
    """
    nz, ny, nx = values.shape
    planes = np.empty((3, ny, nx), np.float32)  # softened along y and x, of three z
    here, row = np.empty((ny, nx), np.float32), np.empty(nx, np.float32)
    side, middle = np.float32(0.2), np.float32(0.6)
    for z in range(max(first - 1, 0), last + 1):
        if z < nz:
            for y in range(ny):
                for x in range(nx):
                    here[y, x] = values[z, y, x]
                row[0] = middle * here[y, 0] + side * (here[y, 0] + here[y, min(1, nx - 1)])
                for x in range(1, nx - 1):
                    row[x] = middle * here[y, x] + side * (here[y, x - 1] + here[y, x + 1])
                row[nx - 1] = middle * here[y, nx - 1] + side * (
                    here[y, nx - 1] + here[y, max(nx - 2, 0)]
                )
                for x in range(nx):
                    here[y, x] = row[x]
            plane = planes[z % 3]
            for y in range(ny):
                above, below = max(y - 1, 0), min(y + 1, ny - 1)
                for x in range(nx):
                    plane[y, x] = middle * here[y, x] + side * (here[above, x] + here[below, x])
        if z > first:
            one, two = planes[max(z - 2, 0) % 3], planes[(z - 1) % 3]
            three = planes[min(z, nz - 1) % 3]
            for y in range(ny):
                for x in range(nx):
                    out[z - 1, y, x] = middle * two[y, x] + side * (one[y, x] + three[y, x])


@compiled_fused
def soft_at(values: Any, mask: Any, voxels: Any, out: Any) -> None:
    """Soften an image at some of its voxels only.

    Parameters
    ----------
    values : ndarray of float32, shape (z, y, x)
    mask : ndarray of bool, shape (z, y, x) or (0, 0, 0)
        Voxels that count; none where all do.
    voxels : ndarray of int64, shape (n,)
        Their numbers in the flat image.
    out : ndarray of float32, shape (n,)
        Is written.
    """
    nz, ny, nx = values.shape
    masked = mask.size > 0
    weights = (np.float32(0.2), np.float32(0.6), np.float32(0.2))
    for i in range(voxels.shape[0]):
        x, y, z = voxels[i] % nx, voxels[i] // nx % ny, voxels[i] // (nx * ny)
        total, share = np.float32(0), np.float32(0)
        for a in range(3):
            za = min(max(z + a - 1, 0), nz - 1)
            for b in range(3):
                yb = min(max(y + b - 1, 0), ny - 1)
                for c in range(3):
                    xc = min(max(x + c - 1, 0), nx - 1)
                    weight = weights[a] * weights[b] * weights[c]
                    if not masked or mask[za, yb, xc]:
                        total += weight * values[za, yb, xc]
                        share += weight
        out[i] = total / max(share, np.float32(0.1))


@compiled_fused
def steepness_at(values: Any, spacing: Any, voxels: Any, softly: bool, out: Any) -> None:
    """Square the slope at some voxels, by differences of their neighbours.

    Parameters
    ----------
    values : ndarray of float32, shape (z, y, x)
    spacing : ndarray of float64, shape (3,)
    voxels : ndarray of int64, shape (n,)
        Their numbers in the flat image.
    softly : bool
        Whether neighbours are averaged across each difference, 1 : 3 : 1.
    out : ndarray of float32, shape (n,)
        Is written.
    """
    shape = values.shape
    weights = (np.float32(0.2), np.float32(0.6), np.float32(0.2))
    for i in range(voxels.shape[0]):
        x = voxels[i] % shape[2]
        y = voxels[i] // shape[2] % shape[1]
        z = voxels[i] // (shape[2] * shape[1])
        zs = (max(z - 1, 0), z, min(z + 1, shape[0] - 1))
        ys = (max(y - 1, 0), y, min(y + 1, shape[1] - 1))
        xs = (max(x - 1, 0), x, min(x + 1, shape[2] - 1))
        by_z, by_y, by_x = np.float32(0), np.float32(0), np.float32(0)
        if softly:
            for a in range(3):
                for b in range(3):
                    across = weights[a] * weights[b]
                    by_z += across * (values[zs[2], ys[a], xs[b]] - values[zs[0], ys[a], xs[b]])
                    by_y += across * (values[zs[a], ys[2], xs[b]] - values[zs[a], ys[0], xs[b]])
                    by_x += across * (values[zs[a], ys[b], xs[2]] - values[zs[a], ys[b], xs[0]])
        else:
            by_z = values[zs[2], y, x] - values[zs[0], y, x]
            by_y = values[z, ys[2], x] - values[z, ys[0], x]
            by_x = values[z, y, xs[2]] - values[z, y, xs[0]]
        by_z, by_y, by_x = by_z / spacing[0], by_y / spacing[1], by_x / spacing[2]
        out[i] = by_z * by_z + by_y * by_y + by_x * by_x
