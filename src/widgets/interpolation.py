"""Values between voxels: at any points, and faster on planes, most of all along the axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lattice import Grid, Lattice

_FEW = 64  # points


def values_on(
    block: NDArray[Any],
    grid: Grid,
    inside: NDArray[np.bool_],
    *,
    nearest: bool,
    dtype: np.dtype[Any],
) -> NDArray[Any]:
    """Values at points: the nearest voxel's, or linear between the voxels around.

    Parameters
    ----------
    grid : Lattice or Scattered
        In voxels of the block; outside its centres the outermost voxel stands.
    inside : ndarray of bool, shape (rows, columns)
        Which points count; the others have any value.

    Returns
    -------
    ndarray, shape (rows, columns)
    """
    if isinstance(grid, Lattice):
        aligned = along_axes(block, grid, nearest=nearest, dtype=dtype)
        if aligned is not None:
            return aligned
        if not nearest:
            return _across(block, grid, dtype)
        axes = [np.broadcast_to(grid.along(k), grid.shape) for k in range(block.ndim)]
    else:
        axes = list(grid.axes)
    found = np.zeros(grid.shape, dtype)
    points = np.stack([axis[inside] for axis in axes])
    found[inside] = at_points(block, points, nearest=nearest, dtype=dtype)
    return found


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
    if index.shape[1] <= _FEW:
        return _among_corners(block, index).astype(dtype)
    from scipy import ndimage

    if block.dtype == np.float16:  # scipy knows no halves
        block = block.astype(dtype)
    return ndimage.map_coordinates(block, index, order=1, mode="nearest", output=dtype)


def _among_corners(block: NDArray[Any], index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear values at a few points: the first picture does not wait for scipy's filters."""
    last = np.asarray(block.shape)[:, None] - 1
    index = np.clip(index, 0, last)
    low = np.minimum(index.astype(np.int64), np.maximum(last - 1, 0))
    share = index - low
    found = np.zeros(index.shape[1])
    for corner in np.ndindex(*(2,) * block.ndim):
        up = np.array(corner)[:, None]
        weight = np.prod(np.where(up, share, 1 - share), axis=0)
        found += weight * block[tuple(np.minimum(low + up, last))]
    return found


def along_axes(
    block: NDArray[Any], grid: Lattice, *, nearest: bool = False, dtype: np.dtype[Any]
) -> NDArray[Any] | None:
    """Values of a plane along the block's axes, several times faster than by points.

    Returns
    -------
    ndarray or None
        Shape (rows, columns); None where the plane is tilted.

    Examples
    --------
    >>> half = Lattice(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 0.5]), (2, 2))
    >>> along_axes(np.array([[0, 2], [4, 6]]), half, dtype=np.dtype(float)).tolist()
    [[0.0, 1.0], [4.0, 5.0]]
    """
    if grid.tilted:
        return None
    roles = grid.roles
    places = [grid.along(k).ravel() for k in range(block.ndim)]
    values = block
    for k in sorted(range(block.ndim), key=lambda k: len(places[k])):
        values = (
            _nearest(values, places[k], k) if nearest else _between(values, places[k], k, dtype)
        )
    kept = [k for role in "rc" for k in range(block.ndim) if roles[k] == role]
    rest = [k for k in range(block.ndim) if roles[k] == "."]
    shape = tuple(values.shape[roles.index(r)] if r in roles else 1 for r in "rc")
    return np.broadcast_to(values.transpose(*rest, *kept).reshape(shape), grid.shape)


def _across(block: NDArray[Any], grid: Lattice, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Linear values of a tilted plane."""
    from scipy import ndimage

    if block.dtype == np.float16:  # scipy knows no halves
        block = block.astype(dtype)
    steps = [grid.down, grid.right] if block.ndim == 2 else [0 * grid.down, grid.down, grid.right]
    shape = grid.shape if block.ndim == 2 else (1, *grid.shape)
    found = ndimage.affine_transform(
        block, np.stack(steps, axis=1), grid.start, shape, order=1, mode="nearest", output=dtype
    )
    return np.asarray(found).reshape(grid.shape)


def _nearest(values: NDArray[Any], places: NDArray[np.float64], axis: int) -> NDArray[Any]:
    whole = np.floor(places + 0.5).astype(np.int64)
    return values.take(np.clip(whole, 0, values.shape[axis] - 1), axis=axis)


def _between(
    values: NDArray[Any], places: NDArray[np.float64], axis: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    last = values.shape[axis] - 1
    places = np.clip(places, 0, last)
    low = np.floor(places).astype(np.int64)
    share = (places - low).astype(dtype)
    if share[0] == share[-1] and not np.ptp(share):
        share = share[:1]  # voxel by voxel
    share = share.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    below = _taken(values, low, axis).astype(dtype, copy=False)
    if not share.any():
        return below
    above = _taken(values, np.minimum(low + 1, last), axis)
    found = np.subtract(above, below, dtype=dtype)
    found *= share
    found += below
    return found


def _taken(values: NDArray[Any], places: NDArray[np.int64], axis: int) -> NDArray[Any]:
    """Some layers along an axis; those that follow each other are not copied."""
    first, count = int(places[0]), len(places)
    if places[-1] - first == count - 1 and np.all(places[1:] - places[:-1] == 1):
        return values[(slice(None),) * axis + (slice(first, first + count),)]
    return values.take(places, axis=axis)
