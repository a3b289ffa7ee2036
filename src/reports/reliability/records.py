"""What is written as a record stays, once, whole: kills, restarts, many writers, conflicts.

Each count takes a number of repeats and says what was lost. ``records`` is the address of a
database; None keeps the records in the workspace's folder (SQLite).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ...workspace import Workspace
from .postgres import PostgresServer
from .writers import Told, write_on, write_some, writer

Say = Callable[[str], None]
Counted = dict[str, Any]
_WRITERS = 8


def killed_writers(
    count: int, *, seed: int, folder: Path, say: Say, records: str | None = None
) -> Counted:
    """Kill (SIGKILL) one of two writers at a random moment, so many times, and look for records.

    Parameters
    ----------
    count : int
        Kills.
    seed : int
    folder : pathlib.Path
        Gets a workspace and the writers' own lists.
    say : callable
    records : str, optional

    Returns
    -------
    dict
        what, count, failures (acknowledged transactions that are not there, and ones that are half
        there or twice), words.
    """
    rng = random.Random(seed)
    place = folder / "killed"
    Workspace.create(place, records=records).close()
    files: list[Path] = []

    def begin() -> tuple[BaseProcess, Path]:
        told = folder / f"w{len(files)}.txt"
        files.append(told)
        return writer(write_on, place, records, told, rng.randrange(2**31), False), told

    pair = [begin(), begin()]
    for _ in range(count):
        number = rng.randrange(2)
        process, told = pair[number]
        _wait_for_writing(process, told)
        time.sleep(rng.uniform(0.0, 0.03))
        process.kill()
        process.join()
        pair[number] = begin()
    for process, _ in pair:
        process.kill()
        process.join()
    lost, half, open_ones, done = _missing(place, records, files)
    all_told = [Told.read(file) for file in files]
    inside = sum(len(one.held) - len(one.done) for one in all_told)
    words = f"{count} kills of two writers, {lost + half} transactions lost or half there"
    detail = f"{done} acknowledged; {open_ones} kills within a transaction, {inside} as it wrote"
    say(f"{words} ({detail})")
    return _counted("records after a kill", records, count, lost + half, f"{words} ({detail})")


def _wait_for_writing(process: BaseProcess, told: Path) -> None:
    end = time.monotonic() + 60.0
    while not (told.exists() and b"=" in told.read_bytes()):
        if not process.is_alive() or time.monotonic() > end:
            raise RuntimeError(f"the writer of {told.name} wrote nothing")
        time.sleep(0.005)


def _missing(place: Path, records: str | None, files: Sequence[Path]) -> tuple[int, int, int, int]:
    """Count what was acknowledged and is not there, and what is there in part or twice."""
    with Workspace.open(place, records=records) as ws:
        history = ws.history(kind="notes")
    versions = history["id"] + ":" + history["version"].astype(str)
    states = dict(zip(versions, history["state"], strict=True))
    doubled = len(history) - len(states)
    lost = half = under_way = done = 0
    for file in files:
        told = Told.read(file)
        done += len(told.done)
        under_way += len(told.begun) - len(told.done)
        for number, (title, size) in enumerate(told.begun.items(), start=1):
            wanted = [f"{title}-{part}:1" for part in range(size)] + [f"{file.stem}:{number + 1}"]
            found = [states.get(key) for key in wanted]
            there = [state for state in found if state is not None]
            lost += title in told.done and not there
            half += bool(there) and (len(there) < len(found) or len(set(there)) > 1)
    return lost, half + doubled, under_way, done


def restarted_database(
    count: int, *, seed: int, folder: Path, say: Say, server: PostgresServer
) -> Counted:
    """Restart PostgreSQL under two writers that send again what was not acknowledged.

    Parameters
    ----------
    count : int
        Restarts, half of them as a crash.
    seed, folder, say
        As `killed_writers`.
    server : PostgresServer
    """
    rng = random.Random(seed)
    place, records = folder / "restarted", server.address
    Workspace.create(place, records=records).close()
    files = [folder / f"r{number}.txt" for number in range(2)]
    pair = [writer(write_on, place, records, file, rng.randrange(2**31), True) for file in files]
    for process, file in zip(pair, files, strict=True):
        _wait_for_writing(process, file)
    for number in range(count):
        server.restart("immediate" if number % 2 else "fast")
        before = [len(Told.read(file).done) for file in files]
        _wait_for_more(pair, files, before)
        time.sleep(rng.uniform(0.0, 0.1))
    stopped = [process.exitcode for process in pair if not process.is_alive()]
    for process in pair:
        process.kill()
        process.join()
    lost, half, _, done = _missing(place, records, files)
    failures = lost + half + len(stopped)
    words = (
        f"{count} restarts under two writers, {failures} transactions lost, half there or twice "
        f"({done} acknowledged)"
    )
    say(words)
    return _counted("records after a restart of the database", records, count, failures, words)


def _wait_for_more(
    pair: Sequence[BaseProcess], files: Sequence[Path], before: Sequence[int]
) -> None:
    end = time.monotonic() + 60.0
    for process, file, known in zip(pair, files, before, strict=True):
        while process.is_alive() and len(Told.read(file).done) <= known:
            if time.monotonic() > end:
                raise RuntimeError(f"the writer of {file.name} did not go on")
            time.sleep(0.005)


def many_writers(
    count: int, *, seed: int, folder: Path, say: Say, records: str | None = None
) -> Counted:
    """Let eight processes write so many records each, and count them.

    Parameters
    ----------
    count : int
        Records of each writer.
    seed
        Not used: nothing here is random.
    folder, say, records
        As `killed_writers`.
    """
    place = folder / "many"
    Workspace.create(place, records=records).close()
    names = [f"m{number}" for number in range(_WRITERS)]
    processes = [writer(write_some, place, records, name, count) for name in names]
    for process in processes:
        process.join()
    wanted = {f"{name}-{i}" for name in names for i in range(count)}
    with Workspace.open(place, records=records) as ws:
        ids = [note.id for note in ws.notes]
        state = ws.state
    failures = len(wanted - set(ids)) + len(ids) - len(set(ids)) + (state != len(wanted))
    failures += sum(process.exitcode != 0 for process in processes)
    words = f"{_WRITERS} writers with {count} records each: {len(ids)} of {len(wanted)} there"
    say(words)
    return _counted("records of many writers", records, count * _WRITERS, failures, words)


def _counted(what: str, records: str | None, count: int, failures: int, words: str) -> Counted:
    where = "SQLite" if records is None else "PostgreSQL"
    return {
        "what": f"{what}, {where}",
        "count": count,
        "failures": int(failures),
        "words": f"{where}: {words}",
    }
