"""A fair sample of a large image: evenly spaced blocks, each with its neighbourhood intact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BLOCKS = {2: (512, 9), 3: (64, 12)}  # edge [px], number of blocks


def sample_blocks(image: NDArray, *, blocks: int | None = None) -> Iterator[NDArray]:
    """Yield evenly spaced blocks of an image, the whole image when it is small.

    Grey-value statistics that need neighbours (gradients, cores of phases) are taken from these,
    so that their cost does not grow with the image.

    Parameters
    ----------
    image : array_like, (z, y, x) or (y, x)
        Anything that can be sliced.
    blocks : int, optional
        Largest number of blocks; 9 of 512² or 12 of 64³ unless told.

    Yields
    ------
    ndarray
        Blocks, not overlapping, in the order of the array.

    Examples
    --------
    >>> import numpy as np
    >>> [block.shape for block in sample_blocks(np.zeros((50, 60)))]
    [(50, 60)]
    """
    edge, usual = _BLOCKS[image.ndim]
    wanted = usual if blocks is None else blocks
    if image.size <= wanted * edge**image.ndim:
        yield np.asarray(image)
        return
    for block in spaced_blocks(image.shape, at_most=wanted):
        yield np.asarray(image[block])


def spaced_blocks(shape: tuple[int, ...], *, at_most: int) -> list[tuple[slice, ...]]:
    """Return where evenly spaced blocks lie, 64 px wide (512 px in 2D), not overlapping.

    Parameters
    ----------
    shape : tuple of int
        Of a large image.
    at_most : int
        Number of blocks.

    Examples
    --------
    >>> spaced_blocks((64, 640, 64), at_most=2)[0]
    (slice(0, 64, None), slice(128, 192, None), slice(0, 64, None))
    """
    edge, _ = _BLOCKS[len(shape)]
    counts = _blocks_an_axis(shape, edge, at_most)
    return [
        tuple(
            _slice(i, count, size, edge)
            for i, count, size in zip(index, counts, shape, strict=True)
        )
        for index in np.ndindex(*counts)
    ]


def _blocks_an_axis(shape: tuple[int, ...], edge: int, wanted: int) -> list[int]:
    counts = [1] * len(shape)
    while True:
        room = [size / (edge * (n + 1)) for size, n in zip(shape, counts, strict=True)]
        best = int(np.argmax(room))
        counts[best] += 1
        if room[best] < 1 or np.prod(counts) > wanted:
            counts[best] -= 1
            return counts


def _slice(i: int, count: int, size: int, edge: int) -> slice:
    width = min(edge, size)
    start = round((i + 0.5) * size / count - width / 2)
    return slice(start, start + width)
