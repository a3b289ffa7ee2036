"""``python -m scalebridge.reports.reliability``: every count, and the page that tells of them.

A count that is finished is one file in the work folder, so that a run that was stopped goes on
where it was.
"""

from __future__ import annotations

import argparse
import inspect
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..work_folder import kept, written
from .disks import NoSmallDisk
from .images import COUNTS

SEED = 6
#: Counts records on both databases, one figure after the other.
RECORDS = "record_counts"
Result = dict[str, Any]
Count = Callable[..., Result]
Say = Callable[[str], None]


def counts() -> Iterator[tuple[Count, int]]:
    """Give every count of images with its full number."""
    yield from COUNTS


def counted(count: Count, number: int, *, seed: int, say: Say) -> list[Result]:
    """Run one count in a folder of its own, which goes afterwards."""
    started = time.monotonic()
    with _folder() as folder:
        try:
            result = dict(count(number, seed=seed, folder=folder, say=say))
        except NoSmallDisk as error:
            words = f"not counted: {error}"
            result = {"what": _title(count), "count": 0, "failures": 0, "words": words}
    return [{**result, "seconds": round(time.monotonic() - started, 1)}]


def counted_records(share: float, *, seed: int, say: Say) -> list[Result]:
    """Run the counts of records, where there are any."""
    if find_spec(f"{__package__}.{RECORDS}") is None:
        return []
    count = import_module(f"{__package__}.{RECORDS}").record_counts
    results, started = [], time.monotonic()
    with _folder() as folder:
        for result in count(share, seed=seed, folder=folder, say=say):
            results.append({**result, "seconds": round(time.monotonic() - started, 1)})
            started = time.monotonic()
    return results


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="scalebridge-reliability-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _title(count: Count) -> str:
    return (inspect.getdoc(count) or count.__name__).splitlines()[0].rstrip(".")


def failures_of(result: dict[str, Any]) -> int:
    """Count what went wrong; a list tells it one by one."""
    wrong = result["failures"]
    return wrong if isinstance(wrong, int) else len(wrong)


def page(results: Sequence[dict[str, Any]], *, seed: int) -> str:
    """Write the page, as Markdown."""
    wrong = sum(failures_of(result) for result in results)
    total = sum(result["count"] for result in results)
    lines = [
        "# How reliable it is",
        "",
        f"**{total:,} times something was made to go wrong; {wrong or 'none'} ended other than "
        "promised.** Written by `make validate` "
        f"(`python -m scalebridge.reports.reliability`, seed {seed}) on {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}. A tenth of each count runs in "
        "`make test`.",
        "",
        "| what | times | failures | words | seconds |",
        "|---|---:|---:|---|---:|",
    ]
    for result in results:
        words = str(result["words"]).replace("|", "/").replace("\n", " ")
        row = (result["what"], f"{result['count']:,}", failures_of(result), words)
        lines.append(f"| {' | '.join(map(str, row))} | {result['seconds']:.0f} |")
    return "\n".join([*lines, "", _MEANING])


_MEANING = """\
## What is counted

- **Kills** are SIGKILL at any moment of an import, from its first block to its record. Afterwards
  the image is absent, or listed with every pixel; one that was told to be done is there. At the
  end `scalebridge doctor --repair` leaves nothing over.
- **Flipped bits, cuts and deletions** are of a random chunk or `zarr.json`. The image is opened
  anew and every level read: the damaged one raises `DamagedImage`, the others give the pixels
  that were written, and `verify` names the damage. The voxel size comes from the record, which
  holds the sums of all metadata files; where record and file disagree, nothing is shown.
- **Records** are counted on SQLite and on a PostgreSQL of its own: kills of writers, restarts of
  the database, eight writers at once, pairs of conflicting edits, and killed migrations. Lost is
  what had been acknowledged and is not there, or is there in part or twice.
- **Full disks** are small real ones (tmpfs) that are filled in the middle of an import, of record
  writes, of a segmentation and of a template's run. Each stops with an error of Scalebridge's
  own, what stood before reads as before, and once there is space the same work succeeds.

What is not counted: a disk that says that it wrote and did not, and power failures of a machine.

What to do when something is damaged, and how to keep copies, is told in [care.md](care.md).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the table, as Markdown")
    parser.add_argument("--work", type=Path, required=True, help="folder of finished counts")
    parser.add_argument("--share", type=float, default=1.0, help="of the full counts")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    results: list[Result] = []
    for count, full in counts():
        number = max(1, round(full * given.share))
        file = given.work / f"reliability-{count.__name__}-{number}-{given.seed}.json"
        results += kept(file, partial(counted, count, number, seed=given.seed, say=_tell))
    file = given.work / f"reliability-records-{given.share:g}-{given.seed}.json"
    results += kept(file, partial(counted_records, given.share, seed=given.seed, say=_tell))
    for result in results:
        _tell(f"{result['what']}: {result['count']}, {failures_of(result)} failures")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    written(given.output, page(results, seed=given.seed))
    return int(any(failures_of(result) for result in results))


def _tell(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
