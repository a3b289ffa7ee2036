"""Measurements of classes learned from scribbles, with what other scribbles would change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_image_ndim, checked_spacing
from .measurement import Measurement
from .phase_measurements import PhaseMeasurements
from .phase_quantities import QUANTITIES, PhaseFigures, phase_figures
from .phase_uncertainty import counting_part, radius_px_of, voxel_part
from .sampling_error import sampling_uncertainty
from .threshold_variation import TO_95

_FULL = {2: 8, 3: 26}
_LEAST = 5  # variants below which their scatter says little


def class_parts(figures: Sequence[PhaseFigures], *, strokes_a_class: int = 0) -> dict[str, float]:
    """Return the 95 % half-width that each quantity owes to where it was scribbled.

    Parameters
    ----------
    figures : sequence of PhaseFigures
        Of one phase, each segmented by another variant of the classifier.
    strokes_a_class : int
        Fewest scribbles of a class: drawing n with replacement scatters less than n others would,
        by sqrt(1 - 1/n), which is made up for. 0 leaves that.
    """
    if len(figures) < _LEAST:
        raise ValueError(f"variants needs {_LEAST} or more, got {len(figures)}: train more")
    few = np.sqrt(strokes_a_class / (strokes_a_class - 1)) if strokes_a_class > 1 else 1.0
    factor = few * float(student.ppf(0.975, len(figures) - 1))
    parts = {}
    for quantity in QUANTITIES:
        known = [f.values[quantity.key] for f in figures if np.isfinite(f.values[quantity.key])]
        parts[quantity.key] = factor * float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return parts


def measure_classes(
    labels: NDArray,
    variants: Sequence[NDArray],
    *,
    spacing_um: Sequence[float],
    names: dict[int, str],
    strokes_a_class: int = 0,
    spacing_uncertainty: float = 0.0,
    mask: NDArray | None = None,
    connectivity: int | None = None,
) -> PhaseMeasurements:
    """Measure classes of a trained segmentation, with 95 % intervals.

    The parts are `classes` (other scribbles of the same kind), `voxels`, `spacing` and, for sizes,
    `counting`, as in `measure_phases`. There is no part `imaging`: a forest says nothing of where
    an edge lies below a voxel, so a class that is systematically wrong is wrong here too; compare
    with `agreement` where the truth is known.

    Parameters
    ----------
    labels : ndarray of int, (z, y, x) or (y, x)
    variants : sequence of ndarray of int
        The same image, or the same box of it, segmented by variants of the classifier
        (`segmentation.variants`); 5 or more. Where they are of a box, `labels` are of that box.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    names : dict of int to str
        Classes to measure, and what they are called.
    strokes_a_class
        See `class_parts`.
    spacing_uncertainty : float
        Relative standard uncertainty of the voxel size.
    mask : ndarray of bool, optional
        Where the specimen is.
    connectivity : int, optional
        26 or 6 (8 or 4 in 2D); 26 (8) unless told.

    Examples
    --------
    >>> labels = np.zeros((16, 16, 16), np.uint8); labels[4:12, 4:12, 4:12] = 1
    >>> found = measure_classes(labels, [labels] * 5, spacing_um=(1, 1, 1), names={1: "grain"})
    >>> found["grain.volume_fraction"].value, found["grain.volume_fraction"].parts["classes"]
    (0.125, 0.0)
    """
    labels = np.asarray(labels)
    ndim = checked_image_ndim(labels.shape, "labels")
    spacing = checked_spacing(spacing_um, ndim)
    for other in variants:
        if other.shape != labels.shape:
            raise ValueError(f"variants needs the shape {labels.shape}, got {other.shape}")
    joined = _FULL[ndim] if connectivity is None else connectivity

    def figures_of(phase: NDArray) -> PhaseFigures:
        return phase_figures(phase, spacing_um=spacing, connectivity=joined, mask=mask)

    measured: list[Measurement] = []
    sizes, percolates = {}, {}
    sampling: dict[str, float] = {}
    for label, title in names.items():
        phase = labels == label
        figures = figures_of(phase)
        sizes[title], percolates[title] = figures.sizes, figures.percolates
        others = class_parts(
            [figures_of(v == label) for v in variants], strokes_a_class=strokes_a_class
        )
        radius_px = radius_px_of(figures, spacing)
        for quantity in QUANTITIES:
            value = figures.values[quantity.key]
            if not np.isfinite(value):
                continue
            power = abs(quantity.length_power[ndim])
            parts = {
                "classes": others[quantity.key],
                "voxels": abs(value) * voxel_part(quantity.key, radius_px, phase),
                "spacing": TO_95 * power * spacing_uncertainty * abs(value),
            } | counting_part(quantity.key, figures.sizes, value)
            known = {name: float(np.nan_to_num(part)) for name, part in parts.items()}
            m = quantity.measurement(title, value, known, ndim=ndim, connectivity=joined)
            measured.append(m)
        found = sampling_uncertainty(phase, spacing_um=spacing, mask=mask)
        sampling |= {f"{title}.{key}": size for key, size in found.items()}
    return PhaseMeasurements(tuple(measured), labels, sizes, percolates, sampling, None)
