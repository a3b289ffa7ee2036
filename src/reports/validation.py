"""``make validate``: are the stated intervals honest? Many seeds of the example and their truth.

Each seed is a new specimen seen by eight instruments. It is imported, decided and measured by the
same functions as the templates, without the truth; then every key number is compared with it. A
finished seed is one file in the work folder, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..analysis.quantification.measurement import Measurement
from ..guides import (
    chosen_target,
    cutting_frame,
    landmark_pairs,
    phase_results,
    plan_cut,
    register_pair,
    segmentations_to_measure,
    surface_segmentation,
)
from ..guides.example import decide, import_example
from ..io.example import build_example
from ..workspace import Workspace
from .demo import USER, known_truth
from .reference_values import kept_references, reference_section
from .validation_counts import Counts, count_all
from .validation_page import Comparison, validation_page
from .work_folder import written

SEEDS = 40
SCALES = ("small", "full")
COUNTED = {
    "repeats": "of every chain of transforms",
    "draws": "of landmarks from each measured set",
    "pairings": "scenes of fiducials of each kind",
    "starts": "searches of a section near its place",
    "captures": "searches of a section from further off, and without a start",
    "poses": "surface poses of each kind",
    "edges": "example specimens whose transforms and boxes are judged",
    "faces": "example specimens that are cut in faces",
}


def key_numbers(ws: Workspace) -> list[Measurement]:
    """Measure what the four templates measure, in a workspace where everything is decided.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    list of Measurement

    Raises
    ------
    DecisionNeeded
        A decision is not in the workspace.
    """
    target = chosen_target(ws, None)
    found: list[Measurement] = []
    for moving, fixed in landmark_pairs(ws):
        found += register_pair(ws, moving, fixed, target=target).measurements
    frame, surface = cutting_frame(ws, None), surface_segmentation(ws, None)
    found += plan_cut(ws, str(target), to=frame, surface=surface).measurements
    for settings in segmentations_to_measure(ws):
        found += phase_results(ws, settings).measurements
    return found


def validate_seed(seed: int, *, scale: str) -> list[Comparison]:
    """Build one example, measure it, and only then open its truth.

    Parameters
    ----------
    seed : int
    scale : {"full", "small"}

    Returns
    -------
    list of Comparison
        One a key number that has a truth; one that was not measured has no interval, and so
        does not cover.
    """
    with tempfile.TemporaryDirectory(prefix="scalebridge-validate-") as place:
        paths = build_example(Path(place) / "files", seed=seed, scale=scale)
        text = paths.truth.read_text(encoding="utf-8")
        paths.truth.unlink()
        with import_example(paths, Path(place) / "specimen", say=_silent) as ws:
            decide(ws, say=_silent)
            measured = {number.key: number for number in key_numbers(ws)}
    truth = known_truth(json.loads(text))
    return [_compared(seed, key, measured.get(key), known) for key, known in truth.items()]


def _silent(_: str) -> None:
    pass


def _tell(words: str) -> None:
    print(words, flush=True)


def _compared(seed: int, key: str, number: Measurement | None, known: dict[str, Any]) -> Comparison:
    value, unit = float(known["value"]), str(known["unit"])
    if number is None:
        nan = float("nan")
        return Comparison(seed, key, unit, nan, nan, nan, value)
    if number.unit != unit:
        raise ValueError(f"{key} is in {number.unit}, its truth in {unit}")
    lower, upper = number.interval95
    return Comparison(seed, key, unit, number.value, lower, upper, value, dict(number.parts))


def validate(*, seeds: Sequence[int], scale: str, work: Path) -> list[Comparison]:
    """Validate every seed that is not in the work folder yet.

    Parameters
    ----------
    seeds : sequence of int
    scale : {"full", "small"}
    work : pathlib.Path
        Gets ``seed-<scale>-<number>.json`` for each; remove one to repeat it.
    """
    work.mkdir(parents=True, exist_ok=True)
    found = []
    for seed in seeds:
        file = work / f"seed-{scale}-{seed:03d}.json"
        if not file.exists():
            started = time.monotonic()
            rows = [row.to_dict() for row in validate_seed(seed, scale=scale)]
            written(file, json.dumps(rows, indent=1))
            print(_line(f"{scale} seed {seed}", rows, time.monotonic() - started), flush=True)
        found += [Comparison(**row) for row in json.loads(file.read_text(encoding="utf-8"))]
    return found


def _line(title: str, rows: Sequence[dict[str, Any]], seconds: float) -> str:
    missed = [row["key"] for row in rows if not row["lower"] <= row["truth"] <= row["upper"]]
    covered = f"{len(rows) - len(missed)} of {len(rows)} covered"
    return f"{title}: {covered} ({seconds:.0f} s)" + "".join(f"\n  not {key}" for key in missed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the table, as Markdown")
    parser.add_argument("--work", type=Path, required=True, help="folder of finished seeds")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    for name, words in COUNTED.items():
        whole = getattr(Counts(), name)
        parser.add_argument(f"--{name}", type=int, default=whole, help=f"{words} ({whole})")
    data = os.environ.get("SCALEBRIDGE_DATA")
    parser.add_argument("--data", type=Path, default=data, help="folder of measured landmark sets")
    parser.add_argument("--scale", choices=SCALES, nargs="+", default=SCALES)
    given = parser.parse_args(arguments)
    os.environ["SCALEBRIDGE_USER"] = USER
    seeds = range(given.first, given.first + given.seeds)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    counts = Counts(**{name: getattr(given, name) for name in COUNTED})
    sections = count_all(
        counts, work=given.work, data=given.data, figures=given.output.parent, say=_tell
    )
    sections.append(reference_section(kept_references(given.work / "references")))
    text = validation_page(
        {scale: validate(seeds=seeds, scale=scale, work=given.work) for scale in given.scale},
        sections=sections,
    )
    given.output.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
