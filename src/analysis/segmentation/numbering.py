"""Connected components of an image that is read block by block.

Strategy: each block is numbered on its own; where two blocks meet, pieces of equal value that
touch are joined; the joined numbers are the pieces of the whole image. Only the last planes of the
blocks behind are kept. A block is numbered again, to the same numbers, when it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import axes_aside, connected_components
from .tiles import Tile, tiles

Read = Callable[[tuple[slice, ...]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Numbering:
    """The pieces of an image; piece 0 is what has the value 0.

    Attributes
    ----------
    read : callable
        Gives the values of a box.
    shape, block : tuple of int
    connectivity : int
    piece_of : ndarray of int64
        Piece of every number that a block gave.
    offsets : ndarray of int64
        What is added to the numbers of each block.
    values : ndarray of uint8
        Of each piece.
    sizes : ndarray of int64
        Of each piece [px].
    at_border : ndarray of bool
        Whether a piece reaches the border of the image.
    first, last : ndarray of int64, (pieces, axes)
        Bounding box; the last voxel is in it.
    inside : ndarray of int64, (pieces, axes)
        A voxel of each piece.
    """

    read: Read
    shape: tuple[int, ...]
    block: tuple[int, ...]
    connectivity: int
    piece_of: NDArray[np.int64]
    offsets: NDArray[np.int64]
    values: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    at_border: NDArray[np.bool_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    inside: NDArray[np.int64]

    def pieces(self, tile: Tile) -> NDArray[np.int64]:
        """Return the piece of every voxel of a block."""
        found = connected_components(self.read(tile.core), connectivity=self.connectivity)
        counts = [-(-n // b) for n, b in zip(self.shape, self.block, strict=True)]
        offset = self.offsets[np.ravel_multi_index(tile.index, counts)]
        pieces = np.zeros(found.count + 1, np.int64)
        pieces[1:] = self.piece_of[offset + 1 : offset + found.count + 1]
        return np.asarray(pieces[found.labels])

    def tiles(self, halo: int = 0) -> Any:
        """Yield the blocks."""
        around = (halo,) * len(self.shape)
        return tiles(self.shape, block=self.block, before=around, after=around)


@dataclass
class _Found:
    """What is known of the numbers so far, one array a block."""

    values: list[NDArray] = field(default_factory=lambda: [np.zeros(1, np.uint8)])
    sizes: list[NDArray] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    at_border: list[NDArray] = field(default_factory=lambda: [np.zeros(1, bool)])
    first: list[NDArray] = field(default_factory=list)
    last: list[NDArray] = field(default_factory=list)
    inside: list[NDArray] = field(default_factory=list)
    pairs: list[NDArray] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    count: int = 0


def number_pieces(
    read: Read,
    shape: Sequence[int],
    *,
    block: Sequence[int],
    connectivity: int,
    tick: Callable[[int], None] = lambda voxels: None,
) -> Numbering:
    """Number the pieces of equal value of an image.

    Parameters
    ----------
    read : callable
        Gives the values of a box, an ndarray of uint8; 0 is no piece.
    shape, block : sequence of int
        [px]
    connectivity : int
        6, 18 or 26; 4 or 8 in 2D.
    tick : callable
        Told the number of voxels after every block.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.pad(np.zeros((2, 2), np.uint8), 1, constant_values=1)
    >>> found = number_pieces(ring.__getitem__, ring.shape, block=(2, 2), connectivity=4)
    >>> found.sizes.tolist()
    [0, 12]
    """
    ndim = len(shape)
    found = _Found()
    for name in ("first", "last", "inside"):
        getattr(found, name).append(np.zeros((1, ndim), np.int64))
    planes: dict[tuple[int, ...], list[NDArray]] = {}  # last planes of the blocks behind
    aside = axes_aside(connectivity, ndim)
    for tile in tiles(shape, block=block, before=(1,) * ndim, after=(0,) * ndim):
        values = np.asarray(read(tile.outer))
        pieces = connected_components(values[tile.inner], connectivity=connectivity)
        ids = np.zeros(pieces.count + 1, np.int64)
        ids[1:] = np.arange(pieces.count) + found.count + 1
        numbers = ids[pieces.labels]
        found.offsets.append(found.count)
        _describe(found, tile, values[tile.inner], pieces.labels, pieces.count, shape)
        found.count += pieces.count
        around = _with_planes_behind(numbers, tile, planes)
        found.pairs.append(_touching(values, around, tile, aside))
        planes[tile.index] = [numbers[_plane(axis, -1, ndim)].copy() for axis in range(ndim)]
        planes.pop(tuple(i - 1 for i in tile.index), None)
        tick(numbers.size)
    return _joined(found, read, tuple(shape), tuple(block), connectivity)


def _describe(
    found: _Found, tile: Tile, values: NDArray, labels: NDArray, count: int, shape: Sequence[int]
) -> None:
    from scipy.ndimage import find_objects

    flat = labels.ravel()
    where = np.zeros(count + 1, np.int64)
    where[flat] = np.arange(flat.size)  # whichever comes last: any voxel of a piece will do
    where = where[1:]
    start = np.array([s.start for s in tile.core])
    found.values.append(values.ravel()[where].astype(np.uint8))
    found.sizes.append(np.bincount(flat, minlength=count + 1)[1:].astype(np.int64))
    border = np.zeros(count + 1, bool)
    for axis, (s, n) in enumerate(zip(tile.core, shape, strict=True)):
        if s.start == 0:
            border[labels.take(0, axis)] = True
        if s.stop == n:
            border[labels.take(-1, axis)] = True
    found.at_border.append(border[1:])
    boxes = find_objects(labels.astype(np.int32))
    ndim = labels.ndim
    low = np.array([[s.start for s in box] for box in boxes], np.int64).reshape(-1, ndim)
    high = np.array([[s.stop - 1 for s in box] for box in boxes], np.int64).reshape(-1, ndim)
    found.first.append(low + start)
    found.last.append(high + start)
    found.inside.append(np.stack(np.unravel_index(where, labels.shape), -1) + start)


def _with_planes_behind(
    numbers: NDArray[np.int64], tile: Tile, planes: dict[tuple[int, ...], list[NDArray]]
) -> NDArray[np.int64]:
    """Put the numbers of the planes just before a block in front of it, along every axis."""
    behind = [int(i > 0) for i in tile.index]
    around = np.zeros([n + b for n, b in zip(numbers.shape, behind, strict=True)], np.int64)
    for step in product(*[(0, 1) if b else (0,) for b in behind]):
        to = tuple(slice(0, 1) if s else slice(b, None) for s, b in zip(step, behind, strict=True))
        if not any(step):
            around[to] = numbers
            continue
        block = tuple(i - s for i, s in zip(tile.index, step, strict=True))
        plane = planes[block][step.index(1)]
        around[to] = plane[tuple(slice(-1, None) if s else slice(None) for s in step)]
    return around


def _touching(
    values: NDArray, numbers: NDArray[np.int64], tile: Tile, aside: int
) -> NDArray[np.int64]:
    """Pairs of numbers that are one piece, across the planes where blocks meet."""
    ndim = values.ndim
    pairs = [np.zeros((0, 2), np.int64)]
    for axis in (a for a in range(ndim) if tile.index[a] > 0):
        low, high = _plane(axis, 0, ndim), _plane(axis, 1, ndim)
        for step in product((-1, 0, 1), repeat=ndim - 1):
            if np.count_nonzero(step) >= aside:
                continue
            steps = (*step[:axis], 0, *step[axis:])
            here, there = _meeting(steps, values[low].shape)
            same = (values[low][here] == values[high][there]) & (values[low][here] > 0)
            both = numbers[low][here][same], numbers[high][there][same]
            pairs.append(np.unique(np.stack(both, -1), axis=0))
    return np.concatenate(pairs)


def _plane(axis: int, number: int, ndim: int) -> tuple[slice, ...]:
    """A plane across an axis, with that axis kept."""
    one = slice(number, number + 1 or None)
    return tuple(one if a == axis else slice(None) for a in range(ndim))


def _meeting(
    steps: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where voxels of two planes that lie aside by some steps have each other."""
    pairs = list(zip(steps, shape, strict=True))
    here = tuple(slice(max(0, -s), min(n, n - s)) for s, n in pairs)
    there = tuple(slice(max(0, s), min(n, n + s)) for s, n in pairs)
    return here, there


