"""Compiled loop that averages a fine mask over the voxels of a coarse grid."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled


@compiled
def average_onto(
    mask: Any, matrix: Any, offset: Any, samples: Any, out: Any, first: int, last: int
) -> None:
    """Share of a fine mask in coarse voxels; NaN where one is not wholly inside the fine image.

    Parameters
    ----------
    mask : ndarray of uint8, (z, y, x)
    matrix, offset : ndarray of float64, (3, 3) and (3,)
        From coarse voxels to fine ones.
    samples : ndarray of int64, (3,)
        Points along each axis of a coarse voxel.
    out : ndarray of float32, (z, y, x)
        Planes `first` to `last` are written.
    """
    nz, ny, nx = mask.shape
    a, b, c = samples[0], samples[1], samples[2]
    count = a * b * c
    for z in range(first, last):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                total, whole = 0, True
                for s in range(count):
                    u = z - 0.5 + (s // (b * c) + 0.5) / a
                    v = y - 0.5 + (s // c % b + 0.5) / b
                    w = x - 0.5 + (s % c + 0.5) / c
                    i = int(
                        np.floor(
                            matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2] * w + offset[0] + 0.5
                        )
                    )
                    j = int(
                        np.floor(
                            matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2] * w + offset[1] + 0.5
                        )
                    )
                    k = int(
                        np.floor(
                            matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2] * w + offset[2] + 0.5
                        )
                    )
                    if i < 0 or j < 0 or k < 0 or i >= nz or j >= ny or k >= nx:
                        whole = False
                        break
                    total += mask[i, j, k]
                out[z, y, x] = total / count if whole else np.nan
