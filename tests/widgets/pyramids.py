"""Pyramids with values known at every point, for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ArrayLevel:
    array: NDArray
    factors: tuple[int, ...]
    spacing_um: tuple[float, ...]
    origin_um: tuple[float, ...]


def centres(level: ArrayLevel) -> NDArray[np.float64]:
    """Voxel centres, shape (*spatial, d)."""
    shape = level.array.shape[-len(level.spacing_um) :]
    grid = np.stack(np.indices(shape), axis=-1)
    return grid * np.asarray(level.spacing_um) + np.asarray(level.origin_um)


def block_mean(array: NDArray, factors: Sequence[int]) -> NDArray:
    """Means of whole blocks."""
    split: list[int] = []
    for size, factor in zip(array.shape, factors, strict=True):
        split += [size // factor, factor]
    return array.reshape(split).mean(axis=tuple(range(1, 2 * array.ndim, 2)))


def pyramid(
    array: NDArray,
    *,
    spacing_um: Sequence[float],
    origin_um: Sequence[float],
    factors: Sequence[Sequence[int]],
) -> list[ArrayLevel]:
    """Levels by block means, each origin with its half-voxel shift."""
    spacing, origin = np.asarray(spacing_um, float), np.asarray(origin_um, float)
    return [
        ArrayLevel(
            block_mean(array, factor),
            tuple(factor),
            tuple(spacing * factor),
            tuple(origin + (np.asarray(factor) - 1) / 2 * spacing),
        )
        for factor in factors
    ]


def ramp_pyramid() -> tuple[list[ArrayLevel], NDArray[np.float64]]:
    """A volume whose grey value is ``slope . position + 7`` at every voxel centre."""
    slope = np.array([3.0, -2.0, 0.5])
    spacing, origin = (0.4, 0.2, 0.1), (10.0, -5.0, 2.0)
    empty = ArrayLevel(np.zeros((32, 64, 128)), (1, 1, 1), spacing, origin)
    levels = pyramid(
        centres(empty) @ slope + 7,
        spacing_um=spacing,
        origin_um=origin,
        factors=[(1, 1, 1), (1, 1, 2), (1, 2, 4), (2, 4, 8)],
    )
    return levels, slope
