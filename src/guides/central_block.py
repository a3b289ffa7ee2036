"""The part of a large image in which costly questions are answered, and how it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..analysis.quantification.measurement import Check

LIKENESS = "block like the image"
_LIKE = 0.05  # of the volume fraction, as the representative volume takes it


@dataclass(frozen=True)
class Block:
    """A box in the middle of an image, or all of it.

    Attributes
    ----------
    slices : tuple of slice
    shape : tuple of int
        Of the image [voxels].

    Examples
    --------
    >>> central_block((10, 300, 300), most=128).words
    'the central block of 128 × 128 × 10 (x, y, z) of 300 × 300 × 10 voxels'
    """

    slices: tuple[slice, ...]
    shape: tuple[int, ...]

    @property
    def size(self) -> tuple[int, ...]:
        """Of the box [voxels]."""
        return tuple(part.stop - part.start for part in self.slices)

    @property
    def whole(self) -> bool:
        """Whether it is all of the image."""
        return self.size == self.shape

    @property
    def words(self) -> str:
        """What a measurement was made on."""
        if self.whole:
            return "the whole image"
        axes = ", ".join("xyz"[: len(self.shape)])
        return f"the central block of {_times(self.size)} ({axes}) of {_times(self.shape)} voxels"


def central_block(
    shape: Sequence[int], *, most: int, within: Sequence[slice] | None = None
) -> Block:
    """Return the box in the middle of an image, of at most so many voxels along each axis.

    Examples
    --------
    >>> central_block((9, 9), most=4, within=(slice(5, 9), slice(0, 9))).slices
    (slice(5, 9, None), slice(2, 6, None))
    """
    parts = [slice(0, int(n)) for n in shape] if within is None else list(within)
    sides = [min(part.stop - part.start, most) for part in parts]
    starts = [
        part.start + (part.stop - part.start - side) // 2
        for part, side in zip(parts, sides, strict=True)
    ]
    slices = tuple(slice(a, a + side) for a, side in zip(starts, sides, strict=True))
    return Block(slices, tuple(int(n) for n in shape))


def likeness(phase: NDArray[np.bool_], block: Block) -> tuple[Check, ...]:
    """Compare the volume fraction of the block with that of the image; nothing where it is all."""
    if block.whole:
        return ()
    part, whole = float(phase[block.slices].mean()), float(phase.mean())
    like = whole > 0 and abs(part / whole - 1) <= _LIKE
    said = f"volume fraction {part:.4g} in {block.words}, {whole:.4g} in the image"
    advice = "" if like else "; the block does not stand for the image: take a larger one"
    return (Check(LIKENESS, like, said + advice),)


def _times(sides: Sequence[int]) -> str:
    return " × ".join(str(n) for n in reversed(sides))
