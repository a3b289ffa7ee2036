"""``scalebridge demo``: one specimen from instrument files to a report, its truth beside it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import WorkspaceError
from ..guides.example import MAP, TARGET, ZOOM, decide, import_example
from ..io.example import ExamplePaths, build_example
from ..quantities import format_value
from ..workspace import Workspace
from .batch import Batch, run_workspaces
from .kernel import Progress

USER = "demo"
WORKSPACE, FILES, REPORT = "specimen", "files", "report"
_MARK = ".scalebridge-demo"


def run_demo(*, output: Path, seed: int = 0, scale: str = "full") -> int:
    """Build the example specimen, decide, run the four templates, compare with the truth.

    The truth file is taken away while the templates run and is read only at the end.

    Parameters
    ----------
    output : pathlib.Path
        Folder for everything; an earlier demo in it is replaced, anything else is refused.
    seed : int
        Another specimen.
    scale : {"full", "small"}

    Returns
    -------
    int
        Exit code: 0 when every template finished.
    """
    started = time.monotonic()
    os.environ["SCALEBRIDGE_USER"] = USER
    folder = Path(output).resolve()
    _clear(folder)
    print(f"1. Build the example specimen, seed {seed} ...", flush=True)
    paths = build_example(folder / FILES, seed=seed, scale=scale)
    truth = json.loads(paths.truth.read_text(encoding="utf-8"))
    hidden = paths.truth.rename(paths.truth.with_suffix(".hidden"))
    try:
        batch = _measure(paths, folder, truth)
    finally:
        hidden.rename(paths.truth)
    if batch.exit_code:
        print()  # the line of progress was left where it stopped
    print(batch.table().to_string(index=False))
    with Workspace.open(folder / WORKSPACE) as ws:
        print(compared(ws.measurements, known_truth(truth)))
    print(f"\nReport: {batch.specimens[0].report}")
    print(f"Workspace: {folder / WORKSPACE}")
    print(f"Took {time.monotonic() - started:.0f} s")
    return batch.exit_code


def _clear(folder: Path) -> None:
    """Take an earlier demo away, and nothing that is not one."""
    mark, parts = folder / _MARK, [folder / part for part in (WORKSPACE, FILES, REPORT)]
    if any(part.exists() for part in parts) and not mark.exists():
        raise WorkspaceError(
            f"{folder} holds {', '.join(part.name for part in parts if part.exists())}, which no "
            "demo made: give another --output; nothing was touched"
        )
    for part in parts:
        if part.exists():
            shutil.rmtree(part)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("Made by scalebridge demo; the next demo here replaces it.\n", encoding="utf-8")


_READING = """\
About one 95 % interval in twenty misses its truth; positions and depth of a target rest on the
same landmarks and miss together. docs/validation.md counts how often."""


def _measure(paths: ExamplePaths, folder: Path, truth: Mapping[str, Mapping[str, Any]]) -> Batch:
    """Import, decide and run the templates; the truth only goes beside the finished numbers."""
    print("2. Import the instrument files ...", flush=True)
    with import_example(paths, folder / WORKSPACE) as ws:
        print("3. Decide, as records ...", flush=True)
        decide(ws)
    print("4. Run the four templates ...", flush=True)
    return run_workspaces(
        [folder / WORKSPACE],
        output=folder / REPORT,
        truth=known_truth(truth),
        progress=lambda _: _say_progress,
    )


def _say_progress(progress: Progress) -> None:
    last = progress.cell == progress.cells
    if last or sys.stdout.isatty():
        words = f"   {progress.template}: cell {progress.cell} of {progress.cells}   "
        print(words, end="\n" if last else "\r", flush=True)


def known_truth(truth: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Bring the truth file's entries to the keys of the templates' key numbers.

    Parameters
    ----------
    truth : mapping
        Content of ``truth.json``.

    Returns
    -------
    dict
        ``{key: {"value", "unit"}}``, units as the measurements write them.
    """
    found = {**_scales(truth), **_target(truth)}
    for phase, parts in (("pore", ("pore",)), ("inclusion", ("particle", "dense"))):
        start = f"quantification.{ZOOM}"
        for quantity, source in (
            ("volume_fraction", "volume_fraction"),
            ("specific_surface", "specific_surface_per_um"),
        ):
            total = sum(float(truth[f"{start}.{part}.{source}"]["value"]) for part in parts)
            unit = "1" if quantity == "volume_fraction" else "1/µm"
            found[f"{start}.{phase}.{quantity}"] = {"value": total, "unit": unit}
    return found


def _scales(truth: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Nominal survey micrometres in one true micrometre; the others state theirs rightly."""
    scale = 1 / float(truth[f"imaging.{MAP}.true_over_nominal"]["value"])
    return {
        f"registration.{name}_to_{MAP}.scale": {"value": scale, "unit": "1"}
        for name in ("light_mosaic", "sem_view", ZOOM)
    }


def _target(truth: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Where the target is in the frame of the tilt-corrected SEM view, and how deep.

    Landmarks on the beads make that frame's plane the one through the beads' centres; its z axis
    points down into the specimen.
    """
    z, y, x = truth["targeting.target.sem_view.tilt_corrected.bead_plane"]["value"]
    depth = truth["targeting.target.depth_um"]["value"]
    start = f"targeting.{TARGET}"
    places = {
        f"{start}.sem_view.{axis}_um": value for axis, value in zip("xyz", (x, y, z), strict=True)
    }
    return {
        key: {"value": float(value), "unit": "µm"}
        for key, value in {**places, f"{start}.depth_um": depth}.items()
    }


def compared(measurements: Any, truth: Mapping[str, Mapping[str, Any]]) -> str:
    """Write every measurement that has a truth beside it, one a line."""
    newest = {record.key: record for record in measurements}
    lines = ["", f"{'key number':56} {'measured (95 %)':>26} {'truth':>12}  covered"]
    for key, known in truth.items():
        record = newest.get(key)
        if record is None:
            lines.append(f"{key:56} {'not measured':>26}")
            continue
        inside = record.lower <= known["value"] <= record.upper
        said = format_value(record.value, record.uncertainty, record.unit)
        lines.append(f"{key:56} {said:>26} {known['value']:>12.5g}  {'yes' if inside else 'NO'}")
    lines += ["", *_READING.splitlines()]
    return "\n".join(lines)
