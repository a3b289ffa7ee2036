"""Coverage of the 95 % intervals of measured phases, on imaged spheres of known size.

    python benchmarks/phase_coverage.py [SEEDS]

Passes when 85-100 % of the intervals cover the truth, judged from 20 seeds on; the few that
`make bench` runs (a minute) only show the table. `run` with 40 seeds is the full count.
"""

from __future__ import annotations

import sys

import pandas as pd

from scalebridge.analysis.quantification.coverage import (
    SphereCase,
    coverage_on_spheres,
    coverage_table,
)

FEW, JUDGED_FROM = 4, 20

CASES = {
    "blurred, noisy": SphereCase(),
    "sharper, no smoothing": SphereCase(blur_um=1.0, noise=10, smoothing_px=0.0),
    "small (R 4-8 voxels)": SphereCase(
        radii_um=(4, 8), fraction=0.1, gap_um=4, blur_um=1.2, noise=15, smoothing_px=0.7
    ),
    "flat voxels 2:1:1": SphereCase(spacing_um=(2.0, 1.0, 1.0)),
}


def run(seeds: int = 40) -> pd.DataFrame:
    """Return one row a case and quantity."""
    tables = [
        coverage_table(coverage_on_spheres(case, range(seeds))).assign(case=name)
        for name, case in CASES.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    table["passed"] = table["covered"] >= 0.85
    return table


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FEW
    found = run(count)
    print(found.round(4).to_string())
    sys.exit(1 if count >= JUDGED_FROM and not found["passed"].all() else 0)
