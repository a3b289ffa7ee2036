"""Path lengths through a phase, along strings that are pulled taut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .volume import checked_mask, checked_phase
from .widest_path import checked_axis

# 95 % half-width over what pulling paths taut takes off: channels, serpentines and grains whose
# shortest paths are known (tests/analysis/quantification/test_voxel_errors.py)
_BY_SLACK = 0.7
_ENDS = 200  # paths that are pulled taut


@dataclass(frozen=True)
class PathLength:
    """How much longer than straight the shortest paths through a phase are.

    Attributes
    ----------
    axis : str
    straight_um : float
        Between the first and the last plane of voxel centres [µm].
    mean_ratio, shortest_ratio : float
        Geodesic tortuosity: path over straight length, mean over the places on the last plane that
        are reached, and the smallest; inf where none is. It is no tortuosity factor.
    reached_fraction : float
        Share of the phase on the last plane that is reached.
    error : float
        95 % half-width of what voxels do to `mean_ratio`; NaN where nothing is reached.
    """

    axis: str
    straight_um: float
    mean_ratio: float
    shortest_ratio: float
    reached_fraction: float
    error: float


def path_length(
    phase: NDArray, *, axis: str, spacing_um: Sequence[float], mask: NDArray | None = None
) -> PathLength:
    """Measure the shortest paths through a phase, from its first plane to its last along an axis.

    A front that spreads through the phase (|grad T| = 1) finds the ways; it makes them longer where
    they bend around things, around balls of 10 voxels radius twice as much as they are. So 200 of
    them are pulled taut as strings, between voxel centres, and all are taken to shorten as these
    do. What is left is a tenth to a third of a voxel per bend. Voxels that share a face are
    connected.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    axis : {"x", "y", "z"}
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Paths stay inside.

    Returns
    -------
    PathLength

    References
    ----------
    The difference scheme: Sethian 1996, doi:10.1073/pnas.93.4.1591; buckets in place of a heap:
    Kim 2001, doi:10.1137/S1064827500367130; paths by lines of sight: Nash et al. 2010,
    doi:10.1613/jair.2994.

    Examples
    --------
    >>> import numpy as np
    >>> path_length(np.ones((3, 5), bool), axis="x", spacing_um=(1, 1)).mean_ratio
    1.0
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    at = checked_axis(axis, phase.ndim)
    if phase.shape[at] < 2:
        raise ValueError(f"phase needs 2 planes along {axis}, got shape {phase.shape}")
    own = phase if mask is None else phase & checked_mask(mask, phase.shape)
    lengths = front_lengths(own, axis=at, spacing=spacing)
    straight = (own.shape[at] - 1) * spacing[at]
    last = (slice(None),) * at + (-1,)
    ends = lengths[last][own[last]].astype(float)
    reached = ends[np.isfinite(ends)]
    if not len(reached):
        inf = float("inf")
        return PathLength(axis, straight, inf, inf, 0.0, float("nan"))
    front = float(reached.mean() / straight)
    shortened, shortest = _taut(own, lengths, at, spacing)
    mean = max(1.0, front * shortened)
    return PathLength(
        axis,
        straight,
        mean,
        max(1.0, shortest / straight),
        len(reached) / len(ends),
        _BY_SLACK * max(0.0, front - mean),
    )


def front_lengths(
    own: NDArray[np.bool_], *, axis: int, spacing: tuple[float, ...]
) -> NDArray[np.float32]:
    """Spread a front from the first plane; return the length to each voxel, infinite outside [µm].

    Examples
    --------
    >>> front_lengths(np.ones((1, 4), bool), axis=1, spacing=(1.0, 0.5)).tolist()
    [[0.0, 0.5, 1.0, 1.5]]
    """
    from .path_loops import spread_lengths

    lengths = np.full(own.shape, np.inf, np.float32)
    first = (slice(None),) * axis + (0,)
    lengths[first][own[first]] = 0.0
    whole = (1,) * (3 - own.ndim) + own.shape
    steps = np.array((1.0,) * (3 - own.ndim) + spacing)
    spread_lengths(own.astype(np.uint8, order="C").reshape(whole), steps, lengths.reshape(whole))
    return lengths


def _taut(
    own: NDArray[np.bool_], lengths: NDArray[np.float32], axis: int, spacing: tuple[float, ...]
) -> tuple[float, float]:
    """By how much pulling some paths taut shortens them, and the shortest one [µm]."""
    from .taut_loops import taut_lengths

    missing = 3 - own.ndim
    whole = (1,) * missing + own.shape
    last = lengths[(slice(None),) * axis + (-1,)]
    places = np.argwhere(np.isfinite(last))
    chosen = np.unique(np.linspace(0, len(places) - 1, min(_ENDS, len(places))).astype(int))
    nearest = int(np.argmin(last[np.isfinite(last)]))
    ends = np.insert(places[np.append(chosen, nearest)], axis, own.shape[axis] - 1, axis=1)
    ends = np.pad(ends, ((0, 0), (missing, 0))).astype(np.int64)
    found = np.empty(len(ends))
    steps = np.array((1.0,) * missing + spacing)
    volume = np.ascontiguousarray(lengths).reshape(whole)
    inside = np.ascontiguousarray(own).view(np.uint8).reshape(whole)
    taut_lengths(inside, volume, steps, axis + missing, ends, found)
    front = volume[tuple(ends.T)].astype(float)
    found = np.fmin(found, front)
    return float(found[:-1].sum() / front[:-1].sum()), float(found.min())
