"""Interfaces between each pair of phases, and the lines where three of them meet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from .label_sums import label_sums
from .volume import checked_mask

if TYPE_CHECKING:
    import pandas as pd

_STAIRS = 2 / 3  # length of a line over that of its stairs, averaged over directions


def interface_table(
    labels: NDArray, *, spacing_um: Sequence[float], threads: int | None = None
) -> pd.DataFrame:
    """Measure the interface between each pair of phases, inside the image.

    Crofton's count of crossings between two phases, 13 directions weighted for the voxel shape
    (4 in 2D): the surface of the one plus that of the other minus that of both together, over 2.

    Parameters
    ----------
    labels : ndarray of int, (z, y, x) or (y, x)
        Phases; 0 is one of them.
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    DataFrame
        `phase`, `other` (the larger label), `area_um2` and `area_um2_per_um3` of the whole
        image (`length_um`, `length_um_per_um2` in 2D).

    Notes
    -----
    Blur makes a rim of the middle phase between the other two, which hides their interface.

    Examples
    --------
    >>> import numpy as np
    >>> layers = np.repeat([0, 1, 2], 4)[:, None, None] * np.ones((1, 9, 9), int)
    >>> interface_table(layers, spacing_um=(1, 1, 1))[["phase", "other"]].to_numpy().tolist()
    [[0, 1], [1, 2]]
    """
    import pandas as pd

    labels = checked_labels(labels)
    spacing = checked_spacing(spacing_um, labels.ndim)
    found = label_sums(
        labels, spacing_um=spacing, moments=False, contacts=True, with_zero=True, threads=threads
    )
    whole = labels.size * float(np.prod(spacing))
    names = ("area_um2", "area_um2_per_um3")
    if labels.ndim == 2:
        names = ("length_um", "length_um_per_um2")
    return pd.DataFrame(
        {
            "phase": found.pairs[:, 0],
            "other": found.pairs[:, 1],
            names[0]: found.contact_um2,
            names[1]: found.contact_um2 / whole,
        }
    )


def triple_line_table(
    labels: NDArray, *, spacing_um: Sequence[float], mask: NDArray | None = None
) -> pd.DataFrame:
    """Measure the length of the lines where three phases meet.

    Voxel edges around which three phases lie, times 2/3: stairs along a line are longer than the
    line, by 3/2 on average over directions. Equal to 2 triple points per area of sections, averaged
    over sections along the axes. Single lines are off by -33 % (along an axis) to +15 % (along a
    diagonal), so it needs lines in all directions. Where an interface ends on a wall some points
    are seen twice: on rings around halved balls in random rotations the mean is 5 % high.

    Parameters
    ----------
    labels : ndarray of int, (z, y, x)
        Phases; 0 is one of them.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Only edges whose four voxels lie inside it count.

    Returns
    -------
    DataFrame
        `first`, `second`, `third` (labels, rising), `length_um`, `length_um_per_um3`. An edge
        that four phases share counts for each three of them.

    References
    ----------
    Underwood 1970, Quantitative Stereology (L_V = 2 P_A).

    Examples
    --------
    >>> import numpy as np
    >>> corner = np.zeros((3, 2, 2), int); corner[:, 0, 0], corner[:, 1, 0] = 1, 2
    >>> triple_line_table(corner, spacing_um=(1, 1, 1))["length_um"].round(6).tolist()
    [2.0]
    """
    import pandas as pd

    labels = checked_labels(labels)
    if labels.ndim != 3:
        raise ValueError(
            f"labels needs 3 axes (z, y, x), got shape {labels.shape}: in 2D phases meet in points"
        )
    spacing = checked_spacing(spacing_um, 3)
    inside = None if mask is None else checked_mask(mask, labels.shape)
    lengths: dict[tuple[int, ...], float] = {}
    for axis in range(3):
        for triple, count in _edges(labels, axis, inside).items():
            lengths[triple] = lengths.get(triple, 0.0) + _STAIRS * count * spacing[axis]
    rows = sorted(lengths)
    whole = (labels.size if inside is None else np.count_nonzero(inside)) * float(np.prod(spacing))
    found = np.array([lengths[row] for row in rows])
    table = pd.DataFrame(rows, columns=["first", "second", "third"], dtype=int)
    return table.assign(length_um=found, length_um_per_um3=found / whole)


def _edges(
    labels: NDArray, axis: int, inside: NDArray[np.bool_] | None
) -> dict[tuple[int, ...], int]:
    """Count the voxel edges along an axis around which three phases lie."""
    from itertools import combinations

    four = _around(labels, axis)
    pairs_differ = [a != b for a, b in combinations(four, 2)]
    # three different ones of four: at least five of the six pairs differ
    many = sum(d.astype(np.uint8) for d in pairs_differ) >= 5
    if inside is not None:
        for part in _around(inside, axis):
            many &= part
    around = np.sort(np.stack([part[many] for part in four], axis=1).astype(np.int64), axis=1)
    groups, counts = np.unique(around, axis=0, return_counts=True)
    found: dict[tuple[int, ...], int] = {}
    for group, count in zip(groups.tolist(), counts.tolist(), strict=True):
        distinct = [group[0], *(b for a, b in pairwise(group) if a != b)]
        for triple in combinations(distinct, 3):
            found[triple] = found.get(triple, 0) + count
    return found


def _around(values: NDArray, axis: int) -> list[NDArray]:
    """Return the four voxels around each edge along an axis."""
    moved = np.moveaxis(values, axis, 0)
    return [moved[:, :-1, :-1], moved[:, :-1, 1:], moved[:, 1:, :-1], moved[:, 1:, 1:]]


def checked_labels(labels: NDArray) -> NDArray:
    """Return labels of 0 and more in 2D or 3D, or refuse them."""
    labels = np.asarray(labels)
    checked_image_ndim(labels.shape, "labels")
    if labels.dtype == bool:
        return labels.astype(np.uint16)
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise TypeError(
            f"labels needs whole numbers of 0 and more, got {labels.dtype}: segment the image first"
        )
    return labels
