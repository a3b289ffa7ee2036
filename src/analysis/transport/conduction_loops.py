"""Compiled loops of conduction under a mean gradient of 1 a voxel along one axis.

The unknown x is what the potential departs from that ramp by. Fixed ends lie half a voxel outside
the first and last plane of axis 0: there x is 0, the conductance doubled and the drop one half.
Sums are in double precision whatever the arrays are.
"""

# mypy: disable-error-code="misc, assignment"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_summed


@compiled_summed
def voxel_pull(
    code: Any, w: Any, axis: Any, fixed: Any, r: Any, sums: Any, first: int, last: int
) -> None:
    """Write what the ramp leaves unbalanced in each voxel, and the ramp's energy a plane."""
    n0, n1, n2 = r.shape[0] - 2, r.shape[1] - 2, r.shape[2] - 2
    a0, a1, a2 = int(axis == 0), int(axis == 1), int(axis == 2)
    one = np.uint8(1)
    weight = w[axis]
    for k in range(first, last):
        ends = int(fixed and k == 1) + int(fixed and k == n0)
        total = 0
        for j in range(1, n1 + 1):
            here, out = code[k, j, 1 : n2 + 1], r[k, j, 1 : n2 + 1]
            before = code[k - a0, j - a1, 1 - a2 : n2 + 1 - a2]
            after = code[k + a0, j + a1, 1 + a2 : n2 + 1 + a2]
            low_end, high_end = fixed and k == 1, fixed and k == n0
            row = 0
            for i in range(n2):
                low = one if low_end else min(before[i], one)
                high = one if high_end else min(after[i], one)
                v = weight * (np.float32(high) - np.float32(low))
                out[i] = v if here[i] != 0 else np.float32(0)
                if here[i] != 0:
                    row += (0 if low_end else int(low)) * 2 + ends
            total += row
        sums[k] = 0.5 * weight * total


@compiled_summed
def voxel_energy(
    x: Any, code: Any, w: Any, drop: Any, fixed: Any, sums: Any, first: int, last: int
) -> None:
    """Sum conductance times squared drop over the faces of each plane."""
    n0, n1, n2 = x.shape[0] - 2, x.shape[1] - 2, x.shape[2] - 2
    d0, d1, d2 = drop
    for k in range(first, last):
        e0, e1, e2, ends = 0.0, 0.0, 0.0, 0.0
        for j in range(1, n1 + 1):
            here, up = code[k, j, 1 : n2 + 1], code[k - 1, j, 1 : n2 + 1]
            back, left = code[k, j - 1, 1 : n2 + 1], code[k, j, 0:n2]
            mid, x_up = x[k, j, 1 : n2 + 1], x[k - 1, j, 1 : n2 + 1]
            x_back, x_left = x[k, j - 1, 1 : n2 + 1], x[k, j, 0:n2]
            for i in range(n2):
                v = np.float64(mid[i])
                u0, u1, u2 = v - x_up[i] + d0, v - x_back[i] + d1, v - x_left[i] + d2
                e0 += u0 * u0 if here[i] != 0 and up[i] != 0 else 0.0
                e1 += u1 * u1 if here[i] != 0 and back[i] != 0 else 0.0
                e2 += u2 * u2 if here[i] != 0 and left[i] != 0 else 0.0
            if fixed and k == 1:
                for i in range(n2):
                    ends += 2 * (mid[i] + 0.5) ** 2 if here[i] != 0 else 0.0
            if fixed and k == n0:
                for i in range(n2):
                    ends += 2 * (mid[i] - 0.5) ** 2 if here[i] != 0 else 0.0
        sums[k] = w[0] * (e0 + ends) + w[1] * e1 + w[2] * e2


