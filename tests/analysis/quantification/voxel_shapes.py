"""Shapes made from equations, turned and placed at random on a grid of voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

PI = np.pi
SPACINGS = ((1.0, 1.0, 1.0), (2.0, 1.0, 1.0))
Inside = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Body:
    """A body around the origin: what is inside, how far it reaches, what is known of it."""

    inside: Inside
    reach: float
    volume: float
    surface: float
    mean_integral: float  # of the mean curvature
    euler: int
    shadow: Callable[[np.ndarray], float]  # area seen along a direction


def ball(r: float) -> Body:
    area = PI * r * r
    return Body(
        lambda z, y, x: z * z + y * y + x * x <= r * r,
        r, 4 / 3 * area * r, 4 * area, 4 * PI * r, 1, lambda _: area,
    )  # fmt: skip


def capsule(r: float, length: float) -> Body:
    """A cylinder along z with half balls at its ends."""
    half = length / 2
    return Body(
        lambda z, y, x: np.maximum(abs(z) - half, 0) ** 2 + y * y + x * x <= r * r,
        r + half, PI * r * r * (4 / 3 * r + length), 2 * PI * r * (2 * r + length),
        PI * (4 * r + length), 1,
        lambda u: PI * r * r + 2 * r * length * float(np.sqrt(max(0.0, 1 - u[0] ** 2))),
    )  # fmt: skip


def ellipsoid(axes: np.ndarray) -> Body:
    """Surface and mean curvature by Gauss's map: integrals over the directions of its normals."""
    a, b, c = axes
    u = sphere_points(20_000)
    surface = 4 * PI * a * b * c * np.sqrt(((u / axes) ** 2).sum(axis=1)).mean()
    widths = np.sqrt(((u * axes) ** 2).sum(axis=1)).mean()
    return Body(
        lambda z, y, x: (z / a) ** 2 + (y / b) ** 2 + (x / c) ** 2 <= 1,
        float(max(axes)), 4 / 3 * PI * a * b * c, float(surface), 4 * PI * float(widths), 1,
        lambda d: PI * a * b * c * float(np.sqrt(((d / axes) ** 2).sum())),
    )  # fmt: skip


def torus(large: float, small: float) -> Body:
    return Body(
        lambda z, y, x: (np.hypot(y, x) - large) ** 2 + z * z <= small**2, large + small,
        2 * PI**2 * large * small**2, 4 * PI**2 * large * small, 2 * PI**2 * large, 0,
        lambda _: np.nan,
    )  # fmt: skip


def sphere_points(count: int) -> np.ndarray:
    k = np.arange(count) + 0.5
    down, around = np.arccos(1 - 2 * k / count), PI * (1 + 5**0.5) * k
    return np.stack(
        [np.cos(down), np.sin(down) * np.cos(around), np.sin(down) * np.sin(around)], axis=1
    )


def turned(rng: np.random.Generator) -> np.ndarray:
    return Rotation.random(random_state=int(rng.integers(1 << 31))).as_matrix()


