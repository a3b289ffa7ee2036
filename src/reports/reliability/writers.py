"""Processes that write records and say what was acknowledged, until they are killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ...errors import Conflict, WorkspaceError

_MOST = 4  # records of one transaction
_PATIENCE_S = 120.0
_PAUSE_S = 0.01  # at most, after each: SQLite does not let writers in by turns
_PRELOADED = [
    "scalebridge.workspace",
    "scalebridge.reports.reliability.writers",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql",
    "psycopg",
]


@dataclass(frozen=True)
class Told:
    """What a writer told: each transaction as it began, and as it was acknowledged.

    Attributes
    ----------
    begun, held, done : dict of str to int
        Number of records by the name of the transaction: as it was asked for, once nobody else
        could write, and when it was acknowledged.
    """

    begun: dict[str, int]
    held: dict[str, int]
    done: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> Told:
        """Read a writer's file; a line that the kill cut in two does not count."""
        words = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = [line.split() for line in words.split("\n")[:-1]]
        return cls(
            *({name: int(size) for what, name, size in lines if what == kind} for kind in "+*="),
        )


def writer(target: Callable[..., None], *given: Any, who: str = "writer") -> BaseProcess:
    """Begin a process of its own: forked from a server that has imported the workspace alone."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    process = context.Process(target=_called, args=(who, target, given), daemon=True)
    process.start()
    return process


def _called(who: str, target: Callable[..., None], given: tuple[Any, ...]) -> None:
    os.environ["SCALEBRIDGE_USER"] = who
    target(*given)


def write_on(folder: Path, records: str | None, told: Path, seed: int, again: bool) -> None:
    """Write transactions of one to four notes until the process ends.

    Each edits the writer's own note, too. With `again` what was not acknowledged is sent once
    more with the same ids, as a person would; without, it is left as it is.
    """
    from ...workspace import Workspace

    rng = random.Random(seed)
    name = told.stem
    own = _patiently(again, lambda: _own_note(folder, records, name))
    with Workspace.open(folder, records=records) as ws, told.open("ab", buffering=0) as lines:
        for number in count(1):
            title, size = f"{name}-{number}", rng.randint(1, _MOST)
            lines.write(f"+ {title} {size}\n".encode())

            def write(title: str = title, size: int = size, number: int = number) -> None:
                with ws.transaction():
                    lines.write(f"* {title} {size}\n".encode())
                    for part in range(size):
                        ws.notes.add(id=f"{title}-{part}", text=f"{title} {part + 1} of {size}")
                    ws.notes.edit(own, version=number, edit_id=f"{title}:own", text=title)

            _patiently(again, write)
            lines.write(f"= {title} {size}\n".encode())
            time.sleep(rng.uniform(0.0, _PAUSE_S))


def _own_note(folder: Path, records: str | None, name: str) -> str:
    from ...workspace import Workspace

    with Workspace.open(folder, records=records) as ws:
        return str(ws.notes.add(id=name, text=name).id)


def write_some(folder: Path, records: str | None, name: str, number: int) -> None:
    """Write so many notes, one a transaction."""
    from ...workspace import Workspace

    with Workspace.open(folder, records=records) as ws:
        for i in range(number):
            ws.notes.add(id=f"{name}-{i}", text=f"{name} {i}")


def _patiently(again: bool, action: Callable[[], Any]) -> Any:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return action()
        except Conflict:
            raise
        except WorkspaceError:  # not reached, not saved, not answered
            if not again or time.monotonic() > end:
                raise
            time.sleep(0.05)
