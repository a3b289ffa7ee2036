"""A foreign file seen from the caller: its description, and its pixels box by box."""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, ReadLimit
from .answers import Answers
from .arrange import shape_of, spans_of, whole
from .blocks import boxes
from .description import ImageDescription
from .frames import BrokenFrame, Frame, receive_array, receive_frame
from .slabs import Slabs
from .watch import Watch

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
        self, path: str, *, answers: Answers, memory_mb: int = MEMORY_MB, seconds: float = SECONDS
    ) -> None:
        self._path = path
        self._process = _start()
        self._watch = Watch(self._process, memory_mb=memory_mb, seconds=seconds)
        self._complaints: collections.deque[bytes] = collections.deque(maxlen=20)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            request = {"path": path, "answers": answers.to_dict(), "memory_mb": memory_mb}
            self._ask(request)
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
        self._ask(spans_of(chosen, self.shape))
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
            self._ask(spans_of(box, self.shape))
            if asked is not None:
                yield asked, self._box(asked)
            asked = box
        if asked is not None:
            yield asked, self._box(asked)

    def _ask(self, message: Any) -> None:
        with suppress(BrokenPipeError, ValueError):  # the answer tells why it went away
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _answer(self, kind: str) -> Frame:
        assert self._process.stdout is not None
        try:
            with self._watch:
                frame = receive_frame(self._process.stdout)
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
        assert self._process.stdout is not None
        try:
            with self._watch:
                return receive_array(self._process.stdout, shape=shape, dtype=dtype)
        except BrokenFrame as error:
            raise self._gone() from error

    def _gone(self) -> ReadError:
        """Put into words why the child is no more."""
        if self._watch.verdict:
            return ReadLimit(f"reading {self._path} {self._watch.verdict}")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._listener.join(timeout=1)
        said = b"".join(self._complaints).decode(errors="replace").strip()[-500:]
        return ReadError(
            f"{self._path} stopped its reader (exit code {self._process.returncode}): the file is "
            f"damaged or of an unknown kind, copy or export it again. {said}".strip()
        )

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with suppress(ValueError, OSError):
            for line in self._process.stderr:
                self._complaints.append(line[-500:])

    def close(self) -> None:
        """End the child."""
        self._watch.stop()
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=1)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError, OSError):
                    stream.close()


def _start() -> subprocess.Popen[bytes]:
    """Spawn a fresh interpreter: a fork would inherit threads that numba cannot survive."""
    quiet = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "HDF5_USE_FILE_LOCKING": "FALSE",
        "HDF5_PLUGIN_PATH": os.devnull,  # a file must not choose which code is loaded
    }
    # -P keeps the current folder, which may hold a foreign numpy.py, off the import path.
    return subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "scalebridge.io.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **quiet},
    )


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
