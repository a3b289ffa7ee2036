"""Writing a bundle: one state of a workspace, or of a part of it, whoever writes meanwhile."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from ...errors import DamagedImage, WorkspaceError
from ..cleaning import why_gone
from ..finding import some
from ..manifest import FORMAT
from ..progress import size_words
from ..record import Record
from ..room import disk_full
from ..strangers import plain_file
from .contents import image_files, refused
from .crate import Member, crate_text
from .names import BUNDLE, CRATE, RECORDS
from .selection import Selection, select_part
from .snapshot import take_snapshot

if TYPE_CHECKING:
    from ..workspace import Workspace

VERSION = 1
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can say: the same content gives the same bytes
_NOT_WRITTEN = "the bundle was not written"


@dataclass(frozen=True)
class BundleWritten:
    """What a bundle holds.

    Attributes
    ----------
    path : Path
    state : int
        Of the workspace.
    files, bytes : int
    versions, records : int
    images, links : tuple of str
        Names of those whose pixels are in it, and of those that stay where they are.
    left_out : dict of str to int
        By kind, the standing records that are no part of it.
    """

    path: Path
    state: int
    files: int
    bytes: int
    versions: int
    records: int
    images: tuple[str, ...]
    links: tuple[str, ...]
    left_out: dict[str, int]

    def words(self) -> str:
        """Say it in a few lines."""
        lines = [
            f"{self.path}: state {self.state}, {some(len(self.images), 'image')}, "
            f"{some(self.records, 'record')} in {some(self.versions, 'version')}, "
            f"{self.files} files, {size_words(self.bytes)}"
        ]
        if self.left_out:
            kinds = sorted(self.left_out.items())
            left = ", ".join(some(count, kind.removesuffix("s")) for kind, count in kinds)
            lines.append(f"not in it, as they speak of other images and frames, or none: {left}")
        if self.links:
            lines.append(
                f"only their addresses are in it, not their pixels: {', '.join(self.links)}"
            )
        return "\n".join(lines)


def write_bundle(
    ws: Workspace,
    path: str | os.PathLike[str],
    *,
    images: Sequence[str] = (),
    frames: Sequence[str] = (),
    license: str | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> BundleWritten:
    """Write a workspace, or a part of it, as one zip; the same state gives the same bytes.

    Parameters
    ----------
    ws : Workspace
        Its state is the one that it has now, or was opened at; others may go on writing.
    path : path
        Of a file that does not exist yet.
    images, frames : sequence of str
        Only these, with what is recorded of them and of nothing else; all by default.
    license : str, optional
        An address, or words.
    say : callable
        Told what is being written.

    Raises
    ------
    WorkspaceError
        The file exists.
    NotFound
        No image or frame is called so.
    DamagedImage
        A file is not as it was recorded: nothing is written.
    DiskFull
    """
    target = Path(path)
    if target.exists():
        raise WorkspaceError(f"{target} exists, and is not written over: choose another name")
    now = take_snapshot(ws.records)
    part = bool(images or frames)
    chosen = Selection(frozenset(one.id for one in now.newest), {})
    if part:
        standing = [one for one in now.newest if not one.removed]
        chosen = select_part(standing, images=images, frames=frames)
    found = [row for row in now.rows if row["id"] in chosen.ids]
    pixels = [one for one in now.newest if one.kind == "images" and one.id in chosen.ids]
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with ZipFile(partial, "x", ZIP_STORED, allowZip64=True) as archive:
            writer = _Writer(archive, say)
            stored = writer.images(ws, pixels)
            if not part:
                writer.runs(ws, {row["id"] for row in found if row["kind"] == "runs"})
            writer.add(RECORDS, b"".join(_line(row) for row in found))
            writer.add(BUNDLE, _description(ws, now.state, part=part, versions=len(found)))
            writer.add(CRATE, _crate(ws, found, stored, writer.members, part, license))
        _flush(partial)
        _name(partial, target)
    except FileExistsError:
        raise WorkspaceError(f"{target} exists, and is not written over: choose another") from None
    except DamagedImage as error:
        raise refused(error, what=_NOT_WRITTEN) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise disk_full(
            target.parent,
            name=target.name,
            needed_bytes=sum(one.fields["bytes_stored"] or 0 for one in pixels),
            free_bytes=shutil.disk_usage(target.parent).free,
            after=_NOT_WRITTEN,
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return BundleWritten(
        target,
        now.state,
        len(writer.members),
        target.stat().st_size,
        len(found),
        len(chosen.ids),
        tuple(stored.values()),
        tuple(one.name or one.id for one in pixels if one.link and not one.removed),
        chosen.left_out,
    )


class _Writer:
    """Adds files to a zip, and remembers their sums."""

    def __init__(self, archive: ZipFile, say: Callable[[str], None]) -> None:
        self.archive, self.say = archive, say
        self.members: list[Member] = []

    def add(self, path: str, data: bytes) -> None:
        entry = ZipInfo(path, _EARLIEST)
        entry.create_system, entry.external_attr = 3, 0o100644 << 16
        self.archive.writestr(entry, data)
        if path != CRATE:
            self.members.append(Member(path, len(data), sha256(data).hexdigest()))

    def images(self, ws: Workspace, found: Sequence[Record]) -> dict[str, str]:
        stored = {}
        for image in sorted(found, key=lambda one: one.id):
            folder = ws.images.folder_of(image.id)
            if image.link or (image.removed and not folder.is_dir()):
                continue
            if not folder.is_dir():
                raise refused(_gone(ws, image), what=_NOT_WRITTEN)
            self.say(f"writing {image.name!r}")
            inside = f"images/{folder.name}/"
            for key, data in image_files(image, folder):
                self.add(inside + key, data)
            stored[inside] = image.name or image.id
        return stored

    def runs(self, ws: Workspace, ids: set[str]) -> None:
        for path in sorted((ws.path / "runs").glob("*.ipynb")):
            if path.stem in ids:
                plain_file(path)
                self.add(f"runs/{path.name}", path.read_bytes())


def _gone(ws: Workspace, image: Record) -> DamagedImage:
    return DamagedImage(str(why_gone(ws.records, image)))


def _line(row: dict[str, Any]) -> bytes:
    columns = {name: value for name, value in row.items() if name != "workspace"}
    text = json.dumps(columns, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return text.encode() + b"\n"


def _description(ws: Workspace, state: int, *, part: bool, versions: int) -> bytes:
    said = {
        "scalebridge_bundle": VERSION,
        "format": FORMAT,
        "workspace": ws.id,
        "name": ws.name,
        "state": state,
        "part": part,
        "versions": versions,
    }
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


def _crate(
    ws: Workspace,
    found: list[dict[str, Any]],
    stored: dict[str, str],
    members: list[Member],
    part: bool,
    license: str | None,
) -> bytes:
    times = [row["at"] for row in found] or ["1970-01-01T00:00:00+00:00"]
    what = "A part of the specimen" if part else "Everything recorded of the specimen"
    text = crate_text(
        title=ws.name,
        description=f"{what} {ws.name!r}: images, frames, transforms, decisions and measurements "
        "with their history, written by Scalebridge (scalebridge bundle read opens it)",
        people=sorted({row["who"] for row in found}),
        software=sorted({row["software"].partition(" in run ")[0] for row in found}),
        begun=min(times),
        ended=max(times),
        images=stored,
        members=members,
        license=license,
    )
    return text.encode()


def _name(partial: Path, target: Path) -> None:
    """Give a file its name; unlike a renaming, a link never takes the place of another file."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if target.exists():
            raise FileExistsError(target) from None
        os.replace(partial, target)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
