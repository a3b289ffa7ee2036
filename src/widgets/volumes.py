"""Volumes that light passes through: which image, in which colours, how dense."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from traitlets import Enum, Float, Int, TraitError, Tuple, Unicode, Union, validate

from . import compose
from .colors import COLOR_MAPS, table
from .layers import AUTO
from .sampling import covered
from .scene import Placed, box_corners_um
from .space import Block, Octant
from .state import State

OF_LAYER = "of its layer"
MOST_VOXELS = 3_500_000  # about 150 along each axis, 14 MB with their colours
_AUTO_WINDOW = (0.55, 0.95)  # of the contrast limits
_PATHS = 48  # as many times an opaque length goes into the mean edge of a volume


class Volume(State):
    """The way an image is rendered as a volume; every trait may be set at any time."""

    image = Unicode(help="Name of the image.")
    window = Union(
        [Enum([AUTO]), Tuple(Float(), Float())],
        default_value=AUTO,
        help="Grey values from which and up to which opacity grows, or falls where the first is "
        "the larger; 'auto' takes the upper half of the layer's contrast.",
    )
    density = Float(0.8, help="0 to 1: opacity at the window's end; 1 is solid.")
    color_map = Enum((OF_LAYER, *COLOR_MAPS), OF_LAYER, help="Colours of grey values.")
    limits = Union(
        [Enum([AUTO]), Tuple(Float(), Float())],
        default_value=AUTO,
        help="Grey values of the first and last colour; 'auto' takes those of the layer.",
    )
    most_voxels = Int(MOST_VOXELS, help="The finest level of at most so many voxels is shown.")

    @validate("density")
    def _check_density(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not 0 < value <= 1:
            raise TraitError(f"density needs more than 0 and at most 1, got {value}")
        return value

    @validate("window")
    def _check_window(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value != AUTO and not (all(map(math.isfinite, value)) and value[0] != value[1]):
            raise TraitError(f"window needs two different grey values, got {value}")
        return value

    @validate("limits")
    def _check_limits(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value != AUTO and not (all(map(math.isfinite, value)) and value[0] < value[1]):
            raise TraitError(f"limits needs a lower and a higher grey value, got {value}")
        return value

    @validate("most_voxels")
    def _check_voxels(self, proposal: Any) -> int:
        if proposal["value"] < 1:
            raise TraitError(f"most_voxels needs at least 1, got {proposal['value']}")
        return int(proposal["value"])

    def map_of(self, item: Placed) -> str:
        """The colour map in use."""
        return item.layer.color_map if self.color_map == OF_LAYER else self.color_map

    def limits_of(self, item: Placed, *, time: int = 0) -> tuple[float, float]:
        """Grey values of the first and last colour."""
        return item.limits(time) if self.limits == AUTO else self.limits

    def window_of(self, item: Placed, *, time: int = 0) -> tuple[float, float]:
        """The window in use."""
        if self.window != AUTO:
            return self.window
        low, high = item.limits(time)
        first, last = (low + share * (high - low) for share in _AUTO_WINDOW)
        return first, last


def block_of(
    volume: Volume,
    item: Placed,
    world: Any,
    *,
    time: int = 0,
    octant: Octant | None = None,
    finer: Sequence[Placed] = (),
) -> Block:
    """Read a volume with the colours and the opacity of each voxel.

    Parameters
    ----------
    volume : Volume
    item : Placed
        The image, as its layer shows it.
    world : World
    time : int
        Index along the time axis, where there is one.
    octant : Octant, optional
        Nothing is drawn in it.
    finer : sequence of Placed
        Images that stand in this one's place where they reach.
    """
    if item.dims != 3:
        raise ValueError(
            f"a volume needs three axes, {item.layer.image} has two: show it as a slice"
        )
    level, stride = level_within(item.levels, item.dims, volume.most_voxels)
    chosen = item.levels[level]
    rgba = _rgba(volume, item, chosen.array, stride, time)
    spacing = np.asarray(chosen.spacing_um, float) * stride
    origin = np.asarray(chosen.origin_um, float)
    frame = world.images[item.layer.image].frame
    matrix, offset, bends = affine_of(lambda own: world.from_frame(own, frame), item.levels)
    if octant is not None or finer:
        inside = _left_out(rgba.shape[:3], spacing, origin, matrix, offset, octant, finer)
        rgba[inside, 3] = 0
    edges = spacing * rgba.shape[:3]
    return Block(
        name=item.layer.name,
        rgba=_with_faces(rgba),
        spacing_um=spacing,
        origin_um=origin - spacing,
        matrix=matrix,
        offset_um=offset,
        opaque_um=float(edges.mean() / _PATHS),
        bends=bends,
    )


def level_within(levels: Sequence[Any], dims: int, most_voxels: int) -> tuple[int, int]:
    """The finest level of at most so many voxels; else the coarsest, and a stride."""
    sizes = [float(np.prod(level.array.shape[-dims:], dtype=float)) for level in levels]
    for number, size in enumerate(sizes):
        if size <= most_voxels:
            return number, 1
    return len(sizes) - 1, int(np.ceil((sizes[-1] / most_voxels) ** (1 / dims)))


def affine_of(
    locate: Any, levels: Sequence[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Matrix and offset [µm] from an image's own positions to the scene's, and whether they bend.

    Where the way bends (thin-plate spline), the nearest affine one over a grid of the image.
    """
    corners = box_corners_um(levels)
    steps = np.indices((3, 3, 3)).reshape(3, 27).T / 2
    own = corners[0] + steps * (corners[7] - corners[0])
    seen = np.asarray(locate(own), float)
    middle = own.mean(axis=0)
    rows = np.column_stack([own - middle, np.ones(len(own))])
    solved = np.linalg.lstsq(rows, seen, rcond=None)[0]
    matrix, offset = solved[:3].T, solved[3] - solved[:3].T @ middle
    apart = float(np.abs(rows @ solved - seen).max())
    return matrix, offset, apart > 1e-6 * float(np.ptp(seen, axis=0).max())