def scene(shape, spacing, bodies) -> np.ndarray:
    """Draw bodies: (inside, centre, reach, rotation)."""
    out = np.zeros(shape, bool)
    for inside, centre, reach, rotation in bodies:
        low = [max(0, int((c - reach) // s)) for c, s in zip(centre, spacing, strict=True)]
        high = [
            min(n, int((c + reach) // s) + 2)
            for c, s, n in zip(centre, spacing, shape, strict=True)
        ]
        if any(a >= b for a, b in zip(low, high, strict=True)):
            continue
        lines = [
            np.arange(a, b) * s - c for a, b, s, c in zip(low, high, spacing, centre, strict=True)
        ]
        z, y, x = np.meshgrid(*lines, indexing="ij", sparse=True)
        places = [row[0] * z + row[1] * y + row[2] * x for row in rotation]
        out[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] |= inside(*places)
    return out


def placed(body: Body, spacing, rng) -> tuple[np.ndarray, np.ndarray]:
    """One body inside an image, and its rotation."""
    shape = tuple(int(2 * body.reach / s) + 8 for s in spacing)
    shift = rng.uniform(-0.5, 0.5, 3)
    centre = [(n - 1) * s / 2 + d * s for n, s, d in zip(shape, spacing, shift, strict=True)]
    rotation = turned(rng)
    return scene(shape, spacing, [(body.inside, centre, body.reach, rotation)]), rotation


MINIMAL = {
    "gyroid": lambda z, y, x: np.sin(z) * np.cos(y) + np.sin(y) * np.cos(x) + np.sin(x) * np.cos(z),
    "P": lambda z, y, x: np.cos(z) + np.cos(y) + np.cos(x),
    "D": lambda z, y, x: np.cos(z) * np.cos(y) * np.cos(x) - np.sin(z) * np.sin(y) * np.sin(x),
}
EULER = {"gyroid": -4, "P": -2, "D": -8}  # of what is inside, a cell
CELL = {"gyroid": 2.0, "P": 1.6, "D": 2.5}  # side of a cell for a radius of 1
_TURNS = (
    (3, np.array([[2, -1, 2], [2, 2, -1], [-1, 2, 2]])),
    (5, np.array([[3, 4, 0], [-4, 3, 0], [0, 0, 5]])),
    (7, np.array([[2, 3, 6], [3, -6, 2], [6, 2, -3]])),
)


@dataclass(frozen=True)
class Medium:
    """A periodic medium in a window of whole periods."""

    phase: np.ndarray
    fraction: float
    surface: float  # per volume
    mean_integral: float  # per volume
    euler: float  # per volume
    crossings: np.ndarray  # per length of lines along z, y, x


def minimal_surface(radius: float, spacing, rng, *, most: int = 80) -> Medium:
    """Draw the inside of a surface near a minimal one, turned so that it still is periodic."""
    name = str(rng.choice(list(MINIMAL)))
    level = round(float(rng.uniform(-0.5, 0.5)), 1)
    cell = CELL[name] * radius
    fitting = [turn for turn in _TURNS if turn[0] * cell <= most]
    periods, matrix = fitting[rng.integers(len(fitting))] if fitting else (1, np.eye(3, dtype=int))
    matrix = matrix[rng.permutation(3)][:, rng.permutation(3)] * rng.choice([-1, 1], (3, 1))
    side = 2 * round(periods * cell / 2)
    cell = side / periods
    lines = [np.arange(int(side / s) + 1) * s * 2 * PI / side for s in spacing]
    z, y, x = np.meshgrid(*lines, indexing="ij", sparse=True)
    shift = rng.uniform(0, 2 * PI, 3)
    places = [
        row[0] * z + row[1] * y + row[2] * x + d for row, d in zip(matrix, shift, strict=True)
    ]
    normals, mean, fraction = _cell_of(name, level)
    surface = np.linalg.norm(normals, axis=1).sum()
    seen = np.abs(normals @ (matrix / periods)).sum(axis=0)
    return Medium(
        MINIMAL[name](*places) < level, fraction, surface / cell, mean / cell**2,
        EULER[name] / cell**3, seen / cell,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _cell_of(name: str, level: float) -> tuple[np.ndarray, float, float]:
    """Area vectors of a cell of side 1, its integral of mean curvature, and its share inside."""
    from skimage.measure import marching_cubes

    n = 96
    line = np.arange(n + 1) / n * 2 * PI
    z, y, x = np.meshgrid(line, line, line, indexing="ij", sparse=True)
    field = MINIMAL[name](z, y, x)
    points, faces, *_ = marching_cubes(field, level, spacing=(1 / n,) * 3)
    corners = points[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    bent = _mean_curvature(MINIMAL[name], corners.mean(axis=1) * 2 * PI) * 2 * PI
    mean = float(np.linalg.norm(normals, axis=1) @ bent)
    return normals, mean, float((field[1:, 1:, 1:] < level).mean())


def _mean_curvature(field, places: np.ndarray) -> np.ndarray:
    """Half the divergence of the normal, by differences."""
    h = 1e-3
    unit = np.eye(3)

    def at(step) -> np.ndarray:
        return field(*(places + h * np.asarray(step)).T)

    g = np.stack([(at(e) - at(-e)) / (2 * h) for e in unit], axis=1)
    hess = np.empty((len(places), 3, 3))
    for i, a in enumerate(unit):
        for j, b in enumerate(unit):
            hess[:, i, j] = (at(a + b) - at(a - b) - at(b - a) + at(-a - b)) / (4 * h * h)
    steep = np.linalg.norm(g, axis=1)
    trace = np.trace(hess, axis1=1, axis2=2)
    return (trace / steep - np.einsum("ni,nij,nj->n", g, hess, g) / steep**3) / 2


def sphere_medium(kind: str, radius: float, spacing, rng) -> Medium:
    """Draw spheres in a box: ``"apart"``, ``"touching"`` or ``"overlapping"``."""
    side = max(48.0, 6 * radius)
    shape = tuple(int(side / s) + 1 for s in spacing)
    box = np.array([(n - 1) * s for n, s in zip(shape, spacing, strict=True)])
    share = {"apart": 0.12, "touching": 0.4, "overlapping": rng.uniform(0.3, 1.2)}[kind]
    count = int(share * np.prod(box + 2 * radius) / (4 / 3 * PI * radius**3))
    gap = {"apart": 2 * radius + 3 * max(spacing), "touching": 2 * radius, "overlapping": 0}[kind]
    centres = np.empty((0, 3))
    for _ in range(4000):
        if len(centres) >= max(2, count):
            break
        new = rng.uniform(-radius, box + radius)
        away = np.linalg.norm(centres - new, axis=1)
        if len(centres) and away.min() < gap and kind == "touching":
            near = away.argmin()
            new = centres[near] + (new - centres[near]) / away[near] * 2.000001 * radius
            away = np.linalg.norm(centres - new, axis=1)
        if len(centres) and away.min() < gap:
            continue
        centres = np.vstack([centres, new])
    bodies = [(ball(radius).inside, c, radius, np.eye(3)) for c in centres]
    tree, points = cKDTree(centres), sphere_points(3000)
    normals = np.zeros(3)
    area = 0.0
    for number, centre in enumerate(centres):
        places = centre + radius * points
        bare = ((places >= 0) & (places <= box)).all(axis=1)
        for other in tree.query_ball_point(centre, 2 * radius):
            if other != number:
                bare &= ((places - centres[other]) ** 2).sum(axis=1) >= radius**2
        patch = 4 * PI * radius**2 / len(points)
        normals += np.abs(points[bare]).sum(axis=0) * patch
        area += float(bare.sum()) * patch
    dots = rng.uniform(0, 1, (200_000, 3)) * box
    fraction = float((tree.query(dots, distance_upper_bound=radius)[0] <= radius).mean())
    volume = float(np.prod(box))
    return Medium(
        scene(shape, spacing, bodies), fraction, area / volume, np.nan, np.nan, normals / volume
    )
