"""Sharpening beside its peers: same volume, same number of steps, same process.

    python benchmarks/image_quality.py [--size 128] [--steps 20] [--repeats 3]

Richardson and Lucy on balls on a dark ground, blurred by 1.5 px, with Poisson noise, beside
scikit-image and SimpleITK. `rms_to_truth` is that of the inner part, `light` the sum of the result
over that of the image, `lowest` the smallest value. Ours with an end of its own is the last row: it
judges the misfit at every step and tries the gain of noise.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter


def volume_of(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the truth and what is seen of it."""
    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((size,) * 3), 4)
    truth = np.where(field > 0.3 * field.std(), 200.0, 5.0)
    truth[: size // 8] = truth[-size // 8 :] = 5.0
    return truth, rng.poisson(gaussian_filter(truth, 1.5)).astype(np.float32)


def methods_of(seen: np.ndarray, steps: int) -> dict[str, Callable[[], np.ndarray]]:
    """Return what is compared."""
    import SimpleITK as sitk
    from skimage.restoration import richardson_lucy as peer

    from scalebridge.analysis.imaging import gaussian_psf, richardson_lucy

    psf = gaussian_psf(1.5, spacing_um=(1, 1, 1))
    image, kernel = sitk.GetImageFromArray(seen), sitk.GetImageFromArray(psf)
    return {
        "ours": lambda: richardson_lucy(seen, psf=psf, iterations=steps).image,
        "scikit-image": lambda: peer(seen, psf, num_iter=steps, clip=False),
        "SimpleITK": lambda: sitk.GetArrayFromImage(
            sitk.RichardsonLucyDeconvolution(image, kernel, steps, True)
        ),
        "ours, own end": lambda: richardson_lucy(seen, psf=psf, counts_per_grey=1).image,
    }


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    truth, seen = volume_of(options.size)
    inner = (slice(8, -8),) * 3
    rows = []
    for name, method in methods_of(seen, options.steps).items():
        walls, cpus = [], []
        for _ in range(options.repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            found = method()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        rows.append({
            "method": name, "wall_s": np.median(walls), "cpu_s": np.median(cpus),
            "rms_to_truth": np.sqrt(np.mean((found[inner] - truth[inner]) ** 2)),
            "light": found.sum() / seen.sum(), "lowest": found.min(),
        })  # fmt: skip
    table = pd.DataFrame(rows).set_index("method")
    table["cpu_ratio"] = table["cpu_s"] / table.loc["ours", "cpu_s"]
    print(f"{options.size}^3, {options.steps} steps")
    print(table.to_string(float_format=lambda v: f"{v:.4g}"))


if __name__ == "__main__":
    main()
