"""Compiled loops of the Gaussian: plane after plane, so that what is summed stays in the cache."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled
from .row_loops import weighted


@compiled
def smooth_planes(
    source: Any, z_index: Any, y_index: Any, x_index: Any, weights_z: Any, weights_y: Any,
    weights_x: Any, out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Smooth the planes `first` to `last` of the output.

    Parameters
    ----------
    source : ndarray of float32, (z, y, x)
        Contiguous.
    z_index, y_index, x_index : ndarray of int64
        The voxels of `source` that stand for those of the output, with the reach of the weights at
        both ends, mirrored where the image ends.
    weights_z, weights_y, weights_x : ndarray of float32
        From the middle outwards.
    out : ndarray of float32, (z, y, x)
        Is written; contiguous.
    """
    width, size = source.shape[2], source.shape[1] * source.shape[2]
    ny, nx = out.shape[1], out.shape[2]
    wide = len(x_index)
    y_first = y_index.min()
    flat = source.reshape(-1)
    plane = np.empty((y_index.max() + 1 - y_first) * width, np.float32)
    tall = np.empty(len(y_index) * width, np.float32)  # with the rows mirrored beyond its ends
    level = np.empty(ny * width, np.float32)
    padded = np.empty(ny * wide + 1, np.float32)
    summed = np.empty(ny * wide - wide + nx, np.float32)
    starts_z = np.empty(2 * len(weights_z) - 1, np.int64)
    starts_y = np.arange(2 * len(weights_y) - 1) * width
    starts_x = np.arange(2 * len(weights_x) - 1)
    run_first, run_last = _run(x_index)
    for z in range(first, last):
        for j in range(len(starts_z)):
            starts_z[j] = z_index[z + j] * size + y_first * width
        weighted(plane, flat, starts_z, weights_z)
        for y in range(len(y_index)):
            at = (y_index[y] - y_first) * width
            tall[y * width : (y + 1) * width] = plane[at : at + width]
        weighted(level, tall, starts_y, weights_y)
        for y in range(ny):
            row, to = level[y * width : (y + 1) * width], padded[y * wide : (y + 1) * wide]
            for x in range(run_first):
                to[x] = row[x_index[x]]
            to[run_first:run_last] = row[x_index[run_first] : x_index[run_last - 1] + 1]
            for x in range(run_last, wide):
                to[x] = row[x_index[x]]
        weighted(summed, padded, starts_x, weights_x)
        for y in range(ny):
            out[z, y] = summed[y * wide : y * wide + nx]


@compiled
def _run(index: Any) -> Any:
    """The longest part of an index that counts upwards by one."""
    best_first, best_last, first = 0, 1, 0
    for i in range(1, len(index) + 1):
        if i == len(index) or index[i] != index[i - 1] + 1:
            if i - first > best_last - best_first:
                best_first, best_last = first, i
            first = i
    return best_first, best_last
