"""Connected components, with what counts as touching stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim

# Number of neighbours -> along how many axes they may lie aside: faces, edges, corners.
_ASIDE = {2: {4: 1, 8: 2}, 3: {6: 1, 18: 2, 26: 3}}


@dataclass(frozen=True)
class Components:
    """Numbered pieces of an image.

    Attributes
    ----------
    labels : ndarray of int
        1 to `count`; 0 is none.
    count : int
    connectivity : int
        Neighbours of a voxel that touch it: 6, 18 or 26, in 2D 4 or 8.
    """

    labels: NDArray[Any]
    count: int
    connectivity: int


def connected_components(labels: NDArray, *, connectivity: int | None) -> Components:
    """Number the pieces of equal value that hang together.

    Parameters
    ----------
    labels : ndarray of bool or int, (z, y, x) or (y, x)
        0 is not numbered; voxels of different values are never one piece.
    connectivity : {6, 18, 26}, in 2D {4, 8}, or None
        None for faces only.

    Returns
    -------
    Components

    Raises
    ------
    ValueError
        A connectivity that does not go with the number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> [connected_components(np.eye(3, dtype=bool), connectivity=n).count for n in (4, 8)]
    [3, 1]
    """
    import cc3d

    labels = np.asarray(labels)
    if labels.dtype == bool:
        # as two labels: cc3d 4.1.1 parts pieces that touch by corners in 5 % of random images
        # that are given as bool
        labels = labels.astype(np.uint8)
    neighbours: Any = checked_neighbours(connectivity, checked_image_ndim(labels.shape, "labels"))
    numbered, count = cc3d.connected_components(
        np.ascontiguousarray(labels), connectivity=neighbours, return_N=True
    )
    return Components(numbered, int(count), neighbours)


def checked_neighbours(connectivity: int | None, ndim: int) -> int:
    """Return how many neighbours touch a voxel, or say which numbers there are.

    Examples
    --------
    >>> checked_neighbours(None, 2)
    4
    """
    known = _ASIDE[ndim]
    if connectivity is None:
        return min(known)
    if connectivity not in known:
        raise ValueError(
            f"connectivity needs {' or '.join(map(str, known))} for {ndim} axes, got "
            f"{connectivity}: faces, edges and corners are {', '.join(map(str, known))}"
        )
    return int(connectivity)


def axes_aside(connectivity: int, ndim: int) -> int:
    """Along how many axes a touching voxel may lie aside: 1 for faces, 2 edges, 3 corners.

    Examples
    --------
    >>> axes_aside(18, 3)
    2
    """
    return _ASIDE[ndim][connectivity]


def all_around(ndim: int) -> int:
    """The connectivity by faces, edges and corners.

    Examples
    --------
    >>> all_around(3)
    26
    """
    return max(_ASIDE[ndim])
