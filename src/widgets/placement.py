"""Where the world's positions lie in another frame, as fast as drawing a picture needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lattice import Grid, Lattice, Scattered

Locate = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The way from the world to an image's frame.

    Attributes
    ----------
    locate : callable
        ``(n, 3)`` positions in the world [µm] to ``(n, 3)`` positions in the image's frame [µm].
    matrix : ndarray, shape (3, 3), or None
        Its linear part where it is affine; None where it bends (thin-plate spline).
    offset_um : ndarray, shape (3,), or None
        What is added to ``matrix @ point``.
    """

    locate: Locate
    matrix: NDArray[np.float64] | None = None
    offset_um: NDArray[np.float64] | None = None

    def apply(self, points_um: ArrayLike) -> NDArray[np.float64]:
        """Map positions of any leading shape, last axis z, y, x [µm]."""
        points = np.asarray(points_um, float)
        if self is IDENTITY:
            return points
        if self.matrix is None or self.offset_um is None:
            return np.asarray(self.locate(points.reshape(-1, 3))).reshape(points.shape)
        return points @ self.matrix.T + self.offset_um

    def carry(self, grid: Grid) -> Grid:
        """Map a plane's points, which stay a lattice unless the way bends."""
        if self is IDENTITY:
            return grid
        if isinstance(grid, Lattice) and self.matrix is not None and self.offset_um is not None:
            return grid.mapped(self.matrix, self.offset_um)
        points = grid.points() if isinstance(grid, Lattice) else np.moveaxis(grid.axes, 0, -1)
        return Scattered.of(self.apply(points))


IDENTITY = Placement(locate=lambda points_um: points_um, matrix=np.eye(3), offset_um=np.zeros(3))


def placement_of(locate: Locate, *, centre_um: ArrayLike, reach_um: float) -> Placement:
    """Find out whether a map is affine, and keep its matrix if it is.

    Asking the transform graph for every pixel would also compute every pixel's covariance;
    an affine chain is known after four points, and three more tell whether it is one.

    Parameters
    ----------
    locate : callable
        As in `Placement`.
    centre_um : array_like, shape (3,)
        Middle of what will be drawn [µm]; keeps the offset small.
    reach_um : float
        Half the size of what will be drawn [µm].
    """
    centre, step = np.asarray(centre_um, float), float(reach_um)
    probes = np.concatenate([[np.zeros(3)], np.eye(3), -np.eye(3)]) * step
    images = np.asarray(locate(centre + probes), float)
    matrix = (images[1:4] - images[4:7]).T / (2 * step)
    expected = images[0] + probes @ matrix.T
    if not np.allclose(
        images, expected, rtol=0, atol=1e-6 * max(np.abs(matrix).max(), 1e-9) * step
    ):
        return Placement(locate=locate)
    return Placement(locate=locate, matrix=matrix, offset_um=images[0] - matrix @ centre)
