"""Damage to a file, and lies in its header."""

from __future__ import annotations

import re
import zlib
from itertools import islice

import numpy as np

HEADER = 6000
_EXTREMES = (0, 1, 2, 255, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 0x7FC00000,
             0x7F800000)  # fmt: skip
_KINDS = 6


def damaged(data: bytes, number: int, *, seed: int, name: str) -> bytes:
    """Damage a file in one of six ways, the same for the same number.

    Bits flipped in what comes first (two in six), bits flipped anywhere, cut short, numbers of
    four bytes that become extreme, and letters and digits of its words that become others.
    """
    rng = np.random.default_rng([seed, number, zlib.crc32(name.encode())])
    way, changed = number % _KINDS, bytearray(data)
    if not changed:
        return bytes(changed)
    first = min(HEADER, len(data))
    if way == 2:
        _flip(changed, rng.integers(0, len(data), 40), rng)
    elif way == 3:
        return data[: rng.integers(len(data))]
    elif way == 4:
        _lie(changed, first, rng)
    elif way == 5:
        _reword(changed, rng)
    else:
        _flip(changed, rng.integers(0, first, 3), rng)
    return bytes(changed)


def _flip(changed: bytearray, places: np.ndarray, rng: np.random.Generator) -> None:
    for place in places:
        changed[place] ^= 1 << rng.integers(8)


def _lie(changed: bytearray, first: int, rng: np.random.Generator) -> None:
    for _ in range(2):
        place = int(rng.integers(0, max(1, first - 4))) & ~1
        order = "little" if rng.integers(2) else "big"
        value = _EXTREMES[rng.integers(len(_EXTREMES))].to_bytes(4, order)  # type: ignore[arg-type]
        changed[place : place + 4] = value[: len(changed) - place]


def _reword(changed: bytearray, rng: np.random.Generator) -> None:
    """Change digits that stand in text: sizes, counts, offsets."""
    words = re.finditer(rb"[-+.\w=: \"]*\d[-+.\w=: \"]*", changed)
    places = [
        at
        for one in islice((w for w in words if w.end() - w.start() >= 4), 2000)
        for at in range(one.start(), one.end())
        if chr(changed[at]).isdigit()
    ]
    if not places:
        _flip(changed, rng.integers(0, len(changed), 3), rng)
        return
    for place in rng.choice(places, 2):
        changed[place] = b"01234567890123456789-e.x"[rng.integers(24)]
