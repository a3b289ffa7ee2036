"""Warnings about single landmarks and about the errors that were stated."""

from __future__ import annotations

import numpy as np

from ...quantities import format_length
from ..distributions import chi2
from .degeneracy import FLAT_WORDS
from .information import weights_of
from .points import Pairs
from .spread import Spread, spread_of
from .surprise import surprises
from .transform import AffineTransform

_ENOUGH = 6  # degrees of freedom: an error that residuals tell is then known within 0.64 to 2.2
_THIN = 0.1  # of the spread along the next axis: nearly in a plane, or on a line
_SEEN = 3.0  # localisation errors
_ZERO = 1e-9


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


def few(pairs: Pairs, transform: AffineTransform) -> tuple[str, ...]:
    """Warn where too few landmarks are left over to tell the localisation error well."""
    nu = transform.nu
    if transform.sigma_source != "residuals" or transform.covariance is None or nu is None:
        return ()
    if nu >= _ENOUGH:
        return ()
    least, most = (float(np.sqrt(nu / chi2.ppf(share, nu))) for share in (0.975, 0.025))
    count = len(pairs)
    more = int(np.ceil((_ENOUGH - nu) / pairs.ndim_fixed))
    return (
        f"{count} landmarks leave {nu:.2g} degrees of freedom to tell the error: it may be "
        f"{least:.2g} to {most:.2g} times the stated one (95 %), and regions are as wide; add "
        f"{more} {'landmark' if more == 1 else 'landmarks'} or more, or state sigma_um if it is "
        "known",
    )


def flat(pairs: Pairs, transform: AffineTransform, target_um: np.ndarray | None) -> tuple[str, ...]:
    """Warn of landmarks of two volumes that lie nearly in a plane, or on a line.

    Not where every target lies nearer to that plane or line than the landmarks are spread in it:
    the error there is known and small. A mirror is seen once they stick out of the plane by more
    than their error.
    """
    if (pairs.ndim_moving, pairs.ndim_fixed) != (3, 3):
        return ()
    spread = spread_of(pairs.moving_um, 3)
    largest, middle, least = spread.radii_um
    spans = 1 if middle < _THIN * largest else 2 if least < _THIN * middle else 3
    if spans == 3 or (target_um is not None and _near(target_um, spread, spans)):
        return ()
    shape, off = ("plane", "off the plane") if spans == 2 else ("line", "beside the line")
    turns = "turns out of the plane are" if spans == 2 else "a turn about the line is"
    sigma = transform.sigma_um
    blind = spans == 2 and (sigma is None or least <= max(_SEEN * sigma, _ZERO * largest))
    mirror = "; a mirror across it would not be seen" if blind else ""
    return (
        f"the landmarks lie nearly {FLAT_WORDS[spans]} (RMS spread {spread.words}): {turns} known "
        f"less well, and the error grows with the distance from the {shape}{mirror}; add a "
        f"landmark {off}",
    )


def _near(target_um: np.ndarray, spread: Spread, spans: int) -> bool:
    away = np.linalg.norm((target_um - spread.centroid_um) @ spread.axes[spans:].T, axis=1)
    return bool((away <= spread.radii_um[spans - 1]).all())
