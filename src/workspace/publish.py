"""From a finished temporary folder to an image that others see.

Every chunk is read back and compared with its checksum, everything is flushed to the disk, and
only then the folder gets its name.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..errors import DamagedImage
from . import chunk_table, group
from .chunk_table import TRAILER, ChunkTable, chunk_counts, expected_chunks
from .guard import chunk_is_sound, fingerprint


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes
    ----------
    fingerprints : dict
        The crc32c of each metadata file, and the digest of each level's table of chunks.
    bytes_stored : int
    """

    fingerprints: dict[str, str]
    bytes_stored: int


def publish(
    partial: Path, final: Path, *, levels: int, each: Callable[[], None] = lambda: None
) -> Published:
    """Verify and flush a temporary folder, and give it its name.

    Parameters
    ----------
    partial, final : Path
    levels : int
    each : callable
        Called after every chunk; what it raises stops the publishing.

    Raises
    ------
    DamagedImage
        When a chunk is missing or does not read back as written.
    """
    folders = [partial / str(level) for level in range(levels)]
    counts = [chunk_counts((folder / "zarr.json").read_bytes()) for folder in folders]
    chunks = [expected_chunks(*level) for level in zip(folders, counts, strict=True)]
    # the results are closed before the pool waits: what is not begun is then not done
    with (
        ThreadPoolExecutor(8) as pool,
        closing(
            cast(
                Generator[_Written, None, None],
                pool.map(_verify_and_flush, itertools.chain(*chunks)),
            )
        ) as checked,
    ):
        written = [_after(chunk, each) for chunk in checked]
    tables = _tables(counts, written)
    for folder, table in zip(folders, tables, strict=True):
        (folder / chunk_table.FILE).write_bytes(table.data)
        _flush(folder / chunk_table.FILE)
        _flush(folder / "zarr.json")
    for place, _, _ in os.walk(partial, topdown=False):
        _flush(Path(place))
    metadata = [group.FILE, *(f"{level}/zarr.json" for level in range(levels))]
    prints = {key: fingerprint((partial / key).read_bytes()) for key in metadata}
    digests = {f"{i}/{chunk_table.FILE}": table.digest for i, table in enumerate(tables)}
    os.rename(partial, final)
    _flush(final.parent)
    return Published({**prints, **digests}, sum(chunk.size for chunk in written))


@dataclass(frozen=True)
class _Written:
    size: int
    trailer: bytes


def _tables(counts: list[tuple[int, ...]], written: list[_Written]) -> list[ChunkTable]:
    trailers = iter(chunk.trailer for chunk in written)
    return [
        ChunkTable(level, b"".join(itertools.islice(trailers, math.prod(level))))
        for level in counts
    ]


def _after(chunk: _Written, each: Callable[[], None]) -> _Written:
    each()
    return chunk


def _verify_and_flush(chunk: Path) -> _Written:
    try:
        with chunk.open("rb") as file:
            data = file.read()
            os.fsync(file.fileno())
    except FileNotFoundError:
        raise DamagedImage(f"expected a chunk at {chunk}, got no file: import it again") from None
    if not chunk_is_sound(data):
        raise DamagedImage(
            f"the chunk at {chunk} did not read back as it was written: check the disk and "
            "import the image again"
        )
    return _Written(len(data), data[-TRAILER:])


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
