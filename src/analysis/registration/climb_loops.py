"""A whole climb in one compiled loop: for the many short ones on a coarse level.

There a sweep takes less time than Python needs to ask for it, and threads would wait for each
other; so compiled, each thread climbs from a start of its own.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_fused
from .mutual_loops import add_slopes, count_pairs, inform, look_up

_LONGEST_STEP = 4.0  # as in `descent`
_SMALL_STEP = 0.02
_SHORTENED = 12


@compiled_fused
def _place(
    start: Any, offset: Any, change: Any, turn: Any, matrix: Any, there: Any, left: Any
) -> None:
    """Write matrix and offset after a change (tz, ty, tx, wz, wy, wx, s).

    And turns, applied last, that changes of each entry of the rotation vector are.
    """
    angle = np.sqrt(change[3] ** 2 + change[4] ** 2 + change[5] ** 2)
    cosine, sine, first, second = 1.0, 1.0, 0.5, 1.0 / 6.0
    if angle > 1e-6:
        cosine, sine = np.cos(angle), np.sin(angle) / angle
        first, second = (1.0 - cosine) / angle**2, (1.0 - sine) / angle**2
    for a in range(3):
        for b in range(3):
            both = change[3 + a] * change[3 + b]
            turn[a, b], left[a, b] = first * both, second * both
    for a in range(3):
        b, c, about = (a + 1) % 3, (a + 2) % 3, change[3 + a]
        turn[a, a] += cosine
        left[a, a] += sine
        turn[b, c] -= sine * about
        turn[c, b] += sine * about
        left[b, c] -= first * about
        left[c, b] += first * about
    scale = np.exp(change[6])
    for a in range(3):
        there[a] = offset[a] + change[a]
        for b in range(3):
            matrix[a, b] = 0.0
            for c in range(3):
                matrix[a, b] += scale * turn[a, c] * start[c, b]


@compiled_fused
def _by_change(sums: Any, matrix: Any, centre: Any, left: Any, pull: Any, out: Any) -> None:
    """Write the slope by (tz, ty, tx, wz, wy, wx, s) from that by offset and matrix."""
    out[6] = 0.0
    for a in range(3):
        out[a], out[3 + a] = sums[a], 0.0
        for b in range(3):
            pull[a, b] = 0.0  # by a small turn or stretch, applied last
            for c in range(3):
                pull[a, b] += (sums[3 + 3 * a + c] - sums[a] * centre[c]) * matrix[b, c]
        out[6] += pull[a, a]
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        for k in range(3):
            out[3 + k] += (pull[c, b] - pull[b, c]) * left[a, k]


@compiled_fused
def climb(
    points: Any,
    bins: Any,
    moving: Any,
    mask: Any,
    low: float,
    per_bin: float,
    sizes: Any,
    least_overlap: float,
    spacing: Any,
    origin: Any,
    columns: Any,
    start: Any,
    centre: Any,
    offset: Any,
    units: Any,
    most: int,
    gain: float,
) -> Any:
    """Climb mutual information over turns, shifts and size by BFGS, as `descent.minimum` does.

    Parameters
    ----------
    points, bins, moving, mask, low, per_bin
        As for `look_up` and `count_pairs`; points in the units of the spacing.
    sizes : ndarray of int64, shape (2,)
        Fixed and moving bins.
    least_overlap : float
    spacing, origin : ndarray of float64, shape (3,)
        Of the moving image's voxels.
    columns : ndarray of int64, shape (p,)
        Which of (tz, ty, tx, wz, wy, wx, s) are free.
    start, centre, offset : ndarray of float64, shapes (3, 3), (3,), (3,)
        ``start @ (x - centre) + offset``
    units : ndarray of float64, shape (p,)
        Changes of the parameters that are a step of 1.
    most : int
        Steps.
    gain : float
        Share of the information below which a step ends it.

    Returns
    -------
    steps : ndarray, shape (p,)
    information, overlap : float
    sweeps : int
    """
    p, count = columns.shape[0], points.shape[0]
    values, slopes = np.empty(count, np.float32), np.empty((count, 3), np.float32)
    blocks = np.zeros(count, np.int32)
    joint, sums = np.empty((sizes[0], sizes[1])), np.empty((1, 12))
    matrix, left, there = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    to_voxels, spare, shift = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    change, every = np.zeros(7), np.empty(7)
    here, probe, step = np.zeros(p), np.zeros(p), np.zeros(p)
    slope, new_slope = np.zeros(p), np.zeros(p)
    inverse, turned, moved = np.zeros((p, p)), np.zeros(p), np.zeros(p)
    value, overlap, along, share, length = 0.0, 0.0, 0.0, 1.0, 0.0
    sweeps, steps_left, shortened, fresh = 0, most, 0, True
    while True:
        for k in range(p):
            change[columns[k]] = probe[k] * units[k]
        _place(start, offset, change, spare, matrix, there, left)
        for a in range(3):
            shift[a] = there[a] - origin[a]
            for b in range(3):
                to_voxels[a, b] = matrix[a, b] / spacing[a]
                shift[a] -= matrix[a, b] * centre[b]
            shift[a] /= spacing[a]
        seen = look_up(points, to_voxels, shift, moving, mask, values, slopes)
        sweeps += 1
        new_value, new_overlap = 0.0, seen / max(1, count)
        for k in range(p):
            new_slope[k] = 0.0
        if new_overlap >= least_overlap:
            joint.fill(0.0)
            count_pairs(values, bins, low, per_bin, joint)
            new_value = -inform(joint)
            sums.fill(0.0)
            add_slopes(values, slopes, bins, low, per_bin, joint, points, blocks, sums)
            for a in range(3):
                for b in range(4):
                    at = a if b == 0 else 2 + 3 * a + b
                    sums[0, at] /= seen * spacing[a]
            _by_change(sums[0], matrix, centre, left, spare, every)
            for k in range(p):
                new_slope[k] = -every[columns[k]] * units[k]
        if sweeps == 1:
            value, overlap = new_value, new_overlap
            for k in range(p):
                slope[k] = new_slope[k]
        elif new_value <= value + 1e-4 * share * along:
            gained, size, curved, bent = value - new_value, 0.0, 0.0, 0.0
            for k in range(p):
                moved[k], turned[k] = share * step[k], new_slope[k] - slope[k]
                size += moved[k] ** 2
                curved += moved[k] * turned[k]
                bent += turned[k] ** 2
                here[k], slope[k] = probe[k], new_slope[k]
            value, overlap, shortened = new_value, new_overlap, 0
            if curved > 1e-12:
                if fresh:
                    inverse.fill(0.0)
                    for k in range(p):
                        inverse[k, k] = curved / bent
                _update(inverse, moved, turned, curved)
                fresh = False
            steps_left -= 1
            if (gained < gain * abs(value) and np.sqrt(size) < _SMALL_STEP) or steps_left <= 0:
                break
        else:
            shortened += 1
            if shortened < _SHORTENED:
                bent = new_value - value - share * along
                best = -along * share**2 / (2 * bent) if bent > 0 else share / 2
                share = min(max(best, 0.1 * share), 0.5 * share)
                for k in range(p):
                    probe[k] = here[k] + share * step[k]
                continue
            if fresh:
                break
            fresh = True
            shortened, steps_left = 0, steps_left - 1
            if steps_left <= 0:
                break
        if fresh:
            length = 0.0
            for k in range(p):
                length += slope[k] ** 2
            inverse.fill(0.0)
            for k in range(p):
                inverse[k, k] = 1.0 / max(1e-12, np.sqrt(length))
        along, length, share = 0.0, 0.0, 1.0
        for k in range(p):
            step[k] = 0.0
            for m in range(p):
                step[k] -= inverse[k, m] * slope[m]
            length += step[k] ** 2
        length = np.sqrt(length)
        for k in range(p):
            if length > _LONGEST_STEP:
                step[k] *= _LONGEST_STEP / length
            along += slope[k] * step[k]
            probe[k] = here[k] + step[k]
        if along >= 0:
            break
    return here, -value, overlap, sweeps


@compiled_fused
def _update(inverse: Any, moved: Any, turned: Any, curved: float) -> None:
    """Change the inverse curvature by what a step showed."""
    p = moved.shape[0]
    pulled, twice = np.zeros(p), 0.0
    for k in range(p):
        for m in range(p):
            pulled[k] += inverse[k, m] * turned[m]
    for k in range(p):
        twice += turned[k] * pulled[k]
    for k in range(p):
        for m in range(p):
            inverse[k, m] += (1.0 + twice / curved) * moved[k] * moved[m] / curved - (
                moved[k] * pulled[m] + pulled[k] * moved[m]
            ) / curved
