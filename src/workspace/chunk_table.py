"""Which chunk stands where: one crc32c a chunk, kept beside it and vouched for by the record.

A chunk's own checksum says that it is whole. It does not say that it is the one that was written
there: another image's chunk, or that of another place, is whole too. So the checksums of a level
are kept in one file, in the order of the chunks, and the SHA-256 of that file in the image's
record.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

#: Inside a level's folder, where zarr looks for named chunks only.
FILE = "chunks.crc32c"
TRAILER = 4  # bytes of a crc32c


@dataclass(frozen=True)
class ChunkTable:
    """The checksums of one level.

    Attributes
    ----------
    counts : tuple of int
        Chunks per axis.
    data : bytes
        Four bytes a chunk, little-endian as they end the chunk itself, the last axis fastest.
    """

    counts: tuple[int, ...]
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256 over the places and checksums of all chunks."""
        return sha256(f"{self.counts}".encode() + self.data).hexdigest()

    @property
    def whole(self) -> bool:
        """Whether there is a checksum for every chunk, and none more."""
        return len(self.data) == TRAILER * math.prod(self.counts)

    def holds(self, index: Sequence[int], chunk: bytes) -> bool:
        """Say whether a chunk is the one that was written at an index.

        Examples
        --------
        >>> table = ChunkTable((1, 2), bytes([1, 0, 0, 0, 2, 0, 0, 0]))
        >>> table.holds((0, 1), b"pixels" + bytes([2, 0, 0, 0]))
        True
        >>> table.holds((0, 0), b"pixels" + bytes([2, 0, 0, 0]))
        False
        """
        place = 0
        for count, position in zip(self.counts, index, strict=True):
            place = place * count + position
        start = TRAILER * place
        return chunk[-TRAILER:] == self.data[start : start + TRAILER]


def chunk_counts(metadata: bytes) -> tuple[int, ...]:
    """Count the chunks per axis that an array needs, from its ``zarr.json``."""
    described = json.loads(metadata)
    shape: Sequence[int] = described["shape"]
    chunks: Sequence[int] = described["chunk_grid"]["configuration"]["chunk_shape"]
    return tuple(-(-n // c) for n, c in zip(shape, chunks, strict=True))


def expected_chunks(level: Path, counts: Sequence[int]) -> list[Path]:
    """List the chunk files of a level, in the order of its table."""
    places = itertools.product(*map(range, counts))
    return [level.joinpath("c", *map(str, index)) for index in places]
