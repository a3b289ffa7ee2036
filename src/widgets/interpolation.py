"""Values between voxels: at any points, and faster on planes along the axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def at_points(
    block: NDArray[Any], index: NDArray[np.float64], *, nearest: bool, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Values at any points: the nearest voxel's, or linear between the voxels around.

    Parameters
    ----------
    index : ndarray, shape (d, n)
        In voxels of the block; outside its centres the outermost voxel stands.
    """
    if nearest:
        whole = np.floor(index + 0.5).astype(np.int64)
        last = np.asarray(block.shape)[:, None] - 1
        return block[tuple(np.clip(whole, 0, last))]
    if block.dtype == np.float16:  # scipy knows no halves
        block = block.astype(dtype)
    return ndimage.map_coordinates(block, index, order=1, mode="nearest", output=dtype)


def along_axes(
    block: NDArray[Any], index: NDArray[np.float64], *, dtype: np.dtype[Any]
) -> NDArray[Any] | None:
    """Linear values of a plane along the block's axes, several times faster than by points.

    Parameters
    ----------
    index : ndarray, shape (height, width, d)
        In voxels of the block.

    Returns
    -------
    ndarray or None
        Shape (height, width); None where the plane is tilted.

    Examples
    --------
    >>> index = np.stack(np.meshgrid([0.0, 1.0], [0.0, 0.5], indexing="ij"), axis=-1)
    >>> along_axes(np.array([[0, 2], [4, 6]]), index, dtype=np.dtype(float)).tolist()
    [[0.0, 1.0], [4.0, 5.0]]
    """
    places, roles = [], ""
    for k in range(block.ndim):
        axis = index[..., k]
        if (axis == axis[:, :1]).all():
            same = bool((axis[:, 0] == axis[0, 0]).all())
            places.append(axis[:1, 0] if same else axis[:, 0])
            roles += "." if same else "r"
        elif (axis == axis[:1]).all():
            places.append(axis[0])
            roles += "c"
        else:
            return None
    if roles.count("r") > 1 or roles.count("c") > 1:
        return None
    values = block
    for k in sorted(range(block.ndim), key=lambda k: len(places[k])):
        values = _between(values, places[k], k, dtype)
    kept = [k for role in "rc" for k in range(block.ndim) if roles[k] == role]
    rest = [k for k in range(block.ndim) if roles[k] == "."]
    shape = tuple(values.shape[roles.index(r)] if r in roles else 1 for r in "rc")
    return np.broadcast_to(values.transpose(*rest, *kept).reshape(shape), index.shape[:2])


def _between(
    values: NDArray[Any], places: NDArray[np.float64], axis: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    last = values.shape[axis] - 1
    places = np.clip(places, 0, last)
    low = np.floor(places).astype(np.int64)
    share = (places - low).astype(dtype)
    share = share.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    below = values.take(low, axis=axis).astype(dtype, copy=False)
    above = values.take(np.minimum(low + 1, last), axis=axis)
    return below + share * (above - below)
