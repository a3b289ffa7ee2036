"""Two ways between the same frames: do they agree?"""

from __future__ import annotations

import numpy as np

from ...errors import CovarianceUnavailable
from ...quantities import format_length
from ..distributions import f_distribution
from .degrees import effective_nu
from .joint import carried
from .path import FramePath
from .regions import FEWEST_NU

_SAME_UM = 1e-6  # exact ways may differ by rounding


def disagreement(way: FramePath, other: FramePath, points: np.ndarray) -> tuple[str, float]:
    """Say how far another way ends from this one, and by how much the covariance must grow."""
    difference = other.apply(points) - way.apply(points)
    distance = format_length(float(np.linalg.norm(difference, axis=1).max()))
    said = f"another way, {other.words}, ends up to {distance} away"
    try:
        covariance, nus = _of_difference(way, other, points)
    except CovarianceUnavailable:
        return f"{said} (it has no covariance)", 1.0
    if not np.isfinite(covariance).all() or nus.min(initial=np.inf) < FEWEST_NU:
        return f"{said} (too few to say whether that is much)", 1.0
    square, dims = _mahalanobis(difference, covariance)
    worst = int(np.argmax(square))
    if dims[worst] == 0:
        far = np.abs(difference).max() > _SAME_UM
        return (
            f"LOOP DOES NOT CLOSE: {said}, though both are said to be exact" if far else said
        ), 1.0
    ratio = float(square[worst] / dims[worst])
    chance = len(points) * f_distribution.sf(ratio, dims[worst], min(float(nus[worst]), 1e9))
    if chance >= 0.01:
        return f"{said}, within what the errors allow (chance {min(chance, 1):.2g})", 1.0
    return (
        f"LOOP DOES NOT CLOSE: {said}, {np.sqrt(ratio):.2g} times what the errors allow (chance "
        f"{chance:.1g}); the covariances were multiplied by {ratio:.3g}. One of "
        f"{', '.join(sorted(set(way.edges) ^ set(other.edges)))} is wrong or too sure of itself",
        ratio,
    )


def _of_difference(
    way: FramePath, other: FramePath, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of where the two ways end, one less the other, and its degrees of freedom.

    What they share moves both alike and cancels.
    """
    mine, theirs = way.slopes_at(points), other.slopes_at(points)
    shared = set(way.edges) & set(other.edges)
    parts = [np.zeros((len(points), 3, 3))]
    nus: list[float | None] = [None]
    for name in dict.fromkeys([*mine, *theirs]):
        if name in shared:
            continue
        source = way if name in mine else other
        slope = -mine[name] if name in mine else np.zeros_like(theirs[name])
        if name in theirs:
            slope = slope + theirs[name]
        prior = source.prior(name)
        unknown = np.full((len(points), 3, 3), np.nan)
        parts.append(unknown if prior is None else carried(slope, prior))
        nus.append(source.nu_of(name))
    return np.asarray(sum(parts[1:], parts[0])), effective_nu(parts, nus)


def _mahalanobis(difference: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square distances in units of the covariance, and the dimensions that it has."""
    values, vectors = np.linalg.eigh(covariance)
    along = np.einsum("nji,nj->ni", vectors, difference)
    there = values > 1e-12 * np.maximum(values[:, -1:], 1e-300)
    square = np.where(there, along**2 / np.where(there, values, 1.0), 0.0)
    return square.sum(axis=1), there.sum(axis=1)
