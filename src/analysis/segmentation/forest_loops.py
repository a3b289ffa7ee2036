"""Compiled loop of a random forest: every voxel down every tree."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled

_TOGETHER = 64  # voxels that go down one tree after the other, so that it stays in the cache
_ABREAST = 8  # of which so many at a time: one waits for memory while the others go on


@compiled
def vote(
    values: Any, roots: Any, feature: Any, threshold: Any, left: Any, share: Any,
    probability: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Mean share of each class in the leaves that voxels `first` to `last` fall into.

    Parameters
    ----------
    values : ndarray of float32, (features, n)
    roots : ndarray of uint32, (trees,)
        First node of each tree.
    feature, threshold : ndarray of uint32 and float32, (nodes,)
        A voxel goes left where its feature is not above the threshold.
    left : ndarray of uint32, (nodes,)
        The right one follows; a leaf is its own, with a threshold that nothing is above.
    share : ndarray of float64, (nodes, classes)
    probability : ndarray of float64, (n, classes)
        Is written.
    """
    features, classes, trees = values.shape[0], share.shape[1], len(roots)
    local = np.empty(_TOGETHER * features, np.float32)
    node = np.empty(_ABREAST, np.uint32)
    for start in range(first, last, _TOGETHER):
        n = min(_TOGETHER, last - start)
        for f in range(features):
            for i in range(n):
                local[i * features + f] = values[f, start + i]
            for i in range(n, _TOGETHER):  # what is beyond the end goes along, and is not counted
                local[i * features + f] = values[f, start]
        probability[start : start + n] = 0
        for tree in range(trees):
            for begin in range(0, n, _ABREAST):
                for j in range(_ABREAST):
                    node[j] = roots[tree]
                moved = True
                while moved:
                    moved = False
                    for j in range(_ABREAST):
                        at = node[j]
                        value = local[np.uint32((begin + j) * features) + feature[at]]
                        to = np.uint32(left[at] + np.uint32(value > threshold[at]))
                        moved |= to != at
                        node[j] = to
                for j in range(min(_ABREAST, n - begin)):
                    for k in range(classes):
                        probability[start + begin + j, k] += share[node[j], k]
        for i in range(start, start + n):
            for k in range(classes):
                probability[i, k] /= trees
