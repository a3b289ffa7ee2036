"""Compiled loops over cells whose faces have conductances of their own.

``g0[k, j, i]`` is the conductance between cell (k, j, i) and the one before it along axis 0, and
so on; ``d`` is the sum of a cell's six and of what leaves to fixed values. Arrays have a rim of
one cell; planes are numbered from 1, and sums are kept a plane, as in `voxel_loops`.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_summed
from .coarse_rows import add_row, spread_row


@compiled_summed
def diagonal(g0: Any, g1: Any, g2: Any, d: Any, first: int, last: int) -> None:
    """Add the conductances of the six faces to what leaves a cell."""
    n1, n2 = d.shape[1] - 2, d.shape[2] - 2
    for k in range(first, last):
        for j in range(1, n1 + 1):
            for i in range(1, n2 + 1):
                d[k, j, i] += g0[k, j, i] + g0[k + 1, j, i] + g1[k, j, i] + g1[k, j + 1, i]
                d[k, j, i] += g2[k, j, i] + g2[k, j, i + 1]


@compiled_summed
def apply(
    p: Any, g0: Any, g1: Any, g2: Any, d: Any, q: Any, sums: Any, first: int, last: int
) -> None:
    """Write the operator on p to q, and p times q a plane to sums."""
    n1, n2 = p.shape[1] - 2, p.shape[2] - 2
    for k in range(first, last):
        total = 0.0
        for j in range(1, n1 + 1):
            row = p[k, j, 0] * 0
            mid, left, right = p[k, j, 1 : n2 + 1], p[k, j, 0:n2], p[k, j, 2 : n2 + 2]
            up, down = p[k - 1, j, 1 : n2 + 1], p[k + 1, j, 1 : n2 + 1]
            back, fore = p[k, j - 1, 1 : n2 + 1], p[k, j + 1, 1 : n2 + 1]
            a0, b0 = g0[k, j, 1 : n2 + 1], g0[k + 1, j, 1 : n2 + 1]
            a1, b1 = g1[k, j, 1 : n2 + 1], g1[k, j + 1, 1 : n2 + 1]
            a2, b2 = g2[k, j, 1 : n2 + 1], g2[k, j, 2 : n2 + 2]
            dd, out = d[k, j, 1 : n2 + 1], q[k, j, 1 : n2 + 1]
            for i in range(n2):
                v = dd[i] * mid[i] - a0[i] * up[i] - b0[i] * down[i] - a1[i] * back[i]
                v = v - b1[i] * fore[i] - a2[i] * left[i] - b2[i] * right[i]
                out[i] = v
                row += mid[i] * v
            total += row
        sums[k] = total


@compiled_summed
def start(b: Any, d: Any, omega: Any, x: Any, first: int, last: int) -> None:
    """Smooth once from nothing: x = omega b / d."""
    n1, n2 = b.shape[1] - 2, b.shape[2] - 2
    for k in range(first, last):
        for j in range(1, n1 + 1):
            br, dr, xr = b[k, j, 1 : n2 + 1], d[k, j, 1 : n2 + 1], x[k, j, 1 : n2 + 1]
            for i in range(n2):
                full = dr[i] > 0
                xr[i] = omega * br[i] / (dr[i] if full else omega) if full else omega * 0


@compiled_summed
def smooth(
    x: Any, b: Any, g0: Any, g1: Any, g2: Any, d: Any, omega: Any, out: Any, sums: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Smooth once: out = x + omega (b - A x) / d; b times out a plane to sums."""
    n1, n2 = x.shape[1] - 2, x.shape[2] - 2
    for k in range(first, last):
        total = 0.0
        for j in range(1, n1 + 1):
            row = x[k, j, 0] * 0
            mid, left, right = x[k, j, 1 : n2 + 1], x[k, j, 0:n2], x[k, j, 2 : n2 + 2]
            up, down = x[k - 1, j, 1 : n2 + 1], x[k + 1, j, 1 : n2 + 1]
            back, fore = x[k, j - 1, 1 : n2 + 1], x[k, j + 1, 1 : n2 + 1]
            a0, b0 = g0[k, j, 1 : n2 + 1], g0[k + 1, j, 1 : n2 + 1]
            a1, b1 = g1[k, j, 1 : n2 + 1], g1[k, j + 1, 1 : n2 + 1]
            a2, b2 = g2[k, j, 1 : n2 + 1], g2[k, j, 2 : n2 + 2]
            dd, bb, to = d[k, j, 1 : n2 + 1], b[k, j, 1 : n2 + 1], out[k, j, 1 : n2 + 1]
            for i in range(n2):
                full = dd[i] > 0
                v = bb[i] - dd[i] * mid[i] + a0[i] * up[i] + b0[i] * down[i] + a1[i] * back[i]
                v = v + b1[i] * fore[i] + a2[i] * left[i] + b2[i] * right[i]
                v = mid[i] + omega * v / (dd[i] if full else omega)
                v = v if full else omega * 0
                to[i] = v
                row += bb[i] * v
            total += row
        sums[k] = total


