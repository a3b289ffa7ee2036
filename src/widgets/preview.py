"""Labels on the plane that is seen, by the very function that the headless run calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plane import Plane
from .sampling import choose_level
from .scene import GridLevel, Placed

# More than this and a coarser level is previewed.
_MAX_VOXELS = 24_000_000


def preview_levels(
    item: Placed,
    plane: Plane,
    *,
    width_px: int,
    time: int,
    thresholds: tuple[float, ...],
    smoothing_px: float,
    min_size_px: int,
    fill_holes: bool,
) -> tuple[list[GridLevel], int]:
    """Segment the block of voxels around a plane.

    Smoothing and sizes are given in voxels of the finest level and scaled to the level that the
    screen needs. Pieces that the block cuts are judged by what lies inside it.

    Returns
    -------
    levels : list of one GridLevel
        Labels, to be sampled like an image.
    level : int
        The level that was segmented.
    """
    from ..analysis.segmentation import segment

    height = plane.height_px(width_px)
    points = item.placement.apply(plane.points(min(width_px, 64), min(height, 64)))
    pixel = plane.pixel_um(width_px) * np.array([plane.across, plane.down])
    number = choose_level(item.levels, pixel)
    halo = max(4 * smoothing_px, 1.5 * min_size_px ** (1 / 3)) + 1
    while True:
        level = item.levels[number]
        box = _box(level, points, halo / np.asarray(level_factors(item, number)))
        if np.prod([s.stop - s.start for s in box]) <= _MAX_VOXELS or number + 1 == len(
            item.levels
        ):
            break
        number += 1
    factors = np.asarray(level_factors(item, number))
    block = np.asarray(level.array[(*item.select(time=time), *box)])
    labels = segment(
        block,
        thresholds=thresholds,
        smoothing_px=tuple(smoothing_px / factors),
        min_size_px=round(min_size_px / float(np.prod(factors))),
        fill_holes=fill_holes,
    )
    start = np.array([s.start for s in box])
    origin = np.asarray(level.origin_um) + start * np.asarray(level.spacing_um)
    return [GridLevel(labels, tuple(level.spacing_um), tuple(origin))], number


def level_factors(item: Placed, number: int) -> tuple[float, ...]:
    """Voxels of the finest level in one voxel of a level, per spatial axis."""
    finest, level = item.levels[0].spacing_um, item.levels[number].spacing_um
    return tuple(b / a for a, b in zip(finest, level, strict=True))


def _box(level: Any, points_um: NDArray[np.float64], halo: NDArray) -> tuple[slice, ...]:
    dims = len(level.spacing_um)
    index = (points_um[..., -dims:] - np.asarray(level.origin_um)) / np.asarray(level.spacing_um)
    flat, last = index.reshape(-1, dims), np.asarray(level.array.shape[-dims:])
    low = np.clip(np.floor(flat.min(axis=0) - halo - 1), 0, last - 1).astype(int)
    high = np.clip(np.ceil(flat.max(axis=0) + halo + 1) + 1, low + 1, last).astype(int)
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
