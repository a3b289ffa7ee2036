"""A first picture of a file of any size, within a few seconds."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from .answers import Answers
from .description import ImageDescription
from .opening import open_source
from .slabs import Slabs
from .source import MEMORY_MB

# So many planes are read whole at most, however many fit into the time [byte].
_READ_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Preview:
    """Every n-th pixel of an image.

    Attributes
    ----------
    description : ImageDescription
        Of the whole image.
    image : ndarray
        Along the same axes; the first time point only.
    step : tuple of int
        Pixels of the image from one of the preview to the next, along each axis.
    planes : tuple of int
        Index along z of each plane of the preview; empty for a flat image.
    complete : bool
        False if time ran out before all the planes were there.
    """

    description: ImageDescription
    image: np.ndarray
    step: tuple[int, ...]
    planes: tuple[int, ...]
    complete: bool


def preview(
    path: str | os.PathLike[str],
    *,
    answers: Answers | None = None,
    max_side: int = 256,
    max_planes: int = 32,
    seconds: float = 8.0,
    memory_mb: int = MEMORY_MB,
) -> Preview:
    """Read a coarse picture of a file without reading all of it.

    Parameters
    ----------
    path, answers, memory_mb
        As for `open_source`.
    max_side : int
        Pixels of the preview along y and x at most.
    max_planes : int
        Planes along z at most.
    seconds : float
        After this time no further plane is begun; there is always one [s].

    Raises
    ------
    ReadError, ReadLimit
    """
    with open_source(path, answers=answers, memory_mb=memory_mb) as source:
        return preview_of(source, max_side=max_side, max_planes=max_planes, seconds=seconds)


def preview_of(
    source: Slabs, *, max_side: int = 256, max_planes: int = 32, seconds: float = 8.0
) -> Preview:
    """Read a coarse picture of a source that is open already."""
    begun = time.monotonic()
    description = source.description
    sizes = dict(zip(description.axes, description.shape, strict=True))
    step = {axis: -(-sizes[axis] // max_side) for axis in "yx"}
    planes = _planes(description, sizes, max_planes)
    read: dict[int, np.ndarray] = {}
    for plane in _order(planes, source.sequential):
        if read and time.monotonic() - begun > seconds:
            break
        read[plane] = source.read(_selection(description, sizes, plane, step))
    shown = sorted(read)
    stacked = "z" in sizes
    gap = shown[1] - shown[0] if len(shown) > 1 else 1
    along = description.axes.index("z") if stacked else 0
    image = np.concatenate([read[p] for p in shown], axis=along) if stacked else read[shown[0]]
    steps = {"t": 1, "c": 1, "z": gap, **step}
    return Preview(
        description=description,
        image=image,
        step=tuple(steps[axis] for axis in description.axes),
        planes=tuple(shown) if stacked else (),
        complete=len(read) == len(planes),
    )


def _planes(description: ImageDescription, sizes: dict[str, int], most: int) -> range:
    if "z" not in sizes:
        return range(1)
    plane_bytes = sizes["y"] * sizes["x"] * np.dtype(description.dtype).itemsize * sizes.get("c", 1)
    count = max(1, min(most, sizes["z"], _READ_BYTES // max(1, plane_bytes)))
    gap = -(-sizes["z"] // count)
    return range(gap // 2 if gap < sizes["z"] else sizes["z"] // 2, sizes["z"], gap)


def _order(planes: range, sequential: bool) -> list[int]:
    """The middle first, because time may run out; a packed stream only goes forwards."""
    if sequential:
        return list(planes)
    middle = len(planes) // 2
    return [planes[middle], *planes[:middle], *planes[middle + 1 :]]


def _selection(
    description: ImageDescription, sizes: dict[str, int], plane: int, step: dict[str, int]
) -> tuple[slice, ...]:
    parts = {
        "t": slice(0, 1),
        "c": slice(0, sizes.get("c", 1)),
        "z": slice(plane, plane + 1),
        "y": slice(step["y"] // 2, sizes["y"], step["y"]),
        "x": slice(step["x"] // 2, sizes["x"], step["x"]),
    }
    return tuple(parts[axis] for axis in description.axes)
