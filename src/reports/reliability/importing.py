"""What a process does that is killed at it: import one image, and say when it was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zarr  # noqa: F401  loaded once, by the process that the others are forked from

from ...io import Answers
from ...workspace import Workspace
from ...workspace.pixels import Block

#: One of so many imports is from a file.
FROM_FILES = 5
_SHAPE, _PLANES = (96, 96, 96), 16


def named(number: int) -> str:
    """Name the image of one import."""
    return f"image {number}"


def pixels(number: int, seed: int) -> np.ndarray:
    """Give the pixels of one import."""
    rng = np.random.default_rng((seed, number + 10))
    return rng.integers(0, 60000, _SHAPE, dtype=np.uint16)


def import_one(place: str, number: int, seed: int) -> None:
    """Import an image; a file tells when it begins and one when it was done."""
    values, folder = pixels(number, seed), Path(place)
    with Workspace.open(folder) as ws:
        if number % FROM_FILES == FROM_FILES - 1:
            _import_file(ws, values, number)
        else:
            _write(ws, values, number)
        (folder / f"done-{number}").touch()


def _write(ws: Workspace, values: np.ndarray, number: int) -> None:
    (ws.path / f"begun-{number}").touch()
    ws.images.write(
        named(number),
        shape=values.shape,
        dtype=values.dtype,
        axes="zyx",
        blocks=_blocks(values),
        spacing_um=(1.0, 1.0, 1.0),
        spacing_source="made",
    )


def _import_file(ws: Workspace, values: np.ndarray, number: int) -> None:
    """Through a reader in a process of its own, as people import."""
    file = ws.path.parent / f"{number}.npy"
    np.save(file, values)
    (ws.path / f"begun-{number}").touch()
    answers = Answers(axes="zyx", spacing_um=(1.0, 1.0, 1.0), handedness="right")
    ws.import_file(file, name=named(number), answers=answers)


def _blocks(values: np.ndarray) -> Iterator[Block]:
    for start in range(0, len(values), _PLANES):
        where = (
            slice(start, start + _PLANES),
            slice(0, values.shape[1]),
            slice(0, values.shape[2]),
        )
        yield where, values[where]
