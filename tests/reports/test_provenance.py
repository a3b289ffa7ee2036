from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import scalebridge
from scalebridge.reports.provenance import versions

PACKAGE = Path(scalebridge.__file__).parent
SAY = """
import sys, importlib.util
spec = importlib.util.spec_from_file_location("provenance", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.source_digest())
"""


def digest(root: Path) -> str:
    command = [sys.executable, "-c", SAY, str(root / "reports" / "provenance.py")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_version_is_told_with_the_code_that_ran_under_it(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "static"))
    before = digest(copy)
    assert versions()["source"] == digest(PACKAGE)
    assert len(before) == 12
    (copy / "quantities.py").write_text((copy / "quantities.py").read_text() + "\n_FACTOR = 2\n")
    assert digest(copy) != before
