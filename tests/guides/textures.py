"""Flat pictures of one random texture whose map to each other is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform

SIZE, PIXEL_UM = 150, 0.5
ANGLE, SHIFT_UM = np.radians(6.0), np.array([4.0, -3.0])
TURN = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
MIDDLE_UM = (SIZE - 1) / 2 * PIXEL_UM


def truth(points_um):
    """From the moving to the fixed image, y, x."""
    return (points_um - MIDDLE_UM) @ TURN.T + MIDDLE_UM + SHIFT_UM


def texture(seed=0, size=SIZE + 100):
    rng = np.random.default_rng(seed)
    return sum(gaussian_filter(rng.normal(size=(size, size)), s) * s for s in (3, 8)) * 40 + 120


def views(seed=0):
    """A texture, and the same turned with inverted contrast, black where nothing was seen."""
    whole, rng = texture(seed), np.random.default_rng(seed + 10)
    fixed = whole[50 : 50 + SIZE, 50 : 50 + SIZE]
    grid = np.stack(np.indices((SIZE, SIZE)), axis=-1) * PIXEL_UM
    places = (truth(grid) / PIXEL_UM + 50).transpose(2, 0, 1)
    moving = 250 - map_coordinates(whole, places, order=1) * 0.8
    fixed, moving = (one + rng.normal(0, 2, one.shape) for one in (fixed, moving))
    return tuple(one.clip(1, 254).astype(np.uint8) for one in (fixed, moving))


def put(ws, name, array, *, spacing_um=PIXEL_UM, axes="yx", **fields):
    ws.images.write(
        name,
        shape=array.shape,
        dtype=array.dtype,
        axes=axes,
        blocks=[((slice(None),) * array.ndim, array)],
        spacing_um=[spacing_um] * 2 if np.ndim(spacing_um) == 0 else spacing_um,
        spacing_source="made for a test",
        **fields,
    )


def twins(folder: Path) -> Path:
    """A map on which the view is to be seen twice, side by side."""
    patch = texture(8, SIZE)[:, : SIZE // 2]
    with Workspace.create(folder) as ws:
        for seed, (name, grey) in enumerate({"map": np.hstack([patch] * 2), "view": patch}.items()):
            noise = np.random.default_rng(seed).normal(0, 3, grey.shape)
            put(ws, name, (grey + noise).clip(1, 254).astype(np.uint8))
    return folder


def by_third(ws: Workspace, *, off_um: float) -> None:
    """Join view and map by way of a third picture, that much off along x, and say to be sure."""
    put(ws, "third", views(5)[0])
    for name, ends, x in (("a", ("view", "third"), 0.0), ("b", ("third", "map"), off_um)):
        moved = AffineTransform(
            "rigid",
            np.eye(3),
            np.zeros(3),
            np.array([0.0, 0.0, x]),
            ndim_moving=2,
            ndim_fixed=2,
            covariance=np.eye(3) * 1e-4,
            sigma_um=0.01,
        )
        ws.transforms.add(
            name=name,
            from_frame=ends[0],
            to_frame=ends[1],
            transform=moved.to_dict(),
            status="accepted",
        )
