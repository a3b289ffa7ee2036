"""Listing 10,000 records as a table, from a workspace opened anew: goal under 0.5 s.

python benchmarks/list_records.py [--records 10000]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scalebridge.workspace import Workspace


def fill(ws: Workspace, records: int) -> None:
    """Write landmarks, each edited once, as people do."""
    with ws.transaction():
        for frame in ("sem", "survey"):
            ws.frames.add(name=frame)
        for i in range(records):
            position = {"z_um": float(i), "y_um": i / 7, "x_um": i / 3}
            ws.landmarks.add(
                name=f"L{i}",
                moving_frame="sem",
                fixed_frame="survey",
                moving=position,
                fixed=position,
            )
    with ws.transaction():
        for record in ws.landmarks.all():
            ws.landmarks.edit(record.id, version=1, note="checked")


def best(action: Callable[[], object], *, repeats: int = 5) -> float:
    """Give the shortest of several times [s]."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def open_and_list(path: Path) -> None:
    with Workspace.open(path) as ws:
        ws.landmarks.table()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        with Workspace.create(folder / "workspace") as ws:
            began = time.perf_counter()
            fill(ws, given.records)
            written = time.perf_counter() - began
            state = ws.state
        path = folder / "workspace"
        listed = best(lambda: open_and_list(path))
        earlier = best(lambda: Workspace.open(path, as_of=state - 1).landmarks.table())
        history = best(lambda: Workspace.open(path).history(), repeats=2)
    finally:
        shutil.rmtree(folder)
    print(f"write and edit {given.records} records: {written:.2f} s")
    print(f"open and list them: {listed:.3f} s (goal 0.5)")
    print(f"the same as of the state before: {earlier:.3f} s")
    print(f"history of all {2 * given.records} versions: {history:.3f} s")


if __name__ == "__main__":
    main()
