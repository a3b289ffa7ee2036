"""Where pores are widest: the peaks of the distance to the solid that SNOW keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import in_slabs

RIM = 3  # voxels around the volume: the pores outside, and as far as a peak looks
_SIGMA = 0.4  # voxels, of the Gaussian on the distances (Gostick 2017)
_REACH = 4  # voxels: no place nearer than this is wider (Gostick 2017)
_SOLID = 2.0  # voxels: what solid counts as, so that there is no peak beside a wall
_PLATEAU = 20  # steps within which a plateau has to end
_TIE = 1e-6  # voxels that a later peak is wider than an equal one


@dataclass(frozen=True)
class Peaks:
    """Voxels from which pores are flooded.

    Attributes
    ----------
    places : ndarray of int64, (n,)
        Flat indices, rising.
    pores : ndarray of int64, (n,)
        Number of the pore of each, from 1.
    """

    places: NDArray[np.int64]
    pores: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of pores."""
        return int(self.pores.max(initial=0))


def widest_places(
    squared: NDArray[Any], pore: NDArray[np.bool_], *, threads: int | None = None
) -> Peaks:
    """Find the peaks of the blurred distances, without saddles and without near ones.

    Parameters
    ----------
    squared : ndarray of int, (z, y, x)
        Squared distance to the solid [voxel²].
    pore : ndarray of bool, (z, y, x)
        False in a rim of `RIM` voxels.
    threads : int, optional

    References
    ----------
    Gostick 2017, doi:10.1103/PhysRevE.96.023307.
    """
    from .peak_loops import touching, true_peaks

    state = pore.view(np.uint8).copy()
    peaks = _all_peaks(squared, state, threads)
    flat, room = squared.reshape(-1), state.reshape(-1)
    faces, around = jumps_to(pore.shape, 1), jumps_to(pore.shape, 3)
    peaks = peaks[true_peaks(flat, room, peaks, faces, around, _PLATEAU)]
    if not len(peaks):
        return Peaks(peaks, peaks)
    pieces = touching(room, peaks, around)
    kept = _apart(np.stack(np.unravel_index(peaks, pore.shape), axis=1), pieces, squared)
    numbers = np.cumsum(kept) * kept
    of_peak = numbers[pieces]
    return Peaks(peaks[of_peak > 0], of_peak[of_peak > 0])


def _all_peaks(
    squared: NDArray[Any], state: NDArray[np.uint8], threads: int | None
) -> NDArray[np.int64]:
    from .peak_loops import local_peaks

    blurred, jumps = _blurred(squared, state, threads), jumps_to(state.shape, _REACH**2 - 1)
    parts = in_slabs(
        lambda z0, z1: local_peaks(blurred, state, jumps, RIM, z0, z1),
        len(state) - 2 * RIM,
        threads=threads,
    )
    return np.concatenate(parts)


def _blurred(
    squared: NDArray[Any], state: NDArray[np.uint8], threads: int | None
) -> NDArray[np.float32]:
    from .peak_loops import blurred_distances

    steps = np.arange(-2, 3)
    weights = np.exp(-0.5 / _SIGMA**2 * steps**2)
    weights = (weights / weights.sum())[2:]
    out = np.empty(squared.shape, np.float32)
    for axis in range(3):
        ends = np.moveaxis(out, axis, 0)
        ends[:RIM] = ends[-RIM:] = -1
    in_slabs(
        lambda z0, z1: blurred_distances(squared, state, RIM, weights, _SOLID, out, z0, z1),
        squared.shape[0] - 2 * RIM,
        threads=threads,
    )
    return out


def jumps_to(shape: tuple[int, ...], squared_reach: int) -> NDArray[np.int64]:
    """Return the steps to the voxels of a ball by flat index, the nearest first.

    Examples
    --------
    >>> jumps_to((4, 5, 6), 1).tolist()
    [-30, -6, -1, 1, 6, 30]
    """
    reach = int(squared_reach**0.5)
    steps = np.indices((2 * reach + 1,) * 3).reshape(3, -1).T - reach
    far = (steps**2).sum(axis=1)
    steps = steps[(far > 0) & (far <= squared_reach)]
    order = np.argsort((steps**2).sum(axis=1), kind="stable")
    return np.asarray(steps[order] @ [shape[1] * shape[2], shape[2], 1], np.int64)


def _apart(
    places: NDArray[np.int64], pieces: NDArray[np.int64], squared: NDArray[Any]
) -> NDArray[np.bool_]:
    """Say which pieces stay: of two that are nearer to each other than to the solid, the wider."""
    from scipy.spatial import cKDTree

    voxels = np.bincount(pieces)
    middles = np.stack([np.bincount(pieces, weights=p) for p in places.T], axis=1)
    middles = (middles / voxels[:, None]).astype(np.int64)
    kept = np.ones(len(middles), bool)
    if len(middles) == 1:
        return kept
    far = np.sqrt(squared[tuple(middles.T)].astype(np.float32)).astype(np.float64)
    far += np.arange(len(far)) * _TIE
    apart, nearest = cKDTree(middles).query(middles, k=2)
    near = np.flatnonzero(apart[:, 1] <= far)
    other = nearest[near, 1]
    kept[np.where(far[near] < far[other], near, other)] = False
    return kept
