"""A workspace that somebody else made: nothing in it runs, and nothing leads elsewhere.

Opening asks here before it reads anything. Records are plain tables of our own shape: a trigger, a
view, a virtual table, a computed column or an index on an expression is SQL of a stranger that
SQLite would run. Files are plain files: a link would read, or write, outside of the folder, and a
pipe would never end.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from ..errors import UnsafeWorkspace, WorkspaceError
from .manifest import FILE
from .rows import rows
from .upgrades import DATABASE

LOST = "lost+found"
LARGEST_MANIFEST = 2**20
_FOLDERS = ("images", "runs", "backups", LOST)
_BESIDE = ("", "-wal", "-shm", "-journal")
#: Ends a journal that names a second file, which SQLite may then delete.
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
_TOKEN = re.compile(r'"[^"]*"|\w+|[(),]|\S')
_WORDS = frozenset("(),") | {
    *("create", "table", "index", "unique", "on", "not", "null", "primary", "key", "foreign"),
    *("references", "constraint", "varchar", "text", "integer", "bigint", "boolean"),
}


def refuse_strange(folder: Path, records: str | URL | None = None) -> None:
    """Refuse a workspace that could run something, or leads outside of its folder.

    Parameters
    ----------
    folder : Path
    records : str or sqlalchemy.URL, optional
        SQL address, where the records are not in the folder.

    Raises
    ------
    UnsafeWorkspace
    WorkspaceError
        The records cannot be read at all.
    """
    plain_file(folder / FILE, most=LARGEST_MANIFEST)
    for name in _FOLDERS:
        plain_folder(folder / name)
    for name in ("images", "runs"):
        _refuse_odd_entries(folder / name)
    database = folder / DATABASE if records is None else _sqlite_file(records)
    if database is not None:
        _refuse_strange_database(database)


def plain_file(path: Path, *, most: int | None = None) -> None:
    """Refuse what is there and no plain file; what is missing is told by whoever needs it."""
    found = _looked_at(path)
    if found is None:
        return
    if not stat.S_ISREG(found.st_mode):
        raise _outside(path, "a file", found)
    if most is not None and found.st_size > most:
        raise UnsafeWorkspace(
            f"expected at most {most} bytes at {path}, got {found.st_size}: restore it from a "
            "backup"
        )


def plain_folder(path: Path) -> None:
    """Refuse what is there and no folder of its own."""
    found = _looked_at(path)
    if found is not None and not stat.S_ISDIR(found.st_mode):
        raise _outside(path, "a folder", found)


def _refuse_odd_entries(folder: Path) -> None:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_file(follow_symlinks=False) and not entry.is_dir(follow_symlinks=False):
                found = _looked_at(Path(entry.path))
                if found is not None:
                    raise _outside(Path(entry.path), "a file or a folder", found)


def _looked_at(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _outside(path: Path, expected: str, found: os.stat_result) -> UnsafeWorkspace:
    got = "something else"
    if stat.S_ISLNK(found.st_mode):
        got = f"a symbolic link to {os.readlink(path)!r}"
    elif stat.S_ISFIFO(found.st_mode):
        got = "a pipe"
    elif stat.S_ISDIR(found.st_mode):
        got = "a folder"
    elif stat.S_ISREG(found.st_mode):
        got = "a file"
    return UnsafeWorkspace(
        f"expected {expected} at {path}, got {got}: a workspace holds its own files only, nothing "
        "was read. If you know whose it is, put the file itself there and open it again"
    )


def _sqlite_file(records: str | URL) -> Path | None:
    kind = records if isinstance(records, str) else records.drivername
    if not kind.startswith("sqlite"):  # other addresses are judged by whoever speaks with them
        return None
    place = make_url(records).database
    return Path(place) if place and place != ":memory:" else None


def _refuse_strange_database(path: Path) -> None:
    for ending in _BESIDE:
        plain_file(path.with_name(path.name + ending))
    if not path.is_file():
        return
    _refuse_super_journal(path.with_name(f"{path.name}-journal"))
    try:
        found = _objects(path)
    except sqlite3.Error as error:
        raise WorkspaceError(
            f"the records of {path.parent} cannot be read ({error}): restore {path.name} from a "
            "backup"
        ) from error
    for kind, name, sql in found:
        problem = _problem(kind, name, sql)
        if problem:
            raise UnsafeWorkspace(
                f"expected plain tables of records in {path}, got {problem}: opening it could run "
                "what somebody else wrote, so nothing was read. Ask for a bundle of it "
                "(scalebridge bundle write), or have it dropped there"
            )


def _objects(path: Path) -> list[tuple[str, str, str | None]]:
    address = f"{path.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        return connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()


def _problem(kind: str, name: str, sql: str | None) -> str:
    if name.startswith("sqlite_"):  # SQLite's own: indexes behind UNIQUE, statistics
        return "" if kind in ("table", "index") else f"the {kind} {name!r}"
    if kind not in ("table", "index"):
        return f"the {kind} {name!r}"
    words = [word.strip('"').lower() for word in _TOKEN.findall(sql or "")]
    odd = next((word for word in words if not _is_plain(word)), None)
    if odd is not None:
        return f"the {kind} {name!r} with {odd!r} in its definition"
    if kind == "table" and words[:3] != ["create", "table", name.lower()]:
        return f"the table {name!r} that is defined as another"
    return ""


def _is_plain(word: str) -> bool:
    if word in _WORDS or word.isdecimal() or word.startswith("scalebridge_"):
        return True
    return word in _columns()


def _columns() -> Iterable[str]:
    return {column.name for table in rows.metadata.tables.values() for column in table.columns}


def _refuse_super_journal(journal: Path) -> None:
    if journal.is_file() and journal.stat().st_size >= len(_SUPER_JOURNAL):
        with journal.open("rb") as file:
            file.seek(-len(_SUPER_JOURNAL), os.SEEK_END)
            if file.read() == _SUPER_JOURNAL:
                raise UnsafeWorkspace(
                    f"expected a journal of these records alone at {journal}, got one that names "
                    "another file: nothing was read. Ask for a bundle (scalebridge bundle write)"
                )
