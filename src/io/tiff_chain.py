"""The chain of directories in a TIFF, checked for ends that lie beyond the file.

A stack that was cut short still has good directories at its start. Read without this check, it
is a smaller image or one that has lost its calibration, and nobody is told.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import ReadError

# Bytes of one value by TIFF type.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # fmt: skip
_MOST_DIRECTORIES = 10_000_000


@dataclass(frozen=True)
class _Layout:
    order: str
    count: str
    offset: str
    entry: int
    inline: int


def refuse_broken_chain(path: str) -> None:
    """Walk all directories of a TIFF and refuse one that points out of the file or in a circle.

    Raises
    ------
    ReadError
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        layout, offset = _start(file, path)
        seen: set[int] = set()
        while offset:
            if offset in seen or len(seen) > _MOST_DIRECTORIES:
                raise ReadError(f"the directories of {path} form a circle: it is damaged")
            seen.add(offset)
            offset = _next(file, layout, offset, size, path)


def _start(file: BinaryIO, path: str) -> tuple[_Layout, int]:
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    if len(head) < 8:
        raise _cut_short(path, 8, len(head))
    if head[2:4] in (b"*\x00", b"\x00*"):
        layout = _Layout(order, "H", "I", 12, 4)
        return layout, struct.unpack(order + "I", head[4:8])[0]
    if len(head) < 16:
        raise _cut_short(path, 16, len(head))
    return _Layout(order, "Q", "Q", 20, 8), struct.unpack(order + "Q", head[8:16])[0]


def _next(file: BinaryIO, layout: _Layout, offset: int, size: int, path: str) -> int:
    count_bytes, offset_bytes = struct.calcsize(layout.count), struct.calcsize(layout.offset)
    file.seek(offset)
    head = file.read(count_bytes)
    if len(head) < count_bytes:
        raise _cut_short(path, offset + count_bytes, size)
    (entries,) = struct.unpack(layout.order + layout.count, head)
    wanted = entries * layout.entry + offset_bytes
    if offset + count_bytes + wanted > size:
        raise _cut_short(path, offset + count_bytes + wanted, size)
    body = file.read(wanted)
    form = layout.order + "HH" + 2 * layout.offset
    for at in range(0, entries * layout.entry, layout.entry):
        _, kind, number, place = struct.unpack_from(form, body, at)
        value_bytes = _SIZES.get(kind, 0) * number
        if value_bytes > layout.inline and place + value_bytes > size:
            raise _cut_short(path, place + value_bytes, size)
    return int(struct.unpack(layout.order + layout.offset, body[-offset_bytes:])[0])


def _cut_short(path: str, need: int, have: int) -> ReadError:
    return ReadError(
        f"{path} is cut short or damaged: its directories need {need} bytes, the file has {have}: "
        "copy it again"
    )
