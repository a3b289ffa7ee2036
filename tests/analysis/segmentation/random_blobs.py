"""Random blobs, and recipes that between them do everything that a recipe can."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.segmentation import SegmentationRecipe

SPACING = {2: (0.3, 0.2), 3: (0.5, 0.3, 0.3)}
SHAPES = {2: (83, 71), 3: (29, 34, 31)}
RECIPES = {
    "thresholds": {},
    "smooth": {"smoothing_px": 1.3},
    "hysteresis": {"method": "hysteresis", "seed_rise": 10.0, "connectivity": "all"},
    "hysteresis by faces": {"method": "hysteresis", "seed_rise": 14.0, "smoothing_px": 0.6},
    "small": {"min_size_px": 30},
    "small by corners": {"min_size_px": 60, "connectivity": "all"},
    "holes": {"fill_holes": True},
    "open and close": {"opening_radius": 0.7, "closing_radius": 0.95, "length_unit": "um"},
    "open in voxels": {"opening_radius": 1.5},
    "split": {"smoothing_px": 0.8, "split_depth": 1.0},
    "split the dark": {"split_depth": 0.4, "split_phase": 0, "length_unit": "um"},
    "all": {
        "method": "hysteresis",
        "seed_rise": 8.0,
        "smoothing_px": 0.7,
        "opening_radius": 1.0,
        "closing_radius": 1.0,
        "min_size_px": 20,
        "fill_holes": True,
        "split_depth": 0.8,
        "connectivity": "all",
    },
}


def random_blobs(ndim: int, seed: int) -> np.ndarray:
    """Blobs of all sizes about 100, with noise."""
    rng = np.random.default_rng(seed)
    soft = gaussian_filter(rng.normal(size=SHAPES[ndim]), 1.8)
    return np.rint(100 + 25 * soft / soft.std() + rng.normal(0, 6, soft.shape)).astype(np.uint16)


def recipe(ndim: int, **options) -> SegmentationRecipe:
    if options.get("connectivity") == "all":
        options["connectivity"] = {2: 8, 3: 26}[ndim]
    return SegmentationRecipe((95.0, 122.0), **options)
