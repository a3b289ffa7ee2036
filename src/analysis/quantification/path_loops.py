"""Compiled loop of path lengths: sweeps over a volume until nothing gets shorter."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled


@compiled
def _arrival(low: Any, steps: Any, order: Any) -> float:
    """Solve for the length at a voxel from the shortest of its neighbours along each axis."""
    for i in range(3):
        order[i] = i
    for i in range(2):
        for j in range(2 - i):
            if low[order[j]] > low[order[j + 1]]:
                order[j], order[j + 1] = order[j + 1], order[j]
    found = low[order[0]] + steps[order[0]]
    a = b = c = 0.0
    for i in range(3):
        k = order[i]
        if not low[k] < found:
            break
        w = 1.0 / (steps[k] * steps[k])
        a += w
        b += w * low[k]
        c += w * low[k] * low[k]
        root = b * b - a * (c - 1.0)
        if root < 0:
            break
        found = (b + np.sqrt(root)) / a
    return found


@compiled
def sweep_lengths(open_: Any, steps: Any, lengths: Any, tolerance: float, rounds: int) -> int:
    """Shorten path lengths until a round of eight sweeps changes none by more than the tolerance.

    Parameters
    ----------
    open_ : ndarray of bool, (z, y, x)
    steps : ndarray of float, (3,)
        Voxel size; infinite along an axis with one plane.
    lengths : ndarray of float64, (z, y, x)
        0 at the start, infinite elsewhere; is written.

    Returns
    -------
    int
        Rounds that were needed.
    """
    nz, ny, nx = open_.shape
    low, order = np.empty(3), np.empty(3, np.int64)
    for turn in range(rounds):
        changed = 0.0
        for way in range(8):
            for i in range(nz):
                z = i if way & 1 else nz - 1 - i
                for j in range(ny):
                    y = j if way & 2 else ny - 1 - j
                    for k in range(nx):
                        x = k if way & 4 else nx - 1 - k
                        if not open_[z, y, x] or lengths[z, y, x] == 0.0:
                            continue
                        low[:] = np.inf
                        if z > 0:
                            low[0] = lengths[z - 1, y, x]
                        if z < nz - 1:
                            low[0] = min(low[0], lengths[z + 1, y, x])
                        if y > 0:
                            low[1] = lengths[z, y - 1, x]
                        if y < ny - 1:
                            low[1] = min(low[1], lengths[z, y + 1, x])
                        if x > 0:
                            low[2] = lengths[z, y, x - 1]
                        if x < nx - 1:
                            low[2] = min(low[2], lengths[z, y, x + 1])
                        if min(low[0], min(low[1], low[2])) >= lengths[z, y, x]:
                            continue
                        found = _arrival(low, steps, order)
                        if found < lengths[z, y, x]:
                            if lengths[z, y, x] - found > changed:
                                changed = lengths[z, y, x] - found
                            lengths[z, y, x] = found
        if changed <= tolerance:
            return turn + 1
    return rounds
