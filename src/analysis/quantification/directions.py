"""Lines through a voxel grid: the directions to neighbours and how much each one counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray


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
    shares = _sphere_shares(units) if ndim == 3 else _circle_shares(units)
    return LineDirections(tuple(steps), tuple(lengths.tolist()), tuple(shares.tolist()))


def _sphere_shares(units: NDArray) -> NDArray:
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
