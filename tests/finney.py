"""Finney's pack of measured sphere centres: a real packing whose surface is known exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scalebridge.analysis.quantification.sphere_scene import SphereScene

SIDE, RADIUS_UM = 16, 100.0  # of the central cube, in radii
BLUR_PX, NOISE = 1.0, 8.0  # of a contrast of 100


def packed(data: Path, radius_px: int) -> SphereScene:
    """Return the central cube of 16 radii, at so many voxels a radius."""
    path = data / "finney_packing" / "finney_packing.csv"
    centres = np.loadtxt(path, delimiter=",", skiprows=1, encoding="utf-8-sig")[:, -3:]
    step = RADIUS_UM / radius_px
    places = (centres + SIDE / 2) * RADIUS_UM - step / 2
    near = np.all((places > -2 * RADIUS_UM) & (places < (SIDE + 2) * RADIUS_UM), axis=1)
    count = int(near.sum())
    shape = (SIDE * radius_px,) * 3
    return SphereScene(places[near], np.full(count, RADIUS_UM), shape, (step,) * 3)


def scanned(scene: SphereScene, *, seed: int = 0) -> NDArray[np.uint8]:
    """Image the pack: grains 150, pores 50, blurred by a voxel, noisy."""
    grey = scene.image(blur_um=BLUR_PX * scene.spacing_um[0], noise=NOISE, seed=seed)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
