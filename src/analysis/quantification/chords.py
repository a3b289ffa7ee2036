"""Chord lengths: how long lines along the axes stay in a phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from ..threads import in_slabs
from .objects import AXIS_NAMES
from .surface import count_crossings
from .volume import checked_mask, checked_phase

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 1024
# Found on bodies and media whose mean chords are known (tests/.../test_voxel_errors.py)
_BY_CHANGE, _BY_COUNT, _BY_LENGTH = 1.7, 0.8, 0.4
_OWN = 2  # the state of voxels of the phase; 0 is outside the mask


@dataclass(frozen=True)
class ChordLengths:
    """The chords of a phase on all lines of voxels along each axis.

    Attributes
    ----------
    table : DataFrame
        For each axis and each length that occurs: `axis`, `length_um`, `chords` (both ends seen),
        `cut_chords` (one or both ends hidden by the border), `share_by_number`,
        `cumulative_by_number`. The shares are Kaplan and Meier's: a chord that is cut counts as
        one that is at least so long.
    mean_um : dict of str to float
        Mean chord along each axis, free of the border's effect [µm]; inf where none ends.
    error_um : dict of str to float
        95 % half-width of what voxels do to each mean [µm]: how it changes where lines are looked
        at in steps of two voxels, and shares that fall with its length and with the number of
        chords.
    """

    table: pd.DataFrame
    mean_um: dict[str, float]
    error_um: dict[str, float]


def chord_lengths(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    threads: int | None = None,
) -> ChordLengths:
    """Measure the distribution of chord lengths of a phase along each axis.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Chords are cut where they leave it.
    threads : int, optional
        All cores unless told; the counts are the same for any number.

    Returns
    -------
    ChordLengths

    Notes
    -----
    The mean is 2 phi / P_L. For a medium without preferred direction it equals 4 phi / S_V
    (pi phi / L_A in 2D). It is not a pore size: a sphere of diameter d has a mean chord of 2 d / 3.
    Chords and gaps shorter than a voxel are not seen; where particles overlap or touch that makes
    the mean too long (3 % around overlapping spheres of 8 voxels radius). phi over the slope of
    `two_point_correlation` is free of it.

    References
    ----------
    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Torquato & Lu 1993,
    doi:10.1103/PhysRevE.47.2950.

    Examples
    --------
    >>> import numpy as np
    >>> row = np.array([[False, True, True, False, True, False]])
    >>> chord_lengths(row, spacing_um=(1.0, 0.5)).table[["axis", "length_um", "chords"]]
      axis  length_um  chords
    0    x        0.5       1
    1    x        1.0       1
    2    y        1.0       0
    """
    import pandas as pd

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    inside = None if mask is None else checked_mask(mask, phase.shape)
    states = phase.astype(np.uint8)
    states += 1
    if inside is not None:
        states *= inside
    tables, means, errors = [], {}, {}
    for axis, name in reversed(list(enumerate(AXIS_NAMES[phase.ndim]))):
        counts = _counts(states, axis, threads)
        mean_px = _mean(counts, states, axis)
        means[name] = mean_px * spacing[axis]
        errors[name] = means[name] * _relative_error(mean_px, phase, axis, inside)
        table = _table(counts, spacing[axis])
        table.insert(0, "axis", name)
        tables.append(table)
    return ChordLengths(pd.concat(tables, ignore_index=True), means, errors)


def _counts(states: NDArray[np.uint8], axis: int, threads: int | None) -> NDArray[np.int64]:
    """Chords with none, one and two cut ends, by length [voxels]."""
    from .chord_loops import count_chords, count_chords_of_rows

    length = states.shape[axis]
    if axis == states.ndim - 1:
        rows = states.reshape(-1, length)

        def along_rows(start: int, stop: int) -> NDArray[np.int64]:
            ends = np.zeros((3, length + 1), np.int64)
            count_chords_of_rows(rows, start, stop, ends)
            return ends

        return np.sum(in_slabs(along_rows, len(rows), threads=threads), axis=0)
    stacks = states.reshape(-1, length, int(np.prod(states.shape[axis + 1 :])))
    lines = stacks.shape[2]

    def across(start: int, stop: int) -> NDArray[np.int64]:
        ends = np.zeros((3, length + 1), np.int64)
        run, open_ = np.empty(_CHUNK, np.int64), np.empty(_CHUNK, np.uint8)
        pieces = -(-lines // _CHUNK)
        for job in range(start, stop):
            stack, p = stacks[job // pieces], job % pieces * _CHUNK
            width = min(_CHUNK, lines - p)
            count_chords(stack, p, p + width, ends, run[:width], open_[:width])
        return ends

    return np.sum(in_slabs(across, len(stacks) * -(-lines // _CHUNK), threads=threads), axis=0)


def _mean(counts: NDArray[np.int64], states: NDArray[np.uint8], axis: int) -> float:
    """Mean chord [voxels]: twice the steps in the phase, over the ends that are seen.

    A step is half of either voxel, so that the outer halves of the first and last voxels of a line
    count no more than their ends do.
    """
    seen = float(2 * counts[0].sum() + counts[1].sum())
    if seen == 0:
        return float("inf") if counts.any() else float("nan")
    count = states.shape[axis]
    index = (slice(None),) * axis
    near, far = (states[(*index, slice(k, count - 1 + k))] for k in (0, 1))
    steps = np.count_nonzero((near == _OWN) & (far > 0)) + np.count_nonzero(
        (far == _OWN) & (near > 0)
    )
    return steps / seen


def _relative_error(
    mean_px: float, phase: NDArray[np.bool_], axis: int, inside: NDArray[np.bool_] | None
) -> float:
    """95 % half-width of a mean chord, relative; NaN where there is none."""
    if not np.isfinite(mean_px) or mean_px <= 0:
        return float("nan")
    step = [int(a == axis) for a in range(phase.ndim)]
    # each chord has two ends, and each step is counted as two halves
    (one, ones), (two, twos) = (
        count_crossings(phase, tuple(k * s for s in step), inside) for k in (1, 2)
    )
    changed = two / twos / 2 * ones / one - 1 if one and twos else 1.0
    by_count = _BY_COUNT / math.sqrt(mean_px * one / 4) if one else 0.0
    return math.hypot(_BY_CHANGE * changed, by_count, _BY_LENGTH / mean_px**1.5)


def _table(counts: NDArray[np.int64], spacing: float) -> pd.DataFrame:
    import pandas as pd

    ended = 2 * counts[0]  # a chord is followed from each of its ends that is seen
    # one that is cut after n voxels was not seen to go on or to end there
    at_risk = np.cumsum((ended + counts[1])[::-1])[::-1] - counts[1]
    survive = np.cumprod(1 - ended / np.maximum(at_risk, 1))
    share = -np.diff(survive, prepend=1.0)
    rows = np.flatnonzero(counts.sum(axis=0))
    return pd.DataFrame(
        {
            "length_um": rows * spacing,
            "chords": counts[0][rows],
            "cut_chords": counts[1:].sum(axis=0)[rows],
            "share_by_number": share[rows],
            "cumulative_by_number": 1 - survive[rows],
        }
    )
