"""A phantom of three textures or grey values, and scribbles on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.segmentation import Corrections, Stroke


def textured(shape: tuple[int, ...], seed: int = 0) -> tuple[NDArray, NDArray]:
    """Grey values, and the truth: matrix 1, a bright phase 2, a striped one of equal mean 3."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=shape), 6, mode="wrap")
    field /= field.std()
    truth = np.ones(shape, np.uint8)
    truth[field > 0.7] = 2
    truth[field < -0.7] = 3
    stripes = 18 * np.sign(np.sin(np.arange(shape[-1]) * np.pi / 2 + 0.1))
    image = np.choose(truth - 1, [100.0, 130.0, 100.0 + np.broadcast_to(stripes, shape)])
    return (image + rng.normal(scale=6, size=shape)).astype(np.float32), truth


def scribbles_on(
    truth: NDArray, spacing: tuple[float, ...], *, a_class: int = 6, seed: int = 0
) -> Corrections:
    """Short strokes inside each class."""
    from scipy.ndimage import minimum_filter

    rng = np.random.default_rng(seed)
    origin = (1.5,) * len(spacing)
    strokes = []
    for label in np.unique(truth):
        inside = np.argwhere(minimum_filter(truth == label, 3))
        for place in inside[rng.choice(len(inside), a_class, replace=False)]:
            at = np.zeros(3)
            at[3 - truth.ndim :] = place * spacing + origin
            end = at + np.array([0, 0, spacing[-1]])
            strokes.append(
                Stroke(
                    tool="brush",
                    label=int(label),
                    points_um=(tuple(at), tuple(end)),
                    radius_um=1.1 * max(spacing),
                )
            )
    return Corrections(tuple(strokes), spacing, origin)
