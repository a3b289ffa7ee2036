"""Compiled loop of the coarse search: a turned picture is dropped into an empty volume."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

from ...compiling import compiled_fused


@compiled_fused
def drop(points: Any, values: Any, matrices: Any, grids: Any) -> None:
    """Add grey values to the eight voxels around each turned point, wrapping at the faces.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        About the middle of the picture.
    values : ndarray of float32, shape (n,)
    matrices : ndarray of float64, shape (m, 3, 3)
        From there to voxels.
    grids : ndarray of float32, shape (m, z, y, x)
        Is added to; the middle of the picture goes to voxel 0.
    """
    _, nz, ny, nx = grids.shape
    for m in range(matrices.shape[0]):
        a, grid = matrices[m], grids[m]
        for i in range(points.shape[0]):
            p, q, r = points[i, 0], points[i, 1], points[i, 2]
            z = a[0, 0] * p + a[0, 1] * q + a[0, 2] * r + 64 * nz
            y = a[1, 0] * p + a[1, 1] * q + a[1, 2] * r + 64 * ny
            x = a[2, 0] * p + a[2, 1] * q + a[2, 2] * r + 64 * nx
            z0, y0, x0 = int(z), int(y), int(x)
            w, v, u = z - z0, y - y0, x - x0
            z0, y0, x0 = z0 % nz, y0 % ny, x0 % nx
            z1, y1, x1 = (z0 + 1) % nz, (y0 + 1) % ny, (x0 + 1) % nx
            g = values[i]
            grid[z0, y0, x0] += g * (1 - w) * (1 - v) * (1 - u)
            grid[z0, y0, x1] += g * (1 - w) * (1 - v) * u
            grid[z0, y1, x0] += g * (1 - w) * v * (1 - u)
            grid[z0, y1, x1] += g * (1 - w) * v * u
            grid[z1, y0, x0] += g * w * (1 - v) * (1 - u)
            grid[z1, y0, x1] += g * w * (1 - v) * u
            grid[z1, y1, x0] += g * w * v * (1 - u)
            grid[z1, y1, x1] += g * w * v * u
