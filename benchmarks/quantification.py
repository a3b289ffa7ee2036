"""Measuring a volume: every operation beside its peers, same volume, same run, in one table.

    python benchmarks/quantification.py [--sizes 128 256 512] [--only distance ...] [--repeats 3]

Each program has a process of its own, in which pytest-benchmark times it; what it compiles at the
first call is not counted. Seconds are medians, *CPU s* those of all threads, which count on a
machine where others work too; *times* is how long a program takes in units of ours, by each. *MB*
is what it needs beside the volume.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from quantification.operations import OPERATIONS, OURS, Operation
from quantification.volumes import VOLUMES

FLOW_S = 10.0
MOST_MB = {"D_eff": 3072.0, "local thickness": 3072.0}  # at 512^3


def run(
    name: str, program: str, source: Path, repeats: int, pythons: list[str]
) -> tuple[dict[str, Any], Any]:
    """Run one program with the first Python that has it; a failure has a reason for a result."""
    target, timed = source.parent / "found.npz", source.parent / "timed.json"
    work = [
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "timeout=0",
        "quantification/test_program.py",
        f"--operation={name}", f"--program={program}", f"--source={source}",
        f"--target={target}", f"--rounds={repeats}", f"--benchmark-json={timed}",
    ]  # fmt: skip
    for python in pythons:
        done = subprocess.run(
            [python, *work], cwd=Path(__file__).parent, capture_output=True, text=True
        )
        if "ModuleNotFoundError" not in done.stdout + done.stderr:
            break
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.startswith("E  ")]
        said += done.stderr.strip().splitlines()
        reason = (said or [f"ended with {done.returncode}"])[0].removeprefix("E").strip()
        return {"seconds": np.nan, "cpu_s": np.nan, "own_MB": np.nan, "problem": reason[:90]}, None
    with np.load(target) as kept:
        parts = [kept[f"arr_{k}"] for k in range(len(kept.files))]
    (one,) = json.loads(timed.read_text())["benchmarks"]
    taken = {"seconds": one["stats"]["median"]} | one["extra_info"]
    return taken, tuple(parts) if len(parts) > 1 else parts[0]


def compare(
    name: str, operation: Operation, size: int, source: Path, repeats: int, peers: str
) -> list[dict[str, Any]]:
    """Run all programs of one operation; the first is ours."""
    volume, rows = np.load(source), []
    programs = [p for p in operation.programs if size <= operation.largest.get(p, size)]
    reference = None
    for program in programs:
        mine = program == OURS
        taken, found = run(
            name, program, source, repeats if mine or size <= 128 else 1,
            [sys.executable] if mine else [peers, sys.executable],
        )  # fmt: skip
        if mine:
            reference = found
            if operation.reference is not None:
                _, reference = run(name, "reference", source, 1, [sys.executable])
        row = {"operation": name, "size": f"{size}^3", "program": program} | taken
        if found is not None and reference is not None:
            row |= {"error": operation.error(found, volume, reference), "of": operation.error_is}
        first = rows[0] if rows else row
        row["times"] = row["seconds"] / first["seconds"]
        row["times_cpu"] = row["cpu_s"] / first["cpu_s"]
        rows.append(row)
        print(".", end="", flush=True)
    return rows


def goals(table: pd.DataFrame) -> list[tuple[str, float, bool]]:
    """Compare the table with what we aim for: words, what was reached, and whether it is enough."""
    found = []
    for _, row in table.iterrows():
        size, operation = int(row["size"].removesuffix("^3")), OPERATIONS[row["operation"]]
        if operation.goal is not None and operation.goal[0] == row["program"]:
            peer, times, least = operation.goal
            if size >= least:  # one that did not run is missed
                words = f"{row['operation']}, {row['size']}: {times:g} times {peer} by both clocks"
                reached = min(row["times"], row["times_cpu"])
                found.append((words, reached, reached >= times))
        if row["operation"] == "permeability":
            words = f"permeability, {row['size']}: within {FLOW_S:g} s"
            found.append((words, row["seconds"], row["seconds"] <= FLOW_S))
        if size == 512 and row["program"] == OURS and row["operation"] in MOST_MB:
            limit = MOST_MB[row["operation"]]
            words = f"{row['operation']}, {row['size']}: within {limit:g} MB"
            found.append((words, row["own_MB"], row["own_MB"] <= limit))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--only", nargs="+", choices=list(OPERATIONS), default=list(OPERATIONS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            for name in options.only:
                operation = OPERATIONS[name]
                source = Path(folder) / f"{operation.volume}-{size}.npy"
                if not source.exists():
                    np.save(source, VOLUMES[operation.volume](size))
                rows += compare(name, operation, size, source, options.repeats, options.peers)
    table = pd.DataFrame(rows)
    words = {"seconds": "s", "cpu_s": "CPU s", "times_cpu": "by CPU", "own_MB": "MB"}
    order = ["operation", "size", "program", "seconds", "cpu_s", "times", "times_cpu", "error"]
    columns = [c for c in [*order, "of", "own_MB", "problem"] if c in table]
    shown = table[columns].rename(columns=words)
    print("\n" + shown.to_string(index=False, na_rep="", float_format=lambda v: f"{v:.3g}"))
    reached = goals(table)
    for goal, value, enough in reached:
        print(f"{'reached' if enough else 'MISSED '}  {goal} ({value:.3g})")
    if not all(enough for _, _, enough in reached):
        sys.exit(1)


if __name__ == "__main__":
    main()
