"""Cleaning of labels: specks and enclosed holes go to the class around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .components import connected_components


def merge_small(
    labels: NDArray[np.uint8], *, min_size_px: int, connectivity: int | None = None
) -> NDArray[np.uint8]:
    """Merge components of any class below a size into the class that surrounds them most.

    Parameters
    ----------
    labels : ndarray of uint8, (z, y, x) or (y, x)
    min_size_px : int
        Components with fewer voxels are merged.
    connectivity : {6, 18, 26}, in 2D {4, 8}, optional
        What belongs to one component; faces unless told. Around it are its faces in any case.

    Returns
    -------
    ndarray of uint8

    Examples
    --------
    >>> import numpy as np
    >>> merge_small(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8), min_size_px=2)
    array([[1, 1, 1],
           [1, 1, 1],
           [1, 1, 1]], dtype=uint8)
    """
    components = _components(labels, connectivity)
    sizes = np.bincount(components.ravel())
    return _give_away(labels, components, sizes < min_size_px)


def fill_enclosed(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give components of class 0 that do not reach the image's border to the class around them.

    A hole is enclosed where no way over faces leads out of it.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.pad(np.zeros((2, 2), np.uint8), 1, constant_values=3)
    >>> int(fill_enclosed(ring).min())
    3
    """
    components = _components(labels)
    enclosed = np.zeros(int(components.max()) + 1, bool)
    enclosed[np.unique(components[labels == 0])] = True
    for axis in range(labels.ndim):
        for end in (0, -1):
            enclosed[np.unique(components.take(end, axis))] = False
    return _give_away(labels, components, enclosed)


def _components(labels: NDArray[np.uint8], connectivity: int | None = None) -> NDArray:
    # +1: zeros are left alone, and class 0 has components like any other
    return connected_components(labels + np.uint8(1), connectivity=connectivity).labels


def _give_away(
    labels: NDArray[np.uint8], components: NDArray, given: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Relabel each given component with the class of most of its outer faces."""
    result = labels.copy()
    where = np.nonzero(given[components])
    if not len(where[0]):
        return result
    own = components[where]
    classes = int(labels.max()) + 1
    kept = np.zeros((len(given), classes), np.int64)
    other = np.zeros_like(kept)
    for axis, size in enumerate(labels.shape):
        for shift in (-1, 1):
            beside = list(where)
            beside[axis] = np.clip(where[axis] + shift, 0, size - 1)
            neighbour = components[tuple(beside)]
            across = neighbour != own
            to = labels[tuple(beside)]
            for votes, counted in ((kept, ~given[neighbour]), (other, given[neighbour])):
                np.add.at(votes, (own[across & counted], to[across & counted]), 1)
    # neighbours that are given away themselves vote only where there is no other
    votes = np.where(kept.any(axis=1, keepdims=True), kept, other)
    winner = votes.argmax(axis=1).astype(np.uint8)
    decided = np.any(votes, axis=1)[own]
    result[where] = np.where(decided, winner[own], labels[where])
    return result
