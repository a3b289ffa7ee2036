"""The seeded volumes that every program gets."""

from __future__ import annotations

import numpy as np

BALL = 8.0  # voxels, the radius of a grain
GRAINS = 5000  # a 256^3


def porous(size: int) -> np.ndarray:
    """Return a Gaussian field's pore: porosity 0.4, inscribed balls of up to 18 voxels."""
    field = _field(size)
    return field > np.quantile(field, 0.6)


def _field(size: int) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    return gaussian_filter(rng.standard_normal((size,) * 3, dtype=np.float32), 8.0, mode="wrap")


def grains(size: int) -> np.ndarray:
    """Return numbered balls; where two overlap, each voxel belongs to the nearer centre."""
    from scipy.spatial import cKDTree

    centres = grain_centres(size)
    tree, labels = cKDTree(centres), np.empty((size,) * 3, np.uint32)
    y, x = np.indices((size, size))
    for z in range(size):
        places = np.stack([np.full(y.size, z), y.ravel(), x.ravel()], axis=1)
        far, which = tree.query(places, workers=2)
        labels[z] = np.where(far < BALL, which + 1, 0).reshape(size, size)
    return labels


def grain_centres(size: int) -> np.ndarray:
    count = max(1, round(GRAINS * (size / 256) ** 3))
    return np.random.default_rng(1).uniform(0, size, (count, 3))


def grey(size: int) -> np.ndarray:
    """Return uniform noise, which no filter may take a short cut through."""
    return np.random.default_rng(0).random((size,) * 3, dtype=np.float32)


def packing(size: int, radius: int = 10, porosity: float = 0.4) -> np.ndarray:
    """Return the pore around spheres that may overlap, periodic."""
    rng = np.random.default_rng(0)
    grid = np.indices((2 * radius + 1,) * 3) - radius
    ball = np.array(np.nonzero((grid**2).sum(axis=0) <= radius**2)).T - radius
    solid = np.zeros((size,) * 3, bool)
    while solid.mean() < 1 - porosity:
        solid[tuple(((ball + rng.integers(0, size, 3)) % size).T)] = True
    return ~solid


VOLUMES = {"porous": porous, "grains": grains, "grey": grey, "packing": packing}
