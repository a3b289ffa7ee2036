"""Compiled loop that follows parallel rays through a volume to where they enter the specimen."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled

_MUCH = 2.0  # times as bright as what the level was made for


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
def _slope(volume: Any, z: float, y: float, x: float) -> Any:
    """Differentiate grey values by the place, over a voxel to either side."""
    return (
        (_grey(volume, z + 1, y, x) - _grey(volume, z - 1, y, x)) / 2,
        (_grey(volume, z, y + 1, x) - _grey(volume, z, y - 1, x)) / 2,
        (_grey(volume, z, y, x + 1) - _grey(volume, z, y, x - 1)) / 2,
    )


@compiled
def _over(volume: Any, plain: Any, z: float, y: float, x: float, level: float, reach: int) -> float:
    """How much brighter a place is than the surface's grey value there.

    Blur carries the edge of a bright thing outwards at any level below its own half: by nearly a
    voxel where it is three times as bright as what the level was made for. So of much brighter
    things the surface lies halfway between outside and inside, down and up the slope.
    """
    here = _grey(volume, z, y, x)
    if here < level or reach == 0:
        return here - level
    dz, dy, dx = _slope(volume, z, y, x)
    steep = np.sqrt(dz * dz + dy * dy + dx * dx)
    if steep == 0.0:
        return here - level
    dz, dy, dx = dz / steep, dy / steep, dx / steep
    outside = inside = _grey(plain, z, y, x)
    for k in range(1, reach + 1):
        outside = min(outside, _grey(plain, z - k * dz, y - k * dy, x - k * dx))
        inside = max(inside, _grey(plain, z + k * dz, y + k * dy, x + k * dx))
    middle = 0.5 * (outside + inside)
    return here - (middle if middle - outside > _MUCH * (level - outside) else level)


@compiled
def first_crossings(
    volume: Any,
    plain: Any,
    starts: Any,
    step: Any,
    level: float,
    depth: Any,
    cosine: Any,
    per_um: Any,
    reach: int,
) -> None:
    """Find where each ray first enters what is at least as bright as a level.

    Parameters
    ----------
    volume, plain : ndarray of float32, shape (z, y, x)
        In the first edges are looked for, in the second what lies to either side of them.
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
    reach : int
        Voxels within which outside and inside of much brighter things are looked for; 0 keeps to
        the level.
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
        before = _grey(volume, z, y, x) - level
        if before >= 0:
            continue
        while t < last:
            part = min(1.0, last - t)  # the last step ends at the volume's face
            t += part
            z, y, x = (
                starts[i, 0] + t * step[0],
                starts[i, 1] + t * step[1],
                starts[i, 2] + t * step[2],
            )
            here = _over(volume, plain, z, y, x, level, reach)
            if here < 0:
                before = here
                continue
            t -= part * here / (here - before)
            depth[i] = t
            z, y, x = (
                starts[i, 0] + t * step[0],
                starts[i, 1] + t * step[1],
                starts[i, 2] + t * step[2],
            )
            by_z, by_y, by_x = _slope(volume, z, y, x)
            by_z, by_y, by_x = by_z * per_um[0], by_y * per_um[1], by_x * per_um[2]
            along = (
                by_z * step[0] / per_um[0] + by_y * step[1] / per_um[1] + by_x * step[2] / per_um[2]
            )
            steep = np.sqrt(by_z**2 + by_y**2 + by_x**2) * length
            cosine[i] = along / steep if steep > 0 else 1.0
            break
