"""Channels, grains and tubes whose shortest paths, throats and centre lines are known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from .voxel_shapes import PI, SPACINGS, ball, capsule, scene, turned


@dataclass(frozen=True)
class Way:
    """A pore in a box, and its mean shortest path over the straight length."""

    kind: str
    phase: np.ndarray
    axis: str
    spacing: tuple[float, ...]
    ratio: float


def way(number: int, rng: np.random.Generator) -> Way:
    """Draw a straight box, a slanted slit, a serpentine, a ball or a rod in the way."""
    spacing = SPACINGS[number % 2]
    kind = str(rng.choice(["open", "slit", "serpentine", "ball", "rod"]))
    at = int(rng.integers(3))
    r = float(np.exp(rng.uniform(np.log(4), np.log(12))))
    tilt, baffles = rng.uniform(0.2, 1.2), int(rng.integers(1, 4))
    thick = max(4.0, 2 * r * rng.uniform(0.3, 1))
    length = {
        "open": 40.0,
        "slit": r * rng.uniform(4, 9),
        "serpentine": (baffles + 1) * (thick + 2 * r * rng.uniform(1, 1.6)),
    }.get(kind, r * rng.uniform(2.3, 4))
    planes = round(length / spacing[at]) + 1
    length = (planes - 1) * spacing[at]
    ends, width = None, 2 * r * rng.uniform(1.1, 1.6) + 4
    middle = rng.uniform(1.02 * r, length - 1.02 * r) if kind in ("ball", "rod") else 0.0
    if kind == "slit":
        half = r / np.cos(tilt)
        rise = np.tan(tilt) * length / 2
        ends = np.linspace(rise - half, rise + half, 401)
        width, paths = 2 * (rise + half) + 6, np.hypot(length, np.maximum(0, ends + rise - half))
    elif kind == "serpentine":
        high = 2 * r * rng.uniform(2, 3.5)
        tips = [
            ((k + 1) * length / (baffles + 1), (-1) ** k, high / 2 - 2 * r) for k in range(baffles)
        ]
        ends, width = np.linspace(-high / 2, high / 2, 201), high + 6
        paths = _around(tips, thick, length, ends)
    spin = 0.0 if kind == "open" else rng.uniform(0, 2 * PI)
    deep = 12.0 if ends is not None else width
    sides = [
        width * abs(np.cos(spin)) + deep * abs(np.sin(spin)),
        width * abs(np.sin(spin)) + deep * abs(np.cos(spin)),
    ]
    lines = [np.arange(planes) * spacing[at]]
    across = [axis for axis in range(3) if axis != at]
    for axis, side in zip(across, sides, strict=True):
        count = int(side / spacing[axis]) + 2
        lines.append((np.arange(count) - (count - 1) / 2 + rng.uniform(-0.5, 0.5)) * spacing[axis])
    x, a, b = np.meshgrid(*lines, indexing="ij", sparse=True)
    y, z = a * np.cos(spin) + b * np.sin(spin), b * np.cos(spin) - a * np.sin(spin)
    ratio = 1.0
    if kind == "slit":
        phase = abs(y - np.tan(tilt) * (x - length / 2)) <= r / np.cos(tilt)
    elif kind == "serpentine":
        phase = abs(y) <= high / 2
        for place, side, tip in tips:
            phase = phase & ~((abs(x - place) <= thick / 2) & (side * y <= tip))
    elif kind == "open":
        phase = (x + y + z) > -np.inf
    else:
        away = np.hypot(a, b) if kind == "ball" else abs(y) + 0 * z
        phase = (x - middle) ** 2 + away**2 > r * r
        fine = [np.linspace(q[0] - s / 2, q[-1] + s / 2, 300) for q, s in
                zip(lines[1:], (spacing[c] for c in across), strict=True)]  # fmt: skip
        a, b = np.meshgrid(*fine, indexing="ij")
        away = np.hypot(a, b) if kind == "ball" else abs(a * np.cos(spin) + b * np.sin(spin))
        ratio = float(_behind(away, r, middle, length).mean()) / length
    if ends is not None:
        phase = phase & (abs(z) <= deep / 2)
        ratio = float(paths.mean()) / length
    return Way(kind, np.moveaxis(phase, 0, at), "zyx"[at], spacing, ratio)


def _behind(away: np.ndarray, r: float, middle: float, length: float) -> np.ndarray:
    """Paths past a ball or rod: straight to its rim, along it, straight to the end."""
    found = np.full(away.shape, length)
    shade = away < r
    ahead = length - middle
    far = np.hypot(ahead, away[shade])
    turn = PI / 2 - np.arctan2(away[shade], ahead) - np.arccos(np.minimum(1, r / far))
    found[shade] = middle + r * np.maximum(turn, 0) + np.sqrt(np.maximum(far**2 - r**2, 0))
    return found


def _around(tips, thick: float, length: float, ends: np.ndarray) -> np.ndarray:
    """Paths past baffles, over their corners, by who sees whom; the start is all of x = 0."""
    corners = np.array(
        [(place + d, side * tip) for place, side, tip in tips for d in (-thick / 2, thick / 2)]
    )
    sides = np.repeat([side for _, side, _ in tips], 2)

    def sees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Whether points b, further on, are seen from points a."""
        a, b = np.broadcast_arrays(a, b)
        clear = np.ones(a.shape[:-1], bool)
        for (x, tip), side in zip(corners, sides, strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                share = (x - a[..., 0]) / (b[..., 0] - a[..., 0])
            y = a[..., 1] + share * (b[..., 1] - a[..., 1])
            between = (share > 1e-9) & (share < 1 - 1e-9)
            clear &= ~(between & (side * y < side * tip - 1e-9))
        return clear

    def shortest(points: np.ndarray, before: int | None) -> np.ndarray:
        straight = np.linalg.norm(points[:, None] - starts, axis=-1)
        found = np.where(sees(starts[None], points[:, None]), straight, np.inf).min(axis=1)
        for k in range(len(corners) if before is None else before):
            way = known[k] + np.linalg.norm(points - corners[k], axis=-1)
            found = np.where(sees(corners[k], points), np.minimum(found, way), found)
        return found

    starts = np.stack([np.zeros(401), np.linspace(ends[0], ends[-1], 401)], axis=1)
    known: list[float] = []
    for number, corner in enumerate(corners):
        known.append(float(shortest(corner[None], number)[0]))
    return shortest(np.stack([np.full(len(ends), length), ends], axis=1), None)


def throats(number: int, rng: np.random.Generator) -> tuple[np.ndarray, str, tuple, float]:
    """Draw four balls in a row, joined by cylinders; return it with the narrowest diameter [µm]."""
    spacing = SPACINGS[number % 2]
    r = float(np.exp(rng.uniform(np.log(4), np.log(10))))
    radii = r * rng.uniform(1.5, 2.2, 4)
    narrow = r * rng.uniform(1, 1.4, 3)
    along = np.append(0, np.cumsum(radii[:-1] + radii[1:] + r * rng.uniform(0.5, 1.5, 3)))
    centres = np.outer(along, turned(rng)[0])
    low = (centres - radii[:, None]).min(axis=0) - 3 * np.array(spacing) - rng.uniform(0, 1, 3)
    shape = tuple(
        ((centres + radii[:, None]).max(axis=0) - low + 4 * np.array(spacing)) // spacing + 1
    )
    shape = tuple(int(n) for n in shape)
    centres = centres - low
    bodies = [(ball(a).inside, c, a, np.eye(3)) for a, c in zip(radii, centres, strict=True)]
    for a, b, t in zip(centres[:-1], centres[1:], narrow, strict=True):
        apart = float(np.linalg.norm(b - a))
        tube = capsule(t, apart)
        unit = (b - a) / apart
        rows = np.linalg.svd(unit[None])[2]
        bodies.append((tube.inside, (a + b) / 2, tube.reach, np.stack([unit, *rows[1:]])))
    at = int(abs(centres[-1] - centres[0]).argmax())
    first, last = sorted((centres[0][at], centres[-1][at]))
    cut = [slice(None)] * 3
    cut[at] = slice(int(first / spacing[at]) + 1, int(last / spacing[at]))
    return scene(shape, spacing, bodies)[tuple(cut)], "zyx"[at], spacing, 2 * float(narrow.min())


@dataclass(frozen=True)
class Tubes:
    """Tubes around lines: their length [µm], ends and branches."""

    kind: str
    phase: np.ndarray
    spacing: tuple[float, ...]
    length: float
    ends: int
    branches: int


def tubes(number: int, rng: np.random.Generator) -> Tubes:
    """Draw a ring, a rod, a bow, a helix, a Y or an H."""
    spacing = SPACINGS[number % 2]
    kind = str(rng.choice(["ring", "rod", "bow", "helix", "Y", "H"]))
    r = float(np.exp(rng.uniform(np.log(4), np.log(9))))
    turn = np.linspace(0, {"ring": 2 * PI, "bow": rng.uniform(1, 3.5)}.get(kind, 6.0), 200)
    large, pitch = r * rng.uniform(2.5, 4), r * rng.uniform(3.5, 6) / (2 * PI)
    ends, branches = {"ring": (0, 0), "Y": (3, 1), "H": (4, 2)}.get(kind, (2, 0))
    flat = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1) * large
    if kind == "rod":
        lines = [np.array([[0.0, 0, 0], [r * rng.uniform(4, 10), 0, 0]])]
    elif kind in ("ring", "bow", "helix"):
        lines = [flat + np.outer(turn, [0, 0, pitch if kind == "helix" else 0.0])]
    else:
        bar = np.array([[0.0, 0, 0], [r * rng.uniform(5, 7), 0, 0]])
        lines = [bar]
        forks = [(0, 2.1), (0, -2.1)] + [(1, 1.05), (1, -1.05)] * (kind == "H")
        for at, angle in forks:
            unit = np.array([np.cos(angle), np.sin(angle), 0])
            lines.append(np.stack([bar[at], bar[at] + r * rng.uniform(4, 7) * unit]))
    length = sum(float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) for line in lines)
    rotation = turned(rng)
    dots = np.concatenate([_dotted(line) for line in lines]) @ rotation.T
    grid = [
        np.arange(low - r - 3 * s - rng.uniform(0, s), high + r + 3 * s, s)
        for low, high, s in zip(dots.min(axis=0), dots.max(axis=0), spacing, strict=True)
    ]
    places = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1)
    away, _ = cKDTree(dots).query(places, distance_upper_bound=1.01 * r)
    return Tubes(kind, away <= r, spacing, length, ends, branches)


def _dotted(line: np.ndarray) -> np.ndarray:
    pieces = [np.linspace(a, b, int(np.linalg.norm(b - a) / 0.25) + 2) for a, b in pairwise(line)]
    return np.concatenate(pieces)
