"""Which voxels of a grid a stroke touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .strokes import Stroke


def stroke_box(
    stroke: Stroke,
    shape: Sequence[int],
    spacing: NDArray[np.float64],
    origin: NDArray[np.float64],
) -> tuple[slice, ...] | None:
    """The voxels that a stroke can reach; None beside the image."""
    dims = len(spacing)
    points = np.asarray(stroke.points_um, float)[:, -dims:]
    last = np.asarray(shape[-dims:]) - 1
    reach = stroke.radius_um
    if stroke.tool in ("pen", "area"):
        _, half, radius = _pen(stroke, spacing)
        reach = half + (radius if stroke.tool == "pen" else 0.0)
    low = np.floor((points.min(axis=0) - reach - origin) / spacing).astype(int)
    high = np.ceil((points.max(axis=0) + reach - origin) / spacing).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, last)
    if np.any(high < low):
        return None
    return tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))


def inside_stroke(
    stroke: Stroke,
    block: NDArray[Any],
    box: tuple[slice, ...],
    spacing: NDArray[np.float64],
    origin: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Say which voxels of a box a stroke touches.

    Parameters
    ----------
    stroke : Stroke
    block : ndarray
        Labels of the box, which a fill follows.
    box : tuple of slice
        As `stroke_box` gives it.
    spacing, origin : ndarray of float
        Per axis [µm].
    """
    axes = [
        np.arange(part.start, part.stop) * step + start
        for part, step, start in zip(box, spacing, origin, strict=True)
    ]
    line = np.asarray(stroke.points_um, float)[:, -len(spacing) :]
    if stroke.tool in ("lasso", "area"):
        return _in_lasso(axes, line, stroke, spacing)
    if stroke.tool == "brush":
        return _near_line(axes, line, stroke.radius_um)
    if stroke.tool == "pen":
        return _under_pen(axes, line, stroke, spacing)
    return _piece(block, line[0], axes, stroke.radius_um, spacing)


def _near_line(
    axes: Sequence[NDArray[np.float64]], line: NDArray[np.float64], radius_um: float
) -> NDArray[np.bool_]:
    """Voxels near a line of straight parts, each looked for in a box of its own."""
    found = np.zeros([len(axis) for axis in axes], bool)
    starts, ends = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    for start, end in zip(starts, ends, strict=True):
        low, high = np.minimum(start, end) - radius_um, np.maximum(start, end) + radius_um
        part = tuple(
            slice(int(np.searchsorted(axis, a, "left")), int(np.searchsorted(axis, b, "right")))
            for axis, a, b in zip(axes, low, high, strict=True)
        )
        near = [axis[piece] for axis, piece in zip(axes, part, strict=True)]
        found[part] |= _squared_um2(near, start, end) <= (radius_um * (1 + 1e-9)) ** 2
    return found


def _squared_um2(
    axes: Sequence[NDArray[np.float64]], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distance of voxels from a straight part [µm²]."""
    offsets = np.ix_(*(axis - at for axis, at in zip(axes, start, strict=True)))
    along = end - start
    length = float(along @ along)
    if length == 0:
        return np.asarray(sum(offset**2 for offset in offsets))
    share = sum(offset * step for offset, step in zip(offsets, along, strict=True)) / length
    share = np.clip(share, 0, 1)
    steps = zip(offsets, along, strict=True)
    return np.asarray(sum((offset - share * step) ** 2 for offset, step in steps))


def _under_pen(
    axes: Sequence[NDArray[np.float64]],
    line: NDArray[np.float64],
    stroke: Stroke,
    spacing: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Voxels whose centres are within half a voxel of the pen's plane and, in it, near the line."""
    normal, half, radius = _pen(stroke, spacing)
    if len(axes) == 2:
        return _near_line(axes, line, radius)
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    away = (places - line[0]) @ normal
    found = _one_deep(away, half)
    flat = places[found] - away[found, None] * normal
    starts, ends = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    near = np.zeros(len(flat), bool)
    for start, end in zip(starts, ends, strict=True):
        along = end - start
        length = float(along @ along)
        share = np.clip((flat - start) @ along / length, 0, 1) if length else np.zeros(len(flat))
        gap = flat - start - share[:, None] * along
        near |= np.einsum("ij,ij->i", gap, gap) <= (radius * (1 + 1e-9)) ** 2
    found[found] = near
    return found


def _one_deep(away: Any, half: float) -> NDArray[np.bool_]:
    """Within half a voxel of a plane; of two slices that are as far, the upper one."""
    return np.asarray((away > -half * (1 - 1e-9)) & (away <= half * (1 + 1e-9)))


def _pen(stroke: Stroke, spacing: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """Normal of a pen's plane, half the depth of a voxel along it, and the radius in it [µm]."""
    if len(spacing) == 2:
        return np.zeros(2), 0.0, max(stroke.radius_um, 0.5 * float(np.linalg.norm(spacing)))
    normal = np.asarray(stroke.normal, float)
    seen = spacing * np.sqrt(np.clip(1 - normal**2, 0, 1))
    radius = max(stroke.radius_um, 0.5 * float(np.linalg.norm(seen)))
    return normal, 0.5 * float(np.abs(normal) @ spacing), radius


def _in_lasso(
    axes: Sequence[NDArray[np.float64]],
    line: NDArray[np.float64],
    stroke: Stroke,
    spacing: NDArray[np.float64],
) -> NDArray[np.bool_]:
    from skimage.measure import points_in_poly

    dims = len(axes)
    offsets = np.ix_(*(axis - at for axis, at in zip(axes, line[0], strict=True)))
    if dims == 2:
        plane, near = np.eye(2), np.ones([len(axis) for axis in axes], bool)
    else:
        normal = np.asarray(stroke.normal, float)
        first = np.eye(3)[int(np.argmin(np.abs(normal)))]
        across = first - (first @ normal) * normal
        across /= np.linalg.norm(across)
        plane = np.stack([across, np.cross(normal, across)])
        depth = sum(offset * part for offset, part in zip(offsets, normal, strict=True))
        near = np.abs(depth) <= stroke.radius_um * (1 + 1e-9)
        if stroke.tool == "area":
            near = _one_deep(depth, _pen(stroke, spacing)[1])
    places = np.argwhere(near)
    if not len(places):
        return near
    away = [axis[places[:, k]] - line[0][k] for k, axis in enumerate(axes)]
    found = np.zeros_like(near)
    inside = points_in_poly(np.stack(away, axis=1) @ plane.T, (line - line[0]) @ plane.T)
    found[tuple(places[inside].T)] = True
    return found


def _piece(
    block: NDArray[Any],
    seed: NDArray[np.float64],
    axes: Sequence[NDArray[np.float64]],
    radius_um: float,
    spacing: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """The piece of one label, joined by faces, that holds the point; nothing where it is not."""
    from scipy import ndimage

    index = tuple(int(np.argmin(np.abs(axis - at))) for axis, at in zip(axes, seed, strict=True))
    away = [abs(axis[k] - at) for axis, k, at in zip(axes, index, seed, strict=True)]
    if np.any(np.array(away) > 0.5 * spacing * (1 + 1e-9)):
        return np.zeros(block.shape, bool)
    reach = _squared_um2(axes, seed, seed) <= radius_um**2
    same = (block == block[index]) & reach
    if not same[index]:
        return np.zeros(block.shape, bool)
    pieces, _ = ndimage.label(same)
    return np.asarray(pieces == pieces[index])
