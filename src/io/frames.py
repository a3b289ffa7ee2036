"""The messages between the reading child and its caller: a JSON header, then raw bytes.

Nothing is ever unpickled, and the caller decides beforehand how many bytes it accepts.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

_HEAD = struct.Struct(">4sIQ")
_MAGIC = b"SBIO"
_LONGEST_HEADER = 64 * 2**20


class BrokenFrame(Exception):
    """The other side ended, or sent something that is no message."""


@dataclass(frozen=True)
class Frame:
    """One message: its header, and how many bytes of pixels follow."""

    header: dict[str, Any]
    payload_bytes: int


def send_frame(stream: BinaryIO, header: dict[str, Any], payload: np.ndarray | None = None) -> None:
    """Write one message."""
    text = json.dumps(header).encode()
    data = memoryview(b"") if payload is None else memoryview(payload.reshape(-1)).cast("B")
    stream.write(_HEAD.pack(_MAGIC, len(text), data.nbytes))
    stream.write(text)
    stream.write(data)
    stream.flush()


def receive_frame(stream: BinaryIO) -> Frame:
    """Read the header of one message; the payload is left in the stream."""
    magic, text_bytes, payload_bytes = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if magic != _MAGIC or text_bytes > _LONGEST_HEADER:
        raise BrokenFrame(f"expected a message that begins with {_MAGIC!r}, got {magic!r}")
    header = json.loads(_exactly(stream, text_bytes))
    if not isinstance(header, dict):
        raise BrokenFrame(f"expected a header with names, got {type(header).__name__}")
    return Frame(header, payload_bytes)


def receive_array(stream: BinaryIO, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Read the payload of one message into a fresh array."""
    out = np.empty(shape, dtype)
    target = memoryview(out.reshape(-1)).cast("B") if out.size else memoryview(bytearray())
    filled = 0
    while filled < target.nbytes:
        count = stream.readinto(target[filled:])  # type: ignore[attr-defined]
        if not count:
            raise BrokenFrame(f"expected {target.nbytes} bytes of pixels, got {filled}")
        filled += count
    return out


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = stream.read(count - len(parts))
        if not part:
            raise BrokenFrame(f"expected {count} bytes, got {len(parts)}")
        parts += part
    return bytes(parts)
