"""Points in rows and columns: at equal steps, as a plane's pixels are, or anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STILL = 1e-6  # of a voxel: an axis along which a whole row moves less stands still

Tile = tuple[slice, slice]


@dataclass(frozen=True)
class Lattice:
    """Points at ``start + row * down + column * right``.

    What a plane shows is known from these nine numbers: no position of a pixel is written down.

    Attributes
    ----------
    start, down, right : ndarray, shape (d,)
        The first point, and the steps to the next row and column.
    shape : tuple of 2 int
        Rows and columns.

    Examples
    --------
    >>> Lattice(np.zeros(2), np.array([0.0, 2.0]), np.array([1.0, 0.0]), (2, 3)).along(0).tolist()
    [[0.0, 1.0, 2.0]]
    """

    start: NDArray[np.float64]
    down: NDArray[np.float64]
    right: NDArray[np.float64]
    shape: tuple[int, int]

    def mapped(self, matrix: NDArray[np.float64], offset: ArrayLike) -> Lattice:
        """The points ``matrix @ point + offset``."""
        start = matrix @ self.start + np.asarray(offset, float)
        return replace(self, start=start, down=matrix @ self.down, right=matrix @ self.right)

    @property
    def roles(self) -> str:
        """What each axis does: down rows ``r``, across ``c``, both ``?``, stands still ``.``."""
        steps = zip(self.right, self.down, strict=True)
        return "".join(".cr?"[bool(across) + 2 * bool(down)] for across, down in steps)

    @property
    def tilted(self) -> bool:
        """Whether its rows or columns run along no single axis."""
        return "?" in self.roles or self.roles.count("r") > 1 or self.roles.count("c") > 1

    def moved(self, by: ArrayLike) -> Lattice:
        """All points moved alike."""
        return replace(self, start=self.start + np.asarray(by, float))

    def indexed(self, spacing: ArrayLike, origin: ArrayLike) -> Lattice:
        """In voxels of a grid, of the last axes where it has fewer."""
        unit, first = np.asarray(spacing, float), np.asarray(origin, float)
        start, down, right = (step[-len(unit) :] for step in (self.start, self.down, self.right))
        rows, columns = self.shape
        down, right = (
            np.where(np.abs(step / unit) * count < _STILL, 0.0, step / unit)
            for step, count in ((down, rows), (right, columns))
        )
        return Lattice((start - first) / unit, down, right, self.shape)

    def tile(self, tile: Tile) -> Lattice:
        """The points of some rows and columns."""
        rows, columns = tile
        start = self.start + rows.start * self.down + columns.start * self.right
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        return replace(self, start=start, shape=shape)

    def along(self, axis: int) -> NDArray[np.float64]:
        """One coordinate: (rows, columns), with a single one where all are alike."""
        rows, columns = self.shape
        found = np.full((1, 1), self.start[axis])
        if self.down[axis]:
            found = found + (np.arange(rows) * self.down[axis])[:, None]
        if self.right[axis]:
            found = found + np.arange(columns) * self.right[axis]
        return found

    def points(self) -> NDArray[np.float64]:
        """All of them, shape (rows, columns, d)."""
        axes = [np.broadcast_to(self.along(k), self.shape) for k in range(len(self.start))]
        return np.stack(axes, axis=-1)

    def corners(self) -> NDArray[np.float64]:
        """The outermost points, shape (4, d)."""
        rows, columns = (count - 1 for count in self.shape)
        ends = [(0, 0), (0, columns), (rows, 0), (rows, columns)]
        return np.array([self.start + i * self.down + j * self.right for i, j in ends])

    def within(self, axis: int, low: float, high: float) -> NDArray[np.bool_] | bool:
        """Which points lie between two values of an axis, both included; True where all do."""
        ends = self.corners()[:, axis]
        if low <= ends.min() and ends.max() <= high:
            return True
        along = self.along(axis)
        return (along >= low) & (along <= high)

    def bounds(self, _: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least and most of each axis."""
        corners = self.corners()
        return corners.min(axis=0), corners.max(axis=0)


@dataclass(frozen=True)
class Scattered:
    """Points anywhere, in rows and columns: the same questions as to a `Lattice`.

    Attributes
    ----------
    axes : ndarray, shape (d, rows, columns)
    """

    axes: NDArray[np.float64]

    @classmethod
    def of(cls, points: NDArray[np.float64]) -> Scattered:
        """From an array of shape (rows, columns, d)."""
        return cls(np.ascontiguousarray(np.moveaxis(points, -1, 0)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.axes.shape[1], self.axes.shape[2])

    def moved(self, by: ArrayLike) -> Scattered:
        """All points moved alike."""
        return Scattered(self.axes + np.asarray(by, float)[:, None, None])

    def indexed(self, spacing: ArrayLike, origin: ArrayLike) -> Scattered:
        """In voxels of a grid, of the last axes where it has fewer."""
        unit, first = (np.asarray(v, float)[:, None, None] for v in (spacing, origin))
        return Scattered((self.axes[-len(unit) :] - first) / unit)

    def tile(self, tile: Tile) -> Scattered:
        """The points of some rows and columns."""
        return Scattered(self.axes[(slice(None), *tile)])

    def within(self, axis: int, low: float, high: float) -> NDArray[np.bool_]:
        """Which points lie between two values of an axis, both included."""
        return (self.axes[axis] >= low) & (self.axes[axis] <= high)

    def bounds(self, inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least and most of each axis, of the points that count."""
        axes = self.axes if inside.all() else [axis[inside] for axis in self.axes]
        return np.array([a.min() for a in axes]), np.array([a.max() for a in axes])


Grid = Lattice | Scattered


def grid_of(points: Grid | ArrayLike) -> Grid:
    """Points as they are asked: an array of shape (rows, columns, 3) is scattered."""
    if isinstance(points, Lattice | Scattered):
        return points
    array = np.asarray(points, float)
    if array.ndim != 3 or array.shape[-1] != 3:
        raise ValueError(f"points_um needs shape (height, width, 3), got {array.shape}")
    return Scattered.of(array)


def rectangle(inside: NDArray[np.bool_]) -> Tile | None:
    """The rows and columns that hold every point that counts; None where none does."""
    rows, columns = (np.flatnonzero(np.any(inside, axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return _span(rows), _span(columns)


def _span(places: NDArray[np.int64]) -> slice:
    return slice(int(places[0]), int(places[-1]) + 1)
