"""Geometry of a porous volume beside edt, porespy and SimpleITK: same volume, same run.

    python benchmarks/quantification.py [--sizes 128 256] [--only distance thickness ...]

Each runs in a process of its own; the first call, which compiles or loads, isn't timed. Seconds are
the best of the repeats; CPU seconds are of all threads, for machines where others work too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

SPACING = "spacing_um=(1, 1, 1)"
OURS = "from scalebridge.analysis import quantification as q"
PORES = "import porespy as ps; ps.settings.tqdm['disable'] = True"
ITK = "import SimpleITK as sitk; f = sitk.LabelShapeStatisticsImageFilter(); f.ComputePerimeterOn()"
# operation: goal, ours, peers; each a set-up, and an expression of the volume v or its labels n
WORK: dict[str, tuple[float, tuple[str, str], dict[str, tuple[str, str]]]] = {
    "distance": (
        4.0,
        (OURS, f"q.distance_transform(v, {SPACING})"),
        {"edt": ("import edt", "edt.edt(v, parallel=2)")},
    ),
    "thickness": (
        5.0,
        (OURS, f"q.local_thickness(v, {SPACING})"),
        {"porespy bf": (PORES, "ps.filters.local_thickness(v, method='bf')")},
    ),
    "chords": (
        20.0,
        (OURS, f"q.chord_lengths(v, {SPACING})"),
        {
            "porespy": (
                PORES,
                "[ps.metrics.chord_length_distribution(ps.filters.apply_chords("
                "v, axis=a, spacing=1)) for a in range(3)]",
            )
        },
    ),
    "correlation": (
        150.0,
        (OURS, f"q.two_point_correlation(v, {SPACING})"),
        {"porespy": (PORES, "ps.metrics.two_point_correlation(v)")},
    ),
    "porosimetry": (
        5.0,
        (OURS, f"q.porosimetry(v, {SPACING})"),
        {"porespy 25 sizes": (PORES, "ps.filters.porosimetry(v, sizes=25)")},
    ),
    "objects": (
        10.0,
        (OURS, f"q.object_table(n, {SPACING}, connectivity=26, surface=True)"),
        {"SimpleITK": (ITK + "; i = sitk.GetImageFromArray(n)", "f.Execute(i)")},
    ),
}
CHILD = """
import json, resource, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
path, setup, call, repeats = sys.argv[1:5]
with np.load(path) as kept:
    v, n = kept["v"], kept["n"]
exec(setup)
seconds, cpu = [], []
for _ in range(int(repeats) + 1):
    wall, own = time.perf_counter(), time.process_time()
    eval(call)
    seconds.append(time.perf_counter() - wall)
    cpu.append(time.process_time() - own)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"seconds": min(seconds[1:]), "cpu_s": min(cpu[1:]), "peak_GiB": peak}))
"""


def write_volume(path: Path, size: int) -> None:
    """Write a porous volume of porosity 0.4 and 5,000 grains a 256^3."""
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((size,) * 3, dtype=np.float32), 8.0, mode="wrap")
    points = rng.uniform(0, size, (max(1, round(5000 * (size / 256) ** 3)), 3))
    places = np.indices((size,) * 3).reshape(3, -1).T
    far, which = cKDTree(points).query(places, workers=2)
    grains = np.where(far < 8, which + 1, 0).astype(np.uint32).reshape((size,) * 3)
    np.savez(path, v=field > np.quantile(field, 0.6), n=grains)


def run(path: Path, setup: str, call: str, python: str, repeats: int) -> dict[str, float]:
    done = subprocess.run(
        [python, "-c", CHILD, str(path), setup, call, str(repeats)], capture_output=True, text=True
    )
    if done.returncode:
        return {"seconds": np.nan, "cpu_s": np.nan, "peak_GiB": np.nan}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--only", nargs="+", choices=list(WORK), default=list(WORK))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    options = parser.parse_args()
    rows, goals = [], []
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            path = Path(folder) / f"{size}.npz"
            write_volume(path, size)
            for name in options.only:
                goal, ours, peers = WORK[name]
                own = run(path, *ours, sys.executable, options.repeats)
                rows.append({"operation": name, "size": size, "program": "ours"} | own)
                for peer, work in peers.items():
                    other = run(path, *work, options.peers, 1)
                    times = other["cpu_s"] / own["cpu_s"]
                    row = {"operation": name, "size": size, "program": peer} | other
                    rows.append(row | {"times_our_cpu": times})
                    if size >= 256 and np.isfinite(times):
                        goals.append((f"{name}, {size}^3: {goal:g} times {peer}", times >= goal))
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    for goal_name, reached in goals:
        print(f"{'reached' if reached else 'MISSED '}  {goal_name}")
    if not all(reached for _, reached in goals):
        sys.exit(1)


if __name__ == "__main__":
    main()
