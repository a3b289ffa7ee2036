"""Writing the chunks of an image: one pass, all levels, each chunk with its crc32c."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .pyramid import LevelPlan, plan_levels
from .stream import VolumeStream

_ALLOWED = frozenset(["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"])
_ALLOWED_LABELS = frozenset(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])

Block = tuple[tuple[slice, ...], np.ndarray]


@dataclass(frozen=True)
class Grid:
    """The voxels of an image that is to be written.

    Attributes
    ----------
    shape : tuple of int
        All axes.
    axes : str
    dtype : numpy.dtype
    levels : tuple of LevelPlan
    labels : bool
    """

    shape: tuple[int, ...]
    axes: str
    dtype: np.dtype
    levels: tuple[LevelPlan, ...]
    labels: bool

    @property
    def lead(self) -> tuple[int, ...]:
        """Time and channel."""
        return self.shape[: len(self.shape) - len(self.levels[0].shape)]

    @property
    def bytes(self) -> int:
        """Bytes of all levels, uncompressed."""
        voxels = sum(math.prod(level.shape) for level in self.levels)
        return math.prod(self.lead) * voxels * self.dtype.itemsize


def plan_grid(
    shape: Sequence[int],
    *,
    axes: str,
    dtype: Any,
    spacing_um: Sequence[float] | None,
    labels: bool,
    memory_bytes: int,
) -> Grid:
    """Plan the levels and chunks of an image.

    Raises
    ------
    ValueError
        For pixel types that cannot be averaged.
    """
    kind = stored_dtype(dtype, labels=labels)
    spatial = sum(axis in "zyx" for axis in axes)
    channels = shape[axes.index("c")] if "c" in axes else 1
    plane = math.prod(shape[-spatial + 1 :]) * kind.itemsize * channels
    levels = plan_levels(
        tuple(shape[-spatial:]),
        spacing_um=spacing_um,
        plane_bytes=plane,
        memory_bytes=memory_bytes // 4,  # the slab, the block, the lower levels, the encoder
    )
    return Grid(tuple(shape), axes, kind, tuple(levels), labels)


def stored_dtype(dtype: Any, *, labels: bool) -> np.dtype:
    """Give the pixel type on disk: little-endian, booleans as uint8."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return np.dtype("uint8")
    code = f"{kind.kind}{kind.itemsize}"
    if code not in (_ALLOWED_LABELS if labels else _ALLOWED):
        raise ValueError(
            f"pixels need integers of up to 32 bits or floats, got {kind}: convert them, or "
            "give labels=True for label images"
        )
    return kind.newbyteorder("<")


def write_levels(
    folder: Path, grid: Grid, blocks: Iterable[Block], *, count: Callable[[int], None]
) -> None:
    """Stream blocks into all levels of an OME-Zarr folder.

    Parameters
    ----------
    folder : Path
        An empty folder.
    grid : Grid
    blocks : iterable of (tuple of slice, ndarray)
        In the order of the first spatial axis; together they cover the image once.
    count : callable
        Told how many voxels came.

    Raises
    ------
    ValueError
        When blocks are missing, overlap or come out of order.
    """
    arrays = [_create(folder, grid, index) for index in range(len(grid.levels))]
    streams: dict[tuple[int, ...], VolumeStream] = {}
    for where, block in blocks:
        where = _definite(where, grid.shape)
        _check_block(where, block, grid)
        for volume, part in _volumes(where, block, lead=len(grid.lead)):
            if volume not in streams:
                streams[volume] = _stream(arrays, grid, volume)
            streams[volume].put(where[len(grid.lead) :], part)
        count(block.size)
    _check_complete(streams, grid)


def codecs(dtype: np.dtype) -> list[Any]:
    """Give the codecs of every chunk: fast compression, then a checksum over all stored bytes.

    A view waits for chunks to be unpacked: LZ4 does it several times as fast as Zstandard at its
    lightest, for files that are a quarter to a third larger.
    """
    from zarr.codecs import BloscCodec, Crc32cCodec

    squeeze = BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=dtype.itemsize)
    return [squeeze, Crc32cCodec()]


def _create(folder: Path, grid: Grid, index: int) -> Any:
    import zarr

    level = grid.levels[index]
    return zarr.create_array(
        store=folder / str(index),
        shape=(*grid.lead, *level.shape),
        chunks=((1,) * len(grid.lead) + level.chunks),
        dtype=grid.dtype,
        compressors=codecs(grid.dtype),
        dimension_names=list(grid.axes),
        fill_value=0,
        config={"write_empty_chunks": True},
    )


def _stream(arrays: list[Any], grid: Grid, volume: tuple[int, ...]) -> VolumeStream:
    def write(level: int, first: int, planes: np.ndarray) -> None:
        arrays[level][(*volume, slice(first, first + len(planes)))] = planes

    return VolumeStream(grid.levels, dtype=grid.dtype, write=write, labels=grid.labels)


def _volumes(
    where: tuple[slice, ...], block: np.ndarray, *, lead: int
) -> Iterable[tuple[tuple[int, ...], np.ndarray]]:
    for index in np.ndindex(block.shape[:lead]):
        volume = tuple(s.start + i for s, i in zip(where[:lead], index, strict=True))
        yield volume, block[index]


def _definite(where: Sequence[slice], shape: tuple[int, ...]) -> tuple[slice, ...]:
    if len(where) != len(shape):
        raise ValueError(f"a block needs one slice an axis of {shape}, got {where}")
    return tuple(slice(*s.indices(n)[:2]) for s, n in zip(where, shape, strict=True))


def _check_block(where: tuple[slice, ...], block: np.ndarray, grid: Grid) -> None:
    if tuple(s.stop - s.start for s in where) != block.shape:
        raise ValueError(f"a block of shape {block.shape} cannot stand at {where}")
    given = stored_dtype(block.dtype, labels=grid.labels)
    if given != grid.dtype:
        raise ValueError(f"blocks need dtype {grid.dtype}, got {block.dtype}")


def _check_complete(streams: dict[tuple[int, ...], VolumeStream], grid: Grid) -> None:
    expected = math.prod(grid.shape)
    whole = math.prod(grid.levels[0].shape)
    absent = math.prod(grid.lead) - len(streams)
    missing = absent * whole + sum(stream.missing for stream in streams.values())
    if missing:
        raise ValueError(
            f"blocks need to cover all {expected} voxels of {grid.shape}, got {missing} fewer"
        )
