"""Compiled loops of the distance transform: along z by two sweeps, along y and x by min-plus.

Strategy: squared distances are whole numbers, kept in the narrowest type that holds them. A block
of a row tries offsets until their square alone exceeds its largest value, which compiles to a few
vector instructions an offset; most voxels are near a wall.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

BLOCK = 128


@compiled
def columns(source: Any, squared: Any, weight: int, cap: int, wall: bool, p0: int, p1: int) -> None:
    """Write the squared distance along z to the nearest source.

    Parameters
    ----------
    source : ndarray of bool, (z, y * x)
    squared : ndarray of int, (z, y * x)
        Is written.
    weight : int
        Of a squared step.
    cap : int
        Stands for "no less than this".
    wall : bool
        Whether there are sources beyond the first and last plane.
    p0, p1 : int
        Range along the second axis.
    """
    count = len(source)
    most = 1
    while weight * most * most < cap:
        most += 1
    last = np.empty(p1 - p0, squared.dtype)
    last[:] = 0 if wall else most
    for z in range(count):
        row, out = source[z, p0:p1], squared[z, p0:p1]
        for i in range(len(out)):
            step = min(last[i] + 1, most)
            step = 0 if row[i] else step
            last[i] = step
            out[i] = step
    last[:] = 0 if wall else most
    for z in range(count - 1, -1, -1):
        out = squared[z, p0:p1]
        for i in range(len(out)):
            step = min(last[i] + 1, out[i])
            last[i] = step
            out[i] = min(weight * step * step, cap)


@compiled
def _lower(now: Any, below: Any, above: Any, square: Any) -> None:
    for i in range(len(now)):
        a = below[i]
        b = above[i]
        a = a if a < b else b
        a = a + square
        now[i] = a if a < now[i] else now[i]


@compiled
def _largest(row: Any) -> Any:
    found = row[0]
    for i in range(len(row)):
        found = row[i] if row[i] > found else found
    return found


@compiled
def planes(
    squared: Any, weights: Any, cap: int, wall: bool, z0: int, z1: int, scale: float, out: Any
) -> bool:
    """Bring squared distances along z to those in space, plane by plane.

    Parameters
    ----------
    squared : ndarray of int, (z, y, x)
        From `columns`; is overwritten.
    weights : tuple of int
        Of a squared step along y and x.
    z0, z1 : int
        Range of planes.
    scale : float
        The root is multiplied by it.
    out : ndarray of float32, (z, y, x)
        Distances are written here, infinite for what reached the cap; one of size 0 leaves that
        out. It may share its memory with `squared`: what is written lies before what is read.

    Returns
    -------
    bool
        Whether a value reached the cap.
    """
    _, ny, nx = squared.shape
    wy, wx = weights
    middle = np.empty((ny, nx), squared.dtype)
    padded = np.empty(3 * nx, squared.dtype)
    padded[:] = cap
    if wall:
        padded[nx - 1] = padded[2 * nx] = 0
    block = min(BLOCK, nx)
    capped = False
    for z in range(z0, z1):
        plane = squared[z]
        for y in range(ny):
            middle[y, :] = plane[y, :]
            for x in range(0, nx, block):
                now = middle[y, x : x + block]
                most = _largest(now)
                step = 1
                while wy * step * step < most:
                    square = squared.dtype.type(wy * step * step)
                    low, high = y - step, y + step
                    if low >= 0 and high < ny:
                        _lower(now, plane[low, x : x + block], plane[high, x : x + block], square)
                    elif low >= 0:
                        _lower(now, plane[low, x : x + block], plane[low, x : x + block], square)
                    elif high < ny:
                        _lower(now, plane[high, x : x + block], plane[high, x : x + block], square)
                    elif not wall:
                        break
                    if wall and (low == -1 or high == ny):
                        for i in range(len(now)):
                            now[i] = min(now[i], square)
                    most = _largest(now)
                    step += 1
        for y in range(ny):
            padded[nx : 2 * nx] = middle[y, :]
            for x in range(0, nx, block):
                width = min(block, nx - x)
                now = plane[y, x : x + width]
                now[:] = middle[y, x : x + width]
                most = _largest(now)
                step = 1
                start = nx + x
                while wx * step * step < most and step <= nx:
                    square = squared.dtype.type(wx * step * step)
                    below = padded[start - step : start - step + width]
                    above = padded[start + step : start + step + width]
                    _lower(now, below, above, square)
                    most = _largest(now)
                    step += 1
                capped |= most >= cap
                if out.size:
                    far = out[z, y, x : x + width]
                    for i in range(width):
                        root = np.float32(scale) * np.sqrt(np.float32(now[i]))
                        far[i] = root if now[i] < cap else np.float32(np.inf)
    return capped
