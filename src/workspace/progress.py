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
    phase : str
        ``"writing"``, then ``"checking"`` while every chunk is read back.
    """

    done: int
    total: int
    seconds_left: float | None
    disk_needed_bytes: int
    phase: str = "writing"

    def words(self) -> str:
        """Say it in a line.

        Examples
        --------
        >>> ImportProgress(30, 100, 95.0, 17_000_000_000).words()
        '30 %, 1 min 35 s left, up to 17 GB on disk'
        """
        room = f"up to {size_words(self.disk_needed_bytes)} on disk"
        if self.phase == "checking":
            return f"written, now read back to check, {room}"
        left = "" if self.seconds_left is None else f"{_duration(self.seconds_left)} left, "
        return f"{100 * self.done / max(self.total, 1):.0f} %, {left}{room}"


#: Called after every block; ``True`` in its place draws a bar in the terminal.
OnProgress = Callable[[ImportProgress], None]


class Reporter:
    """Counts the voxels of one import, and tells.

    Parameters
    ----------
    tell : callable or None
    total : int
        Voxels.
    disk_needed_bytes : int
    """

    def __init__(self, tell: OnProgress | None, *, total: int, disk_needed_bytes: int) -> None:
        self._tell, self._total, self._disk = tell, total, disk_needed_bytes
        self._began, self._done = time.monotonic(), 0

    def wrote(self, voxels: int) -> None:
        """Tell that so many voxels more were written."""
        self._done += voxels
        rate = self._done / max(time.monotonic() - self._began, 1e-9)
        left = (self._total - self._done) / rate if self._done else None
        self._say(left, "writing")

    def checked(self) -> None:
        """Tell that one more chunk was read back."""
        self._say(None, "checking")

    def _say(self, seconds_left: float | None, phase: str) -> None:
        if self._tell is not None:
            self._tell(ImportProgress(self._done, self._total, seconds_left, self._disk, phase))


@contextmanager
def reporting(
    progress: OnProgress | bool | None, *, title: str, total: int, disk_needed_bytes: int
) -> Iterator[Reporter]:
    """Give a reporter for one import.

    Parameters
    ----------
    progress : callable, bool or None
    title : str
    total : int
        Voxels.
    disk_needed_bytes : int
    """
    if callable(progress) or not progress:
        tell = progress if callable(progress) else None
        yield Reporter(tell, total=total, disk_needed_bytes=disk_needed_bytes)
        return
    with progress_bar(title) as tell:
        yield Reporter(tell, total=total, disk_needed_bytes=disk_needed_bytes)


@contextmanager
def progress_bar(title: str) -> Iterator[OnProgress]:
    """Draw a bar in the terminal, with time left and disk needed."""
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn(f"importing {escape(title)}"),
        BarColumn(20),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None, words="")

        def tell(now: ImportProgress) -> None:
            bar.update(task, completed=now.done, total=now.total, words=now.words())

        yield tell


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size_words(count: float) -> str:
    """Say how many bytes.

    Examples
    --------
    >>> size_words(2_500_000_000), size_words(0)
    ('2.5 GB', '0 KB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} KB"
