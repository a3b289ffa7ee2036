"""The files of an image as they stand in its record, each compared with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import DamagedImage
from .. import chunk_table
from ..chunk_table import chunk_counts, expected_chunks
from ..group import FILE, group_bytes
from ..guard import Guard, fingerprint
from ..record import Record


def image_files(image: Record, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file of an image: its path inside of the image, and its bytes.

    The group's metadata are those of this version of the record, whatever a later edit wrote.

    Parameters
    ----------
    image : Record
    folder : Path
        Its OME-Zarr folder.

    Raises
    ------
    DamagedImage
        A file is not as it was recorded.
    """
    prints = image.fields["fingerprints"]
    guard = Guard(folder, image=image.name or image.id, fingerprints=prints)
    yield FILE, _group(image, guard)
    for level in range(len(image.fields["factors"])):
        metadata = _read(guard, f"{level}/zarr.json")
        yield f"{level}/zarr.json", metadata
        table = f"{level}/{chunk_table.FILE}"
        if guard.table(str(level)) is not None:
            yield table, (folder / table).read_bytes()
        for chunk in expected_chunks(folder / str(level), chunk_counts(metadata)):
            key = chunk.relative_to(folder).as_posix()
            yield key, _read(guard, key)


def _group(image: Record, guard: Guard) -> bytes:
    recorded = image.fields["fingerprints"].get(FILE)
    guard.refuse_link(FILE)
    path = guard.folder / FILE
    candidates = [group_bytes(image.name or image.id, image.fields)]
    if path.is_file():
        candidates.append(path.read_bytes())
    for data in candidates:
        if recorded in (None, fingerprint(data)):
            return data
    raise guard.refusal(FILE, "the metadata that was recorded", "other bytes")


def _read(guard: Guard, key: str) -> bytes:
    guard.refuse_link(key)
    try:
        data = (guard.folder / key).read_bytes()
    except FileNotFoundError:
        raise guard.refusal(key, "a file", "none") from None
    except OSError as error:
        raise guard.refusal(key, "bytes that can be read", str(error.strerror)) from error
    guard.check(key, data)
    return data


def refused(error: DamagedImage, *, what: str) -> DamagedImage:
    """Say that something was not made, because an image is damaged."""
    return DamagedImage(f"{what}: {error}; scalebridge doctor lists everything that is damaged")
