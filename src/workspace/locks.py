"""Locks between processes that vanish with the process that held them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import WorkspaceError


@contextmanager
def locked(path: Path, *, busy: str) -> Iterator[None]:
    """Hold a lock file, or refuse at once.

    Parameters
    ----------
    path : Path
    busy : str
        What the error says when another process holds it.

    Raises
    ------
    WorkspaceError
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _acquire(path)
    if handle is None:
        raise WorkspaceError(busy)
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
