"""A pore space in voxels of twice the size, a little too wide and a little too narrow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def coarser(pore: NDArray[np.bool_], *, wide: bool) -> NDArray[np.bool_]:
    """Join voxels two by two along each axis that has more than one.

    Parameters
    ----------
    pore : ndarray of bool
        Of an odd number of voxels the last layer counts twice.
    wide : bool
        Whether a voxel of which half is pore becomes pore: all pores a little wider, or narrower.

    Returns
    -------
    ndarray of bool
        Half as many voxels along each axis, rounded up.

    Examples
    --------
    >>> pore = np.array([[True, False, True], [True, False, False]])
    >>> coarser(pore, wide=True).tolist(), coarser(pore, wide=False).tolist()
    ([[True, True]], [[False, False]])
    """
    steps = [2 if n > 1 else 1 for n in pore.shape]
    odd = [(0, -n % step) for n, step in zip(pore.shape, steps, strict=True)]
    whole = np.pad(pore, odd, mode="edge")
    parts = [size for n, step in zip(whole.shape, steps, strict=True) for size in (n // step, step)]
    filled = whole.reshape(parts).sum(axis=tuple(range(1, len(parts), 2)), dtype=np.uint8)
    half = int(np.prod(steps)) / 2
    return np.asarray(filled >= half if wide else filled > half)
