"""What a figure owes to the number of objects and to digitisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .directions import parallel_planes
from .measurement import Measurement
from .phase_quantities import PhaseFigures
from .sampling_error import sampling_uncertainty
from .size_distribution import SizeDistribution
from .threshold_variation import TO_95


def counting_part(key: str, sizes: SizeDistribution, value: float) -> dict[str, float]:
    """95 % half-width from the number of objects, where the border hides some of them."""
    errors = {
        "mean_diameter": sizes.mean_error_um,
        "mean_diameter_by_volume": sizes.mean_by_volume_error_um,
        "object_density": sizes.relative_count_error * value,
    }
    return {"counting": TO_95 * float(np.nan_to_num(errors[key]))} if key in errors else {}


def radius_px_of(figures: PhaseFigures, spacing: tuple[float, ...]) -> float:
    """Radius of the sphere (circle) with the phase's surface per volume [px]."""
    ratio = figures.values["surface_per_phase"]
    voxel = float(np.prod(spacing)) ** (1 / len(spacing))
    return len(spacing) / ratio / voxel if np.isfinite(ratio) and ratio > 0 else float("nan")


def voxel_part(
    key: str, radius_px: float, figures: PhaseFigures, spacing: tuple[float, ...]
) -> float:
    """95 % half-width, relative, of digitisation.

    Fits to spheres of 5 to 40 voxels radius: Crofton is 0.02/R + 0.06/R² low, of which re-imaging
    takes off at least half; volumes are 0.07/R² high on average. A surface with a preferred
    direction is known no better than the few directions of the grid tell.
    """
    if not np.isfinite(radius_px) or radius_px <= 0 or key == "largest_fraction":
        return 0.0
    by_volume = 0.07 / radius_px**2
    if key in ("specific_surface", "surface_per_phase"):
        turned = figures.anisotropy * parallel_planes(spacing).error
        return 0.01 / radius_px + 0.06 / radius_px**2 + by_volume + turned
    return 0.0 if key == "object_density" else by_volume


def with_sampling(
    found: Iterable[Measurement],
    phase: NDArray[np.bool_],
    *,
    spacing_um: tuple[float, ...],
    mask: NDArray[np.bool_] | None,
) -> list[Measurement]:
    """Say of each quantity of a phase by how much the image may differ from the material."""
    known = sampling_uncertainty(phase, spacing_um=spacing_um, mask=mask)
    return [
        replace(m, sampling=0.0 if "counting" in m.parts else known.get(m.key.rsplit(".", 1)[1]))
        for m in found
    ]
