"""Effective diffusivity and permeability: seconds, error and memory, beside the peers.

Every run has a process of its own; peers may live in an environment of their own:

    python benchmarks/transport.py [--sizes 128 256] [--repeats 3] [--peer-python PATH] [--only ...]

- diffusion: D_eff of a porous volume to 1e-3, beside TauFactor and porespy's tortuosity.
- flow: permeability of a packing of spheres, error of the equations at most 1 %.

Seconds are wall-clock, and of all processors together, for machines that do other work as well.
Errors are relative to our own solution to 1e-8, which needs the same boundary: TauFactor's lies
half a voxel outside as ours does, porespy's at the centres of the end layers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

GOALS = {128: 8.0, 256: 15.0}  # times as fast as TauFactor
FLOW_SECONDS = 10.0
PEERS = ("taufactor", "porespy")


def porous(n: int, seed: int = 0) -> np.ndarray:
    """Return a Gaussian field's pore: porosity 0.4, a throat of about 8 voxels."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).standard_normal((n,) * 3, dtype=np.float32)
    grey = gaussian_filter(noise, 8.0, mode="wrap")
    return grey < np.quantile(grey, 0.4)


def packing(n: int, radius: int = 10, porosity: float = 0.4, seed: int = 0) -> np.ndarray:
    """Return the pore around spheres that may overlap."""
    rng = np.random.default_rng(seed)
    grid = np.indices((2 * radius + 1,) * 3) - radius
    ball = np.array(np.nonzero((grid**2).sum(axis=0) <= radius**2)).T - radius
    solid = np.zeros((n,) * 3, bool)
    while solid.mean() < 1 - porosity:
        solid[tuple(((ball + rng.integers(0, n, 3)) % n).T)] = True
    return ~solid


def ours(pore: np.ndarray, relative_error: float) -> dict[str, Any]:
    from scalebridge.analysis.transport import effective_diffusivity

    found = effective_diffusivity(pore, spacing_um=(1, 1, 1), relative_error=relative_error)
    return {"value": found.value, "bound": (found.upper - found.lower) / found.value}


def taufactor(pore: np.ndarray, relative_error: float) -> dict[str, Any]:
    import taufactor
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    solver = taufactor.Solver(pore.astype(np.uint8), device="cpu")
    solver.solve(verbose=False, conv_crit=relative_error)
    return {"value": float(np.ravel(solver.D_eff)[0])}


def porespy(pore: np.ndarray, relative_error: float) -> dict[str, Any]:
    import porespy

    found = porespy.simulations.tortuosity_fd(pore, axis=0)
    return {"value": float(found.effective_porosity / found.tortuosity)}


def flow(pore: np.ndarray, relative_error: float) -> dict[str, Any]:
    from scalebridge.analysis.transport import permeability

    found = permeability(
        pore, spacing_um=(1, 1, 1), boundary="periodic", relative_error=relative_error
    )
    bound = found.algebraic_error_um2 / found.value_um2
    return {"value": found.value_um2, "bound": bound, "steps": found.iterations}


METHODS = {"ours": ours, "taufactor": taufactor, "porespy": porespy, "flow": flow}


def work(name: str, path: str, relative_error: float, repeats: int) -> None:
    """Run one method in this process and print what it took; the first run only warms up."""
    pore = np.load(path)
    METHODS[name](pore[:32, :32, :32].copy(), relative_error)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu, found = [], [], {}
    for _ in range(repeats):
        began, spent = time.perf_counter(), time.process_time()
        found = METHODS[name](pore, relative_error)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - spent)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found |= {"seconds": float(np.median(wall)), "cpu": float(np.median(cpu))}
    print(json.dumps(found | {"peak_mb": peak / 1024, "own_mb": (peak - before) / 1024}))


def run(
    python: str, name: str, path: Path, relative_error: float, repeats: int
) -> dict[str, Any] | None:
    command = [python, __file__, "--work", name, str(path), str(relative_error), str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"  {name}: not run ({done.stderr.strip().splitlines()[-1][:120]})", flush=True)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(name: str, size: int, found: dict[str, Any], exact: float, fastest: float) -> str:
    error = found["value"] / exact - 1
    bound = f"{found['bound']:9.1e}" if "bound" in found else "        -"
    return (
        f"{name:<12}{size:>5}^3{found['seconds']:>10.3f}{found['cpu']:>10.3f}"
        f"{found['seconds'] / fastest:>9.1f}{error:>11.1e}{bound}{found['peak_mb']:>9.0f}"
    )


HEAD = "method       size     wall s     CPU s    ratio   rel.error    bound   peak MB"


def compare_diffusion(sizes: list[int], repeats: int, peer: str, folder: Path) -> list[Any]:
    print("\nEffective diffusivity to 1e-3, porosity 0.4\n" + HEAD, flush=True)
    goals: list[Any] = []
    for size in sizes:
        path = folder / f"porous{size}.npy"
        np.save(path, porous(size))
        exact = run(sys.executable, "ours", path, 1e-6, 1) if size <= 256 else None
        found = run(sys.executable, "ours", path, 1e-3, repeats)
        if found is None:
            continue
        true = exact["value"] if exact else found["value"]
        print(row("ours", size, found, true, found["seconds"]), flush=True)
        for name in PEERS if size <= 256 else ():
            once = 1 if size > 128 else repeats
            other = run(peer, name, path, 1e-3, once)
            if other is not None:
                print(row(name, size, other, true, found["seconds"]), flush=True)
                if name == "taufactor" and size in GOALS:
                    times = other["seconds"] / found["seconds"]
                    goals.append((f"{size}^3: {GOALS[size]:g} times TauFactor", times, GOALS[size]))
        if size == 512:
            goals.append(("512^3: 3 GB over peak", 3072 / found["peak_mb"], 1.0))
        path.unlink()
    return goals


def compare_flow(size: int, repeats: int, folder: Path) -> list[Any]:
    print("\nPermeability of a packing, error of the equations 1 %\n" + HEAD, flush=True)
    path = folder / "packing.npy"
    np.save(path, packing(size))
    exact = run(sys.executable, "flow", path, 1e-4, 1)
    found = run(sys.executable, "flow", path, 1e-2, repeats)
    if exact is None or found is None:
        return []
    print(row("ours", size, found, exact["value"], found["seconds"]), flush=True)
    return [(f"{size}^3 in {FLOW_SECONDS:g} s", FLOW_SECONDS / found["seconds"], 1.0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--only", nargs="+", default=["diffusion", "flow"])
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        name, path, error, repeats = options.work
        work(name, path, float(error), int(repeats))
        return
    goals = []
    with tempfile.TemporaryDirectory() as folder:
        if "diffusion" in options.only:
            goals += compare_diffusion(
                options.sizes, options.repeats, options.peer_python, Path(folder)
            )
        if "flow" in options.only:
            goals += compare_flow(128, options.repeats, Path(folder))
    print()
    for words, reached, goal in goals:
        print(f"{'yes' if reached >= goal else 'NO ':<4}{words}: {reached:.2f} of {goal:g}")


if __name__ == "__main__":
    main()
