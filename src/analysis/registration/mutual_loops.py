"""Compiled loops of mutual information: one sweep for the histogram, one for the slope.

Numba compiles them when they are first called and keeps them beside this file. All of them let
go of the interpreter, so that several threads can sweep over different samples.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_fused


@compiled_fused
def look_up(
    points: Any, matrix: Any, offset: Any, moving: Any, mask: Any, values: Any, slopes: Any
) -> int:
    """Read the moving image, and its slope, where samples of the fixed image fall in it.

    Linear between the eight voxels around.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        Samples of the fixed image.
    matrix, offset : ndarray of float64, shapes (3, 3) and (3,)
        From those to voxels of the moving image.
    moving : ndarray of float32, shape (z, y, x)
    mask : ndarray of bool, shape (z, y, x) or (0, 0, 0)
        Voxels that count; none where all do.
    values : ndarray of float32, shape (n,)
        Is written; NaN for a sample that falls beside the image or on masked voxels.
    slopes : ndarray of float32, shape (n, 3)
        Is written [1/voxel].

    Returns
    -------
    int
        How many samples count.
    """
    nz, ny, nx = moving.shape
    masked = mask.size > 0
    count = 0
    for i in range(points.shape[0]):
        z = matrix[0, 0] * points[i, 0] + matrix[0, 1] * points[i, 1] + matrix[0, 2] * points[i, 2]
        y = matrix[1, 0] * points[i, 0] + matrix[1, 1] * points[i, 1] + matrix[1, 2] * points[i, 2]
        x = matrix[2, 0] * points[i, 0] + matrix[2, 1] * points[i, 1] + matrix[2, 2] * points[i, 2]
        z, y, x = z + offset[0], y + offset[1], x + offset[2]
        if not (-0.5 <= z <= nz - 0.5 and -0.5 <= y <= ny - 0.5 and -0.5 <= x <= nx - 0.5) or (
            masked and not mask[int(z + 0.5), int(y + 0.5), int(x + 0.5)]
        ):
            values[i] = np.nan
            continue
        count += 1
        z = min(max(z, 0.0), nz - 1.0)
        y = min(max(y, 0.0), ny - 1.0)
        x = min(max(x, 0.0), nx - 1.0)
        z0, y0, x0 = int(z), int(y), int(x)
        z1, y1, x1 = min(z0 + 1, nz - 1), min(y0 + 1, ny - 1), min(x0 + 1, nx - 1)
        w, v, u = np.float32(z - z0), np.float32(y - y0), np.float32(x - x0)
        v000, v001 = moving[z0, y0, x0], moving[z0, y0, x1]
        v010, v011 = moving[z0, y1, x0], moving[z0, y1, x1]
        v100, v101 = moving[z1, y0, x0], moving[z1, y0, x1]
        v110, v111 = moving[z1, y1, x0], moving[z1, y1, x1]
        d00, d01, d10, d11 = v001 - v000, v011 - v010, v101 - v100, v111 - v110
        e00, e01, e10, e11 = v000 + u * d00, v010 + u * d01, v100 + u * d10, v110 + u * d11
        f0, f1 = e01 - e00, e11 - e10
        g0, g1 = e00 + v * f0, e10 + v * f1
        values[i] = g0 + w * (g1 - g0)
        slopes[i, 0] = g1 - g0
        slopes[i, 1] = f0 + w * (f1 - f0)
        h0, h1 = d00 + v * (d01 - d00), d10 + v * (d11 - d10)
        slopes[i, 2] = h0 + w * (h1 - h0)
    return count


@compiled_fused
def _cubic(t: Any) -> Any:
    """The four weights of Keys' interpolation, and their slopes, between voxels 1 and 2 of four."""
    half, s, q = np.float32(0.5), t * t, t * t * t
    weights = (
        s - half * (t + q),
        np.float32(1.0) - np.float32(2.5) * s + np.float32(1.5) * q,
        half * t + np.float32(2.0) * s - np.float32(1.5) * q,
        half * (q - s),
    )
    slopes = (
        np.float32(2.0) * t - half - np.float32(1.5) * s,
        np.float32(4.5) * s - np.float32(5.0) * t,
        half + np.float32(4.0) * t - np.float32(4.5) * s,
        np.float32(1.5) * s - t,
    )
    return weights, slopes


