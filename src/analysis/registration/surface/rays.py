"""Compiled loop that follows parallel rays through a volume to where they enter the specimen."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled


@compiled
def _grey(volume: Any, z: float, y: float, x: float) -> float:
    """Read a volume between its voxels; the outermost ones go on beside it."""
    nz, ny, nx = volume.shape
    z, y, x = min(max(z, 0.0), nz - 1.0), min(max(y, 0.0), ny - 1.0), min(max(x, 0.0), nx - 1.0)
    z0, y0, x0 = int(z), int(y), int(x)
    z1, y1, x1 = min(z0 + 1, nz - 1), min(y0 + 1, ny - 1), min(x0 + 1, nx - 1)
    w, v, u = z - z0, y - y0, x - x0
    near = (volume[z0, y0, x0] * (1 - u) + volume[z0, y0, x1] * u) * (1 - v)
    near += (volume[z0, y1, x0] * (1 - u) + volume[z0, y1, x1] * u) * v
    far = (volume[z1, y0, x0] * (1 - u) + volume[z1, y0, x1] * u) * (1 - v)
    far += (volume[z1, y1, x0] * (1 - u) + volume[z1, y1, x1] * u) * v
    return near * (1 - w) + far * w


@compiled
def first_crossings(
    volume: Any, starts: Any, step: Any, level: float, depth: Any, cosine: Any, per_um: Any
) -> None:
    """Find where each ray first enters what is at least as bright as a level.

    Parameters
    ----------
    volume : ndarray of float32, shape (z, y, x)
    starts : ndarray of float64, shape (n, 3)
        A place on each ray [voxel].
    step : ndarray of float64, shape (3,)
        One step along the rays [voxel].
    level : float
        Between outside and specimen [grey value].
    depth : ndarray of float64, shape (n,)
        Is written: from the start to the crossing, in steps; NaN where there is none, and where
        the ray is inside the specimen when it enters the volume.
    cosine : ndarray of float64, shape (n,)
        Is written: of the angle between ray and inward normal.
    per_um : ndarray of float64, shape (3,)
        Voxels to 1 um.
    """
    size = volume.shape
    length = np.sqrt(np.sum((step / per_um) ** 2))
    for i in range(starts.shape[0]):
        depth[i], cosine[i] = np.nan, np.nan
        first, last = -1e18, 1e18
        for k in range(3):
            if step[k] == 0.0:
                if not 0.0 <= starts[i, k] <= size[k] - 1.0:
                    last = -1e18
                continue
            one, two = -starts[i, k] / step[k], (size[k] - 1.0 - starts[i, k]) / step[k]
            first, last = max(first, min(one, two)), min(last, max(one, two))
        if first >= last:
            continue
        t = first
        z, y, x = starts[i] + t * step
        before = _grey(volume, z, y, x)
        if before >= level:
            continue
        while t < last:
            part = min(1.0, last - t)  # the last step ends at the volume's face
            t += part
            z, y, x = (
                starts[i, 0] + t * step[0],
                starts[i, 1] + t * step[1],
                starts[i, 2] + t * step[2],
            )
            here = _grey(volume, z, y, x)
            if here < level:
                before = here
                continue
            t -= part * (here - level) / (here - before)
            depth[i] = t
            z, y, x = (
                starts[i, 0] + t * step[0],
                starts[i, 1] + t * step[1],
                starts[i, 2] + t * step[2],
            )
            by_z = (_grey(volume, z + 1, y, x) - _grey(volume, z - 1, y, x)) * per_um[0]
            by_y = (_grey(volume, z, y + 1, x) - _grey(volume, z, y - 1, x)) * per_um[1]
            by_x = (_grey(volume, z, y, x + 1) - _grey(volume, z, y, x - 1)) * per_um[2]
            along = (
                by_z * step[0] / per_um[0] + by_y * step[1] / per_um[1] + by_x * step[2] / per_um[2]
            )
            steep = np.sqrt(by_z**2 + by_y**2 + by_x**2) * length
            cosine[i] = along / steep if steep > 0 else 1.0
            break
