"""A second folder with one state of a workspace, taken while others write."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

from ..errors import DamagedImage, WorkspaceError
from .bundle.contents import image_files, refused
from .bundle.snapshot import Snapshot, take_snapshot
from .cleaning import why_gone
from .engine import make_engine
from .manifest import read_manifest, write_manifest
from .record import Record
from .records import Records
from .room import disk_full
from .strangers import plain_file
from .upgrades import DATABASE

if TYPE_CHECKING:
    from .workspace import Workspace


@dataclass(frozen=True)
class BackedUp:
    """What was copied.

    Attributes
    ----------
    folder : Path
    state : int
        That the backup holds.
    images, files, bytes : int
    """

    folder: Path
    state: int
    images: int
    files: int
    bytes: int


def back_up(
    ws: Workspace,
    folder: str | os.PathLike[str],
    *,
    say: Callable[[str], None] = lambda words: None,
) -> BackedUp:
    """Copy a workspace as it stands at one moment into a folder that opens by itself.

    The database is copied by SQLite within one transaction, the images that it lists after it:
    they were safe before they were listed. Every file is compared with what was recorded.

    Parameters
    ----------
    ws : Workspace
        With its records in the folder; others may go on writing.
    folder : path
        Does not exist yet; it appears when everything is in it.
    say : callable
        Told which image is being copied.

    Returns
    -------
    BackedUp

    Raises
    ------
    WorkspaceError
        The folder exists, or the records are in a database elsewhere.
    DamagedImage
        A file is not as it was recorded: nothing is kept.
    DiskFull
    """
    target = Path(folder)
    if target.exists() or target.is_symlink():
        raise WorkspaceError(f"a backup needs a new folder, {target} exists: choose another path")
    manifest = read_manifest(ws.path)
    if manifest.records != "sqlite" or ws.records.as_of is not None:
        raise WorkspaceError(
            "expected the present state of a workspace with its records in the folder: for a "
            "database elsewhere, or an earlier state, scalebridge bundle write makes one file of it"
        )
    target.resolve().parent.mkdir(parents=True, exist_ok=True)
    partial = target.resolve().with_name(f".{target.resolve().name}.{uuid.uuid4().hex}")
    try:
        copied = _copy(ws, partial, say)
        write_manifest(partial, manifest)
        os.rename(partial, target)
    except DamagedImage as error:
        raise refused(error, what="no backup was made") from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _full(ws, target) from error
    except sqlite3.Error as error:
        if "full" in str(error):
            raise _full(ws, target) from error
        raise WorkspaceError(
            f"the records could not be copied ({error}): scalebridge doctor says whether they are "
            "whole; nothing of the backup is left"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return BackedUp(target, *copied)


def _copy(ws: Workspace, partial: Path, say: Callable[[str], None]) -> tuple[int, int, int, int]:
    for name in ("images", "runs"):
        (partial / name).mkdir(parents=True)
    _copy_records(ws.path / DATABASE, partial / DATABASE)
    now = _snapshot_of(ws, partial / DATABASE)
    images, files, size = 0, 0, 0
    for image in now.newest:
        folder = ws.images.folder_of(image.id)
        if image.kind != "images" or image.link or (image.removed and not folder.is_dir()):
            continue
        if not folder.is_dir():
            raise DamagedImage(str(why_gone(ws.records, image)))
        say(f"copying {image.name!r}")
        count, more = _copy_image(image, folder, partial / "images" / folder.name)
        images, files, size = images + 1, files + count, size + more
    runs = {one.id for one in now.newest if one.kind == "runs"}
    for path in sorted((ws.path / "runs").glob("*.ipynb")):
        if path.stem in runs:
            plain_file(path)
            _write(partial / "runs" / path.name, path.read_bytes())
    return now.state, images, files, size


def _copy_records(source: Path, target: Path) -> None:
    """Copy in one step: SQLite holds a reading transaction, and writers go on in the log."""
    with (
        closing(sqlite3.connect(source, timeout=30)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.execute("PRAGMA trusted_schema=OFF")
        old.backup(new)
    _flush(target)


def _snapshot_of(ws: Workspace, database: Path) -> Snapshot:
    engine = make_engine(URL.create("sqlite", database=str(database)))
    try:
        return take_snapshot(
            Records(engine, workspace=ws.id, who="", software="", read_only="a backup")
        )
    finally:
        engine.dispose()


def _copy_image(image: Record, folder: Path, target: Path) -> tuple[int, int]:
    files, size = 0, 0
    for key, data in image_files(image, folder):
        _write(target / key, data)
        files, size = files + 1, size + len(data)
    return files, size


def _write(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _full(ws: Workspace, target: Path) -> WorkspaceError:
    place = target.resolve().parent
    images = [one for one in ws.images.all(removed=True) if not one.link]
    return disk_full(
        place,
        name=target.name,
        needed_bytes=sum(one.fields.get("bytes_stored") or 0 for one in images),
        free_bytes=shutil.disk_usage(place).free,
        after="nothing of the backup is left",
    )
