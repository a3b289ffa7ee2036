"""All levels of a pyramid from one pass over the blocks.

Each level keeps one slab, as deep as a chunk. A full slab is written, shrunk, and handed to the
next level; no level is ever held whole.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from .pyramid import LevelPlan, shrink

#: Writes a slab of one level: (level, first plane, planes).
Write = Callable[[int, int, np.ndarray], None]


class VolumeStream:
    """One volume (of one time and channel) on its way into a pyramid.

    Parameters
    ----------
    levels : sequence of LevelPlan
    dtype : numpy.dtype
    write : callable
        Called with (level, first plane, slab).
    labels : bool
    """

    def __init__(
        self, levels: Sequence[LevelPlan], *, dtype: np.dtype, write: Write, labels: bool = False
    ) -> None:
        self._slabs = [_Slab(level.shape, depth=level.chunks[0], dtype=dtype) for level in levels]
        self._steps = [
            tuple(b // a for a, b in zip(upper.factors, lower.factors, strict=True))
            for upper, lower in itertools.pairwise(levels)
        ]
        self._write = write
        self._labels = labels

    @property
    def complete(self) -> bool:
        """Whether every voxel came."""
        return all(slab.complete for slab in self._slabs)

    @property
    def missing(self) -> int:
        """How many voxels of level 0 did not come."""
        return self._slabs[0].missing

    def put(self, where: Sequence[slice], block: np.ndarray) -> None:
        """Take a block of level 0.

        Parameters
        ----------
        where : sequence of slice
            Where it stands, per spatial axis.
        block : ndarray

        Raises
        ------
        ValueError
            When it does not fit, or does not belong to the slab that is being filled.
        """
        _check_fit(where, block, self._slabs[0].shape)
        self._put(0, where, block)

    def _put(self, index: int, where: Sequence[slice], block: np.ndarray) -> None:
        slab = self._slabs[index]
        first, last = where[0].start, where[0].stop
        for start, stop in slab.pieces(first, last):
            piece = (slice(start, stop), *where[1:])
            planes = slab.take(piece, block[start - first : stop - first])
            if planes is not None:
                self._pass_on(index, slab.first, planes)
                slab.advance()

    def _pass_on(self, index: int, first: int, planes: np.ndarray) -> None:
        self._write(index, first, planes)
        if index == len(self._steps):
            return
        step = self._steps[index]
        smaller = _shrink_in_strips(planes, steps=step, labels=self._labels)
        start = first // step[0]
        inside = tuple(slice(0, n) for n in smaller.shape[1:])
        self._put(index + 1, (slice(start, start + len(smaller)), *inside), smaller)


class _Slab:
    """The planes of one level that are being filled."""

    def __init__(self, shape: tuple[int, ...], *, depth: int, dtype: np.dtype) -> None:
        self.shape = shape
        self.depth = depth
        self.dtype = dtype
        self.first = 0
        self._filled = 0
        self._planes: np.ndarray | None = None

    @property
    def complete(self) -> bool:
        return self.first >= self.shape[0]

    @property
    def missing(self) -> int:
        whole = math.prod(self.shape[1:])
        return max(0, self.shape[0] - self.first) * whole - self._filled

    @property
    def _height(self) -> int:
        return min(self.depth, self.shape[0] - self.first)

    def pieces(self, first: int, last: int) -> list[tuple[int, int]]:
        """Cut a range of planes where slabs meet."""
        cuts = [first, *range((first // self.depth + 1) * self.depth, last, self.depth), last]
        return list(itertools.pairwise(cuts))

    def take(self, where: Sequence[slice], block: np.ndarray) -> np.ndarray | None:
        """Copy a block in; gives the planes once the slab is full."""
        start = where[0].start - self.first
        if not 0 <= start < max(1, self._height):
            raise ValueError(
                f"blocks must come slab by slab: expected planes {self.first} to "
                f"{self.first + self._height}, got {where[0].start} to {where[0].stop}"
            )
        target = (self._height, *self.shape[1:])
        if block.shape == target and not self._filled:
            return np.ascontiguousarray(block, dtype=self.dtype)
        if self._planes is None:
            self._planes = np.empty((min(self.depth, self.shape[0]), *self.shape[1:]), self.dtype)
        self._planes[slice(start, start + len(block)), *where[1:]] = block
        self._filled += block.size
        if self._filled < math.prod(target):
            return None
        if self._filled > math.prod(target):
            raise ValueError(f"blocks overlap in planes {where[0].start} to {where[0].stop}")
        return self._planes[: target[0]]

    def advance(self) -> None:
        self.first += self._height
        self._filled = 0


def _shrink_in_strips(
    planes: np.ndarray, *, steps: Sequence[int], labels: bool, strip: int = 8
) -> np.ndarray:
    """Shrink a few planes at a time, so that sums stay in the cache."""
    strip_starts = range(0, len(planes), strip)
    parts = [shrink(planes[i : i + strip], steps=steps, labels=labels) for i in strip_starts]
    return np.concatenate(parts)


def _check_fit(where: Sequence[slice], block: np.ndarray, shape: tuple[int, ...]) -> None:
    spans = tuple(s.stop - s.start for s in where)
    inside = all(0 <= s.start < s.stop <= n for s, n in zip(where, shape, strict=True))
    if spans != block.shape or not inside:
        got = ", ".join(f"{s.start}:{s.stop}" for s in where)
        raise ValueError(
            f"a block of shape {block.shape} cannot stand at [{got}] of an image of {shape}"
        )
