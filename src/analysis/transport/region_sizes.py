"""Sizes of pores and throats from numbered regions, as porespy defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import in_slabs
from .partition import PartedPores
from .peaks import RIM, jumps_to

_CHUNK = 4096  # voxels of a plane that are swept along z together


def sizes_of(
    parted: PartedPores, spacing_um: float, *, threads: int | None = None
) -> dict[str, NDArray[Any]]:
    """Measure pores and throats, under the names that openpnm gives them.

    The throat of two pores is the layer of voxels of the pore with the higher number that touch
    the other by a face. Its diameter is twice the largest distance to the solid in it, its place
    the first voxel that has it: on a flat ridge that is its end, and the length is too long.

    Parameters
    ----------
    parted : PartedPores
    spacing_um : float
        Side of a voxel [µm].
    threads : int, optional
        All cores unless told; the result is the same to the bit for any number.

    Returns
    -------
    dict of str to ndarray
        ``pore.region_label``; ``pore.coords``, middle of all voxels, (n, 3) along the axes of the
        array, 0 in the middle of the first voxel [µm]; ``pore.region_volume`` [µm³];
        ``pore.equivalent_diameter``, of a ball of that volume; ``pore.inscribed_diameter``, twice
        the largest distance to any voxel that is not of the pore; ``throat.conns``, from 0;
        ``throat.inscribed_diameter``; ``throat.total_length``, from middle to middle by way of the
        throat's place [µm].
    """
    labels, squared = parted.labels, parted.squared
    sums = _sums(labels, parted.count, threads)
    middles = sums[:, 1:] / sums[:, :1]
    volumes = sums[:, 0] * spacing_um**3
    pairs = _pairs(labels, squared, threads)
    ends = pairs[:, :2] - 1
    places = np.stack(np.unravel_index(pairs[:, 3], labels.shape), axis=1)
    ways = [np.linalg.norm(middles[end] - places, axis=1) for end in ends.T]
    inner = _largest(labels, squared, parted.count, threads)
    return {
        "pore.region_label": np.arange(1, parted.count + 1),
        "pore.coords": (middles - RIM) * spacing_um,
        "pore.region_volume": volumes,
        "pore.equivalent_diameter": np.cbrt(6 * volumes / np.pi),
        "pore.inscribed_diameter": 2 * np.sqrt(inner) * spacing_um,
        "throat.conns": ends,
        "throat.inscribed_diameter": 2 * np.sqrt(pairs[:, 2]) * spacing_um,
        "throat.total_length": (ways[0] + ways[1]) * spacing_um,
    }


def _sums(labels: NDArray[np.int32], count: int, threads: int | None) -> NDArray[np.int64]:
    from .parted_loops import sum_places

    def part(z0: int, z1: int) -> NDArray[np.int64]:
        sums = np.zeros((count + 1, 4), np.int64)
        sum_places(labels, z0, z1, sums)
        return sums

    parts = in_slabs(part, len(labels), threads=threads)
    return np.asarray(sum(parts[1:], parts[0])[1:])


def _pairs(
    labels: NDArray[np.int32], squared: NDArray[Any], threads: int | None
) -> NDArray[np.int64]:
    """Return the pairs that meet, in rising order: numbers, largest distance, its first voxel."""
    from .parted_loops import meetings

    jumps = jumps_to(labels.shape, 1)
    parts = in_slabs(
        lambda z0, z1: meetings(labels, squared, jumps, z0 + 1, z1 + 1),
        len(labels) - 2,
        threads=threads,
    )
    pairs = np.concatenate(parts)
    order = np.lexsort((pairs[:, 3], -pairs[:, 2], pairs[:, 1], pairs[:, 0]))
    pairs = pairs[order]
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs[1:, :2] != pairs[:-1, :2]).any(axis=1)
    return pairs[first]


def _largest(
    labels: NDArray[np.int32], squared: NDArray[Any], count: int, threads: int | None
) -> NDArray[np.int64]:
    """Return the largest squared distance of each region's voxels to what is not of it."""
    from .parted_loops import distances_along_z, largest_distances

    along = np.empty_like(squared)
    planes, wide = labels.reshape(len(labels), -1), along.reshape(len(labels), -1)
    width = wide.shape[1]
    cap = np.iinfo(squared.dtype).max // 2

    def sweep(start: int, stop: int) -> None:
        for p in range(start * _CHUNK, min(stop * _CHUNK, width), _CHUNK):
            distances_along_z(planes, wide, cap, p, min(p + _CHUNK, width))

    in_slabs(sweep, -(-width // _CHUNK), threads=threads)

    def part(z0: int, z1: int) -> NDArray[Any]:
        largest = np.zeros(count + 1, squared.dtype)
        largest_distances(labels, along, squared, z0, z1, largest)
        return largest

    parts = in_slabs(part, len(labels), threads=threads)
    return np.maximum.reduce(parts)[1:].astype(np.int64)
