"""``scalebridge doctor``: every checksum, every record, and what lies about; repaired on request.

Nothing that could be somebody's data is ever deleted: folders that no record lists move to
``lost+found/``, and only what ``gc`` deletes too, imports that never came to their end, goes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from ..errors import (
    NewerFormat,
    NotFound,
    ReadOnly,
    ScalebridgeError,
    UnsafeWorkspace,
    WorkspaceError,
)
from .finding import DAMAGED, LEFT_OVER, NOTE, WARNING, Finding, some
from .image_checks import image_findings, run_findings, stray_findings
from .manifest import read_manifest
from .row_checks import history_problems, row_problem
from .rows import rows
from .server_settings import server_findings
from .strangers import refuse_strange
from .upgrades import DATABASE
from .workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

BUNDLE = "bundle.json"
_SHOWN = 50
_BACKUP = "restore the records from a backup, or ask for a bundle that was written before"


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found, and what was done.

    Attributes
    ----------
    folder : Path
    looked_at : dict of str to str
        By part, what was read.
    findings : tuple of Finding
    done : tuple of str
        What was done about each finding; empty where nothing was.
    """

    folder: Path
    looked_at: dict[str, str]
    findings: tuple[Finding, ...]
    done: tuple[str, ...]

    @property
    def damage(self) -> tuple[Finding, ...]:
        """What is damaged and was not repaired."""
        pairs = zip(self.findings, self.done, strict=True)
        return tuple(found for found, done in pairs if found.kind == DAMAGED and not done)

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged, or all of it was repaired."""
        return not self.damage

    def table(self) -> pd.DataFrame:
        """List the findings: part, about, kind, found, done, to_do."""
        import pandas as pd

        columns = ["part", "about", "kind", "found", "done", "to_do"]
        lines = [
            (found.part, found.about, found.kind, found.words, done, "" if done else found.advice)
            for found, done in zip(self.findings, self.done, strict=True)
        ]
        return pd.DataFrame(lines, columns=columns)

    def counts(self) -> pd.DataFrame:
        """Count the findings by part: looked_at, damaged, repaired, left_over."""
        import pandas as pd

        lines = []
        for part, words in self.looked_at.items():
            mine = [
                (found, done)
                for found, done in zip(self.findings, self.done, strict=True)
                if found.part == part
            ]
            damaged = sum(found.kind == DAMAGED and not done for found, done in mine)
            left = sum(found.kind == LEFT_OVER and not done for found, done in mine)
            lines.append((part, words, damaged, left, sum(bool(done) for _, done in mine)))
        return pd.DataFrame(
            lines, columns=["part", "looked_at", "damaged", "left_over", "repaired"]
        )

    def verdict(self) -> str:
        """Say it in a line."""
        warnings = sum(found.kind == WARNING for found in self.findings)
        return self._verdict() + (f"; {some(warnings, 'warning')}" if warnings else "")

    def _verdict(self) -> str:
        left = sum(
            found.kind == LEFT_OVER and not done
            for found, done in zip(self.findings, self.done, strict=True)
        )
        repaired = any(self.done)
        mendable = not repaired and any(found.mend for found in self.findings)
        repair = "; --repair puts right what needs no guess" if mendable else ""
        if self.damage:
            rest = "not repaired: it needs a backup" if repaired else "damaged"
            return f"{some(len(self.damage), 'thing')} {_is(len(self.damage))} {rest}{repair}"
        if left:
            return f"everything is as it was recorded; {some(left, 'thing')} left over{repair}"
        return "everything is as it was recorded" + " again" * repaired


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def examine(
    path: str | os.PathLike[str],
    *,
    records: str | None = None,
    repair: bool = False,
    say: Callable[[str], None] = lambda words: None,
) -> Diagnosis:
    """Compare everything in a workspace with what was recorded of it.

    Parameters
    ----------
    path : path
    records : str, optional
        SQL address, where the records are not in the folder.
    repair : bool
        Put right what can be put right without a guess: metadata that follow from the record are
        written again, left-over folders move to ``lost+found/``, dead locks and imports that never
        ended are taken away. Records and pixels are never changed.
    say : callable
        Told which image is being read.

    Returns
    -------
    Diagnosis

    Raises
    ------
    NotFound
        There is no workspace.
    UnsafeWorkspace, NewerFormat
        It is not opened at all.
    ReadOnly
        It shall be repaired, and cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from scalebridge.workspace import Workspace, examine
    >>> place = tempfile.mkdtemp() + "/specimen"
    >>> Workspace.create(place).close()
    >>> examine(place).verdict()
    'everything is as it was recorded'
    """
    folder = Path(path)
    read_manifest(folder)
    try:
        refuse_strange(folder, records)
    except UnsafeWorkspace:
        raise
    except WorkspaceError:
        pass  # records that cannot be read are told below
    found: list[Finding] = list(_file_findings(folder)) if records is None else []
    try:
        ws = Workspace.open(folder, records=records)
    except (NotFound, UnsafeWorkspace, NewerFormat):
        raise
    except ScalebridgeError as error:
        return _unopened(folder, found, error)
    with ws:
        if repair and ws.read_only:
            raise ReadOnly(ws.records.read_only or "this workspace is open read-only")
        looked: dict[str, str] = {}
        try:
            looked["records"] = _look_at_records(ws, found)
            found += server_findings(ws)
            looked["images"] = _look_at_images(ws, found, say)
            found += run_findings(ws)
            looked["runs"] = f"{some(len(ws.runs), 'run')} with the notebooks"
        except (DatabaseError, WorkspaceError) as error:
            words = f"cannot be read to their end: {getattr(error, 'orig', error)}"
            found.append(Finding("records", "the records", DAMAGED, words, _BACKUP))
            looked = {"records": "read as far as they can be", **looked}
        done = tuple(_mended(one) if repair else "" for one in found)
    return Diagnosis(folder, looked, tuple(found), done)


def _mended(found: Finding) -> str:
    if found.mend is None:
        return ""
    try:
        return found.mend()
    except (ScalebridgeError, OSError):
        return ""


def _unopened(folder: Path, found: list[Finding], error: ScalebridgeError) -> Diagnosis:
    if not found:
        found.append(Finding("records", DATABASE, DAMAGED, str(error), _BACKUP))
    kept = sorted(place.name for place in (folder / "backups").glob("*") if place.is_dir())
    words = f"kept in backups/: {', '.join(kept)}" if kept else "backups/ holds none"
    found.append(Finding("records", "backups", NOTE, words))
    words = "not compared: what was recorded of them cannot be read"
    looked = {"records": "cannot be opened", "images": words}
    return Diagnosis(folder, looked, tuple(found), ("",) * len(found))


def _file_findings(folder: Path) -> Iterator[Finding]:
    """Ask SQLite whether its own file is whole."""
    path = folder / DATABASE
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            problems = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_SHOWN})")]
            loose = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        yield Finding("records", DATABASE, DAMAGED, f"cannot be read: {error}", _BACKUP)
        return
    if problems != ["ok"]:
        words = f"SQLite finds its file damaged: {'; '.join(problems[:3])}"
        yield Finding("records", DATABASE, DAMAGED, words, _BACKUP)
    if loose:
        words = f"{len(loose)} rows of a workspace that is not listed"
        yield Finding("records", DATABASE, DAMAGED, words, _BACKUP)


def _look_at_records(ws: Workspace, found: list[Finding]) -> str:
    state, mine = ws.state, sa.select(rows).where(rows.c.workspace == ws.id)
    with ws.records.reading() as connection:
        every = [dict(row) for row in connection.execute(mine).mappings()]
    newest, last = ws.state, max((row["state"] for row in every), default=0)
    if last > newest:
        words = f"expected rows up to state {newest}, the workspace's own, got some of {last}"
        found.append(Finding("records", "the state", DAMAGED, words, _BACKUP))
    read = [row for row in every if row["state"] <= state]  # others may be writing
    for row in read:
        words = row_problem(row)
        if words:
            about = f"{row['kind']} {row['name'] or row['id']}, version {row['version']}"
            found.append(Finding("records", about, DAMAGED, words, _BACKUP))
    for about, words in history_problems(read, state=state, part=_is_part(ws.path)):
        found.append(Finding("records", about, DAMAGED, words, _BACKUP))
    ids = {row["id"] for row in read}
    return f"{some(len(read), 'version')} of {some(len(ids), 'record')}, state {state}"


def _is_part(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / BUNDLE).read_text(encoding="utf-8"))["part"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _look_at_images(ws: Workspace, found: list[Finding], say: Callable[[str], None]) -> str:
    files, images = 0, 0
    try:
        for one in image_findings(ws, say=say):
            if isinstance(one, int):
                files, images = files + one, images + 1
            else:
                found.append(one)
        found += stray_findings(ws)
    except (ValueError, KeyError, TypeError) as error:  # a record that is none was told above
        words = f"could not be compared to their end: {type(error).__name__}: {error}"
        found.append(Finding("images", "images", DAMAGED, words, _BACKUP))
    return f"{some(files, 'file')} of {some(images, 'image')}"
