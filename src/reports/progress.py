"""How far a batch is, in the terminal: one line a template, its cells counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .kernel import Progress, ProgressCallback


@contextmanager
def cell_progress() -> Iterator[Callable[[Path], ProgressCallback]]:
    """Give what `run_workspaces` takes as its `progress`.

    A terminal gets bars; a log gets a line a template.
    """
    if sys.stderr.isatty():
        with _bars() as started:
            yield started
    else:
        yield _lines


@contextmanager
def _bars() -> Iterator[Callable[[Path], ProgressCallback]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:

        def started(place: Path) -> ProgressCallback:
            tasks: dict[str, TaskID] = {}

            def told(progress: Progress) -> None:
                name = progress.template
                if name not in tasks:
                    words = escape(f"{place.name}  {name}")
                    tasks[name] = bars.add_task(words, total=progress.cells)
                bars.update(tasks[name], completed=progress.cell)

            return told

        yield started


def _lines(place: Path) -> ProgressCallback:
    def told(progress: Progress) -> None:
        if progress.cell == 1:
            print(
                f"{place.name}: {progress.template}, {progress.cells} cells",
                file=sys.stderr,
                flush=True,
            )

    return told
