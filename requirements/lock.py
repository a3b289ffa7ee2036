"""Write the versions that pip resolves on this Python, without addresses.

The lock is a constraints file: ``pip install -c requirements/py311.lock -e .``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXTRAS = "formats,test"


def resolve() -> list[str]:
    """Ask pip what it would install into an empty environment."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--report", "-", f"{HERE.parent}[{EXTRAS}]"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    names = [(item["metadata"]["name"], item["metadata"]["version"]) for item in report["install"]]
    return sorted(f"{name.lower()}=={version}" for name, version in names if name != "scalebridge")


def main() -> None:
    """Write ``requirements/pyXY.lock`` for the running Python."""
    path = HERE / f"py{sys.version_info.major}{sys.version_info.minor}.lock"
    path.write_text("\n".join(resolve()) + "\n")
    print(f"{path.name}: {len(path.read_text().splitlines())} packages")


if __name__ == "__main__":
    main()
