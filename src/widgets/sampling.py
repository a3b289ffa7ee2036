"""Grey values and labels of a pyramid at any points, reading only the blocks that are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .decoded import CHUNKS
from .interpolation import values_on
from .lattice import Grid, Lattice, grid_of, rectangle
from .tilted import tilted_values

# A plane's bounding box is read in one piece up to this size, else by quarters of the view. A
# tilted plane needs little of its box, and what its quarters share is kept unless it is far away.
MAX_BLOCK_VOXELS = 8_000_000
MAX_TILTED_VOXELS = 1_000_000
_SMALLEST_TILE_PX = 16


class Level(Protocol):
    """One resolution of a pyramid: voxel centre at ``index * spacing_um + origin_um``."""

    @property
    def array(self) -> Any:
        """Anything with ``shape``, ``dtype`` and slicing; spatial axes last."""

    @property
    def spacing_um(self) -> Sequence[float]:
        """Voxel size per spatial axis, (z, y, x) or (y, x) [µm]."""

    @property
    def origin_um(self) -> Sequence[float]:
        """Centre of the first voxel; carries the half-voxel shift of the pyramid [µm]."""


@dataclass(frozen=True)
class Sampled:
    """Values on a grid of points.

    Attributes
    ----------
    values : ndarray
        Grey values (float) or labels (the image's own type); 0 where outside.
    inside : ndarray of bool
        Where the image covers the point.
    level : int
        The pyramid's level that was read.
    """

    values: NDArray[Any]
    inside: NDArray[np.bool_]
    level: int


def choose_level(levels: Sequence[Level], steps_um: ArrayLike) -> int:
    """Pick the level whose voxel is nearest to a screen pixel.

    Parameters
    ----------
    levels : sequence of Level
        Finest first.
    steps_um : array_like, shape (k, 3)
        Steps between neighbouring pixels, in the image's frame, z, y, x [µm].

    Returns
    -------
    int
        The coarsest level on which no pixel step is shorter than 0.7 voxel, or than it is in
        voxels of the finest level (anisotropic voxels): neither blurred nor aliased by more
        than a factor of about 1.4.
    """
    steps = np.abs(np.atleast_2d(np.asarray(steps_um, float)))
    wanted = np.minimum(np.sqrt(0.5), _voxels_a_step(levels[0], steps)) * (1 - 1e-9)
    good = [i for i, level in enumerate(levels) if np.all(_voxels_a_step(level, steps) >= wanted)]
    return good[-1]


def _voxels_a_step(level: Level, steps_um: NDArray[np.float64]) -> NDArray[np.float64]:
    spacing = np.asarray(level.spacing_um, float)
    return (steps_um[:, -len(spacing) :] / spacing).max(axis=1)


def sample(
    levels: Sequence[Level],
    points_um: Grid | ArrayLike,
    *,
    steps_um: ArrayLike | None = None,
    level: int | None = None,
    select: tuple[int, ...] = (),
    nearest: bool = False,
    slab_um: float | None = None,
) -> Sampled:
    """Read an image at points of its own frame.

    Parameters
    ----------
    levels : sequence of Level
        The pyramid, finest first.
    points_um : Lattice, or array_like of shape (height, width, 3)
        z, y, x in the image's frame [µm].
    steps_um : array_like, shape (2, 3), optional
        Pixel steps from which the level is chosen [µm].
    level : int, optional
        The level to read; overrides ``steps_um``. Without both, the finest.
    select : tuple of int
        Index along each axis before the spatial ones (time, channel).
    nearest : bool
        Nearest voxel (labels), else linear between the eight around.
    slab_um : float, optional
        A two-dimensional image is seen within this distance of its plane z = 0 [µm]; without it
        everywhere along its normal.

    Returns
    -------
    Sampled
    """
    points = grid_of(points_um)
    number = level if level is not None else 0
    if level is None and steps_um is not None:
        number = choose_level(levels, steps_um)
    inside = covered(levels[0], points, slab_um=slab_um)
    chosen = levels[number]
    dims = len(chosen.spacing_um)
    _check_axes(chosen.array, dims, select)
    index = points.indexed(chosen.spacing_um, chosen.origin_um)
    values = np.zeros(points.shape, _value_type(chosen.array.dtype, nearest))
    if isinstance(index, Lattice) and index.tilted:
        _fill_tilted(values, chosen.array, index, inside, select, nearest)
    else:
        _fill(values, chosen.array, index, inside, select, nearest)
    return Sampled(values, inside, number)


def covered(
    finest: Level, points_um: Grid | ArrayLike, *, slab_um: float | None = None
) -> NDArray[np.bool_]:
    """Where the voxels of the finest level reach, out to their outer faces."""
    points = grid_of(points_um)
    spacing, origin = np.asarray(finest.spacing_um, float), np.asarray(finest.origin_um, float)
    dims = len(spacing)
    low = origin - spacing / 2
    high = low + spacing * np.asarray(finest.array.shape[-dims:])
    inside = np.ones(points.shape, bool)
    for axis in range(dims):
        reached = points.within(axis + 3 - dims, low[axis], high[axis])
        if reached is not True:
            inside &= reached
    if dims == 2 and slab_um is not None:
        inside &= points.within(0, -slab_um, slab_um)
    return inside


def _check_axes(array: Any, dims: int, select: tuple[int, ...]) -> None:
    if len(array.shape) != dims + len(select):
        raise ValueError(
            f"an image of shape {tuple(array.shape)} with {dims} spatial axes needs "
            f"{len(array.shape) - dims} indices before them (time, channel), got {select}"
        )


def _value_type(dtype: np.dtype[Any], nearest: bool) -> np.dtype[Any]:
    if nearest:
        return np.dtype(dtype)
    exact_in_float32 = np.can_cast(dtype, np.float32)
    return np.dtype(np.float32 if exact_in_float32 else np.float64)


def _fill(
    values: NDArray[Any],
    array: Any,
    index: Grid,
    inside: NDArray[np.bool_],
    select: tuple[int, ...],
    nearest: bool,
) -> None:
    """Read the block that the view needs, or the blocks of its quarters when that is too large."""
    seen = rectangle(inside)
    if seen is None:
        return
    values, index, inside = values[seen], index.tile(seen), inside[seen]
    lower, upper = _bounds(index, inside, array.shape[len(select) :])
    height, width = values.shape
    tilted = (upper - lower).min() > 2 and not getattr(array, "far", False)
    most = min(MAX_BLOCK_VOXELS, MAX_TILTED_VOXELS) if tilted else MAX_BLOCK_VOXELS
    large = np.prod(upper - lower, dtype=float) > most
    if large and max(height, width) > _SMALLEST_TILE_PX:
        for rows in _halves(height):
            for columns in _halves(width):
                tile = (rows, columns)
                _fill(values[tile], array, index.tile(tile), inside[tile], select, nearest)
        return
    box = tuple(slice(int(a), int(b)) for a, b in zip(lower, upper, strict=True))
    block = CHUNKS.cut(array, (*select, *box))
    found = values_on(block, index.moved(-lower), inside, nearest=nearest, dtype=values.dtype)
    np.copyto(values, found, where=True if inside.all() else inside)


def _fill_tilted(
    values: NDArray[Any],
    array: Any,
    index: Lattice,
    inside: NDArray[np.bool_],
    select: tuple[int, ...],
    nearest: bool,
) -> None:
    """Gather from the chunks that the plane cuts; where that cannot be, from boxes of them."""
    if (seen := rectangle(inside)) is None:
        return
    values, index, inside = values[seen], index.tile(seen), inside[seen]
    found = tilted_values(array, index, inside, select=select, nearest=nearest, dtype=values.dtype)
    if found is None:
        _fill(values, array, index, inside, select, nearest)
    else:
        np.copyto(values, found, where=inside)


def _halves(size: int) -> tuple[slice, ...]:
    return (slice(0, size),) if size < 2 else (slice(0, size // 2), slice(size // 2, size))


def _bounds(
    index: Grid, inside: NDArray[np.bool_], shape: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First voxel and one past the last voxel that linear interpolation touches."""
    least, most = index.bounds(inside)
    last = np.asarray(shape) - 1
    lower = np.clip(np.floor(least), 0, last).astype(np.int64)
    upper = np.clip(np.ceil(most), 0, last).astype(np.int64) + 1
    return lower, upper
