"""Local thickness: the largest ball that fits into a phase and holds a voxel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import in_slabs
from .distance import WalledPhase, squared_distance
from .voxel_metric import VoxelMetric

_NEIGHBOURS = 3  # steps an axis to the balls that may hold a ball
_TABLE = 2**16  # entries of a look-up table; larger radii share entries, on the safe side


def local_thickness(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    border: str = "open",
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Measure the diameter of the largest ball inside a phase that holds each voxel.

    Exact on the voxel grid: balls have the distance of their centre to the nearest voxel outside
    the phase as radius, and hold the voxel centres nearer than that. The values of a sphere of
    radius 20 voxels are 40 within 1, of a slab of 12 voxels 12 within 1 (even slabs h, odd ones
    h + 1).

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        What lies outside it is neither phase nor wall.
    border : {"open", "wall"}
        Whether the phase goes on beyond the image or ends there.
    threads : int, optional
        All cores unless told; the result is the same to the bit for any number.

    Returns
    -------
    ndarray of float32
        Diameter [µm], 0 outside the phase.

    Raises
    ------
    ValueError
        The phase has no wall: no ball is the largest.

    Notes
    -----
    Rough walls make it smaller, since a single voxel that juts out parts a ball; measure it on
    cleaned segmentations only.

    References
    ----------
    Hildebrand & Rüegsegger 1997, doi:10.1046/j.1365-2818.1997.1340694.x; balls inside others by
    Remy & Thiel 2005, doi:10.1016/j.imavis.2004.06.007.

    Examples
    --------
    >>> import numpy as np
    >>> slab = np.zeros((8, 4), bool); slab[2:6] = True
    >>> local_thickness(slab, spacing_um=(0.5, 0.5))[:, 0]
    array([0., 0., 2., 2., 2., 2., 0., 0.], dtype=float32)
    """
    room = WalledPhase.checked(phase, spacing_um=spacing_um, mask=mask)
    if not room.own.any():
        return np.zeros(room.shape, np.float32)
    if border == "open" and not room.wall.any():
        raise ValueError(
            "phase needs voxels outside it, got none: its thickness is that of the image; "
            "use border='wall' if it ends there"
        )
    squared = squared_distance(room, border=border, threads=threads).reshape(room.volume)
    painted = painted_balls(squared, room.own.reshape(room.volume), room.metric, threads)
    return painted.reshape(room.shape)


def painted_balls(
    squared: NDArray[Any], room: NDArray[np.bool_], metric: VoxelMetric, threads: int | None
) -> NDArray[np.float32]:
    """Give each voxel of a room the diameter of the largest ball that holds it [µm].

    Examples
    --------
    >>> import numpy as np
    >>> squared = np.array([[[0, 1, 4, 1, 0]]])
    >>> painted_balls(squared, squared > 0, VoxelMetric((1, 1, 1), 1.0), 1)
    array([[[0., 4., 4., 4., 0.]]], dtype=float32)
    """
    from .thickness_loops import pack_bits, paint

    places, radii = ball_centres(squared, metric, threads)
    nz, ny, nx = squared.shape
    bricks = (-(-nz // 4), -(-ny // 4))
    fine = np.empty((*bricks, -(-nx // 64), 16), np.uint64)
    coarse = np.empty((*bricks, -(-nx // 256)), np.uint64)
    out = np.zeros(squared.shape, np.float32)

    def work(start: int, stop: int) -> None:
        pack_bits(room, fine, coarse, start, stop)
        paint(places, radii, metric.weights, metric.unit_um, fine, coarse, out, start, stop)

    in_slabs(work, bricks[0], threads=threads)
    return out


def ball_centres(
    squared: NDArray[Any], metric: VoxelMetric, threads: int | None
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return flat index and squared radius of the balls that no neighbour's ball holds.

    They come in order of falling radius.
    """
    from .thickness_loops import cover_table, mark_centres

    largest = int(squared.max())
    shift = max(0, (largest + 1).bit_length() - _TABLE.bit_length() + 1)
    length = (largest >> shift) + 1
    offsets = _offsets(metric.weights, squared.shape, isqrt(largest) + 1)
    kinds = sorted({tuple(np.abs(v)) for v in offsets.tolist()})
    tables = np.array(
        [cover_table(tuple(map(int, kind)), metric.weights, length, shift) for kind in kinds]
    )
    classes = np.array([kinds.index(tuple(np.abs(v))) for v in offsets.tolist()])
    keep = np.empty(squared.shape, np.uint8)
    in_slabs(
        lambda z0, z1: mark_centres(squared, offsets, classes, tables, shift, keep, z0, z1),
        len(squared),
        threads=threads,
    )
    places = np.flatnonzero(keep)
    radii = squared.ravel()[places]
    order = np.argsort(-radii, kind="stable")
    return places[order], radii[order]


def _offsets(weights: tuple[int, int, int], shape: tuple[int, ...], reach: int) -> NDArray:
    """Return the neighbours to look at, nearest first, out to 3 steps along the finest axis."""
    least = min((w for w, n in zip(weights, shape, strict=True) if n > 1), default=1)
    far = least * _NEIGHBOURS**2
    ranges = [range(-_NEIGHBOURS, _NEIGHBOURS + 1) if n > 1 else range(1) for n in shape]
    found = [v for v in product(*ranges) if any(v)]
    lengths = [sum(w * c * c for w, c in zip(weights, v, strict=True)) for v in found]
    order = np.argsort(lengths, kind="stable")
    nearest = [found[i] for i in order if lengths[i] <= max(far, min(lengths))]
    return np.array(nearest, dtype=np.int64).reshape(-1, 3)
