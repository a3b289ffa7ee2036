"""Which voxels of an image tell where it lies: half of them where it changes most."""

from __future__ import annotations

import numpy as np

from .grey_image import GreyImage
from .mutual import Samples, binned, grey_range

_CANDIDATES = 4  # looked at for each sample that is chosen for its slope
BLOCKS = 4  # along each axis, for the spread between parts of the image


def chosen_samples(
    image: GreyImage, count: int, *, rng: np.random.Generator, bins: int = 32
) -> Samples:
    """Choose voxels, half of them at random and half where the image changes most.

    Parameters
    ----------
    image : GreyImage
    count : int
        How many; all voxels where there are no more.
    rng : Generator
    bins : int
        Of grey values.

    Returns
    -------
    Samples
    """
    if image.values.size <= count:
        chosen = np.arange(image.values.size)
    else:
        anywhere = rng.integers(0, image.values.size, count - count // 2)
        candidates = rng.integers(0, image.values.size, _CANDIDATES * (count // 2))
        steep = np.argpartition(-steepness(image, candidates), count // 2)[: count // 2]
        chosen = np.sort(np.concatenate([anywhere, candidates[steep]]))  # near ones together
    if image.mask is not None:
        chosen = chosen[image.mask.ravel()[chosen]]
    places = np.stack(np.unravel_index(chosen, image.values.shape), axis=-1)
    low, high = grey_range(image.values, image.mask)
    return Samples(
        points_um=places * image.spacing_um + image.origin_um,
        bins=binned(image.values.ravel()[chosen], low, high, bins),
        blocks=_blocks(places, image.values.shape),
    )


def steepness(image: GreyImage, voxels: np.ndarray) -> np.ndarray:
    """Squared slope at voxels, by differences of their neighbours: (n,)."""
    values, shape = image.values.ravel(), image.values.shape
    found = np.zeros(len(voxels), np.float32)
    stride = 1
    for axis in (2, 1, 0):
        if shape[axis] > 1:
            place = voxels // stride % shape[axis]
            after = np.where(place < shape[axis] - 1, voxels + stride, voxels)
            before = np.where(place > 0, voxels - stride, voxels)
            found += ((values[after] - values[before]) / np.float32(image.spacing_um[axis])) ** 2
        stride *= shape[axis]
    return found


def _blocks(places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    each = [min(BLOCKS if size > 1 else 1, size) for size in shape]
    number = np.zeros(len(places), np.int64)
    for axis, (count, size) in enumerate(zip(each, shape, strict=True)):
        number = number * count + places[:, axis] * count // size
    return number.astype(np.int32)
