"""Growing, merging, filling and cutting in an image that is read block by block.

Each function makes the bits that its namesake in `cleaning`, `hysteresis` or `splitting` makes of
the whole image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SegmentationLimit
from .components import all_around, connected_components
from .numbering import Numbering, Read, number_pieces
from .splitting import cut_of, other_side
from .tiles import Tile

Tick = Callable[[int], None]


def grow(
    labels: Any,
    seeds: Any,
    out: Any,
    *,
    classes: int,
    block: Sequence[int],
    connectivity: int,
    tick: Tick,
) -> None:
    """Keep of each class what hangs together with a seed of it; two passes a class."""
    _clear(out, block)
    for level in range(1, classes):
        found = number_pieces(
            _reaching(labels, level),
            labels.shape,
            block=block,
            connectivity=connectivity,
            tick=tick,
        )
        seeded = np.zeros(len(found.sizes), bool)
        for tile in found.tiles():
            if (there := np.asarray(seeds[tile.core]) >= level).any():
                seeded[found.pieces(tile)[there]] = True
        seeded[0] = False
        for tile in found.tiles():
            out[tile.core] = np.asarray(out[tile.core]) + seeded[found.pieces(tile)]
            tick(_size(tile))


def merge(
    labels: Any,
    given: Any,
    *,
    min_size_px: int,
    block: Sequence[int],
    connectivity: int,
    tick: Tick,
) -> None:
    """Merge small pieces into the class around them, in place; four passes."""
    found = _numbered_classes(labels, block, connectivity, tick)
    _give_away(labels, given, found, np.asarray(found.sizes < min_size_px), tick)


def fill(labels: Any, given: Any, *, block: Sequence[int], tick: Tick) -> None:
    """Fill enclosed pieces of class 0, in place; four passes."""
    faces = 2 * len(labels.shape)
    found = _numbered_classes(labels, block, faces, tick)
    _give_away(labels, given, found, (found.values == 1) & ~found.at_border, tick)


def cut(
    labels: Any,
    *,
    phase: int,
    depth: float,
    scale: tuple[float, ...],
    block: Sequence[int],
    most_voxels: int,
    tick: Tick,
) -> None:
    """Cut the objects of a phase apart, one object after the other, in place; two passes.

    Raises
    ------
    SegmentationLimit
        An object's bounding box has more than `most_voxels` voxels.
    """
    everywhere = all_around(len(scale))
    found = number_pieces(
        lambda box: (np.asarray(labels[box]) == phase).view(np.uint8),
        labels.shape,
        block=block,
        connectivity=everywhere,
        tick=tick,
    )
    room = np.prod(found.last - found.first + 1, axis=1, dtype=float)
    if len(room) > 1 and room[1:].max() > most_voxels:
        raise SegmentationLimit(
            f"cutting apart needs each object's box to have at most {most_voxels} voxels, got "
            f"one of {room[1:].max():.0f}: this phase is one piece across the image, and no "
            "objects; leave the cutting out, or open it first"
        )
    done = 0
    for number in range(1, len(room)):
        _cut_one(labels, found, number, phase, depth, scale, everywhere)
        before, done = done, done + int(found.sizes[number])
        tick(done - before)
    tick(int(np.prod(labels.shape)) - done)


def _cut_one(
    labels: Any,
    found: Numbering,
    number: int,
    phase: int,
    depth: float,
    scale: tuple[float, ...],
    everywhere: int,
) -> None:
    first, last = found.first[number], found.last[number]
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))
    values = np.array(labels[box])
    pieces = connected_components(values == phase, connectivity=everywhere).labels
    piece = pieces == pieces[tuple(found.inside[number] - first)]
    at_border = [(s.start == 0, s.stop == n) for s, n in zip(box, labels.shape, strict=True)]
    given_up = cut_of(piece, at_border, depth, scale)
    if given_up.any():
        values[given_up] = other_side(phase)
        labels[box] = values


def _reaching(labels: Any, level: int) -> Read:
    return lambda box: (np.asarray(labels[box]) >= level).view(np.uint8)


def _numbered_classes(
    labels: Any, block: Sequence[int], connectivity: int, tick: Tick
) -> Numbering:
    return number_pieces(
        lambda box: np.asarray(labels[box]) + np.uint8(1),  # class 0 has pieces like any other
        labels.shape,
        block=block,
        connectivity=connectivity,
        tick=tick,
    )


def _give_away(
    labels: Any, given: Any, found: Numbering, away: NDArray[np.bool_], tick: Tick
) -> None:
    """Relabel each given piece with the class of most of its outer faces."""
    away[0] = False
    row = np.cumsum(away) - 1  # of a given piece in the tables below
    for tile in found.tiles():
        given[tile.core] = away[found.pieces(tile)]
        tick(_size(tile))
    classes = int(found.values.max(initial=1))
    kept = np.zeros((int(away.sum()), classes), np.int64)
    other = np.zeros_like(kept)
    for tile in found.tiles(halo=1):
        _count_faces(kept, other, labels, given, found, row, tile)
        tick(_size(tile))
    # neighbours that are given away themselves vote only where there is no other
    votes = np.where(kept.any(axis=1, keepdims=True), kept, other)
    winner, decided = votes.argmax(axis=1).astype(np.uint8), votes.max(axis=1, initial=0) > 0
    for tile in found.tiles():
        gone = np.asarray(given[tile.core], bool)
        if gone.any():
            values, rows = np.array(labels[tile.core]), row[found.pieces(tile)[gone]]
            values[gone] = np.where(decided[rows], winner[rows], values[gone])
            labels[tile.core] = values
        tick(_size(tile))


def _count_faces(
    kept: NDArray[np.int64],
    other: NDArray[np.int64],
    labels: Any,
    given: Any,
    found: Numbering,
    row: NDArray[np.int64],
    tile: Tile,
) -> None:
    """Count the faces of given pieces of a block by the class on their other side."""
    gone = np.asarray(given[tile.core], bool)
    if not gone.any():
        return
    rows, where = row[found.pieces(tile)[gone]], np.nonzero(gone)
    around = [np.asarray(volume[tile.outer]) for volume in (labels, given)]
    place = [w + s.start for w, s in zip(where, tile.inner, strict=True)]
    own = around[0][tuple(place)]
    for axis, size in enumerate(around[0].shape):
        for shift in (-1, 1):
            beside = list(place)
            beside[axis] = np.clip(place[axis] + shift, 0, size - 1)
            to, is_given = (volume[tuple(beside)] for volume in around)
            # voxels that share a face and a class are one piece
            for votes, counted in ((kept, is_given == 0), (other, is_given != 0)):
                across = (to != own) & counted
                np.add.at(votes, (rows[across], to[across]), 1)


def _clear(out: Any, block: Sequence[int]) -> None:
    from .tiles import tiles

    none = (0,) * len(block)
    for tile in tiles(out.shape, block=block, before=none, after=none):
        out[tile.core] = 0


def _size(tile: Tile) -> int:
    return int(np.prod([s.stop - s.start for s in tile.core]))
