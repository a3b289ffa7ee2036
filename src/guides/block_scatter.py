"""How far a block stands for its image: the scatter of what is solved in blocks all over it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..analysis.quantification import FieldScatter, field_scatter
from .central_block import Block

LARGEST = 64  # voxels along each axis of a block that is solved for its scatter

Values = Mapping[str, float]


def solved_scatter(
    labels: NDArray[np.uint8], measured: Callable[[NDArray[np.uint8]], Values]
) -> FieldScatter | None:
    """Solve two small blocks along each axis of an image, eight in a volume.

    Parameters
    ----------
    labels : ndarray of uint8
        The segmentation of the image.
    measured : callable
        Gives the values of a block; those that are not finite anywhere are left out.

    Returns
    -------
    FieldScatter or None
        None where the image is too small for four blocks of 16 voxels.
    """
    return field_scatter(labels, lambda part, _: measured(part), largest=LARGEST)


def block_shares(scatter: FieldScatter, block: Block, solved: Values) -> dict[str, float]:
    """Return the 95 % half-width of each value for standing for the image, as a share of it.

    The variance of a block's value falls as 1 / volume once blocks are larger than the features; of
    an image that is not much larger than the block, that much less is left unseen. How far the
    block is from the mean of the others, by chance or since sealed sides matter more to a smaller
    one, adds to it.

    Parameters
    ----------
    scatter : FieldScatter
        Of the image.
    block : Block
        In which the value is solved.
    solved : mapping of str to float
        What was found in it.

    Returns
    -------
    dict of str to float
        Empty where the block is all of the image.

    References
    ----------
    Kanit et al. 2003, doi:10.1016/S0020-7683(03)00143-4.
    """
    if block.whole:
        return {}
    size = float(np.prod(block.size))
    unseen = math.sqrt(1 - size / float(np.prod(block.shape)))
    shares = {}
    for key, own in solved.items():
        half = scatter.half_width(key, size)
        if half is not None and math.isfinite(own) and own > 0:
            off = float(scatter.values[key].mean()) - own
            shares[key] = math.hypot(unseen * half, off) / own
    return shares
