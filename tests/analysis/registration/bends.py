"""Pictures whose contrast differs and that are bent against each other."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from scalebridge.analysis.registration import GreyImage

SIDE = 160


def bent_pair(seed, *, bend_px, noise=0.15):
    """A picture, and another contrast of it bent by sines: both, and the displacement."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(SIDE + 60, SIDE + 60)), 4)
    field /= field.std()
    y, x = np.indices((SIDE, SIDE)) / SIDE
    moves = bend_px * np.stack(
        [np.sin(2 * np.pi * x) * np.cos(np.pi * y), np.cos(2 * np.pi * y + 0.5) * np.sin(np.pi * x)]
    )
    there = ndimage.map_coordinates(field, SIDE * np.stack([y, x]) + moves + 30, order=3)
    moving = np.exp(-0.7 * there)
    moving += noise * moving.std() * rng.normal(size=moving.shape)
    fixed = field[20:-20, 20:-20] + noise * rng.normal(size=(SIDE + 20, SIDE + 20))
    return GreyImage(fixed, [1, 1], [-10, -10]), GreyImage(moving, [1, 1]), moves
