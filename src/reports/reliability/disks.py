"""A disk that runs full in the middle of the work: a typed error, and nothing earlier is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ScalebridgeError, WorkspaceError
from ...workspace import Workspace, examine, room
from ...workspace.finding import some
from ...workspace.pixels import Block

Say = Callable[[str], None]
_SIZE_MB = 48
_SHAPE = (64, 96, 96)
_PAGE = 4096


class NoSmallDisk(Exception):
    """No small disk can be made here: it needs the right to mount a tmpfs."""


def disks_run_full(count: int, *, seed: int, folder: Path, say: Say) -> dict[str, Any]:
    """Fill a small disk at many places of import, record writes, segmentation and report run.

    Parameters
    ----------
    count : int
        Places.
    seed : int
    folder : Path
        Gets the small disk.
    say : callable

    Returns
    -------
    dict
        what, count, failures, words.

    Raises
    ------
    NoSmallDisk
        Nobody here may mount one.
    """
    rng, wrong = np.random.default_rng(seed), []
    ends: dict[str, list[str]] = {}
    with small_disk(folder / "small") as disk:
        place = disk / "specimen"
        image = _begun(place, rng)
        for number in range(count):
            name, work = _WORKS[number % len(_WORKS)]
            if name == "report" and number // len(_WORKS) >= _REPORTS:
                name, work = _WORKS[0]
            problem, end = _at_one_place(disk, place, work, number, rng, image)
            ends.setdefault(name, []).append(end)
            wrong += [f"{name} {number}: {problem}"] if problem else []
            say(f"full disk {number + 1} of {count} ({name}): {end}")
    words = "; ".join(
        f"{name}: {some(len(found), 'place')}, {sum(one != 'done' for one in found)} stopped "
        "with a typed error"
        for name, found in ends.items()
    )
    told = "; ".join([words, *wrong[:5]])
    what = "disks that run full: a typed error, earlier data intact, works again with space"
    return {"what": what, "count": count, "failures": len(wrong), "words": told}


@contextmanager
def small_disk(folder: Path, *, megabytes: int = _SIZE_MB) -> Iterator[Path]:
    """Mount a disk of a few megabytes.

    Raises
    ------
    NoSmallDisk
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoSmallDisk(f"expected the command mount, got {error}") from error
    if made.returncode:
        raise NoSmallDisk(f"expected to mount a tmpfs, got: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def _begun(place: Path, rng: np.random.Generator) -> np.ndarray:
    values = rng.integers(0, 200, _SHAPE, dtype=np.uint8)
    with _no_reserve(), Workspace.create(place) as ws:
        _write(ws, "first", [(_whole(), values)])
        ws.notes.add(text="first")
        ws.segmentations.add(
            name="bright",
            image="first",
            thresholds=[100.0],
            phases=[{"label": 1, "name": "bright", "color": "#E69F00"}],
            accepted=True,
        )
    return values


def _at_one_place(
    disk: Path,
    place: Path,
    work: Callable[..., None],
    number: int,
    rng: np.random.Generator,
    image: np.ndarray,
) -> tuple[str, str]:
    """Do some work while the disk fills, and look at what is left."""
    with Workspace.open(place) as ws:
        before = {kind: len(getattr(ws, kind)) for kind in ("images", "notes", "segmentations")}
    ballast = Ballast(disk)
    end, problem = "done", ""
    try:
        with _no_reserve():
            work(place, number, rng, ballast)
    except (ScalebridgeError, WorkspaceError) as error:
        end = type(error).__name__
    except Exception as error:  # counted: only our own errors are promised
        end = problem = f"{type(error).__name__}: {error}"
    finally:
        ballast.empty()
    return problem or _intact(place, before, image) or _works_again(place, number), end


def _intact(place: Path, before: dict[str, int], image: np.ndarray) -> str:
    with Workspace.open(place) as ws:
        if not np.array_equal(ws.images["first"].array(), image):
            return "the first image does not read as before"
        for kind, count in before.items():
            if len(getattr(ws, kind)) < count:
                return f"{kind} were lost"
        for one in ws.images:
            if one.verify()["damaged"].sum():
                return f"{one.name} is listed and damaged"
    found = examine(place, repair=True)
    return "; ".join(one.words for one in found.damage)


def _works_again(place: Path, number: int) -> str:
    with _no_reserve(), Workspace.open(place) as ws:
        _write(ws, f"after {number}", [(_whole(), np.zeros(_SHAPE, np.uint8))])
        ws.notes.add(text=f"after {number}")
        ws.images.remove(f"after {number}")
        for one in ws.images:
            if one.name != "first":
                ws.images.remove(one.id)
        ws.gc(dry_run=False)
    return ""


class Ballast:
    """A file that takes the disk's space away.

    Parameters
    ----------
    disk : Path
    """

    def __init__(self, disk: Path) -> None:
        self.path = disk / "ballast"

    def leave(self, count: int) -> None:
        """Fill the disk up to so many bytes."""
        free = shutil.disk_usage(self.path.parent).free - count
        if free > 0:
            with self.path.open("ab") as file:
                os.posix_fallocate(file.fileno(), file.tell(), free)

    def empty(self) -> None:
        """Give the space back."""
        self.path.unlink(missing_ok=True)


def _import(place: Path, number: int, rng: np.random.Generator, ballast: Ballast) -> None:
    """The disk fills between two blocks, or while the chunks are read back and flushed."""
    values = rng.integers(0, 60000, _SHAPE, dtype=np.uint16)
    block, left = int(rng.integers(0, 9)), int(rng.integers(0, 60) * _PAGE)

    def blocks() -> Iterator[Block]:
        for index, start in enumerate(range(0, _SHAPE[0], 8)):
            if index == block:
                ballast.leave(left)
            where = (slice(start, start + 8), *_whole()[1:])
            yield where, values[where]

    def checking(now: Any) -> None:
        if block == 8 and now.phase == "checking" and not ballast.path.exists():
            ballast.leave(left % (3 * _PAGE))

    with Workspace.open(place) as ws:
        _write(ws, f"import {number}", blocks(), dtype=np.uint16, progress=checking)


def _record(place: Path, number: int, rng: np.random.Generator, ballast: Ballast) -> None:
    """The disk fills before a commit, inside of one, or before the workspace is opened."""
    left = int(rng.integers(0, 40) * _PAGE)
    if number % 2:
        ballast.leave(left)
    with Workspace.open(place) as ws:
        ballast.leave(left)
        for index in range(200):
            with ws.transaction():
                ws.notes.add(text=f"{number}.{index} " + "word " * 200)
                ws.notes.add(text=f"{number}.{index} again")


def _segment(place: Path, number: int, rng: np.random.Generator, ballast: Ballast) -> None:
    """The disk fills while a segmentation is computed or its labels are written."""
    from ...analysis.segmentation import scratch
    from ...widgets.applied import apply_record

    at, left = float(rng.uniform(0, 0.8)), int(rng.integers(0, 4) * _PAGE)

    def progress(done: int, total: int) -> None:
        if done >= at * total and not ballast.path.exists():
            ballast.leave(left)

    in_memory = scratch.IN_MEMORY
    scratch.IN_MEMORY = 0 if number % 2 else in_memory
    try:
        with Workspace.open(place) as ws:
            if number % 2 and at < 0.5:
                ballast.leave(left)
            name = f"labels {number}"
            apply_record(ws.images, ws.segmentations["bright"], name=name, progress=progress)
    finally:
        scratch.IN_MEMORY = in_memory


def _report(place: Path, number: int, rng: np.random.Generator, ballast: Ballast) -> None:
    """The disk fills while a template is run on the workspace, at one of its cells."""
    from ...reports.batch import run_workspaces

    cell, left, begun = int(rng.integers(1, 8)), int(rng.integers(0, 4) * _PAGE), 0

    def filling(_: Any) -> None:
        nonlocal begun
        begun += 1
        if begun >= cell and not ballast.path.exists():
            ballast.leave(left)

    batch = run_workspaces(
        [place],
        output=place.parent / f"report-{number}",
        templates=["10_survey"],
        progress=lambda _: filling,
    )
    told = "; ".join(str(why) for why in batch.table()["why"] if why)
    if batch.exit_code and "No space left" not in told and "full" not in told:
        raise RuntimeError(f"expected words on the full disk, got {told!r}")
    if batch.exit_code:
        raise WorkspaceError(told)


def _write(ws: Workspace, name: str, blocks: Any, *, dtype: Any = np.uint8, **more: Any) -> None:
    ws.images.write(
        name,
        shape=_SHAPE,
        dtype=dtype,
        axes="zyx",
        blocks=blocks,
        spacing_um=(1.0, 1.0, 1.0),
        spacing_source="made",
        **more,
    )


def _whole() -> tuple[slice, ...]:
    return tuple(slice(0, n) for n in _SHAPE)


@contextmanager
def _no_reserve() -> Iterator[None]:
    """Take the reserve away, by which an import is refused long before the disk is full."""
    reserve = room.RESERVE_BYTES
    room.RESERVE_BYTES = -(10**12)
    try:
        yield
    finally:
        room.RESERVE_BYTES = reserve


_REPORTS = 3
_WORKS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("import", _import),
    ("records", _record),
    ("segmentation", _segment),
    ("import", _import),
    ("records", _record),
    ("report", _report),
)
