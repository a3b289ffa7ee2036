"""Which part of a phase can carry something from one end to the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def crossing_part(phase: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pieces of a phase, joined by faces, that touch both ends of axis 0.

    Examples
    --------
    >>> import numpy as np
    >>> bars = np.zeros((3, 1, 3), bool); bars[:, 0, 0] = True; bars[:2, 0, 2] = True
    >>> crossing_part(bars)[0, 0]
    array([ True, False, False])
    """
    pieces = _pieces(phase)
    both = np.intersect1d(pieces[0], pieces[-1])
    return _chosen(pieces, both[both > 0])


def winding_part(
    phase: NDArray[np.bool_], *, wrap: tuple[bool, ...], axes: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Return the pieces of a periodic phase that run on for ever along one of the axes.

    Pieces that touch across the periodic sides form a graph; a closed tour in it that ends in
    another copy of the image winds round.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.zeros((2, 1, 2), bool); ring[0] = True
    >>> bool(winding_part(ring, wrap=(True, False, True), axes=(2,)).any())
    True
    >>> bool(winding_part(ring, wrap=(True, False, True), axes=(0,)).any())
    False
    """
    pieces = _pieces(phase)
    edges: dict[int, list[tuple[int, NDArray]]] = {}
    for axis, periodic in enumerate(wrap):
        if periodic:
            ends = np.stack([pieces.take(-1, axis).ravel(), pieces.take(0, axis).ravel()], axis=1)
            step = np.eye(3, dtype=int)[axis]
            for low, high in np.unique(ends[(ends > 0).all(axis=1)], axis=0):
                edges.setdefault(int(low), []).append((int(high), step))
                edges.setdefault(int(high), []).append((int(low), -step))
    return _chosen(pieces, np.array(_winding(edges, axes), dtype=pieces.dtype))


def _winding(edges: dict[int, list[tuple[int, NDArray]]], axes: tuple[int, ...]) -> list[int]:
    places: dict[int, NDArray] = {}
    found: list[int] = []
    for root in edges:
        if root in places:
            continue
        places[root] = np.zeros(3, dtype=int)
        group, waiting, winds = [root], [root], False
        while waiting:
            here = waiting.pop()
            for there, step in edges[here]:
                place = places[here] + step
                if there not in places:
                    places[there] = place
                    group.append(there)
                    waiting.append(there)
                elif (places[there] - place)[list(axes)].any():
                    winds = True
        if winds:
            found += group
    return found


def _pieces(phase: NDArray[np.bool_]) -> NDArray:
    import cc3d

    return cc3d.connected_components(np.ascontiguousarray(phase).view(np.uint8), connectivity=6)


def _chosen(pieces: NDArray, names: NDArray) -> NDArray[np.bool_]:
    keep = np.zeros(int(pieces.max(initial=0)) + 1, dtype=bool)
    keep[names] = True
    return keep[pieces]
