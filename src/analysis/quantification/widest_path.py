"""Widest paths: how large a ball can come, from where, and when a field percolates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim
from .distance import WalledPhase, squared_distance
from .euler import checked_connectivity
from .objects import AXIS_NAMES
from .volume import checked_mask

_MOST_LEVELS = 2**24


def percolation_threshold(
    values: NDArray, *, axis: str, connectivity: int, mask: NDArray | None = None
) -> float:
    """Find the smallest value up to which a field crosses the image along an axis.

    Parameters
    ----------
    values : ndarray, (z, y, x) or (y, x)
    axis : {"x", "y", "z"}
    connectivity : {26, 6} for a volume, {8, 4} for an image
    mask : ndarray of bool, optional
        Paths stay inside.

    Returns
    -------
    float
        ``values <= threshold`` crosses; NaN where not even all of the mask does.

    Notes
    -----
    For independent voxels uniform between 0 and 1 the mean tends to the site percolation
    threshold as the image grows: 0.3116 (6) in 3D, 0.5927 (4) in 2D.

    Examples
    --------
    >>> import numpy as np
    >>> field = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.4]])
    >>> percolation_threshold(field, axis="x", connectivity=4)
    0.8
    """
    values = np.asarray(values)
    at = checked_axis(axis, checked_image_ndim(values.shape))
    checked_connectivity(connectivity, values.ndim)
    known, rank = np.unique(-values, return_inverse=True)
    levels = (rank.reshape(values.shape) + 1).astype(np.int32)
    if mask is not None:
        levels *= checked_mask(mask, values.shape)
    found = crossing_level(levels, axis=at, connectivity=connectivity)
    return float(-known[found - 1]) if found else float("nan")


def critical_diameter_um(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    connectivity: int | None = None,
) -> dict[str, float]:
    """Find the diameter of the largest ball that can cross a phase, along each axis [µm].

    Its centre moves from voxel to voxel, and its border keeps inside the phase.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    connectivity : int, optional
        Steps of the centre: 26 or 6 (8 or 4 in 2D); 26 (8) unless told.

    Returns
    -------
    dict of str to float
        0 where nothing crosses, inf where nothing is in the way.

    Examples
    --------
    >>> import numpy as np
    >>> tube = np.zeros((5, 9), bool); tube[1:4] = True; tube[1, 4] = tube[3, 4] = False
    >>> critical_diameter_um(tube, spacing_um=(1, 1))
    {'x': 2.0, 'y': 0.0}
    """
    room = WalledPhase.checked(phase, spacing_um=spacing_um, mask=mask)
    connectivity = (8 if room.ndim == 2 else 26) if connectivity is None else connectivity
    squared = squared_distance(room)
    if squared.min() > 0:
        return {name: float("inf") for name in reversed(AXIS_NAMES[room.ndim])}
    levels, values = levels_of(squared)
    found = {}
    for axis, name in reversed(list(enumerate(AXIS_NAMES[room.ndim]))):
        level = crossing_level(levels, axis=axis, connectivity=connectivity)
        found[name] = float(2 * room.metric.unit_um * np.sqrt(values[level]))
    return found


def crossing_level(levels: NDArray[Any], *, axis: int, connectivity: int) -> int:
    """Return the largest level at which a path crosses along an axis, 0 where there is none."""
    starts, ends = np.zeros(levels.shape, bool), np.zeros(levels.shape, bool)
    starts[(slice(None),) * axis + (0,)] = True
    ends[(slice(None),) * axis + (-1,)] = True
    return flooded(levels, starts, connectivity=connectivity, ends=ends)[1]


def flooded(
    levels: NDArray[Any],
    starts: NDArray[np.bool_],
    *,
    connectivity: int,
    ends: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[Any], int]:
    """Return the largest level at which each voxel is reached, and at which the first end was.

    Examples
    --------
    >>> import numpy as np
    >>> levels = np.array([[3, 1, 2, 0, 5]])
    >>> flooded(levels, np.array([[True, False, False, False, False]]), connectivity=4)[0]
    array([[3, 1, 1, 0, 0]])
    """
    from .flood_loops import widest_paths

    whole = (1,) * (3 - levels.ndim) + levels.shape
    reached = np.zeros(whole, levels.dtype)
    stop = np.zeros((0, 0, 0), bool) if ends is None else ends.reshape(whole)
    heads = np.full(int(levels.max()) + 1, -1, np.int64)
    following = np.empty(levels.size, np.int32 if levels.size < 2**31 else np.int64)
    level = widest_paths(
        np.ascontiguousarray(levels).reshape(whole), starts.reshape(whole), steps_of(connectivity),
        reached, stop, heads, following,
    )  # fmt: skip
    return reached.reshape(levels.shape), int(level)


def levels_of(squared: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return levels that are small enough to be counted, and the value of each."""
    largest = int(squared.max())
    if largest < _MOST_LEVELS:
        return squared, np.arange(largest + 1)
    values, rank = np.unique(squared, return_inverse=True)
    if values[0] > 0:
        values, rank = np.concatenate([[0], values]), rank + 1
    return rank.reshape(squared.shape).astype(np.int32), values


def steps_of(connectivity: int) -> NDArray[np.int64]:
    """Return the steps to the neighbours of a voxel, z first.

    Examples
    --------
    >>> [len(steps_of(c)) for c in (26, 6, 8, 4)]
    [26, 6, 8, 4]
    """
    flat, near = connectivity in (4, 8), connectivity in (4, 6)
    steps = [
        step
        for step in product((-1, 0, 1), repeat=3)
        if any(step) and not (flat and step[0]) and not (near and np.abs(step).sum() > 1)
    ]
    return np.array(steps, dtype=np.int64)


def checked_axis(axis: str, ndim: int) -> int:
    """Return the number of a named axis, or refuse it."""
    names = AXIS_NAMES[ndim]
    if axis not in names:
        raise ValueError(f"axis needs one of {tuple(reversed(names))}, got {axis!r}: name one")
    return names.index(axis)
