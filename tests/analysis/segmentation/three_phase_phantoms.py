"""Sphere packs with and without water, imaged through a blur; the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

AIR, WATER, SOLID = 0.0, 0.45, 1.0
FINE = 2  # sub-voxels an axis, for the partial volume of a voxel


def random_pack(size: int, radius: float, *, solid: float = 0.33, seed: int = 0) -> NDArray:
    """Solid share of fine voxels of spheres that do not overlap, put down at random."""
    rng = np.random.default_rng(seed)
    centres: list[NDArray] = []
    wanted = solid * size**3 / (4 / 3 * np.pi * radius**3)
    for _ in range(200_000):
        if len(centres) >= wanted:
            break
        place = rng.uniform(0, size, 3)
        if all(np.sum(_periodic(place - c, size) ** 2) > (2 * radius) ** 2 for c in centres):
            centres.append(place)
    return _painted(np.array(centres), radius, size)


def finney_pack(data: Path, radius: float, size: int) -> NDArray:
    """The middle of Finney's pack of measured centres, at a radius in voxels."""
    centres = np.loadtxt(data / "finney_packing" / "finney_packing.csv", delimiter=",", skiprows=1)
    centres = centres[:, -3:] * radius
    centres = centres - centres.mean(axis=0) + size / 2
    near = np.all((centres > -radius) & (centres < size + radius), axis=1)
    return _painted(centres[near], radius, size, periodic=False)


def clusters_of_water(solid: NDArray, saturation: float, *, width: float, seed: int = 0) -> NDArray:
    """Fill the pores of some regions, until this share of the pore space is water."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=solid.shape), width * FINE, mode="wrap")
    field[solid] = -np.inf
    level = np.quantile(field[~solid], 1 - saturation)
    return field > level


def rings_of_water(solid: NDArray, ball: float) -> NDArray:
    """Water wherever a ball of this radius in voxels does not fit into the pores."""
    room = distance_transform_edt(~solid) >= ball * FINE
    return ~solid & (distance_transform_edt(~room) >= ball * FINE)


def imaged(
    solid: NDArray, water: NDArray, *, blur_px: float, noise: float, seed: int = 0
) -> NDArray:
    """What a microscope shows: partial volume, blur, noise."""
    grey = np.where(solid, SOLID, np.where(water, WATER, AIR)).astype(np.float32)
    grey = gaussian_filter(grey, blur_px * FINE, mode="nearest")
    n = tuple(s // FINE for s in grey.shape)
    coarse = grey.reshape(n[0], FINE, n[1], FINE, n[2], FINE).mean(axis=(1, 3, 5))
    return coarse + np.random.default_rng(seed).normal(scale=noise, size=n).astype(np.float32)


def saturation_of(solid: NDArray, water: NDArray) -> float:
    """Share of the pore space that is water."""
    return float(water.sum() / (~solid).sum())


def _periodic(away: NDArray, size: float) -> NDArray:
    return away - size * np.round(away / size)


def _painted(centres: NDArray, radius: float, size: int, *, periodic: bool = True) -> NDArray:
    n = size * FINE
    solid = np.zeros((n, n, n), bool)
    reach = int(np.ceil(radius * FINE)) + 1
    for centre in centres * FINE:
        low = np.floor(centre).astype(int) - reach
        axes = [np.arange(a, a + 2 * reach + 2) for a in low]
        away = [axis + 0.5 - c for axis, c in zip(axes, centre, strict=True)]
        ball = sum(a**2 for a in np.ix_(*away)) <= (radius * FINE) ** 2
        if periodic:
            solid[np.ix_(*(axis % n for axis in axes))] |= ball
            continue
        kept = [(axis >= 0) & (axis < n) for axis in axes]
        if all(k.any() for k in kept):
            solid[np.ix_(*(a[k] for a, k in zip(axes, kept, strict=True)))] |= ball[np.ix_(*kept)]
    return solid
