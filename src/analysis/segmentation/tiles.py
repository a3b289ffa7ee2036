"""Blocks of an image with the neighbourhood that makes them agree with the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Tile:
    """A block and its halo.

    Attributes
    ----------
    index : tuple of int
        Which block, along each axis.
    core : tuple of slice
        The block in the image.
    outer : tuple of slice
        With its halo, as far as the image reaches.
    inner : tuple of slice
        The block in the outer box.
    """

    index: tuple[int, ...]
    core: Box
    outer: Box
    inner: Box


def tiles(
    shape: Sequence[int], *, block: Sequence[int], before: Sequence[int], after: Sequence[int]
) -> Iterator[Tile]:
    """Yield the blocks of an image in the order of its axes.

    Parameters
    ----------
    shape, block : sequence of int
        Of the image and of a block [px].
    before, after : sequence of int
        Halo towards the start and the end of each axis [px].

    Examples
    --------
    >>> [t.outer[0] for t in tiles((5,), block=(3,), before=(1,), after=(1,))]
    [slice(0, 4, None), slice(2, 5, None)]
    """
    counts = [ceil(n / b) for n, b in zip(shape, block, strict=True)]
    for index in np.ndindex(*counts):
        core = tuple(
            slice(i * b, min((i + 1) * b, n)) for i, b, n in zip(index, block, shape, strict=True)
        )
        outer = tuple(
            slice(max(0, s.start - low), min(n, s.stop + high))
            for s, low, high, n in zip(core, before, after, shape, strict=True)
        )
        inner = tuple(
            slice(s.start - o.start, s.stop - o.start) for s, o in zip(core, outer, strict=True)
        )
        yield Tile(index, core, outer, inner)


def map_tiles(
    step: Callable[[NDArray], NDArray],
    source: Any,
    out: Any,
    *,
    block: Sequence[int],
    halo: Sequence[int],
    tick: Callable[[int], None] = lambda voxels: None,
) -> None:
    """Write what a step that looks no further than `halo` makes of an image, block by block.

    Parameters
    ----------
    step : callable
        Array in, array of the same shape out.
    source, out : array_like
        Of one shape, not the same array unless there is no halo.
    block, halo : sequence of int
        [px]
    tick : callable
        Told the number of voxels after every block.
    """
    for tile in tiles(source.shape, block=block, before=halo, after=halo):
        made = step(np.asarray(source[tile.outer]))[tile.inner]
        out[tile.core] = made
        tick(made.size)
