"""``python -m scalebridge.reports.mutations``: damage every kind of file, and tell how it ended.

A kind that is finished is one file in the work folder, so that a run that was stopped goes on where
it was.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...io.workers import Workers
from ..work_folder import kept, written
from .counting import count_mutations
from .originals import ORIGINALS, Original
from .page import table, with_table

SEED, COUNT = 6, 500


def counted(original: Original, number: int, *, seed: int, data: Path | None) -> dict[str, Any]:
    """Count one kind of file in a folder of its own, which goes afterwards."""
    place = Path(tempfile.mkdtemp(prefix="scalebridge-mutations-"))
    folder = place / "files"
    folder.mkdir()
    # one child goes on through what compiled parsers read too: a harder test of its reuse
    workers = Workers(apart=False)
    try:
        return count_mutations(
            original, number, seed=seed, folder=folder, data=data, workers=workers, say=_tell
        )
    finally:
        workers.end()
        shutil.rmtree(place, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if anything ended wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the page that has the marks")
    parser.add_argument("--work", type=Path, required=True, help="folder of finished counts")
    parser.add_argument("--count", type=int, default=COUNT, help="files of a kind")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    data = Path(os.environ["SCALEBRIDGE_DATA"]) if "SCALEBRIDGE_DATA" in os.environ else None
    results = []
    for number, original in enumerate(ORIGINALS, 1):
        if original.source and data is None:
            _tell(f"{original.key}: not counted, SCALEBRIDGE_DATA names no folder of real data")
            continue
        file = given.work / f"mutations-{original.key}-{given.count}-{given.seed}.json"
        count = partial(counted, original, given.count, seed=given.seed, data=data)
        result = kept(file, count)
        results.append(result)
        _tell(
            f"{number} of {len(ORIGINALS)}: {original.key}, {result['count']} files in "
            f"{result['seconds']:.0f} s, {len(result['failures'])} wrong"
        )
    page = given.output.read_text(encoding="utf-8")
    written(given.output, with_table(page, table(results, seed=given.seed)))
    return int(any(result["failures"] for result in results))


def _tell(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
