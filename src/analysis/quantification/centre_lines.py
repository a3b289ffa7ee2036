"""The centre lines of a phase, their length, ends and branches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .distance import distance_transform
from .euler import euler_number
from .objects import label_objects
from .surface import step_slices
from .volume import checked_phase
from .widest_path import steps_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BLURS, _REACH = (2.0, 2.83), 3.0  # of steps along the lines, in links; how far they reach
# 95 % half-widths: a radius an end and 2 % of the length (in 2D 3 % times the voxel's longest over
# its shortest side, as thinning runs inside of bends); branches shorter than 1.5 times the
# radius where they leave may be bumps. Tubes, rings and trees (tests/.../test_voxel_errors.py).
_BY_ENDS, _BY_LENGTH, _SPUR = 1.0, {2: 0.03, 3: 0.02}, 1.5


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
    length_error_um : float
        95 % half-width of what voxels do to the length [µm].
    spurs : int
        Branches so short that a bump of the surface may have made them: how far ends and branches
        may be too many.
    """

    voxels: NDArray[np.bool_]
    length_um: float
    ends: int
    branches: int
    length_error_um: float
    spurs: int


def skeleton(phase: NDArray, *, spacing_um: Sequence[float]) -> Skeleton:
    """Thin a phase to its centre lines and measure them.

    The length is that of the shortest links that keep the lines together, one for each loop
    included, each a weighted mean of its neighbours along the line: stairs become the line that
    they follow. Rings come out within 2 %, where links alone are up to 9 % too long. An end lies up
    to a radius from that of the tube.

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
        here, there = step_slices(step, lines.shape)
        both = lines[here] & lines[there]
        starts.append(number[here][both])
        stops.append(number[there][both])
        length = float(np.linalg.norm(np.multiply(step, spacing)))
        lengths.append(np.full(len(starts[-1]), length))
    count = int(np.count_nonzero(lines))
    if count == 0:
        return Skeleton(lines, 0.0, 0, 0, 0.0, 0)
    pairs = (np.concatenate(starts), np.concatenate(stops))
    graph = coo_array((np.concatenate(lengths), pairs), shape=(count, count)).tocsr()
    radii = distance_transform(phase, spacing_um=spacing)[lines]
    places = np.argwhere(lines) * np.array(spacing)
    total, spurs = _chains(minimum_spanning_tree(graph), places, radii)
    pieces, _ = connected_components(graph, directed=False)
    loops = pieces - euler_number(lines, connectivity=connectivity)
    total += max(0, loops) * min(spacing)
    at_ends = near[lines] == 1
    share = _BY_LENGTH[phase.ndim] * (max(spacing) / min(spacing) if phase.ndim == 2 else 1.0)
    error = math.hypot(_BY_ENDS * float(radii[at_ends].sum()), share * total)
    ends = int(np.count_nonzero(at_ends))
    return Skeleton(lines, total, ends, int(forks.max()), error, spurs)


def _chains(
    tree: csr_array, places: NDArray[np.float64], radii: NDArray[np.float32]
) -> tuple[float, int]:
    """Length of the lines that the links of a tree follow in stairs [µm], and its short branches.

    What smoothing takes off bends grows with its variance: extrapolated to none.
    """
    from .skeleton_loops import chain_lengths

    links = (tree + tree.T).tocsr()
    first, others = links.indptr.astype(np.int64), links.indices.astype(np.int64)
    whole = np.zeros((len(places), 3))
    whole[:, 3 - places.shape[1] :] = places
    reach = np.arange(int(np.ceil(_REACH * _BLURS[1])) + 1)
    weights = np.exp(-(reach**2) / (2 * np.square(_BLURS)[:, None]))
    weights /= (2 * weights.sum(axis=1) - weights[:, 0])[:, None]
    ends, lengths = np.empty((len(others), 2), np.int64), np.empty((len(others), 2))
    found = chain_lengths(first, others, whole, weights, ends, lengths)
    ratio = _BLURS[1] ** 2 / _BLURS[0] ** 2
    long = (ratio * lengths[:found, 0] - lengths[:found, 1]) / (ratio - 1)
    many = np.diff(first)[ends[:found]]
    # a chain from an end to a fork, whichever comes first
    loose = (many.min(axis=1, initial=3) == 1) & (many.max(axis=1, initial=0) > 2)
    fork = np.where(many[:, 0] > 2, ends[:found, 0], ends[:found, 1])
    return float(long.sum()), int(np.count_nonzero(loose & (long < _SPUR * radii[fork])))
