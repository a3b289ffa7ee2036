"""A foreign file seen from the caller: its description, and its pixels box by box."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from ..errors import ReadError, ReadLimit
from .answers import Answers
from .arrange import shape_of, spans_of, whole
from .blocks import boxes
from .description import ImageDescription
from .frames import BrokenFrame, Frame
from .slabs import Slabs
from .worker import Identity
from .workers import WORKERS, Workers

MEMORY_MB = 1024
SECONDS = 60.0


class Source(Slabs):
    """One image of a file that is open in a child process.

    Attributes
    ----------
    description : ImageDescription
    sequential : bool
        Whether jumping to a later part means reading everything before it.
    """

    def __init__(
        self,
        path: str,
        *,
        answers: Answers,
        memory_mb: int = MEMORY_MB,
        seconds: float = SECONDS,
        workers: Workers | None = None,
    ) -> None:
        self._path, self._workers, self._closed = path, workers or WORKERS, False
        self._identity = Identity.of(path)
        self._worker = self._workers.take(self._identity)
        try:
            request = {"path": path, "answers": answers.to_dict()}
            self._worker.open(request, memory_mb=memory_mb, seconds=seconds)
            opened = self._answer("description").header
            self.description = ImageDescription.from_dict(opened["description"])
            self.sequential = bool(opened["sequential"])
        except BaseException:
            self.close()
            raise

    def read(self, selection: tuple[slice, ...] | None = None) -> np.ndarray:
        """Read one box of the image.

        Parameters
        ----------
        selection : tuple of slice, optional
            One slice with a positive step for every axis; everything if left out.

        Raises
        ------
        ReadError, ReadLimit
        """
        chosen = whole(self.shape) if selection is None else selection
        self._worker.ask(spans_of(chosen, self.shape))
        return self._box(chosen)

    def blocks(
        self, *, depth: int | None = None, block_mb: float = 32.0
    ) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
        """Stream the image in slabs along z, the child reading ahead by one.

        Parameters
        ----------
        depth : int, optional
            Planes a slab; as many as fit into `block_mb` if left out.
        block_mb : float
            Largest slab [MiB]; a plane that is larger is cut into bands of rows.

        Yields
        ------
        selection : tuple of slice
        block : ndarray
        """
        asked: tuple[slice, ...] | None = None
        for box in boxes(self.description, depth=depth, block_mb=block_mb):
            self._worker.ask(spans_of(box, self.shape))
            if asked is not None:
                yield asked, self._box(asked)
            asked = box
        if asked is not None:
            yield asked, self._box(asked)

    def _answer(self, kind: str) -> Frame:
        try:
            frame = self._worker.answer()
        except (BrokenFrame, ValueError) as error:
            raise self._gone() from error
        if frame.header.get("kind") == "error":
            raised = ReadLimit if frame.header.get("limit") else ReadError
            raise raised(str(frame.header.get("message")))
        if frame.header.get("kind") != kind:
            raise ReadError(f"{self._path}: expected {kind}, the reader sent {frame.header}")
        return frame

    def _box(self, selection: tuple[slice, ...]) -> np.ndarray:
        frame = self._answer("box")
        shape, dtype = shape_of(selection, self.shape), np.dtype(self.description.dtype)
        if frame.payload_bytes != prod(shape) * dtype.itemsize:
            raise ReadError(
                f"{self._path}: expected {shape} {dtype}, the reader sent "
                f"{frame.payload_bytes} bytes"
            )
        if not frame.payload_bytes:
            return np.empty(shape, dtype)
        try:
            return self._worker.pixels(shape=shape, dtype=dtype)
        except BrokenFrame as error:
            raise self._gone() from error

    def _gone(self) -> ReadError:
        """Put into words why the child is no more."""
        if self._worker.last_words():
            return ReadLimit(f"reading {self._path} {self._worker.last_words()}")
        code, said = self._worker.complaints()
        return ReadError(
            f"{self._path} stopped its reader (exit code {code}): the file is "
            f"damaged or of an unknown kind, copy or export it again. {said}".strip()
        )

    @property
    def peak_mb(self) -> float:
        """The most memory that the child has had [MiB], with other files before."""
        return self._worker.peak_mb()

    def close(self) -> None:
        """Let go of the file; its child goes too, unless it is fit for another file."""
        if not self._closed:
            self._closed = True
            self._workers.give_back(self._worker, self._identity)


def split_entry(path: str | os.PathLike[str]) -> tuple[str, str | None]:
    """Split ``file.h5::/group/dataset`` into file and entry.

    Examples
    --------
    >>> split_entry("scan.h5::/raw")
    ('scan.h5', '/raw')
    """
    file, _, entry = os.fspath(path).partition("::")
    return file, entry or None


def resolved(path: str | os.PathLike[str], answers: Answers | None) -> tuple[str, Answers]:
    """Make a path absolute and move its entry into the answers.

    Raises
    ------
    ReadError
        If there is no such file.
    """
    from dataclasses import replace

    file, entry = split_entry(path)
    absolute = Path(file).expanduser().absolute()
    if not absolute.exists():
        raise ReadError(f"expected a file or folder, there is none at {absolute}: check the path")
    given = answers or Answers()
    return str(absolute), given if entry is None else replace(given, entry=entry)
