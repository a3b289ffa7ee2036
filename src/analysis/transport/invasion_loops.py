"""Compiled loops of invasion percolation."""

# mypy: disable-error-code="misc"

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from ..compiling import compiled


@compiled
def order_of_invasion(radius: Any) -> Any:
    """Number voxels in the order of invasion from plane 0; -1 where radius is 0 or unreached."""
    n0, n1, n2 = radius.shape
    flat = radius.ravel()
    step = np.full(flat.size, -1, np.int32)
    seen = np.zeros(flat.size, np.bool_)
    heap = [(0.0, 0)]
    heap.pop()
    for i in range(n1 * n2):
        if flat[i] > 0:
            seen[i] = True
            heapq.heappush(heap, (-flat[i], i))
    count = 0
    while len(heap) > 0:
        i = heapq.heappop(heap)[1]
        step[i] = count
        count += 1
        k, rest = i // (n1 * n2), i % (n1 * n2)
        j, x = rest // n2, rest % n2
        for side in range(6):
            kk = k + (1 if side == 0 else (-1 if side == 1 else 0))
            jj = j + (1 if side == 2 else (-1 if side == 3 else 0))
            xx = x + (1 if side == 4 else (-1 if side == 5 else 0))
            if kk < 0 or jj < 0 or xx < 0 or kk >= n0 or jj >= n1 or xx >= n2:
                continue
            there = (kk * n1 + jj) * n2 + xx
            if flat[there] > 0 and not seen[there]:
                seen[there] = True
                heapq.heappush(heap, (-flat[there], there))
    return step.reshape(radius.shape)


@compiled
def _root(parent: Any, i: Any) -> Any:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled
def trap(step: Any, pore: Any, trapped: Any) -> None:
    """Mark what was cut off from the last plane before its turn came.

    Backwards in time voxels return to the fluid that is driven out; one whose piece has no voxel
    in the last plane was trapped.
    """
    n0, n1, n2 = step.shape
    flat, open_, marks = step.ravel(), pore.ravel(), trapped.ravel()
    parent = np.arange(flat.size)
    present = np.zeros(flat.size, np.bool_)
    leads = np.zeros(flat.size, np.bool_)
    order = np.argsort(flat)[::-1]
    never = np.flatnonzero(open_ & (flat < 0))
    total = never.size + flat.size
    for turn in range(total):
        i = never[turn] if turn < never.size else order[turn - never.size]
        if turn >= never.size and flat[i] < 0:
            break
        present[i] = True
        k, rest = i // (n1 * n2), i % (n1 * n2)
        j, x = rest // n2, rest % n2
        leads[i] = k == n0 - 1
        for side in range(6):
            kk = k + (1 if side == 0 else (-1 if side == 1 else 0))
            jj = j + (1 if side == 2 else (-1 if side == 3 else 0))
            xx = x + (1 if side == 4 else (-1 if side == 5 else 0))
            if kk < 0 or jj < 0 or xx < 0 or kk >= n0 or jj >= n1 or xx >= n2:
                continue
            there = (kk * n1 + jj) * n2 + xx
            if present[there]:
                a, b = _root(parent, i), _root(parent, there)
                if a != b:
                    parent[a] = b
                    leads[b] = leads[b] or leads[a]
        if turn >= never.size and not leads[_root(parent, i)]:
            marks[i] = True
    for turn in range(never.size):
        i = never[turn]
        marks[i] = not leads[_root(parent, i)]
