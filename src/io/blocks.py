"""The boxes in which an image is streamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from .description import ImageDescription


def boxes(
    description: ImageDescription, *, depth: int | None = None, block_mb: float = 32.0
) -> Iterator[tuple[slice, ...]]:
    """Cover an image with slabs along z, in stored order.

    Parameters
    ----------
    description : ImageDescription
    depth : int, optional
        Planes a slab.
    block_mb : float
        Largest slab [MiB]; time points and channels come one at a time.

    Yields
    ------
    selection : tuple of slice
        One slice an axis; together they cover every pixel once.
    """
    sizes = dict(zip(description.axes, description.shape, strict=True))
    limit = max(1, int(block_mb * 2**20))
    row_bytes = sizes["x"] * np.dtype(description.dtype).itemsize
    plane_bytes = max(1, row_bytes * sizes["y"])
    planes = depth or max(1, limit // plane_bytes)
    rows = sizes["y"] if plane_bytes <= limit else max(1, limit // max(1, row_bytes))
    steps = {"t": 1, "c": 1, "z": planes, "y": rows, "x": sizes["x"]}
    starts = [range(0, sizes[axis], steps[axis]) for axis in description.axes]
    for corner in product(*starts):
        yield tuple(
            slice(at, min(at + steps[axis], sizes[axis]))
            for axis, at in zip(description.axes, corner, strict=True)
        )
