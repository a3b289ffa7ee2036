"""Every image against its record, and what lies in ``images/`` that belongs to none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScalebridgeError
from ..locks import is_locked, locked
from .cleaning import UNFINISHED, UNLISTED, clean, leftovers, why_gone
from .finding import DAMAGED, LEFT_OVER, NOTE, Finding
from .progress import size_words
from .record import Record
from .strangers import LOST

if TYPE_CHECKING:
    from .workspace import Workspace

_OURS = re.compile(r"[A-Za-z0-9_-]{1,64}\.ome\.zarr|\.partial-[A-Za-z0-9_-]{1,64}|\..+\.lock")
_UNFINISHED_TEXT = re.compile(r"\.(?:workspace\.toml|zarr\.json)\.[0-9a-f]{32}")
_RECENT_S = 60.0  # a text that is being replaced just now is there for milliseconds


def image_findings(ws: Workspace, *, say: Callable[[str], None]) -> Iterator[Finding | int]:
    """Verify every file of every image; numbers that come are of files that were read."""
    for record in ws.images.all(removed=True):
        if record.link:
            if not record.removed:
                yield Finding(
                    "images",
                    _called(record),
                    NOTE,
                    f"linked to {record.link['address']}, which was not asked",
                    "ws.images[...].verify() compares its metadata",
                )
            continue
        folder = ws.images.folder_of(record.id)
        if folder.is_dir():
            say(f"reading {_called(record)}")
            yield from _verified(ws, record, folder)
        elif not record.removed:
            yield Finding("images", _called(record), DAMAGED, str(why_gone(ws.records, record)))


def _called(record: Record) -> str:
    name = repr(record.name or record.id)
    return f"{name} (removed)" if record.removed else name


def _verified(ws: Workspace, record: Record, folder: Path) -> Iterator[Finding | int]:
    from .verifying import verify_image

    try:
        found = verify_image(record, folder)
    except (ScalebridgeError, OSError, ValueError, KeyError, RecursionError) as error:
        yield Finding("images", _called(record), DAMAGED, f"cannot be verified: {error}")
        return
    newest = ws.images.by_id(record.id)
    if found["problem"].any() and newest is not None and newest.version != record.version:
        yield from _verified(ws, newest, folder)  # edited while it was being read
        return
    yield int(found["files"].sum())
    for row in found.itertuples():
        if row.part == "metadata" and row.problem and not record.removed:
            words = str(row.problem).partition("; ws.images.publish_metadata")[0]
            yield _rewritable(ws, record, words)
        elif row.problem:
            many = f"{row.damaged} of {row.files} files damaged, first: "
            yield Finding("images", f"{_called(record)}, {row.part}", DAMAGED, many + row.problem)
        elif str(row.compared_with).startswith("its own"):
            yield Finding(
                "images",
                f"{_called(record)}, {row.part}",
                NOTE,
                f"compared with {row.compared_with}",
                "import the file again to have every chunk's place guarded",
            )


def _rewritable(ws: Workspace, record: Record, words: str) -> Finding:
    def mend() -> str:
        ws.images.publish_metadata(record.id)
        return "written again from the record"

    return Finding(
        "images",
        f"{_called(record)}, metadata",
        DAMAGED,
        f"{words}: other programs read the voxel size there",
        "written again from the record",
        mend,
    )


def stray_findings(ws: Workspace) -> Iterator[Finding]:
    """Find what lies in the workspace and belongs to no image."""
    folder = ws.images.folder
    for path, reason, record in leftovers(ws.records, folder):
        if reason == UNFINISHED:
            yield Finding(
                "images",
                path.name,
                LEFT_OVER,
                f"{reason}, {_size(path)}",
                "deleted, as gc does",
                _cleaner(ws, path),
            )
        elif reason == UNLISTED:
            yield _movable(ws, path, "images", f"pixels that no record lists, {_size(path)}")
        elif record is not None:
            yield Finding(
                "images",
                _called(record),
                NOTE,
                f"its pixels are kept, {_size(path)}",
                "ws.images.restore brings it back, scalebridge gc deletes them",
            )
    for path in sorted(folder.glob(".*.lock")) if folder.is_dir() else []:
        if not is_locked(path):
            yield Finding(
                "images",
                path.name,
                LEFT_OVER,
                "the lock of a process that has ended",
                "removed",
                _unlocker(path),
            )
    yield from _strange_files(ws, folder)


def _strange_files(ws: Workspace, folder: Path) -> Iterator[Finding]:
    places = [ws.path, folder, *folder.glob("*.ome.zarr")]
    for place in places:
        for path in sorted(place.glob(".*")) if place.is_dir() else []:
            old = path.is_file() and time.time() - path.stat().st_mtime > _RECENT_S
            if _UNFINISHED_TEXT.fullmatch(path.name) and old:
                yield _movable(ws, path, "images", "a text that was never written to its end")
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not _OURS.fullmatch(path.name) and not _UNFINISHED_TEXT.fullmatch(path.name):
            yield Finding("images", path.name, NOTE, "no file of Scalebridge's", "left alone")


def run_findings(ws: Workspace) -> Iterator[Finding]:
    """Compare the records of runs with the notebooks that are kept of them."""
    folder, runs = ws.path / "runs", {run.id: run for run in ws.runs.all(removed=True)}
    for run in runs.values():
        told = run.fields.get("report")
        if told and not run.removed and not (folder / f"{run.id}.ipynb").is_file():
            yield Finding(
                "runs",
                f"{run.fields['template']} of {run.fields.get('started')}",
                DAMAGED,
                f"its notebook {told} is gone",
                "run the template again, or restore runs/ from a backup",
            )
        if run.fields.get("status") == "running" and not run.removed:
            yield Finding(
                "runs",
                f"{run.fields['template']} of {run.fields.get('started')}",
                NOTE,
                "is still said to be running",
                "if nobody is at it, it was killed: what it wrote stands",
            )
    for path in sorted(folder.glob("*.ipynb")) if folder.is_dir() else []:
        if path.stem not in runs:
            yield _movable(ws, path, "runs", "the notebook of a run that no record lists")


def _movable(ws: Workspace, path: Path, part: Any, words: str) -> Finding:
    def mend() -> str:
        lock = path.parent / f".{path.name.removesuffix('.ome.zarr')}.lock"
        with locked(lock, busy=f"another process is at work on {path.name}"):
            place = ws.path / LOST / datetime.now(UTC).strftime("%Y%m%dT%H%M%S") / part
            place.mkdir(parents=True, exist_ok=True)
            path.rename(place / path.name)
        return f"moved to {(place / path.name).relative_to(ws.path)}"

    return Finding(part, path.name, LEFT_OVER, words, f"moved to {LOST}/, never deleted", mend)


def _cleaner(ws: Workspace, path: Path) -> Callable[[], str]:
    def mend() -> str:
        if path.exists():  # one cleaning takes all of them
            clean(ws.records, ws.images.folder, dry_run=False, reasons=(UNFINISHED,))
        return "deleted, as gc does"

    return mend


def _unlocker(path: Path) -> Callable[[], str]:
    def mend() -> str:
        with locked(path, busy=f"{path.name} is held again"):
            pass
        return "removed"

    return mend


def _size(path: Path) -> str:
    count = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return size_words(count)
