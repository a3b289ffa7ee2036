"""Records move between SQLite and PostgreSQL, equal row for row, or stay where they are."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ..errors import WorkspaceError
from ..locks import locked
from .database_troubles import why
from .engine import make_engine
from .manifest import read_manifest, write_manifest
from .moved_records import BUSY, LOCK, NOTE, set_live
from .opening import open_folder, records_url, sqlite_url
from .records_address import VARIABLE, address_of_environment, place_words, read_address
from .rows import make_tables, rows, workspaces

Kind = Literal["sqlite", "postgresql"]
_AT_ONCE = 500


@dataclass(frozen=True)
class Migration:
    """Records that were moved.

    Attributes
    ----------
    records : int
        Versions of records, of every state.
    state : int
        Of the workspace; it stays the same.
    source, goal : str
        Where they were, and are, in words. What was there is kept, and cannot be written.
    """

    records: int
    state: int
    source: str
    goal: str


def migrate(
    folder: str | os.PathLike[str], *, to: Kind, records: str | sa.URL | None = None
) -> Migration:
    """Move the records of a workspace from SQLite to PostgreSQL, or back.

    Nobody writes meanwhile. The copy is compared with the source row by row before it is
    committed; then ``workspace.toml`` names it, in one step. Killed at any moment, the records are
    whole in the place that ``workspace.toml`` names.

    Parameters
    ----------
    folder : path
        The workspace.
    to : {"postgresql", "sqlite"}
    records : str or sqlalchemy.URL, optional
        Address of the database, whichever way; by default what ``SCALEBRIDGE_RECORDS`` says.

    Returns
    -------
    Migration

    Raises
    ------
    WorkspaceError
        The goal has this workspace already, or cannot be used; nothing was moved then.
    """
    place = Path(folder)
    if to not in ("sqlite", "postgresql"):
        raise ValueError(f"migrate needs to='postgresql' or to='sqlite', got {to!r}")
    in_folder = read_manifest(place).records == "sqlite"
    opened = open_folder(place, records=None if in_folder else records, as_of=None)
    opened.records.engine.dispose()  # one that was killed is finished by opening
    with locked(place / LOCK, busy=BUSY):
        source, goal = _ends(place, to, records)
        ends = make_engine(source), make_engine(goal)
        trouble = None
        try:
            return _move(place, to, *ends)
        except DBAPIError as error:
            trouble = f"nothing was moved: {why(error, goal)}"
        finally:
            for engine in ends:
                engine.dispose()
        raise WorkspaceError(trouble)


def _ends(folder: Path, to: Kind, records: str | sa.URL | None) -> tuple[sa.URL, sa.URL]:
    manifest = read_manifest(folder)
    if (manifest.records == "sqlite") == (to == "sqlite"):
        raise WorkspaceError(f"the records of {folder} are in {to} already: nothing was moved")
    if to == "sqlite":
        return records_url(folder, manifest, records), sqlite_url(folder)
    address = records if records is not None else address_of_environment()
    if address is None:
        raise WorkspaceError(
            f"migrate needs the address of the database in {VARIABLE} (or records=), got none: "
            "nothing was moved"
        )
    return records_url(folder, manifest, None), read_address(address)


def _move(folder: Path, to: Kind, source: sa.Engine, goal: sa.Engine) -> Migration:
    manifest = read_manifest(folder)
    writing = {"scalebridge_writes": True}
    with source.connect().execution_options(**writing) as old, old.begin():
        state, number = _held(old, manifest.id)
        with goal.connect().execution_options(**writing) as new, new.begin():
            make_tables(new)
            _list_unused(new, manifest.id, state=state, number=number, place=goal.url)
            count = _copy(old, new, manifest.id, place=goal.url)
        (folder / NOTE).touch()
        _flush(folder)
        set_live(old, manifest.id, live=False)
    write_manifest(folder, replace(manifest, records="sqlite" if to == "sqlite" else "database"))
    _flush(folder)
    with suppress(DBAPIError):  # the next to open it does the same, for the note is there still
        with goal.connect().execution_options(**writing) as new, new.begin():
            set_live(new, manifest.id, live=True)
        (folder / NOTE).unlink()
    return Migration(count, state, place_words(source.url), place_words(goal.url))


def _held(old: sa.Connection, workspace: str) -> tuple[int, int]:
    """Keep everybody from writing; give the state, and the format."""
    mine = workspaces.c.id == workspace
    old.execute(sa.update(workspaces).where(mine).values(state=workspaces.c.state))
    listed = sa.select(workspaces.c.state, workspaces.c.format).where(mine)
    found = old.execute(listed).one_or_none()
    if found is None or found.format < 0:
        raise WorkspaceError(
            "the records were moved by somebody else meanwhile: open the workspace again; nothing "
            "was moved"
        )
    return int(found.state), int(found.format)


def _list_unused(
    new: sa.Connection, workspace: str, *, state: int, number: int, place: sa.URL
) -> None:
    """List the workspace in the goal, marked as not in use yet."""
    mine = workspaces.c.id == workspace
    there = new.execute(sa.select(workspaces.c.format).where(mine)).scalar_one_or_none()
    if there is None:
        listed = {"id": workspace, "format": -number, "state": state}
        new.execute(sa.insert(workspaces), listed)
    elif there < 0:  # left behind by an earlier migration, or by one that was killed
        new.execute(sa.update(workspaces).where(mine).values(state=state))
    else:
        raise WorkspaceError(
            f"{place_words(place)} has the workspace {workspace} already, and it is in use there: "
            "nothing was moved. Two of them would grow apart; name another database"
        )


def _copy(old: sa.Connection, new: sa.Connection, workspace: str, *, place: sa.URL) -> int:
    """Copy what the goal lacks, then compare all of it."""
    there = 0
    with closing(_rows(new, workspace)) as theirs, closing(_rows(old, workspace)) as ours:
        for left, right in zip(theirs, ours, strict=False):
            if left != right:
                break
            there += 1
    held = new.execute(
        sa.select(sa.func.count()).select_from(rows).where(rows.c.workspace == workspace)
    ).scalar_one()
    if held != there:
        raise WorkspaceError(
            f"{place_words(place)} has records of the workspace {workspace} that are not those of "
            f"its first {held} versions: nothing was moved. Name another database"
        )
    missing = _rows(old, workspace, after=there)
    while chunk := [row._asdict() for row in islice(missing, _AT_ONCE)]:
        new.execute(sa.insert(rows), chunk)
    count = 0
    for left, right in zip_longest(_rows(old, workspace), _rows(new, workspace)):
        if left != right:
            raise WorkspaceError(f"row {count} did not arrive as it was: nothing was moved")
        count += 1
    return count


def _rows(
    connection: sa.Connection, workspace: str, *, after: int = 0
) -> Generator[sa.Row, None, None]:
    query = sa.select(rows).where(rows.c.workspace == workspace)
    ordered = query.order_by(rows.c.state, rows.c.part).offset(after)
    with connection.execute(ordered.execution_options(yield_per=_AT_ONCE)) as found:
        yield from found


def _flush(folder: Path) -> None:
    """Keep the new name of a file through a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
