"""Compiled loops over voxels whose neighbours all have the same weight: pores, or fluid faces.

The operator is ``diagonal * x - sum of weighted neighbours`` with x = 0 wherever nothing is
unknown. A voxel keeps one code: how often each axis counts in its diagonal, 0 where it is no
unknown. ``w`` holds the three weights of neighbours, and the three of one count. Arrays have a
rim of one voxel; planes are numbered from 1. Each loop takes the planes `first` to `last` - 1 and
writes its sums a plane, so that the result does not depend on how many threads share the planes.
"""

# mypy: disable-error-code="misc, assignment"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_summed
from .coarse_rows import add_row, spread_row


@compiled_summed
def _diagonal(c: Any, u: Any, s1: Any, s2: Any, k0: Any, k1: Any) -> Any:
    c = np.int32(c)
    return (
        u[0] * np.float32(np.int32(c & k0))
        + u[1] * np.float32(np.int32((c >> s1) & k1))
        + u[2] * np.float32(np.int32(c >> s2))
    )


@compiled_summed
def apply(p: Any, m: Any, w: Any, shifts: Any, q: Any, sums: Any, first: int, last: int) -> None:
    """Write the operator on p to q, and p times q a plane to sums."""
    n1, n2 = p.shape[1] - 2, p.shape[2] - 2
    s1, s2 = shifts
    k0, k1 = (1 << s1) - 1, (1 << (s2 - s1)) - 1
    w0, w1, w2 = w[0], w[1], w[2]
    u0, u1, u2 = w[3], w[4], w[5]
    for k in range(first, last):
        plane = 0.0
        for j in range(1, n1 + 1):
            row = np.float32(0)
            mid, left, right = p[k, j, 1 : n2 + 1], p[k, j, 0:n2], p[k, j, 2 : n2 + 2]
            up, down = p[k - 1, j, 1 : n2 + 1], p[k + 1, j, 1 : n2 + 1]
            back, fore = p[k, j - 1, 1 : n2 + 1], p[k, j + 1, 1 : n2 + 1]
            code, out = m[k, j, 1 : n2 + 1], q[k, j, 1 : n2 + 1]
            for i in range(n2):
                v = (
                    _diagonal(code[i], (u0, u1, u2), s1, s2, k0, k1) * mid[i]
                    - w0 * (up[i] + down[i])
                    - w1 * (back[i] + fore[i])
                    - w2 * (left[i] + right[i])
                )
                v = v if code[i] != 0 else np.float32(0)
                out[i] = v
                row += mid[i] * v
            plane += row
        sums[k] = plane


@compiled_summed
def advance(x: Any, r: Any, p: Any, q: Any, step: Any, first: int, last: int) -> None:
    """Take a step along p: x + step p, r - step q."""
    n1, n2 = p.shape[1] - 2, p.shape[2] - 2
    for k in range(first, last):
        for j in range(1, n1 + 1):
            xr, rr = x[k, j, 1 : n2 + 1], r[k, j, 1 : n2 + 1]
            pr, qr = p[k, j, 1 : n2 + 1], q[k, j, 1 : n2 + 1]
            for i in range(n2):
                xr[i] += step * pr[i]
                rr[i] -= step * qr[i]


@compiled_summed
def turn(p: Any, z: Any, share: Any, first: int, last: int) -> None:
    """Turn the direction: p = z + share p."""
    n1, n2 = p.shape[1] - 2, p.shape[2] - 2
    for k in range(first, last):
        for j in range(1, n1 + 1):
            pr, zr = p[k, j, 1 : n2 + 1], z[k, j, 1 : n2 + 1]
            for i in range(n2):
                pr[i] = zr[i] + share * pr[i]


