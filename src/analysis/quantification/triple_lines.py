"""Lines where three phases meet: their length, from voxel edges as directed steps along them.

The edges around which three phases lie make stairs along the line, and each has a direction: that
in which the phases follow each other clockwise. So they join to chains, on which each step is
replaced by a weighted mean of its neighbours: stairs become the line that they follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

_BLURS = (1.7, 2.4)  # of the steps along the line, in the longest edge of a voxel
_REACH = 3.0  # standard deviations that it reaches
_LOOP = ((0, 0), (0, 1), (1, 1), (1, 0))  # voxels around an edge
_TURN = (1, -1, 1)  # that loop seen along each axis: right-handed, left-handed, right-handed


@dataclass(frozen=True)
class Steps:
    """Directed voxel edges along one axis where three given phases meet.

    Attributes
    ----------
    axis : int
    places : ndarray of int, (n, 3)
        Corner of voxels where each edge begins.
    signs : ndarray of int8, (n,)
        1 along the axis, -1 against it.
    """

    axis: int
    places: NDArray[np.int64]
    signs: NDArray[np.int8]


def steps_of_lines(
    labels: NDArray, *, inside: NDArray[np.bool_] | None = None
) -> dict[tuple[int, ...], list[Steps]]:
    """Find the directed edges where three phases meet, by triple of labels (rising).

    Parameters
    ----------
    labels : ndarray of int, (z, y, x)
    inside : ndarray of bool, optional
        Only edges whose four voxels lie inside count.
    """
    found: dict[tuple[int, ...], list[Steps]] = {}
    for axis in range(3):
        around = _around(labels, axis)
        differ = [a != b for a, b in combinations(around, 2)]
        # three different ones of four: at least five of the six pairs differ
        many = sum(d.astype(np.uint8) for d in differ) >= 5
        if inside is not None:
            for part in _around(inside, axis):
                many &= part
        loop = np.stack([part[many] for part in around], axis=1).astype(np.int64)
        # voxel (i, j, k) ends at the corner (i + 1, j + 1, k + 1): edges begin on the axis at i
        places = np.stack(np.nonzero(many), axis=1) + np.array([0, 1, 1])
        places = np.insert(places[:, 1:], axis, places[:, 0], axis=1)
        crossed = (loop[:, 0] == loop[:, 2]) | (loop[:, 1] == loop[:, 3])
        loop, places = loop[~crossed], places[~crossed]
        for triple, rows, signs in _directed(loop):
            steps = Steps(axis, places[rows], np.asarray(_TURN[axis] * signs, np.int8))
            found.setdefault(triple, []).append(steps)
    return found


def length_of_steps(steps: list[Steps], *, spacing: tuple[float, ...]) -> float:
    """Measure the length of the lines that steps follow [µm].

    What smoothing takes off bends grows with its variance: extrapolated to none.
    """
    chain = _chain(steps, spacing)
    widths = [blur * max(spacing) / min(spacing) for blur in _BLURS]
    narrow, wide = (_smoothed_length(chain, width) for width in widths)
    return 2 * narrow - wide


def _directed(loop: NDArray) -> Iterator[tuple[tuple[int, ...], NDArray, NDArray]]:
    """Triples of labels with the loops that have them, and which way round."""
    groups, of = np.unique(np.sort(loop, axis=1), axis=0, return_inverse=True)
    for number, group in enumerate(groups):
        rows = np.flatnonzero(of.ravel() == number)
        for triple in combinations(sorted(set(group.tolist())), 3):
            a, b, c = (np.argmax(loop[rows] == label, axis=1) for label in triple)
            yield triple, rows, -np.sign((b - a) * (c - b) * (a - c))


@dataclass(frozen=True)
class _Chain:
    """Pieces of steps [µm], and for each piece, ahead and back, which one follows.

    Number 2 n is piece n on the way ahead, 2 n + 1 on the way back. Where a line ends, the way
    turns.
    """

    vectors: NDArray[np.float64]
    follows: NDArray[np.int64]


def _chain(steps: list[Steps], spacing: tuple[float, ...]) -> _Chain:
    """Cut long edges into pieces about as long as the short ones, and join pieces end to end."""
    cuts = np.maximum(np.round(np.array(spacing) / min(spacing)), 1).astype(int)
    begins, ends, vectors = [], [], []
    for one in steps:
        unit = np.eye(3, dtype=int)[one.axis]
        ahead = one.signs[:, None] > 0
        for piece in range(cuts[one.axis]):
            low = one.places * cuts + piece * unit
            begins.append(np.where(ahead, low, low + unit))
            ends.append(np.where(ahead, low + unit, low))
            vectors.append(one.signs[:, None] * unit * spacing[one.axis] / cuts[one.axis])
    begin, end = (np.concatenate(places) for places in (begins, ends))
    shape = tuple(np.maximum(begin.max(axis=0), end.max(axis=0)) + 1)
    follows = _joined(*(np.ravel_multi_index(tuple(places.T), shape) for places in (begin, end)))
    return _Chain(np.concatenate(vectors), follows)


def _joined(begin: NDArray, end: NDArray) -> NDArray[np.int64]:
    """Which piece follows each, on the way ahead and back; where several may, in their order."""
    count = len(begin)
    turned = 2 * np.arange(count)
    follows = np.stack([turned + 1, turned], axis=1)
    first, last = np.argsort(begin, kind="stable"), np.argsort(end, kind="stable")
    starts = begin[first] * count + _rank(begin[first])
    stops = end[last] * count + _rank(end[last])
    _, ones, others = np.intersect1d(starts, stops, assume_unique=True, return_indices=True)
    starting, ending = first[ones], last[others]
    follows[ending, 0] = 2 * starting
    follows[starting, 1] = 2 * ending + 1
    return np.asarray(follows.ravel())


def _rank(ordered: NDArray) -> NDArray[np.int64]:
    """How many equal ones stand before each."""
    places = np.arange(len(ordered))
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    return np.asarray(places - np.maximum.accumulate(np.where(new, places, 0)))


def _smoothed_length(chain: _Chain, width: float) -> float:
    """Sum up the lengths of pieces, each the weighted mean of itself and those around it."""
    reach = int(np.ceil(_REACH * width))
    weights = np.exp(-(np.arange(reach + 1) ** 2) / (2 * width**2))
    weights /= 2 * weights.sum() - weights[0]
    mean = weights[0] * chain.vectors
    ahead = np.arange(0, len(chain.follows), 2)
    back = ahead + 1
    for weight in weights[1:]:
        ahead, back = chain.follows[ahead], chain.follows[back]
        mean += weight * (chain.vectors[ahead // 2] + chain.vectors[back // 2])
    return float(np.linalg.norm(mean, axis=1).sum())


def _around(values: NDArray, axis: int) -> list[NDArray]:
    """Return the four voxels around each edge along an axis, in a loop."""
    moved = np.moveaxis(values, axis, 0)
    ends = (slice(None, -1), slice(1, None))
    return [moved[:, ends[a], ends[b]] for a, b in _LOOP]
