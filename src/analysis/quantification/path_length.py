"""Path lengths through a phase, and the length of its skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .objects import label_objects
from .volume import checked_mask, checked_phase
from .widest_path import checked_axis, steps_of


_BLURS, _REACH = (2.0, 2.83), 3.0  # of steps along a skeleton, in links; how far they reach


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
    """

    axis: str
    straight_um: float
    mean_ratio: float
    shortest_ratio: float
    reached_fraction: float


def path_length(
    phase: NDArray, *, axis: str, spacing_um: Sequence[float], mask: NDArray | None = None
) -> PathLength:
    """Measure the shortest paths through a phase, from its first plane to its last along an axis.

    Solves |grad T| = 1 by a front that spreads through the phase: paths may take any direction,
    unlike those from voxel to voxel; along a diagonal they are up to 2 % too long on 100 voxels.
    Voxels that share a face are connected.

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
    Kim 2001, doi:10.1137/S1064827500367130.

    Examples
    --------
    >>> import numpy as np
    >>> path_length(np.ones((3, 5), bool), axis="x", spacing_um=(1, 1)).mean_ratio
    1.0
    """
    from .path_loops import spread_lengths

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    at = checked_axis(axis, phase.ndim)
    if phase.shape[at] < 2:
        raise ValueError(f"phase needs 2 planes along {axis}, got shape {phase.shape}")
    own = phase if mask is None else phase & checked_mask(mask, phase.shape)
    lengths = np.full(own.shape, np.inf, np.float32)
    first, last = ((slice(None),) * at + (end,) for end in (0, -1))
    lengths[first][own[first]] = 0.0
    whole = (1,) * (3 - own.ndim) + own.shape
    steps = np.array((1.0,) * (3 - own.ndim) + spacing)
    spread_lengths(own.astype(np.uint8, order="C").reshape(whole), steps, lengths.reshape(whole))
    straight = (own.shape[at] - 1) * spacing[at]
    ends = lengths[last][own[last]].astype(float)
    reached = ends[np.isfinite(ends)]
    if not len(reached):
        return PathLength(axis, straight, float("inf"), float("inf"), 0.0)
    return PathLength(
        axis,
        straight,
        float(reached.mean() / straight),
        float(reached.min() / straight),
        len(reached) / len(ends),
    )


@dataclass(frozen=True)
class Skeleton:
    """The centre lines of a phase.

    Attributes
    ----------
    voxels : ndarray of bool
    length_um : float
        Of all lines [µm].
    ends, branches : int
        Voxels with one neighbour, and groups of voxels with three and more.
    """

    voxels: NDArray[np.bool_]
    length_um: float
    ends: int
    branches: int


def skeleton(phase: NDArray, *, spacing_um: Sequence[float]) -> Skeleton:
    """Thin a phase to its centre lines and measure them.

    The length is that of the shortest links that keep the lines together, with one for each loop;
    steps go to the 26 (8) neighbours, so that lines in general directions are up to 9 % too long.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    Skeleton

    Notes
    -----
    Bumps on the surface grow branches: smooth the segmentation first. Thinning is that of
    scikit-image (Lee, Kashyap & Chu 1994, doi:10.1006/cgip.1994.1042) and takes voxels as cubes.

    Examples
    --------
    >>> import numpy as np
    >>> bar = np.zeros((5, 20), bool); bar[1:4, 1:19] = True
    >>> skeleton(bar, spacing_um=(1, 1)).ends
    2
    """
    from scipy.ndimage import convolve
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
    from skimage.morphology import skeletonize

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    lines = np.asarray(skeletonize(phase, method="lee")) > 0
    near = convolve(lines.astype(np.uint8), np.ones((3,) * phase.ndim, np.uint8), mode="constant")
    near = np.where(lines, near - 1, 0)
    connectivity = 26 if phase.ndim == 3 else 8
    forks = label_objects(near >= 3, connectivity=connectivity)
    number = np.full(lines.shape, -1, np.int64)
    number[lines] = np.arange(np.count_nonzero(lines))
    starts, stops, lengths = [], [], []
    steps = [tuple(s[3 - phase.ndim :]) for s in steps_of(connectivity).tolist()]
    for step in (s for s in steps if s > (0,) * phase.ndim):
        here = tuple(
            slice(max(0, -s), n - max(0, s)) for s, n in zip(step, lines.shape, strict=True)
        )
        there = tuple(
            slice(max(0, s), n - max(0, -s)) for s, n in zip(step, lines.shape, strict=True)
        )
        both = lines[here] & lines[there]
        starts.append(number[here][both])
        stops.append(number[there][both])
        length = float(np.linalg.norm(np.multiply(step, spacing)))
        lengths.append(np.full(len(starts[-1]), length))
    count = int(np.count_nonzero(lines))
    if count == 0:
        return Skeleton(lines, 0.0, 0, 0)
    pairs = (np.concatenate(starts), np.concatenate(stops))
    graph = coo_array((np.concatenate(lengths), pairs), shape=(count, count)).tocsr()
    total = _chain_length(minimum_spanning_tree(graph), np.argwhere(lines) * np.array(spacing))
    pieces, _ = connected_components(graph, directed=False)
    from .euler import euler_number

    loops = pieces - euler_number(lines, connectivity=connectivity)
    total += max(0, loops) * min(spacing)
    return Skeleton(lines, total, int(np.count_nonzero(near == 1)), int(forks.max()))


def _chain_length(tree: csr_array, places: NDArray[np.float64]) -> float:
    """Length of the lines that the links of a tree follow in stairs [µm].

    What smoothing takes off bends grows with its variance: extrapolated to none.
    """
    from .skeleton_loops import chain_lengths

    links = (tree + tree.T).tocsr()
    whole = np.zeros((len(places), 3))
    whole[:, 3 - places.shape[1] :] = places
    reach = np.arange(int(np.ceil(_REACH * _BLURS[1])) + 1)
    weights = np.exp(-(reach**2) / (2 * np.square(_BLURS)[:, None]))
    weights /= (2 * weights.sum(axis=1) - weights[:, 0])[:, None]
    lengths = np.zeros(2)
    chain_lengths(
        links.indptr.astype(np.int64), links.indices.astype(np.int64), whole, weights, lengths
    )
    ratio = _BLURS[1] ** 2 / _BLURS[0] ** 2
    return float((ratio * lengths[0] - lengths[1]) / (ratio - 1))
