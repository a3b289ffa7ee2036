"""Importing a volume into a checksummed pyramid against writing the same array with plain zarr.

Both sides use the same chunks and codecs in the same run, alternating. Ours also makes all
levels, reads every chunk back, flushes it to the disk and lists the image; the floor is half the
speed of plain zarr and a peak of 1.5 GB. Each side has a process of its own, and so its own peak.

    python benchmarks/import_pyramid.py [--edge 512] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

DEPTH = 32


def planes(edge: int) -> np.ndarray:
    """Make a slab of noisy 16-bit grey values, as a scanner would."""
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(edge) / 9.0) * 3000
    grey = 20000 + wave[None, :, None] + wave[None, None, :]
    return (grey + rng.normal(0, 300, (DEPTH, edge, edge))).astype(np.uint16)


def slabs(edge: int) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
    """Stream the same slab again and again: making data is not what is timed."""
    slab = planes(edge)
    for z in range(0, edge, DEPTH):
        yield (slice(z, z + DEPTH), slice(0, edge), slice(0, edge)), slab


def ours(edge: int, folder: Path) -> float:
    from scalebridge.workspace import Workspace

    with Workspace.create(folder / "workspace") as ws:
        blocks = list(slabs(edge))  # one slab many times: no memory, no time inside the clock
        began = time.perf_counter()
        ws.images.write(
            "volume",
            shape=(edge,) * 3,
            dtype=np.uint16,
            axes="zyx",
            blocks=blocks,
            spacing_um=(1.0, 1.0, 1.0),
            spacing_source="benchmark",
        )
        return time.perf_counter() - began


def plain_zarr(edge: int, folder: Path) -> float:
    import zarr

    from scalebridge.workspace.pixels import codecs
    from scalebridge.workspace.pyramid import plan_levels

    chunks = plan_levels((edge,) * 3, spacing_um=None)[0].chunks
    whole = np.concatenate([planes(edge)] * (edge // DEPTH))
    began = time.perf_counter()
    array = zarr.create_array(
        store=folder / "plain.zarr",
        shape=whole.shape,
        chunks=chunks,
        dtype=whole.dtype,
        compressors=codecs(whole.dtype),
    )
    array[...] = whole
    return time.perf_counter() - began


def run_one(side: str, edge: int) -> dict[str, float]:
    """Time one side in this process."""
    folder = Path(tempfile.mkdtemp())
    try:
        seconds = {"ours": ours, "plain": plain_zarr}[side](edge, folder)
    finally:
        shutil.rmtree(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scale = 1 if sys.platform == "darwin" else 1024
    return {"seconds": seconds, "peak_gb": peak * scale / 1e9}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", choices=["ours", "plain"])
    given = parser.parse_args()
    if given.side:
        print(json.dumps(run_one(given.side, given.edge)))
        return
    results: dict[str, list[dict[str, float]]] = {"ours": [], "plain": []}
    for _ in range(given.repeats):
        for side, found in results.items():
            command = [sys.executable, __file__, "--side", side, "--edge", str(given.edge)]
            found.append(json.loads(subprocess.check_output(command)))
    seconds = {side: min(one["seconds"] for one in found) for side, found in results.items()}
    peak = max(one["peak_gb"] for one in results["ours"])
    megabytes = given.edge**3 * 2 / 1e6
    for side, best in seconds.items():
        print(f"{side:6} {best:6.2f} s  {megabytes / best:6.0f} MB/s")
    print(f"speed ratio ours / plain zarr: {seconds['plain'] / seconds['ours']:.2f} (floor 0.5)")
    print(f"peak memory of ours: {peak:.2f} GB (limit 1.5)")


if __name__ == "__main__":
    main()
