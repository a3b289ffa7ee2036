"""Poses that carry one set of fiducials onto another, found by their triangles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_TRIANGLES = 3000
_TOLD = 6.0  # tolerances: sides below tell no shape


@dataclass(frozen=True, eq=False)
class Clouds:
    """Both sets of fiducials in the dimensions in which they are compared."""

    a: np.ndarray
    b: np.ndarray
    ndims: tuple[int, int]
    tolerance: float
    scale_tolerance: float
    any_scale: bool = False

    @property
    def random_hit(self) -> float:
        """Chance that a fiducial thrown anywhere falls on one of b."""
        d = self.b.shape[1]
        ball = {2: np.pi, 3: 4 / 3 * np.pi}[d] * self.tolerance**d
        room = np.prod(np.ptp(self.b, axis=0) + 2 * self.tolerance)
        return float(min(1.0, len(self.b) * ball / room))


@dataclass(frozen=True, eq=False)
class Pose:
    """A pose with the fiducials that meet under it."""

    matrix: np.ndarray
    centre: np.ndarray
    offset: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    distances: np.ndarray

    @property
    def score(self) -> tuple[int, float]:
        """Fiducials that meet, then how closely: more is better."""
        return (len(self.rows), -float(np.mean(self.distances**2)) if len(self.rows) else 0.0)


def triangles(points: np.ndarray) -> np.ndarray:
    """List triangles, the widest first: (t, 3) rows."""
    rows = np.array(list(combinations(range(len(points)), 3)))
    first, second = points[rows[:, 1]] - points[rows[:, 0]], points[rows[:, 2]] - points[rows[:, 0]]
    gram = (
        np.sum(first**2, axis=1) * np.sum(second**2, axis=1) - np.sum(first * second, axis=1) ** 2
    )
    area = np.sqrt(np.maximum(gram, 0.0))
    order = np.argsort(-area, kind="stable")
    return rows[order[area[order] > 0][:_TRIANGLES]]


@dataclass(frozen=True, eq=False)
class SideIndex:
    """Triangles of one set by their three sides, in every order of their corners."""

    tree: cKDTree
    rows: np.ndarray

    def look_up(self, clouds: Clouds, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find triangles of b with the sides of triangles of a: two lists of corners, (k, 3)."""
        sides = _sides(clouds.a, batch)
        reach = 2 * clouds.tolerance + clouds.scale_tolerance * sides.max(axis=1)
        hits = self.tree.query_ball_point(sides, reach, p=np.inf, return_sorted=True)
        counts = [len(hit) for hit in hits]
        if not sum(counts):
            return np.zeros((0, 3), int), np.zeros((0, 3), int)
        return np.repeat(batch, counts, axis=0), self.rows[np.concatenate(hits).astype(int)]


@dataclass(frozen=True, eq=False)
class ShapeIndex:
    """Triangles of one set by their shape, in every order of their corners."""

    sides: np.ndarray
    rows: np.ndarray

    def look_up(self, clouds: Clouds, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find triangles of b with the shapes of triangles of a, of any size."""
        ours = _sides(clouds.a, batch)
        scale = (ours @ self.sides.T) / np.sum(ours**2, axis=1)[:, None]
        alike = np.ones(scale.shape, dtype=bool)
        for corner in range(3):
            off = self.sides[:, corner] - scale * ours[:, corner, None]
            alike &= np.abs(off) <= clouds.tolerance
        first, second = np.nonzero(alike)
        return batch[first], self.rows[second]


def triangle_index(points: np.ndarray) -> SideIndex:
    """Index triangles by their three sides."""
    from scipy.spatial import cKDTree

    rows = np.array(list(permutations(range(len(points)), 3)))
    return SideIndex(cKDTree(_sides(points, rows)), rows)


def shape_index(clouds: Clouds) -> ShapeIndex:
    """Index the widest triangles of b by their shape; small ones look like any other."""
    wide = triangles(clouds.b)
    rows = np.concatenate([wide[:, order] for order in permutations(range(3))])
    sides = _sides(clouds.b, rows)
    told = sides.min(axis=1) >= _TOLD * clouds.tolerance
    return ShapeIndex(sides[told], rows[told])


def _sides(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    corners = points[rows]
    return np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)


def best_poses(clouds: Clouds, sources: np.ndarray, hits: np.ndarray) -> list[Pose]:
    """Keep and refine the poses under which most fiducials meet."""
    matrices, centres, offsets = _poses(clouds, clouds.a[sources], clouds.b[hits])
    counts = np.concatenate(
        [
            _count(clouds, matrices[part], centres[part], offsets[part])
            for part in np.array_split(np.arange(len(hits)), 1 + len(hits) // 2000)
        ]
    )
    order = np.argsort(-counts, kind="stable")[:60]
    return [_refine(clouds, matrices[i], centres[i], offsets[i]) for i in order]


def _poses(
    clouds: Clouds, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit similarity poses with bounded scale to many sets of pairs: (k, n, d) each."""
    centres, offsets = a.mean(axis=1), b.mean(axis=1)
    moving, fixed = a - centres[:, None], b - offsets[:, None]
    left, _, right = np.linalg.svd(fixed.transpose(0, 2, 1) @ moving)
    left[..., -1] *= np.sign(np.linalg.det(left @ right))[:, None]
    turned = left @ right
    size = np.sum(moving**2, axis=(1, 2))
    scale = np.sum(fixed * (moving @ turned.transpose(0, 2, 1)), axis=(1, 2)) / size
    if not clouds.any_scale:
        scale = np.clip(scale, 1 - clouds.scale_tolerance, 1 + clouds.scale_tolerance)
    return scale[:, None, None] * turned, centres, offsets


def _count(
    clouds: Clouds, matrices: np.ndarray, centres: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    from scipy.spatial import cKDTree

    arms = clouds.a[None] - centres[:, None]
    mapped = arms @ matrices.transpose(0, 2, 1) + offsets[:, None]
    _, hit = cKDTree(clouds.b).query(mapped, distance_upper_bound=2 * clouds.tolerance)
    hit = np.sort(hit, axis=1)  # a fiducial of b counts once: small scales heap a upon it
    new = np.diff(hit, axis=1, prepend=-1) > 0
    return np.sum(new & (hit < len(clouds.b)), axis=1)


def _refine(clouds: Clouds, matrix: np.ndarray, centre: np.ndarray, offset: np.ndarray) -> Pose:
    """Pair, fit, and pair again within a shrinking reach."""
    for reach in (2.0, 2.0, 1.5, 1.0, 1.0):
        rows, columns, distances = _pair(clouds, matrix, centre, offset, reach)
        if len(rows) < 3:
            break
        fitted = _poses(clouds, clouds.a[rows][None], clouds.b[columns][None])
        matrix, centre, offset = (part[0] for part in fitted)
    rows, columns, distances = _pair(clouds, matrix, centre, offset, 1.0)
    return Pose(matrix, centre, offset, rows, columns, distances)


def _pair(
    clouds: Clouds, matrix: np.ndarray, centre: np.ndarray, offset: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.optimize import linear_sum_assignment

    mapped = (clouds.a - centre) @ matrix.T + offset
    distances = np.linalg.norm(mapped[:, None] - clouds.b[None], axis=2)
    limit = reach * clouds.tolerance
    rows, columns = linear_sum_assignment(np.minimum(distances, 2 * limit) ** 2)
    close = distances[rows, columns] <= limit
    return rows[close], columns[close], distances[rows[close], columns[close]]
