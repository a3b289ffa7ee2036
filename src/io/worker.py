"""A child process that reads foreign files, one after the other, seen from its caller.

It is spawned, never forked: a fork would inherit threads that numba cannot survive.
"""

from __future__ import annotations

import collections
import json
import os
import secrets
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .frames import BrokenFrame, Frame, receive_array, receive_frame
from .watch import Watch, private_memory_mb

_CLOSING_S = 5.0


@dataclass(frozen=True)
class Identity:
    """Which file it was, and as of when."""

    path: str
    stamp: tuple[int, ...]

    @classmethod
    def of(cls, path: str) -> Identity:
        """Look at a file or folder."""
        try:
            seen = Path(path).stat()
        except OSError:
            return cls(path, ())
        return cls(path, (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns))


class Worker:
    """One child process; it has one file open at a time.

    Attributes
    ----------
    bound_to : Identity or None
        The only file it may go on with; any if None.
    pid : int
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.bound_to: Identity | None = None
        self._idle_mb, self._asked, self._answered, self._failed = 0.0, 0, 0, False
        self._file = ""
        self._watch: Watch | None = None
        self._complaints: collections.deque[bytes] = collections.deque(maxlen=20)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def open(self, request: dict[str, Any], *, memory_mb: int, seconds: float) -> None:
        """Begin with a file, under its own limits."""
        self._asked = self._answered = 0
        self._failed = False
        self._complaints.clear()
        self._file = secrets.token_hex(8)
        self._watch = Watch(
            self.process, memory_mb=memory_mb, seconds=seconds, before_mb=self._idle_mb
        )
        limits = {"memory_mb": memory_mb, "seconds": seconds, "file": self._file}
        self.ask({**request, **limits})

    def ask(self, message: Any) -> None:
        """Send one request."""
        self._asked += 1
        with suppress(BrokenPipeError, ValueError):  # the answer tells why it went away
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def answer(self) -> Frame:
        """Wait for the header of the next answer.

        Raises
        ------
        BrokenFrame, ValueError
            The child ended, or sent what is no answer.
        """
        assert self.process.stdout is not None
        assert self._watch is not None
        self._failed = True
        with self._watch:
            frame = receive_frame(self.process.stdout)
        if frame.header.get("file") != self._file:
            self.process.kill()
            raise BrokenFrame("expected the answer for this file, got another's")
        self._failed = False
        if not frame.payload_bytes:
            self._answered += 1
        return frame

    def pixels(self, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        """Wait for the pixels that follow a header.

        Raises
        ------
        BrokenFrame
        """
        assert self.process.stdout is not None
        assert self._watch is not None
        with self._watch:
            found = receive_array(self.process.stdout, shape=shape, dtype=dtype)
        self._answered += 1
        return found

    def end_of_file(self, identity: Identity, *, apart: bool = True) -> bool:
        """Let go of the file; say whether nothing was left behind and it can go on.

        Parameters
        ----------
        identity : Identity
            Of the file.
        apart : bool
            Whether a compiled parser binds the child to this file.
        """
        if self._failed or self._asked != self._answered or not self.alive:
            return False
        assert self._watch is not None
        self._watch.allow(_CLOSING_S)
        self.ask("close")
        try:
            told = self.answer().header
        except (BrokenFrame, ValueError):
            return False
        finally:
            self._watch.stop()
        if told.get("kind") != "closed" or told.get("left") != []:
            return False
        if apart and told.get("compiled"):
            self.bound_to = identity
        self._idle_mb = private_memory_mb(self.pid)
        return self.alive

    def peak_mb(self) -> float:
        """Return the most memory that it had so far, files that it maps included [MiB]."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
            return float(status.split("VmHWM:")[1].split()[0]) / 1024
        except (OSError, IndexError, ValueError):
            return private_memory_mb(self.pid)

    def last_words(self) -> str:
        """Why it went away: the watch's verdict, or empty."""
        return (self._watch and self._watch.verdict) or ""

    def complaints(self) -> tuple[int | None, str]:
        """Its exit code, and the end of what it wrote to its error output."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        self._listener.join(timeout=1)
        said = b"".join(self._complaints).decode(errors="replace").strip()[-500:]
        return self.process.returncode, said

    def end(self) -> None:
        """End the child, whatever it does."""
        if self._watch is not None:
            self._watch.stop()
        self.process.kill()
        self.process.wait()
        self._listener.join(timeout=1)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError, OSError):
                    stream.close()

    def leave_to_parent(self) -> None:
        """Let go of the child's input in a forked process, so that it ends with the parent.

        The streams themselves may be locked by a thread that was not forked.
        """
        assert self.process.stdin is not None
        if self.process.stdin.closed:
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.process.stdin.fileno(), inheritable=False)
        os.close(nowhere)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with suppress(ValueError, OSError):
            for line in self.process.stderr:
                self._complaints.append(line[-500:])


def spawn() -> subprocess.Popen[bytes]:
    """Start a fresh interpreter."""
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
