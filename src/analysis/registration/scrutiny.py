"""Warnings about single landmarks and about the errors that were stated."""

from __future__ import annotations

import numpy as np

from ...quantities import format_length
from ..distributions import chi2
from .information import weights_of
from .points import Pairs
from .surprise import surprises
from .transform import AffineTransform


def dominating(leverage: np.ndarray) -> tuple[str, ...]:
    """Warn of landmarks that nothing checks, because they dominate the fit."""
    mean = float(np.mean(leverage))
    found = [int(i) for i in np.flatnonzero((leverage > 0.7) & (leverage > 1.5 * mean))]
    return tuple(
        f"landmark {i} dominates the fit: it determines {leverage[i]:.0%} of its own position "
        f"(mean {mean:.0%}), so the others cannot check it; add a landmark near it"
        for i in found
    )


def copied(transform: AffineTransform) -> tuple[str, ...]:
    """Warn where the residuals are zero, so nothing tells the localisation error."""
    if transform.sigma_source != "residuals" or transform.sigma_um != 0.0:
        return ()
    return (
        "residuals are zero: copied or generated, not measured independently; no error is stated, "
        "give sigma_um if it is known",
    )


def disagreeing(pairs: Pairs, transform: AffineTransform, left: np.ndarray) -> tuple[str, ...]:
    """Warn where the residuals are larger than the stated errors allow."""
    nu = left.size - transform.parameter_count
    if not pairs.stated or nu < 1:
        return ()
    white = weights_of(pairs, transform)
    square = float(np.sum((white @ left[..., None]) ** 2))
    chance = float(chi2.sf(square, nu))
    if chance >= 0.01:
        return ()
    return (
        f"the residuals are {np.sqrt(square / nu):.2g} times larger than the stated localisation "
        f"error allows (chance {chance:.1g}): the specimen bends, a landmark is wrong, the model "
        "is too simple, or the error was stated too small; leave it out to take it from the "
        "residuals",
    )


def standing_out(pairs: Pairs, transform: AffineTransform, left: np.ndarray) -> tuple[str, ...]:
    """Warn of a landmark that the others contradict (a swapped or mistaken pair)."""
    chance = surprises(pairs, transform)
    if not np.isfinite(chance).any():
        return ()
    worst = int(np.nanargmin(chance))
    if chance[worst] >= 0.01:
        return ()
    length = format_length(float(np.linalg.norm(left[worst])))
    return (
        f"landmark {worst} does not agree with the others (residual {length}, surprise "
        f"p {chance[worst]:.1g}): check whether it is the same place in both images",
    )
