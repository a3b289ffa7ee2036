"""Write the versions that pip resolves for this Python, without addresses.

They suit its first release too: systems ship 3.11.2 for years, and some packages want 3.11.5.

The lock is a constraints file: ``pip install -c requirements/py311.lock -e .``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXTRAS = "formats,postgres,remote,test"


def resolve() -> list[str]:
    """Ask pip what it would install into an empty environment."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--report", "-", f"{HERE.parent}[{EXTRAS}]"]
    first = f"{sys.version_info.major}.{sys.version_info.minor}.0"
    with tempfile.TemporaryDirectory() as place:  # pip wants both where it resolves for another
        command += ["--python-version", first, "--only-binary", ":all:", "--target", place]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    report = json.loads(done.stdout)
    names = [(item["metadata"]["name"], item["metadata"]["version"]) for item in report["install"]]
    return sorted(f"{name.lower()}=={version}" for name, version in names if name != "scalebridge")


def main() -> None:
    """Write ``requirements/pyXY.lock`` for the running Python."""
    path = HERE / f"py{sys.version_info.major}{sys.version_info.minor}.lock"
    path.write_text("\n".join(resolve()) + "\n")
    print(f"{path.name}: {len(path.read_text().splitlines())} packages")


if __name__ == "__main__":
    main()
