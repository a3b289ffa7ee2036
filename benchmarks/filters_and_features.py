"""Filters and features of voxels, beside their peers: same volume, same process.

    python benchmarks/filters_and_features.py [--size 128] [--repeats 3] [--only gaussian ...]

- gaussian: sigma 2, beside dask-image and scipy.
- median: 3 x 3 x 3, beside SimpleITK.
- features: six scales of Gaussian, gradient and Hessian, beside scikit-image's.
- forest: shares of the classes by 100 trees, beside scikit-learn's.

Each function returns rows of operation, method, wall and CPU seconds and greatest difference to the
first method; wall counts on a quiet machine, CPU on a busy one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

GOALS = {"gaussian": ("dask-image", 2.0), "median": ("SimpleITK", 10.0)}
GOALS |= {"features": ("scikit-image", 5.0)}


def timed(operation: str, methods: dict[str, Callable[[], Any]], repeats: int) -> list[dict]:
    """Medians of interleaved runs, after one each for compilation and caches."""
    first = {name: np.asarray(method()) for name, method in methods.items()}
    ours = next(iter(first.values()))
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for _ in range(repeats):
        for name, method in methods.items():
            wall, cpu = time.perf_counter(), time.process_time()
            method()
            runs[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    rows = []
    for name, pairs in runs.items():
        wall_s, cpu_s = np.median(pairs, axis=0)
        same = first[name].shape == ours.shape
        away = float(np.abs(first[name].astype(float) - ours).max()) if same else np.nan
        rows.append({"operation": operation, "method": name, "wall_s": wall_s, "cpu_s": cpu_s,
                     "greatest_difference": away})  # fmt: skip
    return rows


def gaussian_rows(volume: np.ndarray, repeats: int) -> list[dict]:
    import dask.array
    import dask_image.ndfilters
    from scipy.ndimage import gaussian_filter

    from scalebridge.analysis.segmentation import gaussian

    # chunks by which dask-image is fastest on two cores
    lazy = dask.array.from_array(volume, chunks=tuple(max(64, n // 2) for n in volume.shape))
    return timed("gaussian", {
        "ours": lambda: gaussian(volume, sigma_um=2.0, spacing_um=(1, 1, 1)),
        "dask-image": lambda: dask_image.ndfilters.gaussian_filter(lazy, 2).compute(),
        "scipy": lambda: gaussian_filter(volume, 2),
    }, repeats)  # fmt: skip


def median_rows(volume: np.ndarray, repeats: int) -> list[dict]:
    import SimpleITK as sitk

    from scalebridge.analysis.segmentation import median_of_neighbours

    image = sitk.GetImageFromArray(volume)
    return timed("median", {
        "ours": lambda: median_of_neighbours(volume),
        "SimpleITK": lambda: sitk.GetArrayFromImage(sitk.Median(image, [1, 1, 1])),
    }, repeats)  # fmt: skip


def features_rows(volume: np.ndarray, repeats: int) -> list[dict]:
    from skimage.feature import multiscale_basic_features

    from scalebridge.analysis.segmentation import PixelFeatures, pixel_features

    scales = tuple(2.0**k for k in range(-1, 5))
    basic = PixelFeatures(scales, kinds=("gaussian", "gradient", "hessian"), intensity=False)
    more = PixelFeatures(scales)
    rows = timed("features", {
        "ours": lambda: pixel_features(volume, basic, spacing_um=(1, 1, 1)),
        "ours, structure tensor too": lambda: pixel_features(volume, more, spacing_um=(1, 1, 1)),
        "scikit-image": lambda: multiscale_basic_features(volume, sigma_min=0.5, sigma_max=16),
    }, repeats)  # fmt: skip
    return rows


def forest_rows(volume: np.ndarray, repeats: int) -> list[dict]:
    from sklearn.ensemble import RandomForestClassifier

    from scalebridge.analysis.segmentation import PixelFeatures, pixel_features
    from scalebridge.analysis.segmentation.forest import forest_of

    part = volume[:64, :64, :64]
    values = pixel_features(part, PixelFeatures((1.0, 2.0, 4.0)), spacing_um=(1, 1, 1))
    flat = np.ascontiguousarray(values.reshape(len(values), -1))
    rng = np.random.default_rng(0)
    chosen = rng.choice(flat.shape[1], 3000, replace=False)
    labels = np.digitize(flat[5, chosen] + rng.normal(scale=0.02, size=3000), (0.45, 0.55))
    model = RandomForestClassifier(100, max_depth=16, random_state=0, n_jobs=2)
    model.fit(flat[:, chosen].T, labels)
    forest, rows = forest_of(model), np.ascontiguousarray(flat.T)
    return timed("forest", {
        "ours": lambda: forest.probabilities(flat),
        "scikit-learn": lambda: model.predict_proba(rows),
    }, repeats)  # fmt: skip


OPERATIONS = {
    "gaussian": gaussian_rows,
    "median": median_rows,
    "features": features_rows,
    "forest": forest_rows,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=OPERATIONS, default=list(OPERATIONS))
    options = parser.parse_args()
    volume = np.random.default_rng(0).random((options.size,) * 3, dtype=np.float32)
    for name in options.only:
        table = pd.DataFrame(OPERATIONS[name](volume, options.repeats)).set_index("method")
        for unit in ("wall_s", "cpu_s"):
            table[f"{unit}_ratio"] = table[unit] / table.loc["ours", unit]
        print(
            f"\n{options.size}^3\n{table.to_string(float_format=lambda v: f'{v:.4g}')}", flush=True
        )
        if name in GOALS:
            peer, times = GOALS[name]
            reached = table.loc[peer, "wall_s_ratio"]
            word = "yes" if reached >= times else "NO"
            print(f"{times:g} times as fast as {peer}: {word} ({reached:.1f})", flush=True)


if __name__ == "__main__":
    main()