@compiled_summed
def restrict(
    x: Any, b: Any, g0: Any, g1: Any, g2: Any, d: Any, factors: Any, coarse: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Sum b - A x over the coarse cells."""
    n0, n1, n2 = x.shape[0] - 2, x.shape[1] - 2, x.shape[2] - 2
    f0, f1, f2 = factors
    wide = coarse.shape[2] - 2
    left_over = np.zeros(2 * wide + n2, dtype=x.dtype)
    for kc in range(first, last):
        coarse[kc] = x[0, 0, 0] * 0
        for k in range((kc - 1) * f0 + 1, min(kc * f0, n0) + 1):
            for j in range(1, n1 + 1):
                mid, left, right = x[k, j, 1 : n2 + 1], x[k, j, 0:n2], x[k, j, 2 : n2 + 2]
                up, down = x[k - 1, j, 1 : n2 + 1], x[k + 1, j, 1 : n2 + 1]
                back, fore = x[k, j - 1, 1 : n2 + 1], x[k, j + 1, 1 : n2 + 1]
                a0, b0 = g0[k, j, 1 : n2 + 1], g0[k + 1, j, 1 : n2 + 1]
                a1, b1 = g1[k, j, 1 : n2 + 1], g1[k, j + 1, 1 : n2 + 1]
                a2, b2 = g2[k, j, 1 : n2 + 1], g2[k, j, 2 : n2 + 2]
                dd, bb = d[k, j, 1 : n2 + 1], b[k, j, 1 : n2 + 1]
                for i in range(n2):
                    v = bb[i] - dd[i] * mid[i] + a0[i] * up[i] + b0[i] * down[i] + a1[i] * back[i]
                    left_over[i] = v + b1[i] * fore[i] + a2[i] * left[i] + b2[i] * right[i]
                target = coarse[kc, (j - 1) // f1 + 1, 1:-1]
                add_row(left_over, f2, n2, target)


@compiled_summed
def prolong(coarse: Any, factors: Any, x: Any, first: int, last: int) -> None:
    """Add to each cell the value of its coarse cell."""
    n1, n2 = x.shape[1] - 2, x.shape[2] - 2
    f0, f1, f2 = factors
    line = np.zeros(2 * coarse.shape[2] + n2, dtype=x.dtype)
    for k in range(first, last):
        for j in range(1, n1 + 1):
            source = coarse[(k - 1) // f0 + 1, (j - 1) // f1 + 1]
            spread_row(source, f2, n2, line)
            target = x[k, j, 1 : n2 + 1]
            for i in range(n2):
                target[i] += line[i]


@compiled_summed
def coarsen(
    g0: Any, g1: Any, g2: Any, leaving: Any, factors: Any, halves: Any, c0: Any, c1: Any, c2: Any,
    lost: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Sum conductances over the faces of coarse cells, and what leaves to fixed values."""
    n0, n1, n2 = g0.shape[0] - 2, g0.shape[1] - 2, g0.shape[2] - 2
    f0, f1, f2 = factors
    h0, h1, h2, out = halves[0], halves[1], halves[2], halves[3]
    for kc in range(first, last):
        for faces in (c0, c1, c2, lost):
            faces[kc] = halves[0] * 0
        for k in range((kc - 1) * f0 + 1, min(kc * f0, n0) + 1):
            for j in range(1, n1 + 1):
                jc = (j - 1) // f1 + 1
                b0, b1, b2, e = c0[kc, jc], c1[kc, jc], c2[kc, jc], lost[kc, jc]
                if (k - 1) % f0 == 0:
                    for i in range(1, n2 + 1):
                        b0[(i - 1) // f2 + 1] += h0 * g0[k, j, i]
                if (j - 1) % f1 == 0:
                    for i in range(1, n2 + 1):
                        b1[(i - 1) // f2 + 1] += h1 * g1[k, j, i]
                for i in range(1, n2 + 1, f2):
                    b2[(i - 1) // f2 + 1] += h2 * g2[k, j, i]
                for i in range(1, n2 + 1):
                    e[(i - 1) // f2 + 1] += out * leaving[k, j, i]
