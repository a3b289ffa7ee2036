"""The median of the nearest neighbours: noise that jumps goes, edges stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim
from ..threads import in_slabs
from .smoothing import as_volume

_TYPES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64)


def median_of_neighbours(image: NDArray, *, threads: int | None = None) -> NDArray:
    """Replace every voxel by the median of the 3 x 3 x 3 around it (3 x 3 in a picture).

    Corners are rounded and layers of one voxel vanish: do not use it before measuring thin
    structures. The image is mirrored at its borders.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Integers up to 32 bit, or finite float32 or float64.
    threads : int, optional
        Threads; one a core unless told. The result does not depend on them.

    Returns
    -------
    ndarray
        Of the same type.

    Raises
    ------
    TypeError
        Another type.
    ValueError
        NaN, which no value is above or below.

    Examples
    --------
    >>> median_of_neighbours(np.array([[1, 1, 1], [1, 9, 1], [1, 1, 2]])[:, :2].astype("u1")).max()
    np.uint8(1)
    """
    from .median_loops import median_planes

    image = np.asarray(image)
    checked_image_ndim(image.shape)
    if image.dtype.type not in _TYPES:
        raise TypeError(
            f"image needs integers of up to 32 bit or float32 or float64, got {image.dtype}: "
            "convert it"
        )
    if image.dtype.kind == "f" and np.isnan(image).any():
        raise ValueError("image needs numbers, got NaN: fill them first")
    source = np.ascontiguousarray(as_volume(image))
    out = np.empty_like(source)
    in_slabs(lambda a, b: median_planes(source, out, a, b), len(source), threads=threads)
    return out.reshape(image.shape)
