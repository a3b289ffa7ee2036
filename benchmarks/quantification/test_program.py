"""One program on one volume, timed by pytest-benchmark in a process of its own.

Run by `benchmarks/quantification.py`; by hand::

    pytest benchmarks/quantification/test_program.py --operation distance --program ours \\
        --source volume.npy --target found.npz --benchmark-json=timed.json
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .operations import OPERATIONS


def test_program(benchmark: Any, request: pytest.FixtureRequest) -> None:
    asked = request.config.getoption
    operation = OPERATIONS[asked("--operation")]
    program = asked("--program")
    work = operation.reference if program == "reference" else operation.programs[program]
    volume = np.load(asked("--source"))
    cpu: list[float] = []
    peaks: list[float] = []

    def timed() -> Any:
        began = time.process_time()
        found = work(volume)
        cpu.append(time.process_time() - began)
        peaks.append(_megabytes("VmHWM"))
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work(volume[:40, :40, :40].copy())  # compiles, or loads what was compiled
        before = _megabytes("VmRSS")
        found = benchmark.pedantic(timed, rounds=asked("--rounds"), iterations=1)
    benchmark.extra_info["cpu_s"] = float(np.median(cpu))
    benchmark.extra_info["own_MB"] = max(0.0, peaks[0] - before)  # one result is alive then
    np.savez(asked("--target"), *(found if isinstance(found, tuple) else (found,)))


def _megabytes(line: str) -> float:
    """Read memory of this process alone; `getrusage` counts what the one that started it had."""
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(float(row.split()[1]) / 1024 for row in rows if row.startswith(line))
