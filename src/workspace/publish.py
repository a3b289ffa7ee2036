"""From a finished temporary folder to an image that others see.

Every chunk is read back and compared with its checksum, everything is flushed to the disk, and
only then the folder gets its name.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..errors import DamagedImage
from .store import chunk_is_sound, fingerprint


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes
    ----------
    fingerprints : dict
        The crc32c of each level's metadata file.
    bytes_stored : int
    """

    fingerprints: dict[str, str]
    bytes_stored: int


def write_group(folder: Path, attributes: dict[str, Any]) -> None:
    """Write the group's metadata, in one step."""
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    partial = folder / ".zarr.json.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(group, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, folder / "zarr.json")


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
    metadata = {f"{level}/zarr.json": partial / f"{level}/zarr.json" for level in range(levels)}
    chunks = list(itertools.chain(*(expected_chunks(path) for path in metadata.values())))
    # the results are closed before the pool waits: what is not begun is then not done
    with (
        ThreadPoolExecutor(8) as pool,
        closing(cast(Generator[int, None, None], pool.map(_verify_and_flush, chunks))) as checked,
    ):
        sizes = [_after(size, each) for size in checked]
    for path in metadata.values():
        _flush(path)
    for folder, _, _ in os.walk(partial, topdown=False):
        _flush(Path(folder))
    os.rename(partial, final)
    _flush(final.parent)
    prints = {key: fingerprint((final / key).read_bytes()) for key in metadata}
    return Published(prints, sum(sizes))


def expected_chunks(metadata: Path) -> list[Path]:
    """List the chunk files that an array needs, from its ``zarr.json``."""
    described = json.loads(metadata.read_text(encoding="utf-8"))
    shape: Sequence[int] = described["shape"]
    chunks: Sequence[int] = described["chunk_grid"]["configuration"]["chunk_shape"]
    counts = [range(-(-n // c)) for n, c in zip(shape, chunks, strict=True)]
    folder = metadata.parent / "c"
    return [folder.joinpath(*map(str, index)) for index in itertools.product(*counts)]


def _after(size: int, each: Callable[[], None]) -> int:
    each()
    return size


def _verify_and_flush(chunk: Path) -> int:
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
    return len(data)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
