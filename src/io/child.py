"""The process that opens foreign files, so that a damaged one takes nothing else down.

Started as ``python -m scalebridge.io.child``. A line of its input says which file and under which
limits; each later line asks for one box of pixels, until one says ``"close"``. It answers on its
output with the messages of `frames`, and writes no files. What it tells at the end of a file
decides whether it is given another one, see `workers`.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import ReadError, ReadLimit
from .answers import Answers
from .arrange import shape_of, slices_from
from .describing import Understood, understand
from .frames import send_frame
from .leftovers import Before, compiled_parsers
from .registry import open_reading

# A box passes through at most this many copies of itself (decoded, cut, reordered).
_COPIES = 3


def main() -> int:
    """Serve file after file until the caller closes the input."""
    requests, replies = _private_streams()
    lines = _lines(requests)
    for line in lines:
        _Service(json.loads(line), replies).serve(lines)
    return 0


class _Service:
    """One file, from its opening to its end."""

    def __init__(self, first: dict[str, Any], replies: BinaryIO) -> None:
        self._first, self._replies = first, replies
        self._memory_bytes = int(first["memory_mb"]) * 2**20
        self._image: Understood | None = None
        self._left: list[str] = []
        self._before = Before.now()

    def serve(self, lines: Iterator[bytes]) -> None:
        limit_memory(self._memory_bytes)
        self._try(self._open)
        for line in lines:
            message = json.loads(line)
            if message == "close":
                break
            self._try(self._read, message)
        self._close()
        left = self._left + self._before.left_by(self._first["path"])
        self._send({"kind": "closed", "left": left, "compiled": compiled_parsers()})

    def _try(self, work: Any, *given: Any) -> None:
        _limit_time(float(self._first["seconds"]))
        try:
            work(*given)
        except Exception as error:
            if isinstance(error, MemoryError):
                self._left.append("no memory")
            self._send(_failure(error, self._first["path"], self._first["memory_mb"]))

    def _open(self) -> None:
        self._image = _opened(self._first)
        self._send(
            {
                "kind": "description",
                "description": self._image.description.to_dict(),
                "sequential": self._image.pixels.sequential,
            }
        )

    def _read(self, message: Any) -> None:
        assert self._image is not None
        box = _box(self._image, slices_from(message), self._memory_bytes)
        self._send({"kind": "box", "shape": box.shape}, box)

    def _close(self) -> None:
        image, self._image = self._image, None
        try:
            if image is not None:
                image.pixels.close()
        except Exception as error:
            self._left.append(f"an error at its end: {error}")

    def _send(self, header: dict[str, Any], payload: Any = None) -> None:
        send_frame(self._replies, {**header, "file": self._first["file"]}, payload)


def _lines(requests: BinaryIO) -> Iterator[bytes]:
    """Pass the requests on; the process ends with its caller, in the middle of any work."""
    passed: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def pass_on() -> None:
        for line in requests:
            passed.put(line)
        os._exit(0)

    threading.Thread(target=pass_on, daemon=True).start()
    while True:
        yield passed.get()


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes to ourselves: a library that prints would break the messages."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, replies


def _opened(first: dict[str, Any]) -> Understood:
    answers = Answers.from_dict(first["answers"])
    path = first["path"]
    reading = open_reading(path, answers)
    shown = path if answers.entry is None else f"{path}::{answers.entry}"
    return understand(reading, answers, path=shown, file_bytes=_bytes_on_disk(path))


def _bytes_on_disk(path: str) -> int:
    target = Path(path)
    if target.is_dir():
        return sum(f.stat().st_size for f in target.iterdir() if f.is_file())
    return target.stat().st_size


def _box(image: Understood, selection: tuple[slice, ...], memory_bytes: int) -> Any:
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
    _limit(resource.RLIMIT_CORE, 0, for_good=True)
    _limit(resource.RLIMIT_FSIZE, 0, for_good=True)
    _limit(resource.RLIMIT_DATA, _data_bytes() + memory_bytes)


def _limit_time(seconds: float) -> None:
    """Let the system end what goes on after its caller, who looks at the clock, is gone."""
    try:
        import resource
    except ImportError:
        return
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = seconds * (os.cpu_count() or 1) + 5
    _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime + most) + 1)


def _limit(kind: int, value: int, *, for_good: bool = False) -> None:
    """Set the limit that counts; the one above it stays where the next file has its own."""
    import resource

    try:
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed if for_good else hard))
    except (OSError, ValueError):
        return


def _data_bytes() -> int:
    """Private memory of this process now [byte], where the system tells."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 2**30
    return int(fields[5]) * os.sysconf("SC_PAGE_SIZE")


def _failure(error: Exception, path: str, memory_mb: int) -> dict[str, Any]:
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
    return {"kind": "error", "limit": limit, "message": message[:4000]}


if __name__ == "__main__":
    sys.exit(main())
