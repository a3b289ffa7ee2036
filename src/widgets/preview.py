"""Labels on the plane that is seen, by the very function that the headless run calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.segmentation.corrections import Corrections
from ..analysis.segmentation.recipe import SegmentationRecipe
from .plane import Plane
from .sampling import choose_level
from .scene import GridLevel, Placed

# More than this and a coarser level is previewed; cutting objects takes a second for the fewer.
_MAX_VOXELS, _MAX_CUT_VOXELS = 24_000_000, 2_000_000
_AROUND = 12  # voxels of the level, for what is judged by whole pieces: growing and cutting


def preview_levels(
    item: Placed,
    plane: Plane,
    *,
    width_px: int,
    time: int,
    recipe: SegmentationRecipe,
    corrections: Corrections | None = None,
) -> tuple[list[GridLevel], int]:
    """Segment the block of voxels around a plane.

    Lengths and sizes in voxels are of the finest level and scaled to the level that the screen
    needs. Pieces that the block cuts are judged by what lies inside it.

    Returns
    -------
    levels : list of one GridLevel
        Labels, to be sampled like an image.
    level : int
        The level that was segmented.
    """
    from ..analysis.segmentation import segment

    points, number = _seen(item, plane, width_px)
    most = _MAX_CUT_VOXELS if recipe.split_depth else _MAX_VOXELS
    while True:
        level = item.levels[number]
        at_level, spacing = _at_level(recipe, item, number)
        box = _box(level, points, _halo(at_level, spacing))
        box = _with_seeds(box, level, corrections)
        few = np.prod([s.stop - s.start for s in box]) <= most
        if few or number + 1 == len(item.levels):
            break
        number += 1
    block = np.asarray(level.array[(*item.select(time=time), *box)])
    labels = segment(block, recipe=at_level, spacing_um=spacing)
    start = np.array([s.start for s in box])
    origin = np.asarray(level.origin_um) + start * np.asarray(level.spacing_um)
    if corrections is not None:
        spacing, first = tuple(level.spacing_um), tuple(origin.tolist())
        Corrections(corrections.strokes, spacing, first).apply(labels)
    return [GridLevel(labels, tuple(level.spacing_um), tuple(origin))], number


def plane_box(
    item: Placed, plane: Plane, *, width_px: int, most_voxels: int
) -> tuple[Any, tuple[slice, ...]]:
    """The level that the screen needs, and the box of its voxels around a plane.

    A coarser level where the box would have more than `most_voxels`.
    """
    points, number = _seen(item, plane, width_px)
    for level in item.levels[number:]:
        box = _box(level, points, np.zeros(len(level.spacing_um)))
        if np.prod([part.stop - part.start for part in box]) <= most_voxels:
            break
    return level, box


def _seen(item: Placed, plane: Plane, width_px: int) -> tuple[NDArray[np.float64], int]:
    """Positions all over a plane in the image's frame [µm], and the level that it needs."""
    height = plane.height_px(width_px)
    points = item.placement.apply(plane.points(min(width_px, 64), min(height, 64)))
    pixel = plane.pixel_um(width_px) * np.array([plane.across, plane.down])
    return points, choose_level(item.levels, pixel)


def _with_seeds(
    box: tuple[slice, ...], level: Any, corrections: Corrections | None
) -> tuple[slice, ...]:
    """The box made larger by the balls of fills that reach into it: a fill needs its point."""
    dims = len(level.spacing_um)
    last = np.asarray(level.array.shape[-dims:])
    low = np.array([part.start for part in box])
    high = np.array([part.stop for part in box])
    for stroke in corrections.strokes if corrections is not None else ():
        if stroke.tool != "fill":
            continue
        spacing = np.asarray(level.spacing_um)
        seed = (np.asarray(stroke.points_um[0])[-dims:] - np.asarray(level.origin_um)) / spacing
        first = np.clip(np.floor(seed - stroke.radius_um / spacing), 0, last - 1).astype(int)
        end = np.clip(np.ceil(seed + stroke.radius_um / spacing) + 1, 1, last).astype(int)
        if np.all(first < high) and np.all(end > low):
            low, high = np.minimum(low, first), np.maximum(high, end)
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _at_level(
    recipe: SegmentationRecipe, item: Placed, number: int
) -> tuple[SegmentationRecipe, tuple[float, ...]]:
    """The recipe in terms of a level, and that level's voxel size in the recipe's unit."""
    from ..analysis.segmentation.segment import coarser

    factors = level_factors(item, number)
    in_um = recipe.length_unit == "um"
    spacing = tuple(item.levels[number].spacing_um) if in_um else factors
    return coarser(recipe, factors), tuple(map(float, spacing))


def _halo(recipe: SegmentationRecipe, spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """How far around a plane has to be known [voxel of the level]."""
    from ..analysis.segmentation.grey_classes import class_step, shape_step

    reach = np.add(class_step(recipe, spacing)[1], shape_step(recipe, spacing)[1])
    pieces = _AROUND if recipe.method == "hysteresis" or recipe.split_depth else 0
    around = max(pieces, 1.5 * recipe.min_size_px ** (1 / len(spacing)))
    return np.asarray(reach + around + 1, float)


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
