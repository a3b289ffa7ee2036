"""Compiled loops of Stokes flow on a staggered grid: velocities on faces, pressure in voxels.

Vectors hold the three velocity components and the pressure one behind the other, each with a rim
of one. Component a of voxel (k, j, i) sits on the face towards the voxel before it along axis a.
"""

# mypy: disable-error-code="misc, assignment"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled_summed

_WIDE = 64  # voxels from wall to wall beyond which the width makes no difference


@compiled_summed
def couple(
    y: Any, c0: Any, c1: Any, c2: Any, fluid: Any, s: Any, out: Any, first: int, last: int
) -> None:
    """Add the pressure gradient to the forces, and write minus the divergence."""
    n1, n2 = c0.shape[1] - 2, c0.shape[2] - 2
    s0, s1, s2 = s[0], s[1], s[2]
    zero = np.float32(0)
    for k in range(first, last):
        for j in range(1, n1 + 1):
            p, left = y[3, k, j, 1 : n2 + 1], y[3, k, j, 0:n2]
            up, back = y[3, k - 1, j, 1 : n2 + 1], y[3, k, j - 1, 1 : n2 + 1]
            a0, a1, a2 = (
                c0[k, j, 1 : n2 + 1], c1[k, j, 1 : n2 + 1], c2[k, j, 1 : n2 + 1]
            )  # fmt: skip
            o0, o1, o2 = (
                out[0, k, j, 1 : n2 + 1], out[1, k, j, 1 : n2 + 1], out[2, k, j, 1 : n2 + 1]
            )  # fmt: skip
            for i in range(n2):
                o0[i] += s0 * (p[i] - up[i]) if a0[i] != 0 else zero
                o1[i] += s1 * (p[i] - back[i]) if a1[i] != 0 else zero
            for i in range(n2):
                o2[i] += s2 * (p[i] - left[i]) if a2[i] != 0 else zero
            u0, v0 = y[0, k, j, 1 : n2 + 1], y[0, k + 1, j, 1 : n2 + 1]
            u1, v1 = y[1, k, j, 1 : n2 + 1], y[1, k, j + 1, 1 : n2 + 1]
            u2, v2 = y[2, k, j, 1 : n2 + 1], y[2, k, j, 2 : n2 + 2]
            open_, to = fluid[k, j, 1 : n2 + 1], out[3, k, j, 1 : n2 + 1]
            for i in range(n2):
                v = s0 * (u0[i] - v0[i]) + s1 * (u1[i] - v1[i]) + s2 * (u2[i] - v2[i])
                to[i] = v if open_[i] != 0 else zero


@compiled_summed
def dot(a: Any, b: Any, sums: Any, first: int, last: int) -> None:
    """Write the product of two vectors a plane; planes of all components are counted on."""
    for k in range(first - 1, last - 1):
        total = 0.0
        for j in range(a.shape[1]):
            row = np.float32(0)
            x, y = a[k, j], b[k, j]
            for i in range(x.size):
                row += x[i] * y[i]
            total += row
        sums[k] = total


@compiled_summed
def recur(q: Any, v: Any, older: Any, share: Any, older_share: Any, first: int, last: int) -> None:
    """Overwrite the older Lanczos vector with the next: q - share v - older_share older."""
    for k in range(first - 1, last - 1):
        for j in range(q.shape[1]):
            x, y, z = q[k, j], v[k, j], older[k, j]
            for i in range(x.size):
                z[i] = x[i] - share * y[i] - older_share * z[i]


@compiled_summed
def follow(
    z: Any, w: Any, older: Any, x: Any, a: Any, b: Any, c: Any, step: Any, first: int, last: int
) -> None:
    """Overwrite the older direction with (z / a - b w - c older), and step along it."""
    for k in range(first - 1, last - 1):
        for j in range(z.shape[1]):
            zr, wr, old, xr = z[k, j], w[k, j], older[k, j], x[k, j]
            for i in range(zr.size):
                v = a * zr[i] - b * wr[i] - c * old[i]
                old[i] = v
                xr[i] += step * v


