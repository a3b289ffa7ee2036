"""The chord identity: mean chord = 4 phi / S_V, on a segmentation that noise may have speckled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .measurement import Check
from .phase_quantities import PhaseFigures
from .surface import mean_chord_um, surface

TOLERANCE = 0.05
_ISOTROPIC = 0.10  # spread of crossings over their mean, from which a medium has a direction
_CLEAN_PX = 1.0  # Gaussian that takes single voxels away
_SIDE = 256  # voxels an axis of the block that is cleaned


def chord_identity(
    phase: NDArray[np.bool_],
    figures: PhaseFigures,
    *,
    spacing_um: tuple[float, ...],
    mask: NDArray[np.bool_] | None = None,
) -> Check:
    """Compare chords on lines along the axes with the surface in all directions.

    Speckles of one voxel break the identity: lines along the axes count them more often for their
    length than oblique ones, whose voxels are further apart. One voxel of a hundred makes 8 %
    between chords of 13 voxels. Where it fails, both sides are taken from the segmentation
    without its speckles, and their share of the surface is said.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    figures : PhaseFigures
        Of this phase.
    spacing_um : tuple of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Nothing is checked where there is one.

    Returns
    -------
    Check
        It holds within 5 %; it need not where chords differ between the axes.

    Examples
    --------
    >>> from .phase_quantities import phase_figures
    >>> z, y, x = np.indices((40, 40, 40)) - 19.3
    >>> ball = z**2 + y**2 + x**2 < 15**2
    >>> found = phase_figures(ball, spacing_um=(1.0, 1.0, 1.0), connectivity=26)
    >>> chord_identity(ball, found, spacing_um=(1.0, 1.0, 1.0)).passed
    True
    """
    name = "mean chord = 4 phi / S_V" if phase.ndim == 3 else "mean chord = pi phi / L_A"
    own = figures.values["surface_per_phase"]
    if mask is not None or not np.isfinite(own) or own <= 0:
        return Check(name, None, "not checked: needs an interface, and an image without mask")
    measured, expected, spread = _both_sides(phase, own, spacing_um)
    detail = f"{measured:.4g} µm on lines along the axes, {expected:.4g} µm from the surface"
    if abs(measured / expected - 1) <= TOLERANCE:
        return Check(name, True, detail)
    if spread > _ISOTROPIC:
        return Check(name, None, detail + "; chords differ between axes, so it need not hold")
    block = _middle(phase)
    cleaned = _without_speckles(block)
    rough = surface(block, spacing_um=spacing_um).specific_um2_per_um3
    per_phase = surface(cleaned, spacing_um=spacing_um).per_phase_um2_per_um3
    if not np.isfinite(per_phase) or per_phase <= 0:
        return Check(name, None, detail + "; the phase is made of single voxels")
    smooth = per_phase * float(cleaned.mean())
    measured, expected, _ = _both_sides(cleaned, per_phase, spacing_um)
    speckled = (
        f"{detail}; without detail of one voxel {measured:.4g} and {expected:.4g} µm. Such detail, "
        f"noise or not, makes {max(0.0, 1 - smooth / rough):.0%} of the surface"
    )
    holds = abs(measured / expected - 1) <= TOLERANCE
    advice = ": smooth, or remove small objects, if it is noise" if holds else ""
    return Check(name, None if holds else False, speckled + advice)


def _both_sides(
    phase: NDArray[np.bool_], per_phase: float, spacing_um: tuple[float, ...]
) -> tuple[float, float, float]:
    """Mean chord on lines and from the surface [µm], and how much lines differ between axes."""
    chords = np.array(list(mean_chord_um(phase, spacing_um=spacing_um).values()))
    crossings = 1 / chords
    measured = float(1 / np.mean(crossings))
    spread = float(np.ptp(crossings)) * measured if np.all(crossings > 0) else float("inf")
    return measured, (4 if phase.ndim == 3 else float(np.pi)) / per_phase, spread


def _middle(phase: NDArray[np.bool_]) -> NDArray[np.bool_]:
    starts = [max(0, (n - _SIDE) // 2) for n in phase.shape]
    return phase[tuple(slice(a, a + _SIDE) for a in starts)]


def _without_speckles(phase: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(phase.astype(np.float32), _CLEAN_PX) > 0.5)