def _joined(
    found: _Found, read: Read, shape: tuple[int, ...], block: tuple[int, ...], connectivity: int
) -> Numbering:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components as joined

    pairs = np.concatenate(found.pairs)
    count = found.count + 1
    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (count, count))
    pieces, piece_of = joined(links, directed=False)
    piece_of = np.asarray(piece_of, np.int64)  # number 0 is linked to nothing and comes first
    sizes = np.zeros(pieces, np.int64)
    np.add.at(sizes, piece_of, np.concatenate(found.sizes))
    values = np.zeros(pieces, np.uint8)
    values[piece_of] = np.concatenate(found.values)
    at_border = np.zeros(pieces, bool)
    np.logical_or.at(at_border, piece_of, np.concatenate(found.at_border))
    first = np.full((pieces, len(shape)), np.iinfo(np.int64).max)
    last = np.full((pieces, len(shape)), -1, np.int64)
    np.minimum.at(first, piece_of, np.concatenate(found.first))
    np.maximum.at(last, piece_of, np.concatenate(found.last))
    inside = np.zeros((pieces, len(shape)), np.int64)
    inside[piece_of] = np.concatenate(found.inside)
    return Numbering(
        read, shape, block, connectivity, piece_of, np.array(found.offsets, np.int64),
        values, sizes, at_border, first, last, inside,
    )  # fmt: skip
