"""Volumes that are needed only for a while: in memory when small, else in a folder that goes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

#: Up to this size a volume is held in memory [byte].
IN_MEMORY = 2**26
_ZEROS = 2**24


class Scratch:
    """Gives volumes of uint8.

    Parameters
    ----------
    folder : Path or None
        Where they are kept; in memory without one.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self._count = folder, 0

    def volume(self, shape: Sequence[int]) -> Any:
        """Return an array of uint8; what it holds is not defined."""
        if self._folder is None:
            return np.empty(shape, np.uint8)
        self._count += 1
        path = self._folder / f"{self._count}.raw"
        _take_room(path, int(np.prod(shape, dtype=np.int64)))
        return np.memmap(path, np.uint8, "r+", shape=tuple(shape))


def _take_room(path: Path, count: int) -> None:
    """Take the disk's space now: a mapped file that finds none later ends the whole process.

    Raises
    ------
    OSError
        The disk is full.
    """
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, max(count, 1))
        else:  # macOS
            for start in range(0, count, _ZEROS):
                file.write(bytes(min(_ZEROS, count - start)))


@contextmanager
def scratch(shape: Sequence[int], *, folder: str | Path | None = None) -> Iterator[Scratch]:
    """Give room for volumes of a shape; nothing of them is left afterwards.

    Parameters
    ----------
    shape : sequence of int
    folder : path, optional
        In which a folder is made for large ones; the system's for temporary files by default.
    """
    if int(np.prod(shape, dtype=np.int64)) <= IN_MEMORY:
        yield Scratch(None)
        return
    made = Path(tempfile.mkdtemp(prefix="segment-", dir=folder))
    try:
        yield Scratch(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)