@compiled_fused
def look_up_cubic(
    points: Any, matrix: Any, offset: Any, moving: Any, mask: Any, values: Any, slopes: Any
) -> int:
    """As `look_up`, cubic between the 64 voxels around.

    Keys 1981, doi:10.1109/TASSP.1981.1163711. Where a sample falls is written in both: shared by a
    function, `look_up` took 2.7 times as long.
    """
    nz, ny, nx = moving.shape
    masked, flat = mask.size > 0, nz == 1
    count = 0
    for i in range(points.shape[0]):
        z = matrix[0, 0] * points[i, 0] + matrix[0, 1] * points[i, 1] + matrix[0, 2] * points[i, 2]
        y = matrix[1, 0] * points[i, 0] + matrix[1, 1] * points[i, 1] + matrix[1, 2] * points[i, 2]
        x = matrix[2, 0] * points[i, 0] + matrix[2, 1] * points[i, 1] + matrix[2, 2] * points[i, 2]
        z, y, x = z + offset[0], y + offset[1], x + offset[2]
        if not (-0.5 <= z <= nz - 0.5 and -0.5 <= y <= ny - 0.5 and -0.5 <= x <= nx - 0.5) or (
            masked and not mask[int(z + 0.5), int(y + 0.5), int(x + 0.5)]
        ):
            values[i] = np.nan
            continue
        count += 1
        z = min(max(z, 0.0), nz - 1.0)
        y = min(max(y, 0.0), ny - 1.0)
        x = min(max(x, 0.0), nx - 1.0)
        z0, y0, x0 = int(z), int(y), int(x)
        wz, dz = _cubic(np.float32(z - z0))
        wy, dy = _cubic(np.float32(y - y0))
        wx, dx = _cubic(np.float32(x - x0))
        value, by_z, by_y, by_x = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        inside = (flat or 0 < z0 < nz - 2) and 0 < y0 < ny - 2 and 0 < x0 < nx - 2
        for a in range(4):
            if flat and a != 1:  # the other planes weigh nothing, or cancel
                continue
            za = z0 + a - 1 if inside else min(max(z0 + a - 1, 0), nz - 1)
            plane, plane_y, plane_x = np.float32(0), np.float32(0), np.float32(0)
            for b in range(4):
                if inside:
                    line = moving[za, y0 + b - 1]
                    one, two, three, four = line[x0 - 1], line[x0], line[x0 + 1], line[x0 + 2]
                else:
                    line = moving[za, min(max(y0 + b - 1, 0), ny - 1)]
                    one, two = line[max(x0 - 1, 0)], line[x0]
                    three, four = line[min(x0 + 1, nx - 1)], line[min(x0 + 2, nx - 1)]
                row = wx[0] * one + wx[1] * two + wx[2] * three + wx[3] * four
                row_x = dx[0] * one + dx[1] * two + dx[2] * three + dx[3] * four
                plane += wy[b] * row
                plane_y += dy[b] * row
                plane_x += wy[b] * row_x
            value += wz[a] * plane
            by_z += dz[a] * plane
            by_y += wz[a] * plane_y
            by_x += wz[a] * plane_x
        values[i] = value
        slopes[i, 0], slopes[i, 1], slopes[i, 2] = by_z, by_y, by_x
    return count


