"""The process that opens foreign files, so that a damaged one takes nothing else down.

Started as ``python -m scalebridge.io.child``. The first line of its input says which file and
how much memory; each later line asks for one box of pixels. It answers on its output with the
messages of `frames`, and writes no files.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import ReadError, ReadLimit
from .answers import Answers
from .arrange import shape_of, slices_from
from .describing import Understood, understand
from .frames import send_frame
from .registry import open_reading

# A box passes through at most this many copies of itself (decoded, cut, reordered).
_COPIES = 3


def main() -> int:
    """Serve one file until the caller closes the input."""
    requests, replies = _private_streams()
    first = json.loads(requests.readline() or b"null")
    if first is None:
        return 0
    memory_bytes = int(first["memory_mb"]) * 2**20
    try:
        image = _open(first, memory_bytes)
    except Exception as error:
        return _fail(replies, error, first["path"], first["memory_mb"])
    send_frame(replies, _opened(image))
    for line in requests:
        selection = slices_from(json.loads(line))
        try:
            box = _read(image, selection, memory_bytes)
        except Exception as error:
            return _fail(replies, error, first["path"], first["memory_mb"])
        send_frame(replies, {"kind": "box", "shape": box.shape}, box)
    return 0


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes to ourselves: a library that prints would break the messages."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, replies


def _open(first: dict[str, Any], memory_bytes: int) -> Understood:
    answers = Answers.from_dict(first["answers"])
    path = first["path"]
    limit_memory(memory_bytes)
    reading = open_reading(path, answers)
    shown = path if answers.entry is None else f"{path}::{answers.entry}"
    return understand(reading, answers, path=shown, file_bytes=_bytes_on_disk(path))


def _bytes_on_disk(path: str) -> int:
    target = Path(path)
    if target.is_dir():
        return sum(f.stat().st_size for f in target.iterdir() if f.is_file())
    return target.stat().st_size


def _opened(image: Understood) -> dict[str, Any]:
    return {
        "kind": "description",
        "description": image.description.to_dict(),
        "sequential": image.pixels.sequential,
    }


def _read(image: Understood, selection: tuple[slice, ...], memory_bytes: int) -> Any:
    shape = shape_of(selection, image.pixels.shape)
    wanted = image.pixels.dtype.itemsize
    for n in shape:
        wanted *= n
    need = _COPIES * max(wanted, image.pixels.segment_bytes)
    if need > memory_bytes:
        raise ReadLimit(
            f"{image.description.path} needs about {need / 2**20:.0f} MB to unpack one piece of "
            f"it, allowed are {memory_bytes / 2**20:.0f} MB: give a larger memory_mb if you "
            "trust the file"
        )
    return image.pixels.read(selection)


def limit_memory(memory_bytes: int) -> None:
    """Let this process take at most so much more memory, and neither dump core nor write files."""
    try:
        import resource
    except ImportError:  # no such limits on Windows: the caller's watch remains
        return
    limits = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_DATA, _data_bytes() + memory_bytes),
    )
    for kind, value in limits:
        try:
            _, hard = resource.getrlimit(kind)
            allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (allowed, hard))
        except (OSError, ValueError):
            continue


def _data_bytes() -> int:
    """Private memory of this process now [byte], where the system tells."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 2**30
    return int(fields[5]) * os.sysconf("SC_PAGE_SIZE")


def _fail(replies: BinaryIO, error: Exception, path: str, memory_mb: int) -> int:
    limit = isinstance(error, ReadLimit)
    message = str(error)
    if isinstance(error, MemoryError):
        limit = True
        message = (
            f"{path} needs more than the {memory_mb} MB that were allowed: give a larger "
            "memory_mb if you trust the file"
        )
    elif not isinstance(error, ReadError):
        message = (
            f"{path} could not be read ({type(error).__name__}: {error}): "
            "it is damaged or of an unknown kind, copy or export it again"
        )
    send_frame(replies, {"kind": "error", "limit": limit, "message": message[:4000]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
