"""How far a block stands for its image: the scatter of what is solved in blocks all over it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..analysis.distributions import student
from .central_block import Block

LARGEST = 64  # voxels along each axis of a block that is solved for its scatter
_SMALLEST = 16
_FEWEST = 4  # blocks

Values = Mapping[str, float]


def block_shares(
    labels: NDArray[np.uint8],
    block: Block,
    solved: Values,
    measured: Callable[[NDArray[np.uint8]], Values],
) -> dict[str, float]:
    """Return the 95 % half-width of each value for standing for the image, as a share of it.

    Two other blocks along each axis are solved, eight in a volume. The variance of a block's value
    falls as 1 / volume once blocks are larger than the features; of an image that is not much
    larger than the block, that much less is left unseen. How far the block is from the mean of the
    others, by chance or since sealed sides matter more to a smaller one, adds to it.

    Parameters
    ----------
    labels : ndarray of uint8
        The segmentation of the image.
    block : Block
        In which the value is solved.
    solved : mapping of str to float
        What was found in it.
    measured : callable
        Gives the values of a block; those that are not finite anywhere are left out.

    Returns
    -------
    dict of str to float
        Empty where the image is too small for blocks of 16 voxels, or the block is all of it.

    References
    ----------
    Kanit et al. 2003, doi:10.1016/S0020-7683(03)00143-4.
    """
    if block.whole:
        return {}
    parts = [_along(n, side) for n, side in zip(block.shape, block.size, strict=True)]
    boxes = list(product(*parts))
    sides = [box.stop - box.start for box in boxes[0]]
    if len(boxes) < _FEWEST or min(sides) < _SMALLEST:
        return {}
    rows = [dict(measured(labels[box])) for box in boxes]
    smaller = float(np.prod(sides)) / float(np.prod(block.size))
    unseen = 1 - float(np.prod(block.size)) / float(np.prod(block.shape))
    factor = float(student.ppf(0.975, len(rows) - 1)) * math.sqrt(smaller * unseen)
    shares = {}
    for key, own in solved.items():
        values = np.array([row.get(key, math.nan) for row in rows])
        if np.all(np.isfinite(values)) and math.isfinite(own) and own > 0:
            shares[key] = math.hypot(factor * values.std(ddof=1), values.mean() - own) / own
    return shares


def _along(count: int, side: int) -> list[slice]:
    """Place one block in the middle of each half of an axis, or one over a thin axis."""
    half = count // 2
    size = min(side, half, LARGEST)
    if size < _SMALLEST:
        return [slice(0, min(count, LARGEST))]
    first = (half - size) // 2
    return [slice(first, first + size), slice(count - first - size, count - first)]
