"""Which parts of an image are imaged once more: all of it, or blocks of a large one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..segmentation.sampling import spaced_blocks

_WHOLE_VOXELS = 4_200_000  # up to which the whole is taken: seconds
_MOST_BLOCKS = 8  # of a larger one
_HALO_PX = 8  # what lies beside a block shapes its border


@dataclass(frozen=True)
class ImagedBlock:
    """A part of an image with what surrounds it.

    Attributes
    ----------
    outer : tuple of slice
        The part with its surroundings, in the image.
    inner : tuple of slice
        The part, in the outer one.
    """

    outer: tuple[slice, ...]
    inner: tuple[slice, ...]

    def of(self, array: NDArray) -> NDArray:
        """Cut the part with its surroundings out of an image."""
        return np.ascontiguousarray(array[self.outer])

    def without_halo(self, array: NDArray) -> NDArray:
        """Cut the part itself out of an image."""
        return self.of(array)[self.inner]


def imaged_blocks(
    shape: tuple[int, ...], mask: NDArray[np.bool_] | None = None
) -> list[ImagedBlock]:
    """Return the parts of an image that are imaged once more.

    Parameters
    ----------
    shape : tuple of int
    mask : ndarray of bool, optional
        Where the specimen is: blocks that are mostly outside are left out, if others are not.

    Returns
    -------
    list of ImagedBlock
        One for an image of up to 4.2 million voxels, else up to eight.

    Examples
    --------
    >>> imaged_blocks((50, 50))[0].inner
    (slice(0, 50, None), slice(0, 50, None))
    >>> len(imaged_blocks((500, 500, 500)))
    8
    """
    if np.prod(shape, dtype=float) <= _WHOLE_VOXELS:
        whole = tuple(slice(0, size) for size in shape)
        return [ImagedBlock(whole, whole)]
    spaced = spaced_blocks(shape, at_most=_MOST_BLOCKS)
    if mask is not None:
        spaced = [block for block in spaced if mask[block].mean() > 0.5] or spaced
    return [_with_halo(block, shape) for block in spaced]


def _with_halo(block: tuple[slice, ...], shape: tuple[int, ...]) -> ImagedBlock:
    outer = tuple(
        slice(max(0, along.start - _HALO_PX), min(size, along.stop + _HALO_PX))
        for along, size in zip(block, shape, strict=True)
    )
    inner = tuple(
        slice(along.start - out.start, along.stop - out.start)
        for along, out in zip(block, outer, strict=True)
    )
    return ImagedBlock(outer, inner)
