"""How long `import scalebridge` takes, and each room: goal under 0.5 s for the package itself.

Every time is that of a fresh interpreter less that of an empty one, the median of several.

    python benchmarks/import_time.py [--repeats 7]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

GOAL_S = 0.5
ROOMS = ("analysis", "io", "workspace", "plots", "widgets", "guides", "reports", "cli")
STATEMENTS = {
    "import scalebridge": "import scalebridge",
    "from scalebridge import Workspace": "from scalebridge import Workspace",
    "from scalebridge import SliceExplorer": "from scalebridge import SliceExplorer",
    **{f"import scalebridge.{room}": f"import scalebridge.{room}" for room in ROOMS},
}


def seconds(statement: str) -> float:
    """Time one fresh interpreter [s]."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def median(statement: str, *, repeats: int) -> float:
    """Give the median time of several interpreters [s]; the first one only warms the disk."""
    seconds(statement)
    return statistics.median(seconds(statement) for _ in range(repeats))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    empty = median("pass", repeats=given.repeats)
    print(f"{'an empty interpreter':40} {empty:6.3f} s")
    found = {}
    for name, statement in STATEMENTS.items():
        repeats = given.repeats if name == "import scalebridge" else min(3, given.repeats)
        found[name] = max(0.0, median(statement, repeats=repeats) - empty)
        print(f"{name:40} {found[name]:6.3f} s")
    whole = found["import scalebridge"]
    print(f"goal for import scalebridge: under {GOAL_S} s, {'met' if whole < GOAL_S else 'MISSED'}")
    return 0 if whole < GOAL_S else 1


if __name__ == "__main__":
    sys.exit(main())
