"""A migration of records that is killed leaves them whole in one place."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from ...errors import WorkspaceError
from ...workspace import Workspace
from ...workspace.manifest import read_manifest
from .records import Counted, Say
from .writers import writer

_RECORDS = 300


def killed_migrations(count: int, *, seed: int, folder: Path, say: Say, records: str) -> Counted:
    """Kill a migration to PostgreSQL or back at a random moment, open the workspace, and write.

    Parameters
    ----------
    count : int
        Kills.
    seed : int
    folder : pathlib.Path
        Gets a workspace.
    say : callable
    records : str
        Address of the database.

    Returns
    -------
    dict
        what, count, failures (workspaces that did not open with every row in the place that
        ``workspace.toml`` names, or could not be written), words.
    """
    rng = random.Random(seed)
    place = folder / "migrated"
    with Workspace.create(place) as ws, ws.transaction():
        for number in range(_RECORDS):
            ws.notes.add(text=f"note {number}")
    known, failures, moved = _RECORDS, 0, 0
    longest = _whole(place, records)
    for _ in range(count):
        at_home = read_manifest(place).records == "sqlite"
        to = "postgresql" if at_home else "sqlite"
        process = writer(_migrate, place, to, records)
        process.join(rng.uniform(0.0, longest))
        process.kill()
        process.join()
        moved += (read_manifest(place).records == "sqlite") != at_home
        known += 1
        failures += not _goes_on(place, records, known)
    words = f"{count} kills of a migration, {failures} workspaces not whole ({moved} had moved)"
    say(words)
    return {
        "what": "records after a killed migration",
        "count": count,
        "failures": failures,
        "words": words,
    }


def _whole(place: Path, records: str) -> float:
    """Time one that nobody kills, there and back [s], the slower of the two."""
    times = []
    for to in ("postgresql", "sqlite"):
        began = time.monotonic()
        process = writer(_migrate, place, to, records)
        process.join()
        times.append(time.monotonic() - began)
        if process.exitcode:
            raise RuntimeError(f"a migration to {to} that nobody killed ended with an error")
    return max(times)


def _migrate(place: Path, to: Any, records: str) -> None:
    from ...workspace import migrate

    migrate(place, to=to, records=records)


def _goes_on(place: Path, records: str, known: int) -> bool:
    """Open it as a person would, and write one more."""
    in_folder = read_manifest(place).records == "sqlite"
    try:
        with Workspace.open(place, records=None if in_folder else records) as ws:
            ws.notes.add(text="goes on")
            return len(ws.history()) == known
    except WorkspaceError:
        return False
