"""From grey values to classes: level, smooth, part; and from classes to shapes: open, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .hysteresis import classes
from .levelling import levelled, window_reach_px
from .opening import ball_reach_px, closed, opened
from .recipe import SegmentationRecipe

Step = Callable[[NDArray], NDArray[np.uint8]]


def class_step(
    recipe: SegmentationRecipe, scale: tuple[float, ...], *, seeds: bool = False
) -> tuple[Step, tuple[int, ...]]:
    """Return the step from grey values to classes, and how far it looks along each axis [px].

    Parameters
    ----------
    recipe : SegmentationRecipe
    scale : tuple of float
        Size of a voxel in the recipe's unit of length.
    seeds : bool
        Classes by the upper thresholds of a hysteresis.
    """
    sigmas = checked_sigmas(recipe.smoothing_px, len(scale))
    rise = recipe.seed_rise if seeds else 0.0
    thresholds = tuple(level + rise for level in recipe.thresholds)

    def step(image: NDArray) -> NDArray[np.uint8]:
        return classes(_prepared(image, recipe, scale, sigmas), thresholds)

    reach = np.array([int(4 * sigma + 0.5) for sigma in sigmas])  # scipy's, for truncate=4
    if recipe.method == "local":
        reach += window_reach_px(recipe.window, scale, recipe.window_shape)
    return step, tuple(map(int, reach))


def shape_step(
    recipe: SegmentationRecipe, scale: tuple[float, ...]
) -> tuple[Step | None, tuple[int, ...]]:
    """Return the step that opens and closes classes, None without either, and its reach [px]."""
    if not (recipe.opening_radius or recipe.closing_radius):
        return None, (0,) * len(scale)

    def step(labels: NDArray) -> NDArray[np.uint8]:
        if recipe.opening_radius:
            labels = opened(labels, radius_um=recipe.opening_radius, spacing_um=scale)
        if recipe.closing_radius:
            labels = closed(labels, radius_um=recipe.closing_radius, spacing_um=scale)
        return labels

    opening = ball_reach_px(recipe.opening_radius, scale)
    closing = ball_reach_px(recipe.closing_radius, scale)
    return step, tuple(2 * (a + b) for a, b in zip(opening, closing, strict=True))


def checked_sigmas(smoothing_px: float | Sequence[float], ndim: int) -> tuple[float, ...]:
    """Return one standard deviation an axis [px]."""
    sigmas = np.asarray(smoothing_px, dtype=float)
    if sigmas.ndim and sigmas.shape != (ndim,):
        raise ValueError(
            f"smoothing_px needs one value or {ndim}, one an axis, got {tuple(sigmas.ravel())}"
        )
    return tuple(float(sigma) for sigma in np.broadcast_to(sigmas, (ndim,)))


def _prepared(
    image: NDArray, recipe: SegmentationRecipe, scale: tuple[float, ...], sigmas: tuple[float, ...]
) -> NDArray:
    """Level and smooth, where that is asked for."""
    from scipy.ndimage import gaussian_filter

    if recipe.method == "local":
        image = levelled(
            image, window_um=recipe.window, spacing_um=scale, shape=recipe.window_shape
        )
    return gaussian_filter(image.astype(np.float32), sigmas) if any(sigmas) else image