@compiled_summed
def scaled_sum(a: Any, b: Any, weight: Any, out: Any, first: int, last: int) -> None:
    """Write weight (a + b) to out."""
    for k in range(first - 1, last - 1):
        for j in range(a.shape[1]):
            x, y, z = a[k, j], b[k, j], out[k, j]
            for i in range(x.size):
                z[i] = weight * (x[i] + y[i])


@compiled_summed
def _gap(fluid: Any, k: Any, j: Any, i: Any, a: Any, b: Any, wrap: Any) -> int:
    """Count the free faces of component a on the line along b through one, to the walls."""
    a0, a1, a2 = int(a == 0), int(a == 1), int(a == 2)
    b0, b1, b2 = int(b == 0), int(b == 1), int(b == 2)
    n = fluid.shape[b] - 2
    count = 1
    for side in (-1, 1):
        kk, jj, ii = k, j, i
        for _ in range(min(n, _WIDE)):
            kk, jj, ii = kk + side * b0, jj + side * b1, ii + side * b2
            at = kk if b == 0 else (jj if b == 1 else ii)
            if at < 1 or at > n:
                if not wrap[b]:
                    break
                at = n if at < 1 else 1
                kk, jj, ii = at if b == 0 else kk, at if b == 1 else jj, at if b == 2 else ii
            if fluid[kk, jj, ii] == 0 or fluid[kk - a0, jj - a1, ii - a2] == 0:
                break
            count += 1
    return count


@compiled_summed
def face_codes(
    fluid: Any, axis: Any, shifts: Any, counted: Any, wrap: Any, code: Any, first: int, last: int
) -> None:
    """Write how often each axis counts in the diagonal of a velocity component.

    Along its own axis a neighbour lies one voxel away, flowing or not; across it, too, where it
    sits on a wall's surface. Between walls the boundary lies half a voxel away and counts
    6 h / (3 h - 2), h voxels from wall to wall: twice in the limit, and so that the mean flow
    in a slit of any width is exact. ``fluid`` is 2 in the rim behind a pressure end: nothing
    changes there, so that it does not count.
    """
    n1, n2 = fluid.shape[1] - 2, fluid.shape[2] - 2
    s1, s2 = shifts
    a0, a1, a2 = int(axis == 0), int(axis == 1), int(axis == 2)
    for k in range(first, last):
        for j in range(1, n1 + 1):
            for i in range(1, n2 + 1):
                code[k, j, i] = 0
                if fluid[k, j, i] == 0 or fluid[k - a0, j - a1, i - a2] == 0:
                    continue
                if axis != 0 and fluid[k, j, i] == 2:
                    continue
                total = 0
                for b in range(3):
                    b0, b1, b2 = int(b == 0), int(b == 1), int(b == 2)
                    count, walls = 0, 0
                    for side in (-1, 1):
                        kk, jj, ii = k + side * b0, j + side * b1, i + side * b2
                        if b == axis:
                            beyond = (
                                fluid[k, j, i] == 2
                                if side == 1
                                else fluid[k - a0, j - a1, i - a2] == 2
                            )
                            count += 0 if beyond else counted
                            continue
                        ahead, behind = fluid[kk, jj, ii], fluid[kk - a0, jj - a1, ii - a2]
                        if axis != 0 and (ahead == 2 or behind == 2):
                            continue
                        if ahead == 0 and behind == 0:
                            walls += 1
                        else:
                            count += counted
                    if walls > 0:
                        gap = _gap(fluid, k, j, i, axis, b, wrap)
                        count += int(walls * counted * 6.0 * gap / (3.0 * gap - 2.0) + 0.5)
                    total |= count << (0 if b == 0 else (s1 if b == 1 else s2))
                code[k, j, i] = total
