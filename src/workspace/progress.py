"""How far an import has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class ImportProgress:
    """How far an import has come.

    Attributes
    ----------
    done, total : int
        Voxels.
    seconds_left : float or None
        None before the first block.
    disk_needed_bytes : int
        At most; compression makes it less.
    """

    done: int
    total: int
    seconds_left: float | None
    disk_needed_bytes: int


#: Called after every block; ``True`` in its place draws a bar in the terminal.
OnProgress = Callable[[ImportProgress], None]


@contextmanager
def reporting(
    progress: OnProgress | bool | None, *, title: str, total: int, disk_needed_bytes: int
) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how many voxels just came.

    Parameters
    ----------
    progress : callable, bool or None
    title : str
    total : int
        Voxels.
    disk_needed_bytes : int
    """
    began, done = time.monotonic(), 0

    def count(voxels: int, tell: OnProgress) -> None:
        nonlocal done
        done += voxels
        rate = done / max(time.monotonic() - began, 1e-9)
        left = (total - done) / rate if done else None
        tell(ImportProgress(done, total, left, disk_needed_bytes))

    if not progress:
        yield lambda voxels: None
    elif callable(progress):
        yield lambda voxels: count(voxels, progress)
    else:
        with _bar(title, total) as tell:
            yield lambda voxels: count(voxels, tell)


@contextmanager
def _bar(title: str, total: int) -> Iterator[OnProgress]:
    from rich.markup import escape
    from rich.progress import Progress, TimeRemainingColumn

    with Progress(*Progress.get_default_columns()[:-1], TimeRemainingColumn()) as bar:
        task = bar.add_task(f"importing {escape(title)}", total=total)
        yield lambda now: bar.update(task, completed=now.done)
