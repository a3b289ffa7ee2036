"""Registration by mutual information, beside itk-elastix and SimpleITK: same pairs, same starts.

Every run has a process of its own. Errors are those at the corners of the volume and in its middle.

    python benchmarks/registration.py [--size 256] [--seeds 3] [--starts 100] [--only pairs ...]

- pairs: seconds and error of rigid and affine maps of volumes that differ in contrast.
- reach: the share of random starts, up to 15 % of the size and 20 degrees away, that converge, at
  a quarter of the size.
- section: a picture found in a volume of twice the size from nothing known but its scale.
- fit: a landmark fit with the covariance at 1,000 targets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from registration.pairs import Truth, write_pair
from scipy.spatial.transform import Rotation

OURS, ALONE = "ours", "ours, map alone"
PEERS = {"itk-elastix default": "elastix", "SimpleITK regular step": "simpleitk"}
GOALS = {"rigid": (15.0, 0.01), "affine": (10.0, 0.04)}  # times as fast as elastix, voxels
REACH_SHARE, REACH_DEG = 0.15, 20.0
CONVERGED = 1.0  # voxels at the corners
FIT_MS = 5.0
SECTION_S, SECTION_WIDTHS = 60.0, (0.75, 0.6)  # of the volume's side
PARTS = ("pairs", "reach", "fit", "section")


def run(
    method: str, path: Path, model: str, starts: Iterable[Any] = (None,), how: str = ""
) -> list[dict[str, Any]]:
    """Register a pair from each start, all in one process of their own."""
    starts = list(starts)
    command = [sys.executable, "-m", f"registration.{method}", str(path), model, json.dumps(starts)]
    done = subprocess.run(
        [*command, how] if how else command,
        cwd=Path(__file__).parent, capture_output=True, text=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"seconds')]
    lost = {
        "seconds": np.nan,
        "cpu_s": np.nan,
        "mapped": None,
        "problem": done.stderr.strip()[-200:],
    }
    return rows + [lost] * (len(starts) - len(rows))


def errors_of(found: dict[str, Any], truth: Truth) -> tuple[float, float]:
    if found["mapped"] is None:
        return np.inf, np.inf
    return truth.errors(np.array(found["mapped"]))


def compare_pairs(size: int, seeds: Iterable[int], folder: Path) -> list[tuple[str, bool]]:
    goals = []
    for model, (times, voxels) in GOALS.items():
        rows = []
        for seed in seeds:
            path = folder / f"{model}{seed}.npz"
            truth = write_pair(path, seed, model, size)
            methods = {ALONE: (OURS, "alone"), OURS: (OURS, "all")}
            for name, (module, how) in {
                **methods,
                **{k: (v, "") for k, v in PEERS.items()},
            }.items():
                found = run(module, path, model, how=how)[0]
                corners, middle = errors_of(found, truth)
                rows.append({
                    "method": name, "seed": seed, "seconds": found["seconds"],
                    "cpu_s": found["cpu_s"],
                    "corner_error_px": corners, "middle_error_px": middle,
                })  # fmt: skip
            path.unlink()
        table = pd.DataFrame(rows)
        middle = table.groupby("method", sort=False).median(numeric_only=True).drop(columns="seed")
        ours = middle.loc[ALONE]
        middle["times_as_slow"] = middle["seconds"] / ours["seconds"]
        print(f"\n{model}, {size}^3, medians of {len(table) // 4} pairs; ours with covariance and")
        print("second-best place, and without both as the peers:")
        print(middle.to_string(float_format=lambda value: f"{value:.4g}"), flush=True)
        peer = middle.loc["itk-elastix default"]
        goals.append(
            (f"{model}: {times:g} times as fast as itk-elastix", peer["times_as_slow"] >= times)
        )
        goals.append((f"{model}: error under {voxels} voxel at the corners",
                      ours["corner_error_px"] <= voxels))  # fmt: skip
    return goals


def random_start(truth: Truth, rng: np.random.Generator) -> dict[str, Any]:
    """The truth, turned and shifted at random within reach."""
    turn = rng.normal(size=3)
    turn *= np.radians(REACH_DEG) * rng.random() ** (1 / 3) / np.linalg.norm(turn)
    shift = rng.normal(size=3)
    shift *= REACH_SHARE * truth.size * rng.random() ** (1 / 3) / np.linalg.norm(shift)
    matrix = Rotation.from_rotvec(turn).as_matrix() @ truth.matrix
    return {"matrix": matrix.tolist(), "offset": (truth.middle + truth.shift + shift).tolist()}


def compare_reach(size: int, count: int, folder: Path) -> list[tuple[str, bool]]:
    path = folder / "reach.npz"
    truth = write_pair(path, 0, "rigid", size)
    rng = np.random.default_rng(0)
    starts = [random_start(truth, rng) for _ in range(count)]
    shares = {}
    for name, module in {OURS: OURS, **PEERS}.items():
        rows = run(module, path, "rigid", starts)
        ends = [errors_of(row, truth)[0] for row in rows]
        shares[name] = float(np.mean([end < CONVERGED for end in ends]))
        seconds = np.nanmedian([row["seconds"] for row in rows])
        print(
            f"{name}: {100 * shares[name]:.0f} % of {count} starts converge, {size}^3, "
            f"{seconds:.2f} s each",
            flush=True,
        )
    widest = max(shares[name] for name in PEERS)
    return [("converges from as many starts as the peers", shares[OURS] >= widest)]


def time_section(size: int) -> list[tuple[str, bool]]:
    goals = []
    for share in SECTION_WIDTHS:
        width = round(share * size)
        command = [sys.executable, "-m", "registration.section", str(size), "0", str(width)]
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout.strip().splitlines()[-1])
        print(
            f"{width} px wide picture in {size}^3: {found['seconds']:.1f} s "
            f"({found['cpu_s']:.1f} s of both cores), "
            f"corners off by {found['corner_error_px']:.2f} voxels",
            flush=True,
        )
        found_well = found["seconds"] < SECTION_S and found["corner_error_px"] < CONVERGED
        goals.append((f"a {width} px section within {SECTION_S:g} s", found_well))
    return goals


def time_fit(repeats: int = 40) -> list[tuple[str, bool]]:
    from scalebridge.analysis.registration import fit_landmarks

    rng, goals = np.random.default_rng(0), []
    moving = rng.uniform(-100, 100, (20, 3))
    fixed, targets = moving + rng.normal(size=(20, 3)), rng.uniform(-100, 100, (1000, 3))
    for model in ("rigid", "similarity", "affine"):
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            fit_landmarks(moving, fixed, model=model).transform.covariance_at(targets)
            times.append(1e3 * (time.perf_counter() - began))
        print(f"{model} fit, 20 landmarks, covariance at 1,000 targets: {np.median(times):.2f} ms")
        goals.append((f"{model} fit under {FIT_MS:g} ms", float(np.median(times)) < FIT_MS))
    return goals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="voxels along each axis")
    parser.add_argument("--seeds", type=int, default=3, help="pairs")
    parser.add_argument("--starts", type=int, default=100, help="for the reach")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as place:
        parts = {
            "pairs": lambda: compare_pairs(given.size, range(given.seeds), Path(place)),
            "reach": lambda: compare_reach(given.size // 4, given.starts, Path(place)),
            "fit": time_fit,
            "section": lambda: time_section(2 * given.size),
        }
        goals = [goal for name in given.only for goal in parts[name]()]
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    for words, met in goals:
        print(f"{'reached' if met else 'MISSED '}  {words}")
    return 0 if all(met for _, met in goals) else 1


if __name__ == "__main__":
    raise SystemExit(main())
