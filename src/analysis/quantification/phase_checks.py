"""Checks that a measured phase has to pass: bounds, identities, resolution, thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..segmentation.phase_cores import PhaseGrey
from .chord_identity import chord_identity
from .measurement import Check
from .phase_quantities import PhaseFigures
from .volume import phase_fractions

_RADIUS_PX = 5.0
RESOLUTION = "resolution"


def sum_check(labels: NDArray[np.uint8], *, classes: int, mask: NDArray[np.bool_] | None) -> Check:
    """Check that the phases of a segmentation fill the image."""
    total = float(phase_fractions(labels, classes=classes, mask=mask).sum())
    return Check("phases add up to 1", abs(total - 1) < 1e-12, f"sum of the fractions {total:.12g}")


def half_way_checks(
    *, grey: PhaseGrey, levels: tuple[float, ...], sigmas: tuple[float, ...]
) -> tuple[Check, ...]:
    """Check where the thresholds lie between their phases.

    Parameters
    ----------
    grey : PhaseGrey
        Grey values of the phases, at these thresholds.
    levels, sigmas : tuple of float
        Thresholds with their standard uncertainties [grey value].

    Returns
    -------
    tuple of Check
    """
    return tuple(
        _half_way(i, level, sigma, grey.means, grey.has_core)
        for i, (level, sigma) in enumerate(zip(levels, sigmas, strict=True))
    )


def half_way_levels(
    grey: PhaseGrey, *, levels: tuple[float, ...], sigmas: tuple[float, ...]
) -> tuple[float, ...] | None:
    """Return the thresholds half-way where the given ones are clearly elsewhere.

    A blurred interface lies half-way between its phases; a threshold that was put elsewhere
    measures another surface, and how far that is off is no matter of its own uncertainty.

    Parameters
    ----------
    grey : PhaseGrey
        Grey values of the phases, at these thresholds.
    levels, sigmas : tuple of float
        Thresholds with their standard uncertainties [grey value].

    Returns
    -------
    tuple of float or None
        None where every threshold is half-way, or nothing is known of it.
    """
    found = list(levels)
    for i, (level, sigma) in enumerate(zip(levels, sigmas, strict=True)):
        low, high = grey.means[i], grey.means[i + 1]
        known = grey.has_core[i] and grey.has_core[i + 1]
        if known and not _is_half_way(level, sigma, low, high):
            found[i] = (low + high) / 2
    if found == list(levels) or np.any(np.diff(found) <= 0):
        return None
    return tuple(found)


def phase_checks(
    phase: NDArray[np.bool_],
    figures: PhaseFigures,
    *,
    spacing_um: tuple[float, ...],
    radius_px: float,
    mask: NDArray[np.bool_] | None,
    imaging_known: bool | None,
) -> tuple[Check, ...]:
    """Check one phase: bounds, the chord identity, resolution, and that re-imaging was possible.

    Parameters
    ----------
    radius_px : float
        Radius of the sphere with the same surface per volume [px].
    imaging_known : bool or None
        Whether blur and noise could be re-imaged; None where that is said elsewhere.

    Returns
    -------
    tuple of Check
    """
    fraction = figures.values["volume_fraction"]
    checks = (
        Check("between 0 and 1", 0 <= fraction <= 1, f"volume fraction {fraction:.6g}"),
        chord_identity(phase, figures, spacing_um=spacing_um, mask=mask),
        _resolution(radius_px),
    )
    if imaging_known is None:
        return checks
    return (
        *checks,
        Check(
            "imaging model",
            True if imaging_known else None,
            "blur and noise were measured on the image and their effect re-imaged"
            if imaging_known
            else "no edges between two phases to measure the blur on: its effect is not included",
        ),
    )


def _half_way(
    i: int, level: float, sigma: float, means: tuple[float, ...], has_core: tuple[bool, ...]
) -> Check:
    name = f"threshold {i + 1} half-way"
    middle = (means[i] + means[i + 1]) / 2
    detail = (
        f"{level:.5g} ± {sigma:.2g} (1 sigma); half-way between {means[i]:.5g} and "
        f"{means[i + 1]:.5g} is {middle:.5g}"
    )
    if not (has_core[i] and has_core[i + 1]):
        return Check(name, None, detail + "; a phase is too thin to know its grey value")
    if _is_half_way(level, sigma, means[i], means[i + 1]):
        return Check(name, True, detail)
    return Check(name, False, detail + ". Nothing is taken off, the intervals reach to there")


def _is_half_way(level: float, sigma: float, low: float, high: float) -> bool:
    return abs(level - (low + high) / 2) <= max(3 * sigma, 0.02 * (high - low))


def _resolution(radius_px: float) -> Check:
    if not np.isfinite(radius_px):
        return Check(RESOLUTION, None, "the phase has no interface")
    detail = f"radius 3 V / S (2 A / P) is {radius_px:.1f} voxels"
    if radius_px >= _RADIUS_PX:
        return Check(RESOLUTION, True, detail)
    return Check(
        RESOLUTION, False, detail + f", below {_RADIUS_PX:g}: surface and sizes are uncertain"
    )
