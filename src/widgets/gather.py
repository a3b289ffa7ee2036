"""Compiled loops over the pixels of a tilted plane, straight out of chunks that lie anywhere.

Numba compiles them when they are first wanted and keeps them beside this file. Chunks come as
addresses: a list of arrays would take longer to hand over than a plane takes to gather.
"""

# mypy: disable-error-code="misc, call-arg, var-annotated"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from ..analysis.compiling import compiled


@intrinsic
def _pointer(_: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to values of an array's type."""
    signature = types.CPointer(like.dtype)(address, like)

    def build(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return signature, build


@compiled
def touch(
    start: Any, down: Any, right: Any, inside: Any, last: Any, chunk: Any, touched: Any
) -> None:
    """Mark the chunks that linear interpolation reads.

    Parameters
    ----------
    start, down, right : ndarray of float64, shape (3,)
        The first pixel and the steps to the next row and column [voxel].
    inside : ndarray of bool, shape (rows, columns)
        Which pixels count.
    last, chunk : ndarray of int64, shape (3,)
        The last voxel of each axis, and the chunk's shape.
    touched : ndarray of bool, shape (chunks along z, y, x)
        Is written.
    """
    of_z = np.arange(last[0] + 1) // chunk[0]
    of_y = np.arange(last[1] + 1) // chunk[1]
    of_x = np.arange(last[2] + 1) // chunk[2]
    for row in range(inside.shape[0]):
        for column in range(inside.shape[1]):
            if not inside[row, column]:
                continue
            z = start[0] + row * down[0] + column * right[0]
            y = start[1] + row * down[1] + column * right[1]
            x = start[2] + row * down[2] + column * right[2]
            z0 = int(min(max(z, 0.0), last[0]))
            y0 = int(min(max(y, 0.0), last[1]))
            x0 = int(min(max(x, 0.0), last[2]))
            a0, a1 = of_z[z0], of_z[min(z0 + 1, last[0])]
            b0, b1 = of_y[y0], of_y[min(y0 + 1, last[1])]
            c0, c1 = of_x[x0], of_x[min(x0 + 1, last[2])]
            touched[a0, b0, c0] = True
            if a0 != a1 or b0 != b1 or c0 != c1:
                for a in range(a0, a1 + 1):
                    for b in range(b0, b1 + 1):
                        for c in range(c0, c1 + 1):
                            touched[a, b, c] = True


@compiled
def gather(
    start: Any,
    down: Any,
    right: Any,
    inside: Any,
    last: Any,
    chunk: Any,
    addresses: Any,
    like: Any,
    nearest: bool,
    values: Any,
) -> None:
    """Write the values of pixels, linear between the eight voxels around or the nearest one's.

    Parameters
    ----------
    start, down, right, inside, last, chunk
        As for `touch`.
    addresses : ndarray of int64, shape (chunks along z, y, x)
        Where each touched chunk lies, in C order and whole.
    like : ndarray
        Of the chunks' type.
    nearest : bool
    values : ndarray, shape (rows, columns)
        Is written where inside.
    """
    of_z, in_z = _split(last[0], chunk[0], chunk[1] * chunk[2])
    of_y, in_y = _split(last[1], chunk[1], chunk[2])
    of_x, in_x = _split(last[2], chunk[2], 1)
    for row in range(inside.shape[0]):
        for column in range(inside.shape[1]):
            if not inside[row, column]:
                continue
            z = min(max(start[0] + row * down[0] + column * right[0], 0.0), float(last[0]))
            y = min(max(start[1] + row * down[1] + column * right[1], 0.0), float(last[1]))
            x = min(max(start[2] + row * down[2] + column * right[2], 0.0), float(last[2]))
            if nearest:
                z0, y0, x0 = int(z + 0.5), int(y + 0.5), int(x + 0.5)
                data = _pointer(addresses[of_z[z0], of_y[y0], of_x[x0]], like)
                values[row, column] = data[in_z[z0] + in_y[y0] + in_x[x0]]
                continue
            z0, y0, x0 = int(z), int(y), int(x)
            z1, y1, x1 = min(z0 + 1, last[0]), min(y0 + 1, last[1]), min(x0 + 1, last[2])
            w, v, u = z - z0, y - y0, x - x0
            a0, b0, c0 = of_z[z0], of_y[y0], of_x[x0]
            a1, b1, c1 = of_z[z1], of_y[y1], of_x[x1]
            at00, at01 = in_z[z0] + in_y[y0], in_z[z0] + in_y[y1]
            at10, at11 = in_z[z1] + in_y[y0], in_z[z1] + in_y[y1]
            d0, d1 = in_x[x0], in_x[x1]
            if a0 == a1 and b0 == b1 and c0 == c1:
                data = _pointer(addresses[a0, b0, c0], like)
                v000, v001 = float(data[at00 + d0]), float(data[at00 + d1])
                v010, v011 = float(data[at01 + d0]), float(data[at01 + d1])
                v100, v101 = float(data[at10 + d0]), float(data[at10 + d1])
                v110, v111 = float(data[at11 + d0]), float(data[at11 + d1])
            else:
                v000 = float(_pointer(addresses[a0, b0, c0], like)[at00 + d0])
                v001 = float(_pointer(addresses[a0, b0, c1], like)[at00 + d1])
                v010 = float(_pointer(addresses[a0, b1, c0], like)[at01 + d0])
                v011 = float(_pointer(addresses[a0, b1, c1], like)[at01 + d1])
                v100 = float(_pointer(addresses[a1, b0, c0], like)[at10 + d0])
                v101 = float(_pointer(addresses[a1, b0, c1], like)[at10 + d1])
                v110 = float(_pointer(addresses[a1, b1, c0], like)[at11 + d0])
                v111 = float(_pointer(addresses[a1, b1, c1], like)[at11 + d1])
            front = _between(_between(v000, v001, u), _between(v010, v011, u), v)
            back = _between(_between(v100, v101, u), _between(v110, v111, u), v)
            values[row, column] = _between(front, back, w)


@compiled
def _between(low: Any, high: Any, share: Any) -> Any:
    return low + share * (high - low)


@compiled
def _split(last: Any, chunk: Any, stride: Any) -> Any:
    """Of every voxel along an axis: which chunk it is in, and how far into it."""
    voxels = np.arange(last + 1)
    return voxels // chunk, voxels % chunk * stride
