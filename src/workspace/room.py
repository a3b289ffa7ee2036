"""Whether an image fits on the disk, asked before a byte of it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import DiskFull
from .progress import size_words

#: Left free for the records, the database's journal and everybody else.
RESERVE_BYTES = 64 * 2**20


def refuse_full_disk(folder: Path, *, name: str, needed_bytes: int) -> None:
    """Refuse an image that could fill the disk.

    Parameters
    ----------
    folder : Path
        Where the image is to be written.
    name : str
    needed_bytes : int
        What all its levels take uncompressed: how well noise compresses is not known before.

    Raises
    ------
    DiskFull
    """
    free = shutil.disk_usage(folder).free
    if needed_bytes + RESERVE_BYTES > free:
        raise disk_full(folder, name=name, needed_bytes=needed_bytes, free_bytes=free)


def disk_full(
    folder: Path,
    *,
    name: str,
    needed_bytes: int,
    free_bytes: int,
    after: str = "nothing is written",
) -> DiskFull:
    """Put into words that an image does not fit."""
    return DiskFull(
        f"{name!r} needs up to {size_words(needed_bytes)}, {size_words(free_bytes)} are free in "
        f"{folder}: make room, or keep the workspace on a larger disk; {after}",
        needed_bytes=needed_bytes,
        free_bytes=free_bytes,
    )
