"""What a level's own metadata may ask for, before zarr sees them.

The sums in the record say that nothing was changed since the image was written. They do not say
who wrote it: in a workspace from somebody else both may have been made for each other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import DamagedImage, ReadError, UnsafeWorkspace
from ..io.zarr_metadata import LARGEST_METADATA, inspect_metadata, parse_json
from .guard import fingerprint
from .record import Record

#: Of one chunk, unpacked; Scalebridge writes none above 16 MB.
LARGEST_CHUNK = 2**30


def refuse_strange_level(image: Record, folder: Path, index: int, *, shape: Sequence[int]) -> None:
    """Refuse a level that asks for other codecs, pixels or sizes than its record allows.

    What is missing, no JSON, or not as it was recorded is left to the checksums.

    Parameters
    ----------
    image : Record
    folder : Path
        Its OME-Zarr folder.
    index : int
        Of the level.
    shape : sequence of int
        As the record has it.

    Raises
    ------
    UnsafeWorkspace, DamagedImage
    """
    place = folder / str(index) / "zarr.json"
    for part in (folder, folder / "zarr.json", folder / str(index), place):
        if part.is_symlink():
            raise UnsafeWorkspace(
                f"{image.label}: expected its own files in {folder}, got a symbolic link to "
                f"{os.readlink(part)!r} at {part.name}: nothing was read. Put the files themselves "
                "there"
            )
    if not place.is_file() or place.stat().st_size > LARGEST_METADATA:
        return
    data, recorded = place.read_bytes(), image.fields["fingerprints"].get(f"{index}/zarr.json")
    if recorded not in (None, fingerprint(data)):
        return
    try:
        metadata = parse_json(data, place)
    except ReadError:
        return
    try:
        chunk = inspect_metadata(metadata, place)
    except ReadError as error:
        raise UnsafeWorkspace(f"{image.label} is not opened: {error}") from error
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        raise DamagedImage(f"{image.label}: metadata at {place} are none: {error}") from error
    if chunk > LARGEST_CHUNK:
        raise UnsafeWorkspace(
            f"{image.label} is not opened: expected chunks of at most {LARGEST_CHUNK >> 20} MB "
            f"unpacked at {place}, got {chunk >> 20} MB"
        )
    stated, expected = metadata.get("shape"), list(shape)
    if stated != expected or metadata.get("data_type") != image.fields["dtype"]:
        raise DamagedImage(
            f"{image.label}: expected metadata of {image.fields['dtype']} {expected} at {place}, "
            f"as its record has them, got {metadata.get('data_type')} {stated}: restore the folder "
            "from a backup, or remove the image and import it again"
        )
