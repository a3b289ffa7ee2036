"""One program on one volume in a process of its own: OPERATION PROGRAM SOURCE TARGET REPEATS."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from .operations import OPERATIONS


def main() -> None:
    name, program, source, target, repeats = sys.argv[1:]
    warnings.simplefilter("ignore")
    operation = OPERATIONS[name]
    work = operation.reference if program == "reference" else operation.programs[program]
    volume = np.load(source)
    work(volume[:40, :40, :40].copy())  # compiles, or loads what was compiled
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    wall, cpu = [], []
    for _ in range(int(repeats)):
        began, spent = time.perf_counter(), time.process_time()
        found = work(volume)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - spent)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    np.savez(target, *(found if isinstance(found, tuple) else (found,)))
    taken = {"seconds": float(np.median(wall)), "cpu_s": float(np.median(cpu))}
    print(json.dumps(taken | {"own_MB": max(0, peak - before) / 2**20}))


if __name__ == "__main__":
    main()