@compiled_fused
def count_pairs(values: Any, bins: Any, low: Any, per_bin: Any, joint: Any) -> None:
    """Count grey values of both images together, each moving one spread over four bins.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Of the moving image; NaN is left out.
    bins : ndarray of int32, shape (n,)
        Bins of the fixed image.
    low, per_bin : float
        Grey value at the middle of the second moving bin, and bins to a grey value.
    joint : ndarray of float64, shape (fixed bins, moving bins)
        Is added to.
    """
    last = joint.shape[1] - 3
    for i in range(values.shape[0]):
        if values[i] != values[i]:
            continue
        place = min(max((values[i] - low) * per_bin + 1.0, 1.0), float(last) + 0.999)
        at = int(place)
        t = place - at
        r = 1.0 - t
        row = joint[bins[i]]
        row[at - 1] += r * r * r / 6.0
        row[at] += (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0
        row[at + 1] += (4.0 - 6.0 * r * r + 3.0 * r * r * r) / 6.0
        row[at + 2] += t * t * t / 6.0


@compiled_fused
def inform(joint: Any) -> float:
    """Mutual information of counts [nat].

    Parameters
    ----------
    joint : ndarray of float64, shape (fixed bins, moving bins)
        Counts; becomes the logarithm of joint over moving probability, 0 where nothing was seen.
    """
    total, by_moving = 0.0, np.zeros(joint.shape[1])
    for a in range(joint.shape[0]):
        for b in range(joint.shape[1]):
            total += joint[a, b]
            by_moving[b] += joint[a, b]
    information = 0.0
    for a in range(joint.shape[0]):
        by_fixed = 0.0
        for b in range(joint.shape[1]):
            if joint[a, b] > 0:
                by_fixed += joint[a, b]
                worth = np.log(joint[a, b] / by_moving[b])
                information += joint[a, b] * worth
                joint[a, b] = worth
            else:
                joint[a, b] = 0.0
        if by_fixed > 0:
            information -= by_fixed * np.log(by_fixed / total)
    return information / total


@compiled_fused
def _by_value(value: Any, low: Any, per_bin: Any, row: Any) -> Any:
    """How what a pair of grey values is worth changes with the moving one; 0 in the outer bins."""
    place = (value - low) * per_bin + 1.0
    if place < 1.0 or place > float(row.shape[0] - 3) + 0.999:
        return 0.0
    at = int(place)
    t = place - at
    r = 1.0 - t
    return per_bin * (
        -0.5 * r * r * row[at - 1]
        + (1.5 * t * t - 2.0 * t) * row[at]
        + (2.0 * r - 1.5 * r * r) * row[at + 1]
        + 0.5 * t * t * row[at + 2]
    )


@compiled_fused
def add_slopes(
    values: Any,
    slopes: Any,
    bins: Any,
    low: Any,
    per_bin: Any,
    worth: Any,
    points: Any,
    blocks: Any,
    sums: Any,
) -> None:
    """Add up how mutual information changes with the map, block by block.

    Parameters
    ----------
    values, slopes, bins, low, per_bin
        As for `look_up` and `count_pairs`.
    worth : ndarray of float64, shape (fixed bins, moving bins)
        Logarithm of the joint over the moving probability.
    points : ndarray of float64, shape (n, 3)
    blocks : ndarray of int32, shape (n,)
        Which block of the fixed image a sample lies in.
    sums : ndarray of float64, shape (blocks, 12)
        Is added to: the slope by the offset (3), and by the matrix row by row (9).
    """
    for i in range(values.shape[0]):
        if values[i] != values[i]:
            continue
        by_value = _by_value(values[i], low, per_bin, worth[bins[i]])
        if by_value == 0.0:
            continue
        into = sums[blocks[i]]
        for k in range(3):
            g = by_value * slopes[i, k]
            into[k] += g
            into[3 + 3 * k] += g * points[i, 0]
            into[4 + 3 * k] += g * points[i, 1]
            into[5 + 3 * k] += g * points[i, 2]


@compiled_fused
def forces(
    values: Any, slopes: Any, bins: Any, low: Any, per_bin: Any, worth: Any, out: Any
) -> None:
    """Write how mutual information changes as each sample moves.

    Parameters
    ----------
    values, slopes, bins, low, per_bin, worth
        As for `add_slopes`.
    out : ndarray of float64, shape (n, 3)
        Along z, y, x of the moving image [nat/voxel], times the number of samples.
    """
    for i in range(values.shape[0]):
        by_value = 0.0
        if values[i] == values[i]:
            by_value = _by_value(values[i], low, per_bin, worth[bins[i]])
        for k in range(3):
            out[i, k] = by_value * slopes[i, k]


@compiled_fused
def worths(values: Any, bins: Any, low: Any, per_bin: Any, worth: Any, out: Any) -> None:
    """Write what each sample's pair of grey values is worth [nat]; 0 where it does not count.

    Parameters
    ----------
    values, bins, low, per_bin, worth
        As for `add_slopes`.
    out : ndarray of float64, shape (n,)
    """
    last = worth.shape[1] - 3
    for i in range(values.shape[0]):
        out[i] = 0.0
        if values[i] != values[i]:
            continue
        place = min(max((values[i] - low) * per_bin + 1.0, 1.0), float(last) + 0.999)
        at = int(place)
        t = place - at
        r = 1.0 - t
        row = worth[bins[i]]
        out[i] = (
            r * r * r * row[at - 1]
            + (4.0 - 6.0 * t * t + 3.0 * t * t * t) * row[at]
            + (4.0 - 6.0 * r * r + 3.0 * r * r * r) * row[at + 1]
            + t * t * t * row[at + 2]
        ) / 6.0
