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

#: No place is within.
NOWHERE = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


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
    plane, ends, side = (_three(start), _three(down), _three(right)), _three(last), _three(chunk)
    room = NOWHERE
    for row in range(inside.shape[0]):
        for column in range(inside.shape[1]):
            place = _place(plane, row, column)
            if _within(place, room) or not inside[row, column]:
                continue
            z, y, x = _clamped(place, ends)
            a0, b0, c0 = int(z) // side[0], int(y) // side[1], int(x) // side[2]
            touched[a0, b0, c0] = True
            room = _room((a0, b0, c0), ends, side)
            if not _within((z, y, x), room):
                a1 = min(int(z) + 1, ends[0]) // side[0]
                b1 = min(int(y) + 1, ends[1]) // side[1]
                c1 = min(int(x) + 1, ends[2]) // side[2]
                touched[a0 : a1 + 1, b0 : b1 + 1, c0 : c1 + 1] = True


@compiled
def linear(
    start: Any,
    down: Any,
    right: Any,
    inside: Any,
    last: Any,
    chunk: Any,
    addresses: Any,
    like: Any,
    values: Any,
    first: int,
    end: int,
) -> None:
    """Write the values of rows of pixels, linear between the eight voxels around.

    Parameters
    ----------
    start, down, right, inside, last, chunk
        As for `touch`.
    addresses : ndarray of int64, shape (chunks along z, y, x)
        Where each touched chunk lies, in C order and whole.
    like : ndarray
        Of the chunks' type.
    values : ndarray, shape (rows, columns)
        Is written where inside.
    first, end : int
        The rows.
    """
    of_z, in_z = _split(last[0], chunk[0], chunk[1] * chunk[2])
    of_y, in_y = _split(last[1], chunk[1], chunk[2])
    of_x, in_x = _split(last[2], chunk[2], 1)
    plane, ends, side = (_three(start), _three(down), _three(right)), _three(last), _three(chunk)
    room = NOWHERE
    data = _pointer(addresses[0, 0, 0], like)
    along_y, along_z = side[2], side[1] * side[2]
    for row in range(first, end):
        for column in range(inside.shape[1]):
            if not inside[row, column]:
                continue
            z, y, x = _place(plane, row, column)
            if not _within((z, y, x), room):
                z, y, x = _clamped((z, y, x), ends)
                entered = of_z[int(z)], of_y[int(y)], of_x[int(x)]
                room = _room(entered, ends, side)
                data = _pointer(addresses[entered], like)
            z0, y0, x0 = int(z), int(y), int(x)
            w, v, u = z - z0, y - y0, x - x0
            if _within((z, y, x), room):
                at = in_z[z0] + in_y[y0] + in_x[x0]
                v000, v001 = float(data[at]), float(data[at + 1])
                v010, v011 = float(data[at + along_y]), float(data[at + along_y + 1])
                at += along_z
                v100, v101 = float(data[at]), float(data[at + 1])
                v110, v111 = float(data[at + along_y]), float(data[at + along_y + 1])
            else:  # between chunks, or at the array's end
                z1, y1, x1 = min(z0 + 1, ends[0]), min(y0 + 1, ends[1]), min(x0 + 1, ends[2])
                a0, b0, c0 = of_z[z0], of_y[y0], of_x[x0]
                a1, b1, c1 = of_z[z1], of_y[y1], of_x[x1]
                at00, at01 = in_z[z0] + in_y[y0], in_z[z0] + in_y[y1]
                at10, at11 = in_z[z1] + in_y[y0], in_z[z1] + in_y[y1]
                d0, d1 = in_x[x0], in_x[x1]
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
def nearest(
    start: Any,
    down: Any,
    right: Any,
    inside: Any,
    last: Any,
    chunk: Any,
    addresses: Any,
    like: Any,
    values: Any,
    first: int,
    end: int,
) -> None:
    """Write the nearest voxel's value for rows of pixels; as `linear`."""
    of_z, in_z = _split(last[0], chunk[0], chunk[1] * chunk[2])
    of_y, in_y = _split(last[1], chunk[1], chunk[2])
    of_x, in_x = _split(last[2], chunk[2], 1)
    plane, ends = (_three(start), _three(down), _three(right)), _three(last)
    for row in range(first, end):
        for column in range(inside.shape[1]):
            if not inside[row, column]:
                continue
            z, y, x = _clamped(_place(plane, row, column), ends)
            z0, y0, x0 = int(z + 0.5), int(y + 0.5), int(x + 0.5)
            data = _pointer(addresses[of_z[z0], of_y[y0], of_x[x0]], like)
            values[row, column] = data[in_z[z0] + in_y[y0] + in_x[x0]]


@compiled
def _three(values: Any) -> Any:
    """Numbers that stay in registers, whatever else is written."""
    return values[0], values[1], values[2]


@compiled
def _place(plane: Any, row: int, column: int) -> Any:
    """Where a pixel is [voxel]."""
    start, down, right = plane
    return (
        start[0] + row * down[0] + column * right[0],
        start[1] + row * down[1] + column * right[1],
        start[2] + row * down[2] + column * right[2],
    )


@compiled
def _clamped(place: Any, ends: Any) -> Any:
    """The same, on the outermost voxels' centres for what lies beyond them."""
    z, y, x = place
    return (
        min(max(z, 0.0), float(ends[0])),
        min(max(y, 0.0), float(ends[1])),
        min(max(x, 0.0), float(ends[2])),
    )


@compiled
def _room(entered: Any, ends: Any, side: Any) -> Any:
    """From where, and to below where, the eight voxels around are all in the chunk entered."""
    z, y, x = entered[0] * side[0], entered[1] * side[1], entered[2] * side[2]
    return (
        (float(z), float(y), float(x)),
        (
            float(min(z + side[0] - 1, ends[0])),
            float(min(y + side[1] - 1, ends[1])),
            float(min(x + side[2] - 1, ends[2])),
        ),
    )


@compiled
def _within(place: Any, room: Any) -> bool:
    """Whether a place is in the room."""
    z, y, x = place
    (z0, y0, x0), (z1, y1, x1) = room
    return z0 <= z < z1 and y0 <= y < y1 and x0 <= x < x1


@compiled
def _between(low: Any, high: Any, share: Any) -> Any:
    return low + share * (high - low)


@compiled
def _split(last: Any, chunk: Any, stride: Any) -> Any:
    """Of every voxel along an axis: which chunk it is in, and how far into it."""
    voxels = np.arange(last + 1)
    return voxels // chunk, voxels % chunk * stride
