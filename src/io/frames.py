"""The messages between the reading child and its caller: a JSON header, then raw bytes.

Nothing is ever unpickled, and the caller decides beforehand how many bytes it accepts.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import IO, Any

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


def send_frame(
    stream: IO[bytes], header: dict[str, Any], payload: np.ndarray | None = None
) -> None:
    """Write one message."""
    text = json.dumps(header).encode()
    data = b"" if payload is None else _as_bytes(payload)
    stream.write(_HEAD.pack(_MAGIC, len(text), len(data)))
    stream.write(text)
    stream.write(data)
    stream.flush()


def receive_frame(stream: IO[bytes]) -> Frame:
    """Read the header of one message; the payload is left in the stream."""
    magic, text_bytes, payload_bytes = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if magic != _MAGIC or text_bytes > _LONGEST_HEADER:
        raise BrokenFrame(f"expected a message that begins with {_MAGIC!r}, got {magic!r}")
    header = json.loads(_exactly(stream, text_bytes))
    if not isinstance(header, dict):
        raise BrokenFrame(f"expected a header with names, got {type(header).__name__}")
    return Frame(header, payload_bytes)


def receive_array(stream: IO[bytes], *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Read the payload of one message into a fresh array."""
    out = np.empty(shape, dtype)
    target = _as_bytes(out)
    filled = 0
    while filled < len(target):
        count = stream.readinto(target[filled:])  # type: ignore[attr-defined]
        if not count:
            raise BrokenFrame(f"expected {len(target)} bytes of pixels, got {filled}")
        filled += count
    return out


def _as_bytes(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _exactly(stream: IO[bytes], count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = stream.read(count - len(parts))
        if not part:
            raise BrokenFrame(f"expected {count} bytes, got {len(parts)}")
        parts += part
    return bytes(parts)