@compiled_summed
def face_pull(
    g: Any, leaving: Any, axis: Any, fixed: Any, r: Any, sums: Any, first: int, last: int
) -> None:
    """Write what the ramp leaves unbalanced in each cell, and the ramp's energy a plane."""
    n0, n1, n2 = r.shape[0] - 2, r.shape[1] - 2, r.shape[2] - 2
    a0, a1, a2 = int(axis == 0), int(axis == 1), int(axis == 2)
    for k in range(first, last):
        total = 0.0
        for j in range(1, n1 + 1):
            for i in range(1, n2 + 1):
                low, high = np.float64(g[k, j, i]), np.float64(g[k + a0, j + a1, i + a2])
                total += low
                if fixed and k == 1:
                    low = leaving[k, j, i] * 0.5
                    total += low * 0.5
                if fixed and k == n0:
                    high = leaving[k, j, i] * 0.5
                    total += high * 0.5
                if fixed and n0 == 1:  # both ends were added as if all of it led to each
                    total -= leaving[k, j, i] * 0.25
                    low, high = 0.0, 0.0
                r[k, j, i] = high - low
        sums[k] = total


@compiled_summed
def face_energy(
    x: Any, g0: Any, g1: Any, g2: Any, leaving: Any, drop: Any, fixed: Any, sums: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Sum conductance times squared drop over the faces of each plane."""
    n0, n1, n2 = x.shape[0] - 2, x.shape[1] - 2, x.shape[2] - 2
    d0, d1, d2 = drop
    for k in range(first, last):
        total = 0.0
        for j in range(1, n1 + 1):
            for i in range(1, n2 + 1):
                v = np.float64(x[k, j, i])
                total += g0[k, j, i] * (v - x[k - 1, j, i] + d0) ** 2
                total += g1[k, j, i] * (v - x[k, j - 1, i] + d1) ** 2
                total += g2[k, j, i] * (v - x[k, j, i - 1] + d2) ** 2
                if fixed and k == 1 and n0 > 1:
                    total += leaving[k, j, i] * (v + 0.5) ** 2
                if fixed and k == n0 and n0 > 1:
                    total += leaving[k, j, i] * (v - 0.5) ** 2
                if fixed and n0 == 1:
                    total += leaving[k, j, i] * 0.5 * ((v + 0.5) ** 2 + (v - 0.5) ** 2)
        sums[k] = total


@compiled_summed
def conductances(
    labels: Any, table: Any, w: Any, g0: Any, g1: Any, g2: Any, first: int, last: int
) -> None:
    """Write the harmonic means of neighbouring voxels' conductivities, weighted an axis."""
    n1, n2 = labels.shape[1] - 2, labels.shape[2] - 2
    for k in range(first, last):
        for j in range(1, n1 + 1):
            for i in range(1, n2 + 1):
                here = table[labels[k, j, i]]
                g0[k, j, i] = w[0] * here[labels[k - 1, j, i]]
                g1[k, j, i] = w[1] * here[labels[k, j - 1, i]]
                g2[k, j, i] = w[2] * here[labels[k, j, i - 1]]


@compiled_summed
def voxel_codes(part: Any, fixed: Any, shifts: Any, code: Any, first: int, last: int) -> None:
    """Write how often each axis counts in the diagonal of each voxel of the part."""
    n0, n1, n2 = part.shape[0] - 2, part.shape[1] - 2, part.shape[2] - 2
    s1, s2 = shifts
    for k in range(first, last):
        ends = 2 * int(fixed and k == 1) + 2 * int(fixed and k == n0)
        for j in range(1, n1 + 1):
            here, out = part[k, j, 1 : n2 + 1], code[k, j, 1 : n2 + 1]
            up, down = part[k - 1, j, 1 : n2 + 1], part[k + 1, j, 1 : n2 + 1]
            back, fore = part[k, j - 1, 1 : n2 + 1], part[k, j + 1, 1 : n2 + 1]
            left, right = part[k, j, 0:n2], part[k, j, 2 : n2 + 2]
            for i in range(n2):
                c0, c1, c2 = up[i] + down[i] + ends, back[i] + fore[i], left[i] + right[i]
                out[i] = np.uint8((c0 | (c1 << s1) | (c2 << s2)) if here[i] != 0 else 0)
