"""One program on one volume, timed by pytest-benchmark in a process of its own.

Run by `benchmarks/quantification.py`; by hand::

    pytest benchmarks/quantification/test_program.py --operation distance --program ours \\
        --source volume.npy --target found.npz --benchmark-json=timed.json
"""

from __future__ import annotations

import resource
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

    def timed() -> Any:
        began = time.process_time()
        found = work(volume)
        cpu.append(time.process_time() - began)
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work(volume[:40, :40, :40].copy())  # compiles, or loads what was compiled
        before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
        found = benchmark.pedantic(timed, rounds=asked("--rounds"), iterations=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    benchmark.extra_info["cpu_s"] = float(np.median(cpu))
    benchmark.extra_info["own_MB"] = max(0, peak - before) / 2**20
    np.savez(asked("--target"), *(found if isinstance(found, tuple) else (found,)))