@compiled_summed
def _smooth_plane(
    plane: Any, r: Any, m: Any, w: Any, shifts: Any, omega: Any, wrap: Any, coarse: Any,
    factors: Any, line: Any, k: int,
) -> None:  # fmt: skip
    """Write plane k of ``omega r / diagonal`` plus the coarse correction, rim included."""
    n0, n1, n2 = r.shape[0] - 2, r.shape[1] - 2, r.shape[2] - 2
    s1, s2 = shifts
    k0, k1 = (1 << s1) - 1, (1 << (s2 - s1)) - 1
    u0, u1, u2 = w[3], w[4], w[5]
    if k < 1 or k > n0:
        if not wrap[0]:
            plane[:] = np.float32(0)
            return
        k = n0 if k < 1 else 1
    corrected = coarse.size > 0
    for j in range(1, n1 + 1):
        if corrected:
            source = coarse[(k - 1) // factors[0] + 1, (j - 1) // factors[1] + 1]
            spread_row(source, factors[2], n2, line)
        code, rr, out = m[k, j, 1 : n2 + 1], r[k, j, 1 : n2 + 1], plane[j, 1 : n2 + 1]
        for i in range(n2):
            d = _diagonal(code[i], (u0, u1, u2), s1, s2, k0, k1)
            d = d if code[i] != 0 else np.float32(1)
            v = omega * rr[i] / d + line[i]
            out[i] = v if code[i] != 0 else np.float32(0)
        if wrap[2]:
            plane[j, 0], plane[j, n2 + 1] = plane[j, n2], plane[j, 1]
    if wrap[1]:
        plane[0, :], plane[n1 + 1, :] = plane[n1, :], plane[1, :]


@compiled_summed
def restrict(
    r: Any, m: Any, w: Any, shifts: Any, omega: Any, wrap: Any, factors: Any, coarse: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Smooth once from nothing and sum what is left of r over the coarse cells."""
    n0, n1, n2 = r.shape[0] - 2, r.shape[1] - 2, r.shape[2] - 2
    s1, s2 = shifts
    k0, k1 = (1 << s1) - 1, (1 << (s2 - s1)) - 1
    w0, w1, w2 = w[0], w[1], w[2]
    u0, u1, u2 = w[3], w[4], w[5]
    f0, f1, f2 = factors
    wide = coarse.shape[2] - 2
    planes = np.zeros((3, n1 + 2, n2 + 2), dtype=r.dtype)
    line = np.zeros(n2 + 2, dtype=r.dtype)
    left_over = np.zeros(2 * wide + 2, dtype=r.dtype)
    none = np.zeros((0, 0, 0), dtype=r.dtype)
    k = (first - 1) * f0 + 1
    for near in (k - 1, k):
        _smooth_plane(planes[near % 3], r, m, w, shifts, omega, wrap, none, factors, line, near)
    for kc in range(first, last):
        coarse[kc] = np.float32(0)
        for k in range((kc - 1) * f0 + 1, min(kc * f0, n0) + 1):
            _smooth_plane(
                planes[(k + 1) % 3], r, m, w, shifts, omega, wrap, none, factors, line, k + 1
            )
            above, here, below = planes[(k - 1) % 3], planes[k % 3], planes[(k + 1) % 3]
            for j in range(1, n1 + 1):
                mid, left, right = here[j, 1 : n2 + 1], here[j, 0:n2], here[j, 2 : n2 + 2]
                up, down = above[j, 1 : n2 + 1], below[j, 1 : n2 + 1]
                back, fore = here[j - 1, 1 : n2 + 1], here[j + 1, 1 : n2 + 1]
                code, rr = m[k, j, 1 : n2 + 1], r[k, j, 1 : n2 + 1]
                for i in range(n2):
                    d = _diagonal(code[i], (u0, u1, u2), s1, s2, k0, k1)
                    v = (
                        rr[i]
                        - d * mid[i]
                        + w0 * (up[i] + down[i])
                        + w1 * (back[i] + fore[i])
                        + w2 * (left[i] + right[i])
                    )
                    left_over[i] = v if code[i] != 0 else np.float32(0)
                target = coarse[kc, (j - 1) // f1 + 1, 1:-1]
                add_row(left_over, f2, n2, target)


@compiled_summed
def correct(
    r: Any, m: Any, w: Any, shifts: Any, omega: Any, wrap: Any, factors: Any, coarse: Any, z: Any,
    sums: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Smooth, add the coarse correction, smooth again to z; r times z a plane to sums."""
    n1, n2 = r.shape[1] - 2, r.shape[2] - 2
    s1, s2 = shifts
    k0, k1 = (1 << s1) - 1, (1 << (s2 - s1)) - 1
    w0, w1, w2 = w[0], w[1], w[2]
    u0, u1, u2 = w[3], w[4], w[5]
    planes = np.zeros((3, n1 + 2, n2 + 2), dtype=r.dtype)
    line = np.zeros(2 * coarse.shape[2] + n2, dtype=r.dtype)
    for near in (first - 1, first):
        _smooth_plane(planes[near % 3], r, m, w, shifts, omega, wrap, coarse, factors, line, near)
    for k in range(first, last):
        _smooth_plane(
            planes[(k + 1) % 3], r, m, w, shifts, omega, wrap, coarse, factors, line, k + 1
        )
        above, here, below = planes[(k - 1) % 3], planes[k % 3], planes[(k + 1) % 3]
        total = 0.0
        for j in range(1, n1 + 1):
            row = np.float32(0)
            mid, left, right = here[j, 1 : n2 + 1], here[j, 0:n2], here[j, 2 : n2 + 2]
            up, down = above[j, 1 : n2 + 1], below[j, 1 : n2 + 1]
            back, fore = here[j - 1, 1 : n2 + 1], here[j + 1, 1 : n2 + 1]
            code, rr, out = m[k, j, 1 : n2 + 1], r[k, j, 1 : n2 + 1], z[k, j, 1 : n2 + 1]
            for i in range(n2):
                d = _diagonal(code[i], (u0, u1, u2), s1, s2, k0, k1)
                around = w0 * (up[i] + down[i]) + w1 * (back[i] + fore[i])
                around += w2 * (left[i] + right[i])
                d = d if code[i] != 0 else np.float32(1)
                v = mid[i] + omega * (rr[i] + around - d * mid[i]) / d
                v = v if code[i] != 0 else np.float32(0)
                out[i] = v
                row += rr[i] * v
            total += row
        sums[k] = total


@compiled_summed
def coarse_faces(
    m: Any, w: Any, shifts: Any, factors: Any, halves: Any, g0: Any, g1: Any, g2: Any, d: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Sum the conductances of fine faces over the faces of coarse cells, and what leaves."""
    n0, n1, n2 = m.shape[0] - 2, m.shape[1] - 2, m.shape[2] - 2
    s1, s2 = shifts
    k0, k1 = (1 << s1) - 1, (1 << (s2 - s1)) - 1
    f0, f1, f2 = factors
    h0, h1, h2 = halves[0] * w[0], halves[1] * w[1], halves[2] * w[2]
    u0, u1, u2 = halves[0] * w[3], halves[1] * w[4], halves[2] * w[5]
    one = np.uint8(1)
    for kc in range(first, last):
        for faces in (g0, g1, g2, d):
            faces[kc] = np.float32(0)
        for k in range((kc - 1) * f0 + 1, min(kc * f0, n0) + 1):
            for j in range(1, n1 + 1):
                jc = (j - 1) // f1 + 1
                b0, b1, b2, e = g0[kc, jc], g1[kc, jc], g2[kc, jc], d[kc, jc]
                starts0, starts1 = (k - 1) % f0 == 0, (j - 1) % f1 == 0
                for i in range(1, n2 + 1):
                    c = m[k, j, i]
                    if c == 0:
                        continue
                    ic = (i - 1) // f2 + 1
                    up, down = min(m[k - 1, j, i], one), min(m[k + 1, j, i], one)
                    back, fore = min(m[k, j - 1, i], one), min(m[k, j + 1, i], one)
                    left, right = min(m[k, j, i - 1], one), min(m[k, j, i + 1], one)
                    if starts0:
                        b0[ic] += h0 * np.float32(up)
                    if starts1:
                        b1[ic] += h1 * np.float32(back)
                    if (i - 1) % f2 == 0:
                        b2[ic] += h2 * np.float32(left)
                    c32 = np.int32(c)
                    e[ic] += (
                        u0 * np.float32(c32 & k0)
                        - h0 * np.float32(up + down)
                        + u1 * np.float32((c32 >> s1) & k1)
                        - h1 * np.float32(back + fore)
                        + u2 * np.float32(c32 >> s2)
                        - h2 * np.float32(left + right)
                    )
