"""A bundle becomes a workspace: the whole folder, or nothing of it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile
from zlib import error as DeflateError

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError

from ...errors import NewerFormat, RefusedBundle, WorkspaceError
from ..engine import make_engine
from ..manifest import FORMAT, Manifest, write_manifest
from ..room import RESERVE_BYTES, disk_full
from ..row_checks import history_problems, row_problem
from ..rows import create_tables, rows, workspaces
from ..upgrades import DATABASE
from .archive import damaged, opened_archive
from .crate import Member, read_members
from .limits import BundleLimits
from .names import BUNDLE, CRATE, RECORDS
from .writing import VERSION

if TYPE_CHECKING:
    from ..workspace import Workspace

_PART_BYTES = 2**20
_ROWS_AT_ONCE = 500
_LARGEST_TEXT = 2**31


@dataclass(frozen=True)
class _Content:
    """What was read of a bundle before its files are unpacked."""

    said: dict[str, Any]
    members: dict[str, Member]
    rows: list[dict[str, Any]]


def read_bundle(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    records: str | None = None,
    as_copy: bool = False,
    limits: BundleLimits | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> Workspace:
    """Make a workspace of a bundle; nothing in it is run, and every sum is compared.

    Parameters
    ----------
    path : path
        The bundle.
    folder : path
        Does not exist yet; it appears when everything is in it.
    records : str, optional
        SQL address of a database for the records; a file in the folder by default.
    as_copy : bool
        Give the workspace an id of its own, so that both can stand in one database. A part of a
        workspace always gets one.
    limits : BundleLimits, optional
    say : callable
        Told what is being unpacked.

    Returns
    -------
    Workspace
        Open.

    Raises
    ------
    NotFound, RefusedBundle, BundleLimit, NewerFormat
        The bundle is none, damaged, too large, or of a newer Scalebridge.
    WorkspaceError
        The folder exists, or the database knows the workspace already.
    DiskFull
    """
    from ..workspace import Workspace

    source, target = Path(path), Path(folder)
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise WorkspaceError(
            f"a bundle needs a new folder, {target} has something in it: choose another path"
        )
    with opened_archive(source, limits or BundleLimits()) as archive:
        content = _content(archive, source)
        _refuse_full(target, content)
        partial = target.resolve().with_name(f".{target.resolve().name}.{uuid.uuid4().hex}")
        try:
            _unpack(archive, content, partial, source, say)
            manifest = _manifest(content, sqlite=records is None, as_copy=as_copy)
            write_manifest(partial, manifest)
            with _listed(content, manifest, records, partial):
                _flush_folders(partial)
                os.rename(partial, target)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise _full(target, content) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Workspace.open(target, records=records)


def _content(archive: ZipFile, source: Path) -> _Content:
    names = set(archive.namelist())
    for needed in (CRATE, BUNDLE, RECORDS):
        if needed not in names:
            raise RefusedBundle(
                f"expected {needed} in {source}, got none: it is no bundle of Scalebridge; ask for "
                "one that scalebridge bundle write made"
            )
        if archive.getinfo(needed).file_size > _LARGEST_TEXT:
            raise damaged(source, f"{needed} is larger than 2 GB")
    members = read_members(_text(archive, CRATE, source))
    unlisted = names - set(members) - {CRATE}
    missing = set(members) - names
    if unlisted or missing:
        what = "is not listed" if unlisted else "is missing"
        first = sorted(unlisted or missing)[0]
        raise damaged(source, f"{first} {what} in {CRATE}" if unlisted else f"{first} is missing")
    for needed in (BUNDLE, RECORDS):
        _compare(archive.read(needed), members[needed], source)
    said = _said(_text(archive, BUNDLE, source), source)
    return _Content(said, members, _rows(archive, said, source))


def _text(archive: ZipFile, name: str, source: Path) -> str:
    try:
        return archive.read(name).decode("utf-8")
    except (UnicodeDecodeError, BadZipFile, DeflateError) as error:
        raise damaged(source, f"{name}: {error}") from error


def _said(text: str, source: Path) -> dict[str, Any]:
    try:
        said = json.loads(text)
        version, kind = said["scalebridge_bundle"], said["format"]
        plain: list[tuple[Any, type]] = [(said["workspace"], str), (said["name"], str)]
        plain += [(said["state"], int), (said["part"], bool), (version, int), (kind, int)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(source, f"{BUNDLE} does not say what it is: {error!r}") from error
    if not all(isinstance(value, needed) for value, needed in plain):
        raise damaged(source, f"{BUNDLE} says something else than it should")
    if version > VERSION or kind > FORMAT:
        raise NewerFormat(
            f"{source} is a bundle of version {version} and format {kind}, this Scalebridge reads "
            f"up to {VERSION} and {FORMAT}: install a newer Scalebridge; nothing was written"
        )
    return dict(said)


def _rows(archive: ZipFile, said: dict[str, Any], source: Path) -> list[dict[str, Any]]:
    columns = {column.name for column in rows.c} - {"workspace"}
    found = []
    with archive.open(RECORDS) as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                problem = "" if set(row) == columns else f"expected {sorted(columns)}"
                problem = problem or row_problem(row)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                raise damaged(source, f"line {number} of {RECORDS} is no record: {problem}")
            found.append(row)
    for about, words in history_problems(found, state=said["state"], part=said["part"]):
        raise damaged(source, f"{about}: {words}")
    if len(found) != said.get("versions"):
        raise damaged(source, f"expected {said.get('versions')} versions, got {len(found)}")
    return found


def _refuse_full(target: Path, content: _Content) -> None:
    place = target.resolve().parent
    place.mkdir(parents=True, exist_ok=True)
    needed = sum(one.size for one in content.members.values())
    if needed + RESERVE_BYTES > shutil.disk_usage(place).free:
        raise _full(target, content)


def _full(target: Path, content: _Content) -> WorkspaceError:
    place = target.resolve().parent
    return disk_full(
        place,
        name=target.name,
        needed_bytes=sum(one.size for one in content.members.values()),
        free_bytes=shutil.disk_usage(place).free,
        after="nothing of the bundle was written",
    )


def _unpack(
    archive: ZipFile,
    content: _Content,
    partial: Path,
    source: Path,
    say: Callable[[str], None],
) -> None:
    for name in ("images", "runs"):
        (partial / name).mkdir(parents=True, exist_ok=True)
    told = ""
    for name, member in sorted(content.members.items()):
        if name == RECORDS:
            continue
        image = "/".join(name.split("/")[:2]) if name.startswith("images/") else ""
        if image and image != told:
            say(f"unpacking {image}")
            told = image
        _unpack_one(archive, member, partial / name, source)
    (partial / CRATE).write_bytes(archive.read(CRATE))


def _unpack_one(archive: ZipFile, member: Member, place: Path, source: Path) -> None:
    if archive.getinfo(member.path).file_size != member.size:
        raise damaged(source, f"{member.path} has another size than {CRATE} says")
    place.parent.mkdir(parents=True, exist_ok=True)
    total = sha256()
    try:
        with archive.open(member.path) as stored, place.open("xb") as file:
            while part := stored.read(_PART_BYTES):
                total.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
    except (BadZipFile, DeflateError, EOFError) as error:
        raise damaged(source, f"{member.path}: {error}") from error
    if total.hexdigest() != member.sha256:
        raise damaged(source, f"the SHA-256 of {member.path} is not the one that {CRATE} states")


def _compare(data: bytes, member: Member, source: Path) -> None:
    if len(data) != member.size or sha256(data).hexdigest() != member.sha256:
        raise damaged(source, f"the SHA-256 of {member.path} is not the one that {CRATE} states")


def _manifest(content: _Content, *, sqlite: bool, as_copy: bool) -> Manifest:
    own = as_copy or content.said["part"]
    return Manifest(
        format=content.said["format"],
        id=uuid.uuid4().hex if own else content.said["workspace"],
        name=content.said["name"],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        records="sqlite" if sqlite else "database",
    )


@contextmanager
def _listed(
    content: _Content, manifest: Manifest, records: str | None, partial: Path
) -> Iterator[None]:
    """Write the records, and take them out of a database again if the folder does not follow."""
    engine = make_engine(records or URL.create("sqlite", database=str(partial / DATABASE)))
    trouble = ""
    try:
        _refuse_known(engine, manifest)
        _fill(engine, content, manifest)
        engine.dispose()  # SQLite brings its log into its file
        try:
            yield
        except BaseException:
            if records is not None:
                _forget(engine, manifest)
            raise
    except DatabaseError as error:
        trouble = str(error.orig)
    finally:
        engine.dispose()
    if trouble:  # here, so that no traceback shows what the driver was given
        raise WorkspaceError(
            f"the records could not be written ({trouble}): nothing was unpacked; look at the "
            "database and try again"
        )


def _fill(engine: sa.Engine, content: _Content, manifest: Manifest) -> None:
    create_tables(engine, workspace=manifest.id, format_version=manifest.format)
    lines = [{**row, "workspace": manifest.id} for row in content.rows]
    try:
        with _writing(engine) as connection:
            for start in range(0, len(lines), _ROWS_AT_ONCE):
                connection.execute(sa.insert(rows), lines[start : start + _ROWS_AT_ONCE])
            mine = workspaces.c.id == manifest.id
            connection.execute(
                sa.update(workspaces).where(mine).values(state=content.said["state"])
            )
    except BaseException:
        _forget(engine, manifest)
        raise


def _forget(engine: sa.Engine, manifest: Manifest) -> None:
    with _writing(engine) as connection:
        connection.execute(sa.delete(rows).where(rows.c.workspace == manifest.id))
        connection.execute(sa.delete(workspaces).where(workspaces.c.id == manifest.id))


@contextmanager
def _writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    writer = engine.connect().execution_options(scalebridge_writes=True)
    with writer as connection, connection.begin():
        yield connection


def _refuse_known(engine: sa.Engine, manifest: Manifest) -> None:
    if not sa.inspect(engine).has_table(workspaces.name):
        return
    with engine.connect() as connection:
        mine = sa.select(workspaces.c.id).where(workspaces.c.id == manifest.id)
        known = connection.execute(mine).first()
    if known is not None:
        raise WorkspaceError(
            f"expected a database that does not know the workspace {manifest.name!r} "
            f"({manifest.id}) yet, got one that does: read it as a copy (--as-copy), or give "
            "another database"
        )


def _flush_folders(partial: Path) -> None:
    for place, _, _ in os.walk(partial, topdown=False):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
