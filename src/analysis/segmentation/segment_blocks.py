"""Segmentation of an image of any size, block by block, to the bits of `segment`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SegmentationCancelled
from ..spacing import checked_image_ndim
from . import block_cleaning
from .corrections import Corrections
from .grey_classes import class_step, shape_step
from .recipe import SegmentationRecipe
from .scratch import Scratch, scratch
from .tiles import map_tiles

#: Edge of a block unless told [px].
BLOCK_PX = {2: 2048, 3: 128}
#: Largest bounding box of an object that is cut apart [px].
MOST_VOXELS = 2**26
_BYTES_A_CUT_VOXEL = 80  # distances, their nearest voxels, levels, queue and parts of a watershed

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


def segment_blocks(
    source: Any,
    recipe: SegmentationRecipe,
    *,
    spacing_um: Sequence[float] | None = None,
    block: Sequence[int] | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    corrections: Corrections | None = None,
    out: Any = None,
    folder: str | Path | None = None,
) -> Any:
    """Label an image block by block, with the labels that `segment` gives the whole.

    Pieces, holes and growth from seeds are followed across blocks, objects that touch are cut one
    by one, so that the labels do not depend on the blocks.

    Parameters
    ----------
    source : array_like, (z, y, x) or (y, x)
        Anything with `shape` that gives a box when sliced: numpy, zarr, dask, h5py.
    recipe : SegmentationRecipe
    spacing_um : sequence of float, optional
        Voxel size along each axis, for lengths in µm [µm].
    block : sequence of int, optional
        Of the blocks; 128³, or 2048² in 2D [px].
    progress : callable, optional
        Called with the voxels done and the voxels to do, over all passes, after every block.
    cancelled : callable, optional
        Asked after every block.
    out : array_like, optional
        Written at the end, when all labels are made; not touched before.
    corrections : Corrections, optional
        Done by hand, after everything else.
    folder : path, optional
        Where up to three bytes a voxel are kept meanwhile, for images above 64 million voxels.

    Returns
    -------
    array_like of uint8
        `out`, or a new array in memory.

    Raises
    ------
    SegmentationCancelled
        `cancelled` said so; `out` is as it was.
    SegmentationLimit
        An object that is to be cut apart is too large for it.
    ValueError
        As `segment`; or `out` has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 90, 91], [200, 89, 90]])
    >>> segment_blocks(image, SegmentationRecipe((90.0,)), block=(1, 2)).tolist()
    [[0, 1, 1], [1, 0, 1]]
    """
    if out is not None and tuple(out.shape) != tuple(source.shape):
        raise ValueError(f"out needs the image's shape {source.shape}, got {out.shape}")
    with labels_in_blocks(
        source, recipe, spacing_um=spacing_um, block=block,
        progress=progress, cancelled=cancelled, corrections=corrections, folder=folder,
    ) as labels:  # fmt: skip
        if out is None:
            return np.array(labels)
        ndim = len(source.shape)
        size = _checked_block(block, ndim)
        map_tiles(np.asarray, labels, out, block=size, halo=(0,) * ndim)
        return out


@contextmanager
def labels_in_blocks(
    source: Any,
    recipe: SegmentationRecipe,
    *,
    spacing_um: Sequence[float] | None = None,
    block: Sequence[int] | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    corrections: Corrections | None = None,
    folder: str | Path | None = None,
) -> Iterator[Any]:
    """Give the labels of an image for a while, complete; parameters as `segment_blocks`."""
    ndim = checked_image_ndim(tuple(source.shape))
    scale, neighbours = recipe.scale(spacing_um, ndim), recipe.neighbours(ndim)
    size = _checked_block(block, ndim)
    tick = _counter(source.shape, _passes(recipe), progress, cancelled)
    with scratch(source.shape, folder=folder) as room:
        labels = _classes(source, recipe, scale, neighbours, size, room, tick)
        labels = _shaped(labels, recipe, scale, size, room, tick)
        given = room.volume(source.shape) if recipe.min_size_px > 1 or recipe.fill_holes else None
        if recipe.min_size_px > 1:
            block_cleaning.merge(
                labels, given, min_size_px=recipe.min_size_px,
                block=size, connectivity=neighbours, tick=tick,
            )  # fmt: skip
        if recipe.fill_holes:
            block_cleaning.fill(labels, given, block=size, tick=tick)
        if recipe.split_depth:
            block_cleaning.cut(
                labels, phase=recipe.cut_phase, depth=recipe.split_depth, scale=scale,
                block=size, most_voxels=MOST_VOXELS, tick=tick,
            )  # fmt: skip
        if corrections is not None:
            corrections.apply(labels)
        yield labels


def memory_bytes(
    recipe: SegmentationRecipe,
    *,
    spacing_um: Sequence[float] | None = None,
    block: Sequence[int] | None = None,
    ndim: int = 3,
) -> int:
    """Estimate what `segment_blocks` holds in memory [byte].

    That is one block with its halo, and the largest box that may be cut apart. Volumes of up to
    64 million voxels are held as well (up to three bytes a voxel), and about 100 bytes for each
    connected piece where pieces are looked for.

    Examples
    --------
    >>> memory_bytes(SegmentationRecipe((90.0,))) / 2**20
    48.0
    """
    scale = recipe.scale(spacing_um, ndim)
    size = np.array(_checked_block(block, ndim))
    halos = (class_step(recipe, scale)[1], shape_step(recipe, scale)[1])
    # float64 distances twice, or grey values as float32 at three stages, and labels
    blocks = [24 * int(np.prod(size + 2 * np.array(halo))) for halo in halos]
    return max(*blocks, _BYTES_A_CUT_VOXEL * MOST_VOXELS if recipe.split_depth else 0)


def _classes(
    source: Any,
    recipe: SegmentationRecipe,
    scale: tuple[float, ...],
    neighbours: int,
    block: tuple[int, ...],
    room: Scratch,
    tick: Callable[[int], None],
) -> Any:
    def parted(*, seeds: bool) -> Any:
        step, halo = class_step(recipe, scale, seeds=seeds)
        labels = room.volume(source.shape)
        map_tiles(step, source, labels, block=block, halo=halo, tick=tick)
        return labels

    labels = parted(seeds=False)
    if recipe.method != "hysteresis":
        return labels
    grown, classes = room.volume(source.shape), len(recipe.thresholds) + 1
    block_cleaning.grow(
        labels, parted(seeds=True), grown,
        classes=classes, block=block, connectivity=neighbours, tick=tick,
    )  # fmt: skip
    return grown


def _shaped(
    labels: Any,
    recipe: SegmentationRecipe,
    scale: tuple[float, ...],
    block: tuple[int, ...],
    room: Scratch,
    tick: Callable[[int], None],
) -> Any:
    step, halo = shape_step(recipe, scale)
    if step is None:
        return labels
    shaped = room.volume(labels.shape)
    map_tiles(step, labels, shaped, block=block, halo=halo, tick=tick)
    return shaped


def _passes(recipe: SegmentationRecipe) -> int:
    """How often every voxel is counted."""
    count = 1
    if recipe.method == "hysteresis":
        count += 1 + 2 * len(recipe.thresholds)
    count += int(bool(recipe.opening_radius or recipe.closing_radius))
    count += 4 * int(recipe.min_size_px > 1) + 4 * int(recipe.fill_holes)
    return count + 2 * int(bool(recipe.split_depth))


def _counter(
    shape: Sequence[int], passes: int, progress: Progress | None, cancelled: Cancelled | None
) -> Callable[[int], None]:
    total, done = passes * int(np.prod(shape, dtype=np.int64)), 0

    def tick(voxels: int) -> None:
        nonlocal done
        done += voxels
        if progress is not None:
            progress(done, total)
        if cancelled is not None and cancelled():
            raise SegmentationCancelled(
                "the segmentation was cancelled: nothing of it is left; start it again to go on"
            )

    return tick


def _checked_block(block: Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    if block is None:
        return (BLOCK_PX[ndim],) * ndim
    size = tuple(int(n) for n in block)
    if len(size) != ndim or min(size) < 1:
        raise ValueError(f"block needs {ndim} sizes of 1 px or more, got {tuple(block)}")
    return size
