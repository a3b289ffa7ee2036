"""Locks between processes that vanish with the process that held them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import WorkspaceError

_PAUSE_S = 0.02


@contextmanager
def locked(path: Path, *, busy: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a lock file, or refuse.

    Parameters
    ----------
    path : Path
    busy : str
        What the error says when another process holds it.
    patience_s : float
        How long to wait for the other process [s]; 0 refuses at once.

    Raises
    ------
    WorkspaceError
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + patience_s
    while (handle := _acquire(path)) is None:
        if time.monotonic() >= end:
            raise WorkspaceError(busy)
        time.sleep(_PAUSE_S)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def is_locked(path: Path) -> bool:
    """Say whether a living process holds a lock file."""
    if not path.exists():
        return False
    handle = _acquire(path)
    if handle is None:
        return True
    os.close(handle)
    return False


def _acquire(path: Path) -> int | None:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        if _still_named(handle, path):
            return handle
        os.close(handle)  # its holder deleted it between open and lock: take the new file


def _still_named(handle: int, path: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