def ramp(values: ArrayLike, window: tuple[float, float]) -> NDArray[np.float32]:
    """Opacity 0 at the window's beginning, 1 at its end.

    Examples
    --------
    >>> ramp([0, 5, 9], (4, 6)).tolist(), ramp([0, 5, 9], (6, 4)).tolist()
    ([0.0, 0.5, 1.0], [1.0, 0.5, 0.0])
    """
    low, high = window
    scaled = (np.asarray(values, np.float32) - np.float32(low)) / np.float32(high - low)
    return np.clip(np.nan_to_num(scaled), 0, 1)


def _rgba(volume: Volume, item: Placed, array: Any, stride: int, time: int) -> NDArray[np.uint8]:
    layer, steps = item.layer, (slice(None, None, stride),) * item.dims
    channels = range(3) if layer.mode == "rgb" else (None,)
    read = [
        np.asarray(array[(*item.select(time=time, channel=channel), *steps)])
        for channel in channels
    ]
    rgba = np.empty((*read[0].shape, 4), np.uint8)
    if layer.mode == "labels":
        named = {phase["label"]: phase["color"] for phase in layer.phases}
        rgba[..., :3] = compose.label_colors(read[0], named)
        opacity = np.isin(read[0], list(named)) if named else read[0] != 0
    elif layer.mode == "rgb":
        rgba[..., :3] = np.stack(read, axis=-1)
        opacity = ramp(np.max(read, axis=0), volume.window_of(item, time=time))
    else:
        scaled = ramp(read[0], volume.limits_of(item, time=time))
        rgba[..., :3] = table(volume.map_of(item))[np.rint(scaled * 255).astype(np.uint8)]
        opacity = ramp(read[0], volume.window_of(item, time=time))
    rgba[..., 3] = np.rint(opacity * (255 * volume.density))
    return rgba


def _with_faces(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One clear voxel more on every side: light finds the faces of a volume by their gradient."""
    padded = np.pad(rgba, ((1, 1), (1, 1), (1, 1), (0, 0)), mode="edge")
    padded[[0, -1], ..., 3] = 0
    padded[:, [0, -1], :, 3] = 0
    padded[:, :, [0, -1], 3] = 0
    return padded


def _left_out(
    shape: Sequence[int],
    spacing: NDArray[np.float64],
    origin: NDArray[np.float64],
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    octant: Octant | None,
    finer: Sequence[Placed],
) -> NDArray[np.bool_]:
    """Voxels in the octant, and those in whose place a finer image stands; slab by slab."""
    found = np.zeros(tuple(shape), bool)
    rows = np.moveaxis(np.indices(tuple(shape[1:])), 0, -1) * spacing[1:] + origin[1:]
    for number in range(shape[0]):
        depth = np.full((*shape[1:], 1), number * spacing[0] + origin[0])
        points = np.concatenate([depth, rows], axis=-1) @ matrix.T + offset
        if octant is not None:
            found[number] |= octant.holds(points)
        for item in finer:
            found[number] |= covered(item.levels[0], item.placement.apply(points))
    return found
