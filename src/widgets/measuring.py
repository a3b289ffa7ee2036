"""What a person measures between points by hand: distances, angles, areas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..quantities import format_length

SHAPES = ("distance", "angle", "area")


def distance_um(points_um: ArrayLike) -> float:
    """Length of a line through points, shape (n, 3) [µm].

    Examples
    --------
    >>> distance_um([(0, 0, 0), (0, 3, 4)])
    5.0
    """
    return float(np.linalg.norm(np.diff(np.asarray(points_um, float), axis=0), axis=1).sum())


def angle_deg(points_um: ArrayLike) -> float:
    """Angle at the second of three points, shape (3, 3) [°].

    Examples
    --------
    >>> angle_deg([(0, 0, 1), (0, 0, 0), (0, 2, 0)])
    90.0
    """
    first, corner, last = np.asarray(points_um, float)
    a, b = first - corner, last - corner
    share = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(share, -1, 1))))


def area_um2(points_um: ArrayLike) -> float:
    """Area inside a closed line of points that lie on a plane, shape (n, 3) [µm²].

    Examples
    --------
    >>> area_um2([(0, 0, 0), (0, 0, 2), (0, 3, 2), (0, 3, 0)])
    6.0
    """
    points = np.asarray(points_um, float)
    rays = points - points[0]
    return float(np.linalg.norm(np.cross(rays, np.roll(rays, -1, axis=0)).sum(axis=0)) / 2)


def measured_words(shape: str, points_um: Sequence[Sequence[float]], *, unit: str = "um") -> str:
    """The value with its unit, as the browser writes it; empty for a note.

    Examples
    --------
    >>> measured_words("distance", [(0, 0, 0), (0, 3, 4)])
    '5 µm'
    >>> measured_words("area", [(0, 0, 0), (0, 0, 2), (0, 3, 2), (0, 3, 0)])
    '6 µm²'
    """
    if shape == "distance":
        length = distance_um(points_um)
        return f"{_short(length)} px" if unit == "px" else format_length(length)
    if shape == "angle":
        return f"{angle_deg(points_um):.1f}°"
    return _area_words(area_um2(points_um), unit) if shape == "area" else ""


def _area_words(value_um2: float, unit: str) -> str:
    if unit == "px":
        return f"{_short(value_um2)} px²"
    if 0 < value_um2 < 0.1:
        return f"{_short(value_um2 * 1e6)} nm²"
    return f"{_short(value_um2)} µm²" if value_um2 < 1e5 else f"{_short(value_um2 / 1e6)} mm²"


def _short(value: float) -> str:
    return np.format_float_positional(float(f"{value:.2e}"), trim="-")
