"""How far each voxel of a phase is from the next voxel that is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from ..threads import in_slabs
from .volume import checked_mask, checked_phase
from .voxel_metric import VoxelMetric, voxel_metric

_CAPS = {np.dtype(np.int16): 2**14 - 1, np.dtype(np.int32): 2**30 - 1, np.dtype(np.int64): 2**61}
_CHUNK = 4096  # voxels of a plane that are swept along z together


@dataclass(frozen=True, eq=False)
class WalledPhase:
    """A phase from whose walls distances are taken.

    Attributes
    ----------
    own, wall : ndarray of bool, (z, y, x) or (y, x)
        The phase, and what is not; outside a mask nothing is either.
    metric : VoxelMetric
    masked : bool
    """

    own: NDArray[np.bool_]
    wall: NDArray[np.bool_]
    metric: VoxelMetric
    masked: bool

    @classmethod
    def checked(
        cls, phase: NDArray, *, spacing_um: Sequence[float], mask: NDArray | None = None
    ) -> WalledPhase:
        """Take what a public function was given, or refuse it in words."""
        phase = checked_phase(phase)
        metric = voxel_metric(checked_spacing(spacing_um, phase.ndim))
        if mask is None:
            return cls(phase, ~phase, metric, False)
        inside = checked_mask(mask, phase.shape)
        return cls(phase & inside, ~phase & inside, metric, True)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image."""
        return self.own.shape

    @property
    def ndim(self) -> int:
        """Of the image."""
        return self.own.ndim

    @property
    def volume(self) -> tuple[int, ...]:
        """Shape of the image as a volume of one layer or more."""
        return (1,) * (3 - self.ndim) + self.shape


def distance_transform(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    border: str = "open",
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Measure the Euclidean distance from each voxel of a phase to the nearest voxel outside it.

    Exact, from centre to centre; a slab of h voxels has a largest distance of h/2 or (h + 1)/2
    voxels, a sphere of radius 10 one of 10.05 on average.

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
        [µm], 0 outside the phase, infinite where there is no wall at all.

    References
    ----------
    Saito & Toriwaki 1994, doi:10.1016/0031-3203(94)90133-3.

    Examples
    --------
    >>> import numpy as np
    >>> distance_transform(np.array([[True, True, False, True]]), spacing_um=(1.0, 0.5))
    array([[1. , 0.5, 0. , 0.5]], dtype=float32)
    """
    room = WalledPhase.checked(phase, spacing_um=spacing_um, mask=mask)
    found = np.empty(room.shape, np.float32)
    squared_distance(room, border=border, threads=threads, distance=found)
    if room.masked:
        found[~room.own] = 0
    return found


def squared_distance(
    room: WalledPhase,
    *,
    border: str = "open",
    threads: int | None = None,
    distance: NDArray[np.float32] | None = None,
) -> NDArray[Any]:
    """Return squared distances in units of the metric, in the narrowest whole-number type.

    They are 0 outside the phase. `distance` receives their root [µm] in their place, whatever it is
    there; what is returned then is nothing.

    Examples
    --------
    >>> import numpy as np
    >>> row = np.array([[True, True, False, True]])
    >>> squared_distance(WalledPhase.checked(row, spacing_um=(1.0, 1.0)))
    array([[4, 1, 0, 1]], dtype=int16)
    """
    if border not in ("open", "wall"):
        raise ValueError(
            f"border needs 'open' or 'wall', got {border!r}: say whether the phase goes on outside"
        )
    volume = room.wall.reshape(room.volume)
    for dtype in _types(volume.shape, room.metric):
        squared, capped = _transformed(
            volume, room.metric, border == "wall" and room.ndim == 3, border == "wall", dtype,
            threads, distance,
        )  # fmt: skip
        if not capped:
            break
    found = squared.reshape(room.shape)
    if room.masked and distance is None:
        found[~room.own] = 0
    return found


def _types(shape: tuple[int, ...], metric: VoxelMetric) -> list[np.dtype]:
    longest = sum(w * n * n for w, n in zip(metric.weights, shape, strict=True))
    wide = [np.dtype(np.int32 if longest < 2**30 - 1 else np.int64)]
    return [np.dtype(np.int16), *wide] if max(metric.weights) < 2**10 else wide


def _transformed(
    source: NDArray[np.bool_],
    metric: VoxelMetric,
    wall_z: bool,
    wall: bool,
    dtype: np.dtype,
    threads: int | None,
    distance: NDArray[np.float32] | None,
) -> tuple[NDArray[Any], bool]:
    from .distance_loops import columns, planes

    nz, ny, nx = source.shape
    cap = _CAPS[dtype]
    squared = (
        np.empty(source.shape, dtype) if distance is None else _within(distance, dtype, source)
    )
    flat_source, flat = source.reshape(nz, -1), squared.reshape(nz, -1)
    wz, wy, wx = metric.weights

    def sweep(start: int, stop: int) -> None:
        for p in range(start * _CHUNK, min(stop * _CHUNK, ny * nx), _CHUNK):
            columns(flat_source, flat, wz, cap, wall_z, p, min(p + _CHUNK, ny * nx))

    in_slabs(sweep, -(-ny * nx // _CHUNK), threads=threads)
    out = np.empty((0, 0, 0), np.float32) if distance is None else distance.reshape(source.shape)
    capped, start = False, 0
    while start < nz:
        # narrow ones lie at the far end: a root may only be written where none is needed any more
        count = max(1, (nz - start) // 2) if out.size and dtype.itemsize < 4 else nz - start

        def work(z0: int, z1: int, start: int = start) -> bool:
            span = start + z0, start + z1
            return bool(planes(squared, (wy, wx), cap, wall, *span, metric.unit_um, out))

        capped |= any(in_slabs(work, count, threads=threads))
        start += count
    return squared, capped


def _within(
    distance: NDArray[np.float32], dtype: np.dtype, source: NDArray[np.bool_]
) -> NDArray[Any]:
    """Return whole numbers at the end of the memory that their roots will have, if they fit."""
    if dtype.itemsize > distance.itemsize:
        return np.empty(source.shape, dtype)
    return distance.reshape(-1).view(dtype)[-source.size :].reshape(source.shape)
