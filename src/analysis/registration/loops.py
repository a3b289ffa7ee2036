"""Two ways between the same frames: do they agree?"""

from __future__ import annotations

import numpy as np

from ...errors import CovarianceUnavailable
from ...quantities import format_length
from ..distributions import f_distribution
from .path import FramePath
from .regions import FEWEST_NU

_SAME_UM = 1e-6  # exact ways may differ by rounding


def disagreement(way: FramePath, other: FramePath, points: np.ndarray) -> tuple[str, float]:
    """Say how far another way ends from this one, and by how much the covariance must grow."""
    difference = other.apply(points) - way.apply(points)
    distance = format_length(float(np.linalg.norm(difference, axis=1).max()))
    said = f"another way, {other.words}, ends up to {distance} away"
    try:
        covariance = _of_difference(way, other, points)
        nus = [nu for nu in (way.nu, other.nu) if nu is not None]
    except CovarianceUnavailable:
        return f"{said} (it has no covariance)", 1.0
    if not np.isfinite(covariance).all() or (nus and min(nus) < FEWEST_NU):
        return f"{said} (too few to say whether that is much)", 1.0
    square, dims = _mahalanobis(difference, covariance)
    worst = int(np.argmax(square))
    if dims[worst] == 0:
        far = np.abs(difference).max() > _SAME_UM
        return (
            f"LOOP DOES NOT CLOSE: {said}, though both are said to be exact" if far else said
        ), 1.0
    ratio = float(square[worst] / dims[worst])
    chance = len(points) * f_distribution.sf(ratio, dims[worst], min(nus, default=1e9))
    if chance >= 0.01:
        return f"{said}, within what the errors allow (chance {min(chance, 1):.2g})", 1.0
    return (
        f"LOOP DOES NOT CLOSE: {said}, {np.sqrt(ratio):.2g} times what the errors allow (chance "
        f"{chance:.1g}); the covariances were multiplied by {ratio:.3g}. One of "
        f"{', '.join(sorted(set(way.edges) ^ set(other.edges)))} is wrong or too sure of itself",
        ratio,
    )


def _of_difference(way: FramePath, other: FramePath, points: np.ndarray) -> np.ndarray:
    """Add what the two ways do not share: (n, 3, 3) [um2]."""
    shared = set(way.edges) & set(other.edges)
    total = np.zeros((len(points), 3, 3))
    for path in (way, other):
        for name, part in path.contributions(points).items():
            if name not in shared:
                total = total + part
    return total


def _mahalanobis(difference: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square distances in units of the covariance, and the dimensions that it has."""
    values, vectors = np.linalg.eigh(covariance)
    along = np.einsum("nji,nj->ni", vectors, difference)
    there = values > 1e-12 * np.maximum(values[:, -1:], 1e-300)
    square = np.where(there, along**2 / np.where(there, values, 1.0), 0.0)
    return square.sum(axis=1), there.sum(axis=1)
