"""Opening and making the folder of a workspace."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError

from ..errors import WorkspaceError
from .as_of import state_at
from .engine import make_engine
from .manifest import FILE, FORMAT, Manifest, read_manifest, write_manifest
from .people import current_person
from .records import Records
from .rows import create_tables
from .serving import current_run, run_mark
from .strangers import refuse_strange
from .upgrades import DATABASE, upgrade


@dataclass(frozen=True)
class Opened:
    """A workspace's folder with its records."""

    folder: Path
    manifest: Manifest
    records: Records


def create_folder(folder: Path, *, name: str | None, records: str | None) -> None:
    """Make an empty workspace.

    Raises
    ------
    WorkspaceError
        When the folder has something in it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(
            f"a new workspace needs an empty folder, {folder} has something in it: choose another "
            "path, or Workspace.open it"
        )
    (folder / "images").mkdir(parents=True)
    (folder / "runs").mkdir()
    manifest = Manifest(
        format=FORMAT,
        id=uuid.uuid4().hex,
        name=name or folder.resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        records="sqlite" if records is None else "database",
    )
    engine = make_engine(records or _sqlite_url(folder))
    try:
        create_tables(engine, workspace=manifest.id, format_version=FORMAT)
    finally:
        engine.dispose()
    write_manifest(folder, manifest)  # last: a folder without it is no workspace yet


def open_folder(folder: Path, *, records: str | None, as_of: int | str | datetime | None) -> Opened:
    """Open a workspace, bringing an older format up first.

    Raises
    ------
    WorkspaceError, NewerFormat
    """
    refuse_strange(folder, records)
    manifest = read_manifest(folder)
    if manifest.format < FORMAT:
        manifest = upgrade(folder)
    url = _records_url(folder, manifest, records)
    opened = Records(
        make_engine(url),
        workspace=manifest.id,
        who=current_person(),
        software=software() + run_mark(current_run()),
        read_only=_why_read_only(folder, sqlite=records is None),
    )
    _check_readable(opened, folder)
    if as_of is not None:
        opened.as_of = state_at(opened, as_of)
        opened.read_only = (
            f"this workspace is open as of state {opened.as_of}, which cannot be changed: open it "
            "without as_of to write"
        )
    return Opened(folder, manifest, opened)


def software() -> str:
    """Name this version of Scalebridge."""
    try:
        return f"scalebridge {metadata.version('scalebridge')}"
    except metadata.PackageNotFoundError:
        return "scalebridge (not installed)"


def _records_url(folder: Path, manifest: Manifest, records: str | None) -> str | URL:
    if records is not None:
        return records
    if manifest.records != "sqlite":
        raise WorkspaceError(
            f"{folder} keeps its records in a database whose address is not stored (it may hold "
            "a password): give records='postgresql+psycopg://...'"
        )
    if not (folder / DATABASE).is_file():
        raise WorkspaceError(
            f"expected {DATABASE} in {folder}, got no such file: restore it from a backup "
            f"({FILE} and the images alone do not hold the decisions)"
        )
    return _sqlite_url(folder)


def _sqlite_url(folder: Path) -> URL:
    return URL.create("sqlite", database=str(folder.resolve() / DATABASE))


def _check_readable(records: Records, folder: Path) -> None:
    try:
        records.state()
    except DatabaseError as error:
        raise WorkspaceError(
            f"the records of {folder} cannot be read ({error.orig}): restore {DATABASE} from a "
            "backup"
        ) from error


def _why_read_only(folder: Path, *, sqlite: bool) -> str | None:
    needed = [folder, folder / "images"] + ([folder / DATABASE] if sqlite else [])
    closed = [path for path in needed if path.exists() and not os.access(path, os.W_OK)]
    if not closed:
        return None
    return f"this workspace is open read-only: {closed[0]} cannot be written by this login"
