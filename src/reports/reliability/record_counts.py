"""All counts of records under faults, on SQLite and on a PostgreSQL of their own.

``python -m scalebridge.reports.reliability.record_counts`` prints a figure a line; ``--part 0.1``
counts a tenth.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from .edits import conflicting_edits
from .migrations import killed_migrations
from .postgres import NoPostgres, PostgresServer, postgres_server
from .records import Counted, Say, killed_writers, many_writers, restarted_database

#: Full counts: kills, records of each of eight writers, pairs of edits, restarts, migrations.
KILLS, RECORDS, PAIRS, RESTARTS, MIGRATIONS = 300, 500, 1000, 40, 100
SEED = 6


def record_counts(
    part: float = 1.0, *, seed: int = SEED, folder: Path, say: Say
) -> Iterator[Counted]:
    """Count one after the other.

    Parameters
    ----------
    part : float
        Of the full counts, 0 to 1.
    seed : int
    folder : pathlib.Path
        Gets a folder a count.
    say : callable
        Is told each figure.

    Yields
    ------
    dict
        what, count, failures, words. Without PostgreSQL what it would have counted is said to be
        not counted, with the reason, and a count of 0.
    """
    for number, (count, full) in enumerate(_counts(None)):
        yield _run(count, full, part, seed=seed, folder=folder / f"sqlite-{number}", say=say)
    try:
        with postgres_server() as server:
            for number, (count, full) in enumerate(_counts(server)):
                place = folder / f"postgresql-{number}"
                yield _run(count, full, part, seed=seed, folder=place, say=say)
    except (NoPostgres, ImportError) as error:
        words = f"PostgreSQL: not counted ({error})"
        say(words)
        yield {"what": "records, PostgreSQL", "count": 0, "failures": 0, "words": words}


_Count = Callable[..., Counted]


def _counts(server: PostgresServer | None) -> list[tuple[_Count, int]]:
    records = None if server is None else server.address
    both: list[tuple[_Count, int]] = [
        (partial(killed_writers, records=records), KILLS),
        (partial(many_writers, records=records), RECORDS),
        (partial(conflicting_edits, records=records), PAIRS),
    ]
    if server is None:
        return both
    return [
        *both,
        (partial(restarted_database, server=server), RESTARTS),
        (partial(killed_migrations, records=server.address), MIGRATIONS),
    ]


def _run(count: _Count, full: int, part: float, *, seed: int, folder: Path, say: Say) -> Counted:
    folder.mkdir(parents=True)
    return count(max(1, round(full * part)), seed=seed, folder=folder, say=say)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=float, default=1.0, help="of the full counts (1)")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="scalebridge-records-") as place:
        counted = record_counts(given.part, seed=given.seed, folder=Path(place), say=_say)
        found = [one["failures"] for one in counted]
    return int(any(found))


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
