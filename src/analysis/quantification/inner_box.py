"""The largest box inside a mask: where a region of any shape is asked for what only a box has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EXACT = 96  # voxels along an axis up to which every box is tried


def largest_box_inside(mask: NDArray) -> tuple[slice, ...]:
    """Return the largest box along the axes that lies inside a mask, as slices.

    Exact up to 96 voxels along each axis. Larger masks are searched by cubes of voxels that lie
    inside as a whole, and the best box of those is let grow as far as it stays inside.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x) or (y, x)

    Returns
    -------
    tuple of slice
        To crop the image and the mask by: ``image[box]``.

    Raises
    ------
    ValueError
        Nothing is inside.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((6, 8), bool); mask[1:5, 2:7] = True; mask[0, 0] = True
    >>> largest_box_inside(mask)
    (slice(1, 5, None), slice(2, 7, None))
    """
    from .inner_box_loops import largest_box

    mask = np.asarray(mask).astype(bool, copy=False)
    if mask.ndim not in (2, 3) or not mask.any():
        raise ValueError(
            f"mask needs 2 or 3 axes and a voxel inside, got shape {mask.shape} with "
            f"{np.count_nonzero(mask)} inside"
        )
    volume = mask if mask.ndim == 3 else mask[None]
    factor = -(-max(volume.shape) // _EXACT)
    ends = np.zeros(6, np.int64)
    while not largest_box(_whole_cubes(volume, factor), ends):
        factor //= 2  # no cube of this size lies inside
    shape = np.repeat(volume.shape, 2)
    ends = np.minimum(ends * np.repeat([min(factor, n) for n in volume.shape], 2), shape)
    _grow(volume, ends)
    box = tuple(slice(int(ends[i]), int(ends[i + 1])) for i in (0, 2, 4))
    return box if mask.ndim == 3 else box[1:]


def _whole_cubes(volume: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Return which cubes of so many voxels lie inside; the last ones may be cut by the end."""
    for axis in range(3):
        count = volume.shape[axis]
        side = min(factor, count)
        volume = np.logical_and.reduceat(volume, np.arange(0, count, side), axis=axis)
    return np.ascontiguousarray(volume)


def _grow(volume: NDArray[np.bool_], ends: NDArray[np.int64]) -> None:
    """Move the faces outwards, one voxel at a time, while all of the new layer is inside."""
    moved = True
    while moved:
        moved = False
        for side in range(6):
            axis, step = side // 2, 1 if side % 2 else -1
            layer = ends[side] if step > 0 else ends[side] - 1
            if not 0 <= layer < volume.shape[axis]:
                continue
            cut = [slice(ends[i], ends[i + 1]) for i in (0, 2, 4)]
            cut[axis] = slice(layer, layer + 1)
            if volume[tuple(cut)].all():
                ends[side] += step
                moved = True
