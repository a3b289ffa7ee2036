"""Compiled loops of derivatives: central differences on a smoothed box, a voxel wider all around.

Planes are gone through as one long line, their rows two voxels longer than what is wanted; what
falls between the rows is left out when the result is copied.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compiling import compiled
from .eigen_loops import eigenvalues_2, eigenvalues_3
from .row_loops import CHUNK


@compiled
def _first(out: Any, low: Any, high: Any, factor: Any) -> None:
    for x in range(len(out)):
        out[x] = (high[x] - low[x]) * factor


@compiled
def _second(out: Any, low: Any, here: Any, high: Any, factor: Any) -> None:
    for x in range(len(out)):
        out[x] = ((low[x] - here[x]) + (high[x] - here[x])) * factor


@compiled
def _cross(out: Any, pp: Any, pm: Any, mp: Any, mm: Any, factor: Any) -> None:
    for x in range(len(out)):
        out[x] = ((pp[x] - pm[x]) - (mp[x] - mm[x])) * factor


@compiled
def _length(out: Any, a: Any, b: Any, c: Any) -> None:
    for x in range(len(out)):
        out[x] = math.sqrt(a[x] * a[x] + b[x] * b[x] + c[x] * c[x])


@compiled
def _product(out: Any, a: Any, b: Any) -> None:
    for x in range(len(out)):
        out[x] = a[x] * b[x]


@compiled
def _line(flat: Any, at: int, n: int) -> Any:
    return flat[at : at + n]


@compiled
def _gradient(work: Any, flat: Any, at: int, n: int, steps: Any, factors: Any) -> None:
    """First derivatives along z, y, x into the first three lines; 0 along z for a picture."""
    for axis in range(3):
        step = steps[axis]
        if step == 0:
            work[axis, :n] = 0
        else:
            low, high = _line(flat, at - step, n), _line(flat, at + step, n)
            _first(work[axis, :n], low, high, factors[axis])


@compiled
def _hessian(work: Any, flat: Any, at: int, n: int, steps: Any, factors: Any) -> int:
    """Second derivatives zz, yy, xx, zy, zx, yx (yy, xx, yx for a picture); how many."""
    begin = 1 if steps[0] == 0 else 0
    count = 0
    for axis in range(begin, 3):
        step, factor = steps[axis], factors[axis] * factors[axis] * np.float32(4)
        low, here, high = (
            _line(flat, at - step, n),
            _line(flat, at, n),
            _line(flat, at + step, n),
        )
        _second(work[count, :n], low, here, high, factor)
        count += 1
    for one in range(begin, 2):
        for two in range(one + 1, 3):
            a, b = steps[one], steps[two]
            _cross(
                work[count, :n],
                _line(flat, at + a + b, n), _line(flat, at + a - b, n),
                _line(flat, at - a + b, n), _line(flat, at - a - b, n),
                factors[one] * factors[two],
            )  # fmt: skip
            count += 1
    return count


@compiled
def gradient_and_hessian(
    smooth: Any, factors: Any, gradient: Any, hessian: Any, first: int, last: int
) -> None:
    """Gradient magnitude and eigenvalues of the Hessian, planes `first` to `last`.

    Parameters
    ----------
    smooth : ndarray of float32, (z + 2, y + 2, x + 2), or (1, y + 2, x + 2) for a picture
    factors : ndarray of float32, (3,)
        What half a step along each axis is worth.
    gradient : ndarray of float32, (z, y, x), or (0, y, x) where it is not wanted
        Is written.
    hessian : ndarray of float32, (3 or 2, z, y, x), or (0, z, y, x) where it is not wanted
        Is written.
    """
    flat, ny, nx = smooth.reshape(-1), smooth.shape[1] - 2, smooth.shape[2] - 2
    wide, size = nx + 2, smooth.shape[1] * smooth.shape[2]
    picture = smooth.shape[0] == 1
    steps = np.array([0 if picture else size, wide, 1])
    total = ny * wide - 2
    work, spare = np.empty((6, CHUNK), np.float32), np.empty((2, CHUNK), np.float32)
    found = np.empty((3, CHUNK), np.float32)
    values = np.empty((4, ny * wide), np.float32)
    for z in range(first, last):
        base = (0 if picture else (z + 1) * size) + wide + 1
        for start in range(0, total, CHUNK):
            n = min(CHUNK, total - start)
            if gradient.shape[0] > 0:
                _gradient(work, flat, base + start, n, steps, factors)
                _length(values[0, start : start + n], work[0], work[1], work[2])
            if hessian.shape[0] > 0:
                _hessian(work, flat, base + start, n, steps, factors)
                if picture:
                    eigenvalues_2(found[:, :n], work[:, :n])
                else:
                    eigenvalues_3(found[:, :n], work[:, :n], spare[:, :n])
                for k in range(hessian.shape[0]):
                    values[k + 1, start : start + n] = found[k, :n]
        for y in range(ny):
            if gradient.shape[0] > 0:
                gradient[z, y] = values[0, y * wide : y * wide + nx]
            for k in range(hessian.shape[0]):
                hessian[k, z, y] = values[k + 1, y * wide : y * wide + nx]


@compiled
def gradient_products(smooth: Any, factors: Any, products: Any, first: int, last: int) -> None:
    """Products zz, yy, xx, zy, zx, yx (yy, xx, yx for a picture) of the gradient.

    Parameters
    ----------
    smooth, factors
        As `gradient_and_hessian`.
    products : ndarray of float32, (6 or 3, z, y, x)
        Is written.
    """
    flat, ny, nx = smooth.reshape(-1), smooth.shape[1] - 2, smooth.shape[2] - 2
    wide, size = nx + 2, smooth.shape[1] * smooth.shape[2]
    picture = smooth.shape[0] == 1
    steps = np.array([0 if picture else size, wide, 1])
    work = np.empty((3, nx), np.float32)
    begin = 1 if picture else 0
    for z in range(first, last):
        for y in range(ny):
            at = (0 if picture else (z + 1) * size) + (y + 1) * wide + 1
            _gradient(work, flat, at, nx, steps, factors)
            count = 0
            for axis in range(begin, 3):
                _product(products[count, z, y], work[axis], work[axis])
                count += 1
            for one in range(begin, 2):
                for two in range(one + 1, 3):
                    _product(products[count, z, y], work[one], work[two])
                    count += 1


@compiled
def tensor_eigenvalues(tensor: Any, out: Any, first: int, last: int) -> None:
    """Eigenvalues of a tensor field, falling; voxels `first` to `last`.

    Parameters
    ----------
    tensor : ndarray of float32, (6 or 3, n)
    out : ndarray of float32, (3 or 2, n)
        Is written.
    """
    spare = np.empty((2, CHUNK), np.float32)
    for start in range(first, last, CHUNK):
        n = min(CHUNK, last - start)
        if tensor.shape[0] == 3:
            eigenvalues_2(out[:, start : start + n], tensor[:, start : start + n])
        else:
            eigenvalues_3(out[:, start : start + n], tensor[:, start : start + n], spare[:, :n])
