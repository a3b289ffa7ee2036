"""Values between the places of a grid, linear along each axis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

_ROUNDING = 1e-6  # of a step


@dataclass(frozen=True, eq=False)
class Cells:
    """Which cells points lie in, and where within them.

    Attributes
    ----------
    index : (n, 3) int array
        First corner of the cell.
    part : (n, 3) array
        Place in the cell, 0 to 1; 0 along an axis of one layer.
    wide : (3,) bool array
        Axes of more than one layer.
    """

    index: np.ndarray
    part: np.ndarray
    wide: np.ndarray

    def values(self, grid: np.ndarray) -> np.ndarray:
        """Interpolate: (n, ...)."""
        return self._sum(grid, along=None)

    def slopes(self, grid: np.ndarray, spacing_um: np.ndarray) -> np.ndarray:
        """Differentiate by the place: (n, k, 3) of a grid of k values."""
        parts = [
            self._sum(grid, along=axis) / spacing_um[axis]
            if self.wide[axis]
            else np.zeros((len(self.index), grid.shape[-1]))
            for axis in range(3)
        ]
        return np.stack(parts, axis=-1)

    def _sum(self, grid: np.ndarray, *, along: int | None) -> np.ndarray:
        total = np.zeros((len(self.index), *grid.shape[3:]))
        for corner in product(*[(0, 1) if wide else (0,) for wide in self.wide]):
            weight = np.ones(len(self.index))
            for axis, side in enumerate(corner):
                if axis == along:
                    weight = weight * (1.0 if side else -1.0)
                else:
                    part = self.part[:, axis]
                    weight = weight * (part if side else 1.0 - part)
            at = self.index + corner
            found = grid[at[:, 0], at[:, 1], at[:, 2]]
            total += weight.reshape(-1, *[1] * (found.ndim - 1)) * found
        return total


def cells_of(
    points_um: np.ndarray, shape: tuple[int, ...], spacing_um: np.ndarray, origin_um: np.ndarray
) -> Cells:
    """Find the cells that points lie in.

    Raises
    ------
    ValueError
        Outside the grid (for one layer, more than half a step off it).
    """
    last = np.array(shape) - 1
    wide = last > 0
    place = (points_um - origin_um) / spacing_um
    rim = np.where(wide, _ROUNDING, 0.5)
    outside = ((place < -rim) | (place > last + rim)).any(axis=1)
    if outside.any():
        end = origin_um + spacing_um * last
        raise ValueError(
            "a displacement field is known on its grid only, "
            f"{np.round(origin_um, 3).tolist()} to {np.round(end, 3).tolist()} um (z, y, x), got "
            f"{int(outside.sum())} points outside, the first at {points_um[outside][0].tolist()}"
        )
    place = np.clip(place, 0.0, last)
    index = np.minimum(place.astype(int), np.maximum(last - 1, 0))
    return Cells(index, np.where(wide, place - index, 0.0), wide)
