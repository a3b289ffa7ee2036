"""Which voxels of an image tell where it lies: half of them where it changes most."""

from __future__ import annotations

import numpy as np

from ..threads import in_slabs
from .grey_image import GreyImage
from .mutual import Samples, binned, grey_range

_CANDIDATES = 4  # looked at for each sample that is chosen for its slope
_SMALL = 20_000  # voxels that are not worth a thread
BLOCKS = 4  # along each axis, for the spread between parts of the image


def chosen_samples(
    image: GreyImage,
    count: int,
    *,
    rng: np.random.Generator,
    bins: int = 32,
    softly: bool = False,
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
    softly : bool
        Take the image as `GreyImage.softened` would have it, without softening all of it.

    Returns
    -------
    Samples
    """
    if image.values.size <= count:
        chosen = np.arange(image.values.size)
    else:
        anywhere = rng.integers(0, image.values.size, count - count // 2)
        candidates = rng.integers(0, image.values.size, _CANDIDATES * (count // 2))
        steep = np.argpartition(-steepness(image, candidates, softly=softly), count // 2)
        steep = steep[: count // 2]
        chosen = np.sort(np.concatenate([anywhere, candidates[steep]]))  # near ones together
    if image.mask is not None:
        chosen = chosen[image.mask.ravel()[chosen]]
    places = np.stack(np.unravel_index(chosen, image.values.shape), axis=-1)
    grey = _grey_at(image, chosen, softly)
    low, high = grey_range(grey) if softly else grey_range(image.values, image.mask)
    return Samples(
        points_um=places * image.spacing_um + image.origin_um,
        bins=binned(grey, low, high, bins),
        blocks=_blocks(places, image.values.shape),
    )


def steepness(image: GreyImage, voxels: np.ndarray, *, softly: bool = False) -> np.ndarray:
    """Squared slope at voxels, by differences of their neighbours: (n,)."""
    from . import grey_loops

    found = np.empty(len(voxels), np.float32)

    def some(first: int, last: int) -> None:
        into = found[first:last]
        grey_loops.steepness_at(image.values, image.spacing_um, voxels[first:last], softly, into)

    in_slabs(some, len(voxels), slabs=8 if len(voxels) > _SMALL else 1)
    return found


def _grey_at(image: GreyImage, voxels: np.ndarray, softly: bool) -> np.ndarray:
    if not softly:
        return image.values.ravel()[voxels]
    from . import grey_loops

    found = np.empty(len(voxels), np.float32)
    mask = np.zeros((0, 0, 0), bool) if image.mask is None else image.mask
    grey_loops.soft_at(image.values, mask, voxels, found)
    return found


def _blocks(places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    each = [min(BLOCKS if size > 1 else 1, size) for size in shape]
    number = np.zeros(len(places), np.int64)
    for axis, (count, size) in enumerate(zip(each, shape, strict=True)):
        number = number * count + places[:, axis] * count // size
    return number.astype(np.int32)
