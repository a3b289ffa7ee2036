"""Sums along lines of voxels, from which the filters are built.

Every voxel is summed in the same order, wherever its line begins, so that blocks agree to the bit.
No loop here has more than eight lines: beyond that the compiler no longer works on several voxels
at once, for it would have to prove that none of them overlap.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

from ..compiling import compiled

CHUNK = 2048  # voxels that are summed at a time: they stay in the nearest cache


@compiled
def times(total: Any, line: Any, weight: Any) -> None:
    """Write a line times a weight."""
    for x in range(len(total)):
        total[x] = line[x] * weight


@compiled
def add_pair(total: Any, a: Any, b: Any, weight: Any) -> None:
    """Add two lines that share a weight."""
    for x in range(len(total)):
        total[x] += (a[x] + b[x]) * weight


@compiled
def add_three_pairs(
    total: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, one: Any, two: Any, three: Any
) -> None:
    """Add three pairs of lines, in the order of `add_pair` three times."""
    for x in range(len(total)):
        value = total[x] + (a[x] + b[x]) * one
        value += (c[x] + d[x]) * two
        total[x] = value + (e[x] + f[x]) * three


@compiled
def weighted(out: Any, flat: Any, starts: Any, weights: Any) -> None:
    """Sum lines of an array: the middle one, and pairs of them outwards.

    Parameters
    ----------
    out : ndarray of float32, (n,)
        Is written.
    flat : ndarray of float32, (m,)
    starts : ndarray of int64, (2 * reach + 1,)
        Where the lines begin in it.
    weights : ndarray of float32, (reach + 1,)
        From the middle outwards.
    """
    reach = len(weights) - 1
    for first in range(0, len(out), CHUNK):
        n = min(CHUNK, len(out) - first)
        total = out[first : first + n]
        at = starts[reach] + first
        times(total, flat[at : at + n], weights[0])
        k = 1
        while k + 2 <= reach:
            a, b = starts[reach - k] + first, starts[reach + k] + first
            c, d = starts[reach - k - 1] + first, starts[reach + k + 1] + first
            e, f = starts[reach - k - 2] + first, starts[reach + k + 2] + first
            add_three_pairs(
                total, flat[a : a + n], flat[b : b + n], flat[c : c + n], flat[d : d + n],
                flat[e : e + n], flat[f : f + n], weights[k], weights[k + 1], weights[k + 2],
            )  # fmt: skip
            k += 3
        while k <= reach:
            a, b = starts[reach - k] + first, starts[reach + k] + first
            add_pair(total, flat[a : a + n], flat[b : b + n], weights[k])
            k += 1
