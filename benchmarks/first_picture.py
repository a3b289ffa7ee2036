"""From choosing a 17 GB file to its first picture: goal under 10 s.

The file is sparse, so that it takes no disk; the clock runs from the start of a fresh
`scalebridge import` to the PNG it writes, and of `ws.begin_import` to its return. Both imports
are then stopped, and nothing of them may be left.

    python benchmarks/first_picture.py [--edge 2048]
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_S = 10.0


def sparse_file(folder: Path, edge: int) -> Path:
    """Make a raw file of 16-bit voxels with its header."""
    path = folder / "big.raw"
    header = {"shape": [edge] * 3, "dtype": "uint16", "spacing_um": [0.5] * 3}
    path.with_suffix(".raw.json").write_text(json.dumps(header))
    with path.open("wb") as file:
        file.truncate(2 * edge**3)
    return path


def by_command(path: Path, folder: Path) -> float:
    """Time the command until its picture is there, then interrupt it [s]."""
    picture = folder / "first.png"
    command = [sys.executable, "-m", "scalebridge.cli", "import", path, "-w", folder / "command"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, command), "--preview", str(picture)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not picture.exists() and process.poll() is None:
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    process.send_signal(signal.SIGINT)
    process.wait()
    if not picture.exists():
        raise SystemExit("the command ended without a picture")
    return seconds


def in_python(path: Path, folder: Path) -> float:
    """Time `ws.begin_import`, then cancel it [s]."""
    from scalebridge.workspace import Workspace

    with Workspace.create(folder / "python") as ws:
        began = time.perf_counter()
        running = ws.begin_import(path)
        seconds = time.perf_counter() - began
        running.cancel()
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=2048)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        path = sparse_file(folder, given.edge)
        found = {"scalebridge import": by_command(path, folder)}
        found["ws.begin_import"] = in_python(path, folder)
        left = [p for name in ("command", "python") for p in (folder / name / "images").iterdir()]
    finally:
        shutil.rmtree(folder)
    for name, seconds in found.items():
        size = 2 * given.edge**3 / 1e9
        print(f"first picture of {size:.0f} GB by {name}: {seconds:.2f} s (goal {GOAL_S:.0f})")
    print(f"left of the imports that were stopped: {len(left)} files")
    return 0 if max(found.values()) < GOAL_S and not left else 1


if __name__ == "__main__":
    sys.exit(main())
