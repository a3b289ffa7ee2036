"""``gc``: the disk space of images that the current state no longer has.

What it deletes: the folders of removed images, folders that were published but never listed, and
temporary folders of imports that died. Records stay: ``as_of`` still lists a removed image and
its measurements, and says in words that the pixels are gone. Imports that are under way keep
their folders.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection as Collection_
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DamagedImage, NotFound, ReadOnly, ScalebridgeError
from ..locks import is_locked
from .collection import Collection
from .record import Record
from .records import Records

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = re.compile(r"(?P<id>[A-Za-z0-9_-]{1,64})\.ome\.zarr")
_PARTIAL = re.compile(r"\.partial-(?P<id>[A-Za-z0-9_-]{1,64})")
_COLUMNS = ["folder", "image", "reason", "size_mb", "deleted"]


UNFINISHED, UNLISTED, REMOVED = "an import that did not finish", "never listed", "image was removed"


def clean(
    records: Records,
    folder: Path,
    *,
    dry_run: bool,
    reasons: Collection_[str] = (UNFINISHED, UNLISTED, REMOVED),
) -> pd.DataFrame:
    """Delete the image folders that the current state no longer has.

    Parameters
    ----------
    records : Records
    folder : Path
        ``images/`` of the workspace.
    dry_run : bool
        Only say what would go.
    reasons : collection of str
        Which of them count.

    Returns
    -------
    DataFrame
        folder, image, reason, size_mb, deleted.
    """
    import pandas as pd

    if records.read_only and not dry_run:
        raise ReadOnly(records.read_only)
    found = []
    for path, reason, record in leftovers(records, folder):
        if reason in reasons:
            name = record.name if record else None
            found.append((path, record, (path.name, name, reason, _size_mb(path), not dry_run)))
    if found and not dry_run:
        _delete(records, [(path, record, row[3]) for path, record, row in found])
    return pd.DataFrame([row for _, _, row in found], columns=_COLUMNS)


def leftovers(records: Records, folder: Path) -> Iterator[tuple[Path, str, Record | None]]:
    """Find folders of pixels that the current state lacks, and no import is at work on.

    Yields
    ------
    tuple of Path, str and Record or None
        The folder, why it is left over, and its image where there is one.
    """
    images = Collection(today(records), "images")
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        identity = _identity(path)
        if identity is None or path.is_symlink() or is_locked(folder / f".{identity}.lock"):
            continue
        # after the lock: an import lists its image before it lets go of it
        record = images.by_id(identity)
        reason = _reason(path, record)
        if reason:
            yield path, reason, record


def why_gone(records: Records, image: Record) -> ScalebridgeError:
    """Say why an image has no folder: cleaned away, or damaged."""
    for cleaning in _cleanings(records):
        if image.id in cleaning.fields["images"]:
            return NotFound(
                f"the pixels of image {image.name!r} were deleted by gc on "
                f"{cleaning.when:%Y-%m-%d %H:%M} UTC by {cleaning.who}; its records remain. "
                "Import the file again for the pixels"
            )
    return DamagedImage(
        f"expected the pixels of image {image.name!r} in {image.id}.ome.zarr, got no such folder: "
        "restore it from a backup, or remove the image and import it again"
    )


def _cleanings(records: Records) -> list[Record]:
    return Collection(today(records), "cleanings").all()


def today(records: Records) -> Records:
    """Read the current state, also when an earlier one is open."""
    if records.as_of is None:  # which also sees what an open transaction wrote
        return records
    return Records(
        records.engine,
        workspace=records.workspace,
        who=records.who,
        software=records.software,
        read_only="only for reading",
    )


def _identity(path: Path) -> str | None:
    match = _FOLDER.fullmatch(path.name) or _PARTIAL.fullmatch(path.name)
    return match["id"] if match else None


def _reason(path: Path, record: Record | None) -> str:
    if path.name.startswith(".partial-"):
        return UNFINISHED
    if record is None:
        return UNLISTED
    return REMOVED if record.removed else ""


def _delete(records: Records, found: list[tuple[Path, Record | None, float]]) -> None:
    with records.transaction():
        Collection(records, "cleanings").add(
            images=[record.id for _, record, _ in found if record is not None],
            folders=[path.name for path, _, _ in found],
            bytes_freed=int(sum(size for _, _, size in found) * 1e6),
        )
    for path, _, _ in found:
        shutil.rmtree(path)


def _size_mb(path: Path) -> float:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
