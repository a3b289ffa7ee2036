"""Compiled loops of skeletons: links joined to chains, whose stairs are smoothed away."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled


@compiled
def _follow(first: Any, others: Any, start: int, link: int, used: Any, chain: Any) -> int:
    """Write the nodes from one through a link, as far as each has two; return their number."""
    chain[0] = start
    count, at = 1, start
    while True:
        used[link] = True
        there = others[link]
        for back in range(first[there], first[there + 1]):
            if others[back] == at:
                used[back] = True
        chain[count] = there
        count += 1
        if first[there + 1] - first[there] != 2 or there == start:
            return count
        link = first[there] if others[first[there]] != at else first[there] + 1
        if used[link]:
            return count
        at = there


@compiled
def _smoothed(places: Any, chain: Any, count: int, weights: Any) -> float:
    """Length of the steps of a chain, each the weighted mean of itself and those around it.

    A closed chain goes on at its beginning; at an end the steps are mirrored.
    """
    steps = count - 1
    closed = chain[0] == chain[count - 1] and steps > 2
    total = 0.0
    mean = np.empty(3)
    for n in range(steps):
        mean[:] = 0.0
        for offset in range(-len(weights) + 1, len(weights)):
            m = n + offset
            if closed:
                m %= steps
            else:
                m %= 2 * steps
                if m >= steps:
                    m = 2 * steps - 1 - m
            for i in range(3):
                mean[i] += weights[abs(offset)] * (places[chain[m + 1], i] - places[chain[m], i])
        total += np.sqrt(mean[0] ** 2 + mean[1] ** 2 + mean[2] ** 2)
    return total


@compiled
def chain_lengths(
    first: Any, others: Any, places: Any, weights: Any, ends: Any, lengths: Any
) -> int:
    """Measure the chains of a graph, once for each row of weights; return how many there are.

    Parameters
    ----------
    first, others : ndarray of int, (n + 1,), (m,)
        The links of node i are ``others[first[i]:first[i + 1]]``, each in both directions.
    places : ndarray of float, (n, 3)
        Of the nodes [µm].
    weights : ndarray of float, (k, w)
        Of a step itself and of those 1, 2, ... away on either side.
    ends : ndarray of int64, (c, 2)
        Is written: the first and last node of each chain. There are no more than links.
    lengths : ndarray of float, (c, k)
        Is written [µm].
    """
    nodes = len(first) - 1
    used = np.zeros(len(others), np.bool_)
    chain = np.empty(nodes + 2, np.int64)
    found = 0
    for loops in range(2):  # chains that begin at an end or a branch, then those that are closed
        for start in range(nodes):
            if loops == 0 and first[start + 1] - first[start] == 2:
                continue
            for link in range(first[start], first[start + 1]):
                if used[link]:
                    continue
                count = _follow(first, others, start, link, used, chain)
                ends[found, 0], ends[found, 1] = chain[0], chain[count - 1]
                for k in range(len(weights)):
                    lengths[found, k] = _smoothed(places, chain, count, weights[k])
                found += 1
    return found
