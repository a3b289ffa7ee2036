"""What a process does that is killed at it: import one image, and say when it was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zarr  # noqa: F401  loaded once, by the process that the others are forked from

from ...workspace import Workspace
from ...workspace.pixels import Block

_SHAPE, _PLANES = (96, 96, 96), 16


def named(number: int) -> str:
    """Name the image of one import."""
    return f"image {number}"


def pixels(number: int, seed: int) -> np.ndarray:
    """Give the pixels of one import."""
    rng = np.random.default_rng((seed, number + 10))
    return rng.integers(0, 60000, _SHAPE, dtype=np.uint16)


def import_one(place: str, number: int, seed: int) -> None:
    """Import an image in blocks; a file tells when it begins and one when it was done."""
    values, folder = pixels(number, seed), Path(place)
    with Workspace.open(folder) as ws:
        (folder / f"begun-{number}").touch()
        ws.images.write(
            named(number),
            shape=values.shape,
            dtype=values.dtype,
            axes="zyx",
            blocks=_blocks(values),
            spacing_um=(1.0, 1.0, 1.0),
            spacing_source="made",
        )
        (folder / f"done-{number}").touch()


def _blocks(values: np.ndarray) -> Iterator[Block]:
    for start in range(0, len(values), _PLANES):
        where = (
            slice(start, start + _PLANES),
            slice(0, values.shape[1]),
            slice(0, values.shape[2]),
        )
        yield where, values[where]
