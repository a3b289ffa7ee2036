"""Lines through a voxel grid: the directions to neighbours and how much each one counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

_EVEN = 4000


@dataclass(frozen=True)
class LineDirections:
    """Directions of lines from voxel to neighbouring voxel.

    Attributes
    ----------
    steps : tuple of tuple of int
        Voxel steps, one of each opposite pair: 13 in 3D, 4 in 2D.
    lengths_um : tuple of float
        Length of each step [µm].
    weights : tuple of float
        Share of all directions in space that is nearest to each line; sums to 1.
    """

    steps: tuple[tuple[int, ...], ...]
    lengths_um: tuple[float, ...]
    weights: tuple[float, ...]


@lru_cache(maxsize=64)
def line_directions(spacing_um: tuple[float, ...]) -> LineDirections:
    """Compute the line directions of a grid with the weights of its actual voxel shape.

    The weight of a line is the area of the Voronoi cells of its two directions on the unit
    sphere (arcs on the circle in 2D). Fixed cubic weights would be wrong for voxels that are not
    cubes.

    Parameters
    ----------
    spacing_um : tuple of float
        Voxel size, (z, y, x) or (y, x) [µm].

    Returns
    -------
    LineDirections

    References
    ----------
    Ohser & Mücklich 2000, Statistical Analysis of Microstructures in Materials Science; Legland,
    Kiêu & Devaux 2007, doi:10.5566/ias.v26.p83-92.

    Examples
    --------
    >>> sorted({round(w, 5) for w in line_directions((1.0, 1.0, 1.0)).weights})
    [0.07039, 0.07396, 0.09156]
    """
    ndim = len(spacing_um)
    steps = [step for step in product((-1, 0, 1), repeat=ndim) if step > (0,) * ndim]
    vectors = np.array(steps) * np.array(spacing_um)
    lengths = np.linalg.norm(vectors, axis=1)
    units = vectors / lengths[:, None]
    shares = sphere_shares(units) if ndim == 3 else _circle_shares(units)
    return LineDirections(tuple(steps), tuple(lengths.tolist()), tuple(shares.tolist()))


@dataclass(frozen=True)
class ParallelPlanes:
    """How parallel planes look to the lines of a grid, over all directions of their normal.

    Attributes
    ----------
    error : float
        By how much Crofton's surface of them may be off, in 95 % of directions, relative.
    least_scatter : float
        Of the crossings between lines, over their mean, in the direction that shows it least.
    """

    error: float
    least_scatter: float


@lru_cache(maxsize=64)
def parallel_planes(spacing_um: tuple[float, ...]) -> ParallelPlanes:
    """Work out what few lines tell of surfaces with one direction.

    The mean of ``2 |cos|`` between lines and normal (``pi/2 |cos|`` in 2D) is 1 on average over
    normals, and not for each of them.

    Examples
    --------
    >>> round(parallel_planes((1.0, 1.0, 1.0)).error, 3)
    0.033
    >>> round(parallel_planes((2.0, 1.0, 1.0)).error, 3)
    0.089
    """
    ndim, lines = len(spacing_um), line_directions(spacing_um)
    units = np.array(lines.steps) * np.array(spacing_um) / np.array(lines.lengths_um)[:, None]
    weights = np.array(lines.weights)
    crossed = np.abs(even_directions(ndim) @ units.T)
    mean = crossed @ weights
    scatter = np.sqrt((crossed - mean[:, None]) ** 2 @ weights) / mean
    error = np.abs((2.0 if ndim == 3 else np.pi / 2) * mean - 1)
    return ParallelPlanes(float(np.quantile(error, 0.95)), float(scatter.min()))


def even_directions(ndim: int) -> NDArray:
    """Directions that cover the sphere (circle) evenly: a spiral."""
    k = np.arange(_EVEN) + 0.5
    if ndim == 2:
        return np.stack([np.cos(np.pi * k / _EVEN), np.sin(np.pi * k / _EVEN)], axis=1)
    down, around = 1 - 2 * k / _EVEN, np.pi * (1 + 5**0.5) * k
    out = np.sqrt(1 - down**2)
    return np.stack([down, out * np.cos(around), out * np.sin(around)], axis=1)


def sphere_shares(units: NDArray) -> NDArray:
    """Share of the sphere that is nearest to each of some lines: areas of Voronoi cells."""
    from scipy.spatial import SphericalVoronoi

    areas = SphericalVoronoi(np.concatenate([units, -units])).calculate_areas()
    shares = areas[: len(units)] + areas[len(units) :]
    return shares / shares.sum()


def _circle_shares(units: NDArray) -> NDArray:
    angle = np.arctan2(units[:, 0], units[:, 1]) % np.pi
    order = np.argsort(angle)
    ring = angle[order]
    gap = np.diff(np.append(ring, ring[0] + np.pi))
    shares = np.empty(len(units))
    shares[order] = (gap + np.roll(gap, 1)) / 2 / np.pi
    return shares
