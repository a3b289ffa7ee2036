"""A pore space parted into pores by a flood from its widest places (SNOW)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..quantification.distance import WalledPhase, squared_distance
from ..quantification.voxel_metric import voxel_metric
from .peaks import RIM, Peaks, jumps_to, widest_places

NARROW = 3  # voxels: closed pieces without a peak in which no ball of this radius fits are no pores
_SHORT = 2**14 - 1  # squared distances below it are kept in two bytes


@dataclass(frozen=True, eq=False)
class PartedPores:
    """Pores of a volume, and those that stand for what lies beyond its faces.

    Attributes
    ----------
    labels : ndarray of int32, (z, y, x)
        Number of the pore from 1, 0 where there is none; on the volume with a rim of `RIM`
        voxels, in which the pores outside lie.
    squared : ndarray of int, (z, y, x)
        Squared distance to the solid [voxel²]; beyond a face the volume goes on as it ends.
    count : int
        Pores, those outside too.
    closed : int
        Voxels of pieces that are of no pore.
    """

    labels: NDArray[np.int32]
    squared: NDArray[Any]
    count: int
    closed: int

    @property
    def inner(self) -> NDArray[np.int32]:
        """The labels of the volume itself."""
        return self.labels[(slice(RIM, -RIM),) * 3]


def part_pores(pore: NDArray[np.bool_], *, threads: int | None = None) -> PartedPores:
    """Part a pore space at its constrictions.

    The distances to the solid are blurred, their peaks are kept unless they are saddles or nearer
    to a wider peak than to the solid, and from those that are left a watershed numbers the voxels.
    What hangs together with no peak is one pore; where it is closed and no ball of `NARROW` voxels
    fits in, it is of no pore.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x)
    threads : int, optional
        All cores unless told; the result is the same to the bit for any number.

    Returns
    -------
    PartedPores

    References
    ----------
    Gostick 2017, doi:10.1103/PhysRevE.96.023307.

    Examples
    --------
    >>> row = np.hypot(*np.indices((9, 9)) - 4) < 4
    >>> part_pores(np.repeat(row[None], 9, axis=0)).count  # and one beyond each end
    3
    """
    from .flooding_loops import number_rest

    wide = np.pad(pore, RIM, mode="edge")
    squared = _squared(wide, pore.shape, threads)
    rim = np.ones(wide.shape, bool)
    rim[(slice(RIM, -RIM),) * 3] = False
    wide &= ~rim
    del rim
    peaks = widest_places(squared, wide, threads=threads)
    labels = _flooded(squared, wide, peaks)
    jumps = jumps_to(labels.shape, 1)
    count, closed = number_rest(labels, peaks.count, jumps, RIM, NARROW**2)
    count += _number_outside(labels, count)
    return PartedPores(labels, squared, count, closed)


def _flooded(squared: NDArray[Any], wide: NDArray[np.bool_], peaks: Peaks) -> NDArray[np.int32]:
    """Return the numbers of pores that have a peak, minus the squared distance in the others."""
    from .flooding_loops import BLOCK, flood

    labels = np.where(wide, -squared, np.int32(0)).astype(np.int32, copy=False)
    top, voxels = int(squared.max()), int(np.count_nonzero(wide))
    places = np.int32 if labels.size <= np.iinfo(np.int32).max else np.int64
    room = np.empty((voxels // BLOCK + min(top, voxels) + 2, BLOCK), places)
    flood(labels.reshape(-1), peaks.places, peaks.pores, jumps_to(labels.shape, 1), top, room)
    return labels


def _squared(wide: NDArray[np.bool_], shape: tuple[int, ...], threads: int | None) -> NDArray[Any]:
    """Return squared distances; where there is no solid at all, half of the shortest side."""
    if wide.all():
        least = max(1, min(shape) // 2) ** 2
        return np.full(wide.shape, least, np.int16 if least < _SHORT else np.int32)
    room = WalledPhase(wide, ~wide, voxel_metric((1.0, 1.0, 1.0)), False)
    return squared_distance(room, threads=threads)


def _number_outside(labels: NDArray[np.int32], count: int) -> int:
    """Number what stands for the outside: behind each pore's voxels in a face, but its edge.

    Its edge is every voxel that another pore or the solid touches by face, edge or corner.
    """
    from ..segmentation.components import connected_components

    added = 0
    for rim, face, two in _faces(labels):
        inner = _same_around(two)
        pieces = connected_components(np.where(inner, face, 0), connectivity=4)
        outside = pieces.labels.astype(np.int32)
        outside[outside > 0] += count + added
        rim[:] = outside
        added += pieces.count
    return added


def _faces(
    labels: NDArray[np.int32],
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]]:
    """Give each face's rim, its outermost layer, and this with the one below."""
    for axis in range(3):
        turned = np.moveaxis(labels, axis, 0)[:, RIM:-RIM, RIM:-RIM]
        for led in (turned, turned[::-1]):
            yield led[:RIM], led[RIM], led[RIM : min(RIM + 2, len(led) - RIM)]


def _same_around(layers: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say where all neighbours in the first two layers are of the same pore."""
    from scipy.ndimage import maximum_filter, minimum_filter

    high = maximum_filter(layers.max(axis=0), 3, mode="nearest")
    low = minimum_filter(layers.min(axis=0), 3, mode="nearest")
    return np.asarray((high == low) & (layers[0] > 0))
