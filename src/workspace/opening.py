"""Opening and making the folder of a workspace."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from ..errors import Moved, WorkspaceError
from .as_of import state_at
from .database_troubles import why
from .engine import make_engine
from .manifest import FILE, FORMAT, Manifest, read_manifest, write_manifest
from .moved_records import finish_moving
from .people import current_person
from .records import Records
from .records_address import VARIABLE, address_of_environment, place_words, read_address
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


def create_folder(folder: Path, *, name: str | None, records: str | URL | None) -> None:
    """Make an empty workspace.

    Raises
    ------
    WorkspaceError
        When the folder has something in it, or the database cannot be used; nothing is made then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(
            f"a new workspace needs an empty folder, {folder} has something in it: choose another "
            "path, or Workspace.open it"
        )
    manifest = Manifest(
        format=FORMAT,
        id=uuid.uuid4().hex,
        name=name or folder.resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        records="sqlite" if records is None else "database",
    )
    if records is not None:  # first: what cannot be reached leaves no folder behind
        _make_records(read_address(records), manifest)
    (folder / "images").mkdir(parents=True)
    (folder / "runs").mkdir()
    if records is None:
        _make_records(sqlite_url(folder), manifest)
    write_manifest(folder, manifest)  # last: a folder without it is no workspace yet


def open_folder(
    folder: Path, *, records: str | URL | None, as_of: int | str | datetime | None
) -> Opened:
    """Open a workspace, bringing an older format up first.

    Raises
    ------
    WorkspaceError, NewerFormat
    """
    refuse_strange(folder, records)
    manifest = read_manifest(folder)
    if manifest.format < FORMAT:
        manifest = upgrade(folder)
    sqlite = manifest.records == "sqlite"
    opened = Records(
        make_engine(records_url(folder, manifest, records)),
        workspace=manifest.id,
        who=current_person(),
        software=software() + run_mark(current_run()),
        read_only=_why_read_only(folder, sqlite=sqlite),
    )
    try:
        opened.state()
    except Moved:
        finish_moving(opened, folder)
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


def records_url(folder: Path, manifest: Manifest, records: str | URL | None) -> URL:
    """Find where the records of a workspace are, by what its manifest says."""
    if manifest.records != "sqlite":
        given = records if records is not None else address_of_environment()
        if given is None:
            raise WorkspaceError(
                f"{folder} keeps its records in a database whose address is not stored (it may "
                f"hold a password): give records='postgresql://...', or set {VARIABLE}"
            )
        return read_address(given)
    if records is not None:
        raise WorkspaceError(
            f"{folder} keeps its records in {DATABASE}, got an address of "
            f"{place_words(read_address(records))}: open it without records="
        )
    if not (folder / DATABASE).is_file():
        raise WorkspaceError(
            f"expected {DATABASE} in {folder}, got no such file: restore it from a backup "
            f"({FILE} and the images alone do not hold the decisions)"
        )
    return sqlite_url(folder)


def sqlite_url(folder: Path) -> URL:
    """Return the address of the records in a workspace's own folder."""
    return URL.create("sqlite", database=str(folder.resolve() / DATABASE))


def _make_records(url: URL, manifest: Manifest) -> None:
    engine, trouble = make_engine(url), None
    try:
        create_tables(engine, workspace=manifest.id, format_version=FORMAT)
    except DBAPIError as error:
        trouble = why(error, url)
    finally:
        engine.dispose()
    if trouble is not None:
        raise WorkspaceError(f"the workspace was not made: {place_words(url)} says {trouble}")


def _why_read_only(folder: Path, *, sqlite: bool) -> str | None:
    needed = [folder, folder / "images"] + ([folder / DATABASE] if sqlite else [])
    closed = [path for path in needed if path.exists() and not os.access(path, os.W_OK)]
    if not closed:
        return None
    return f"this workspace is open read-only: {closed[0]} cannot be written by this login"
