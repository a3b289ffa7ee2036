"""Measurements of classes learned from scribbles, with what other scribbles would change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_image_ndim, checked_spacing
from .measurement import Check, Measurement
from .phase_checks import phase_checks, sum_check
from .phase_measurements import PhaseMeasurements
from .phase_quantities import QUANTITIES, PhaseFigures, phase_figures
from .phase_uncertainty import counting_part, radius_px_of, voxel_part, with_sampling
from .threshold_variation import TO_95

LEARNED = "learned from scribbles"
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

    Returns
    -------
    dict of str to float
        NaN for what one of them has nothing of.
    """
    if len(figures) < _LEAST:
        raise ValueError(f"variants needs {_LEAST} or more, got {len(figures)}: train more")
    few = np.sqrt(strokes_a_class / (strokes_a_class - 1)) if strokes_a_class > 1 else 1.0
    factor = few * float(student.ppf(0.975, len(figures) - 1))
    parts = {}
    for quantity in QUANTITIES:
        values = [f.values[quantity.key] for f in figures]  # NaN where one has nothing of it
        parts[quantity.key] = factor * float(np.std(values, ddof=1))
    return parts


def measure_classes(
    labels: NDArray,
    variants: Sequence[NDArray],
    *,
    spacing_um: Sequence[float],
    names: dict[int, str],
    box: Sequence[slice] | None = None,
    strokes_a_class: int = 0,
    spacing_uncertainty: float = 0.0,
    mask: NDArray | None = None,
    connectivity: int | None = None,
) -> PhaseMeasurements:
    """Measure classes of a trained segmentation, with 95 % intervals.

    The parts are `classes` (other scribbles of the same kind), `voxels`, `spacing` and, for sizes,
    `counting`, as in `measure_phases`. There is no part `imaging`: a forest says nothing of where
    an edge lies below a voxel, so a class that is systematically wrong is wrong here too; compare
    with `agreement` where the truth is known. Checks are those of `measure_phases`, and one that
    says so.

    Parameters
    ----------
    labels : ndarray of int, (z, y, x) or (y, x)
    variants : sequence of ndarray of int
        The same image, or a box of it, segmented by variants of the classifier
        (`segmentation.variants`); 5 or more. None where there are none: what other scribbles
        would change is then in no interval, and the check says so.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    names : dict of int to str
        Classes to measure, and what they are called.
    box : sequence of slice, optional
        Of which the variants are; what they differ by there is taken as a share of each quantity.
        Of a class that it has nothing of no interval is known.
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
    part = (slice(None),) * ndim if box is None else tuple(box)
    there = labels[part]
    for other in variants:
        if other.shape != there.shape:
            raise ValueError(f"variants needs the shape {there.shape}, got {other.shape}")
    joined = _FULL[ndim] if connectivity is None else connectivity
    inside = None if mask is None else np.asarray(mask)

    def figures_of(phase: NDArray, where: NDArray | None) -> PhaseFigures:
        return phase_figures(phase, spacing_um=spacing, connectivity=joined, mask=where)

    common = (
        sum_check(labels, classes=int(labels.max()) + 1, mask=inside),
        learned_check(bool(len(variants))),
    )
    measured: list[Measurement] = []
    sizes, percolates = {}, {}
    for label, title in names.items():
        phase = labels == label
        figures = figures_of(phase, inside)
        sizes[title], percolates[title] = figures.sizes, figures.percolates
        others: dict[str, float] = {}
        if len(variants):
            within = None if inside is None else inside[part]
            halves = class_parts(
                [figures_of(v == label, within) for v in variants], strokes_a_class=strokes_a_class
            )
            near = figures if box is None else figures_of(there == label, within)
            others = _as_large(halves, near, figures)
        radius_px = radius_px_of(figures, spacing)
        checks = common + phase_checks(
            phase, figures, spacing_um=spacing, radius_px=radius_px, mask=inside,
            imaging_known=None,
        )  # fmt: skip
        found = []
        for quantity in QUANTITIES:
            value = figures.values[quantity.key]
            if not np.isfinite(value):
                continue
            power = abs(quantity.length_power[ndim])
            parts = {
                "voxels": abs(value) * voxel_part(quantity.key, radius_px, figures, spacing),
                "spacing": TO_95 * power * spacing_uncertainty * abs(value),
            } | counting_part(quantity.key, figures.sizes, value)
            if others:
                parts = {"classes": others[quantity.key]} | parts
            told = not np.isnan(parts.get("classes", 0.0))
            known = {name: float(np.nan_to_num(size)) for name, size in parts.items()}
            if not told:
                known.pop("classes")
            m = quantity.measurement(
                title, value, known, ndim=ndim, connectivity=joined, checks=checks
            )
            found.append(m if told else m.without_interval())
        measured += with_sampling(found, phase, spacing_um=spacing, mask=inside)
    return PhaseMeasurements(tuple(measured), labels, sizes, percolates, None)


def learned_check(varied: bool) -> Check:
    """Say what is not known of classes that were learned."""
    said = (
        "classes of a random forest: the part of the classes is what other scribbles of the same "
        "kind would change; what all of them have in common, and blur, is in no interval"
    )
    if not varied:
        said = (
            "classes of a random forest, of which some class has fewer than three scribbles: what "
            "others would change is in no interval; scribble short lines elsewhere"
        )
    return Check(LEARNED, None, said)


def _as_large(
    halves: dict[str, float], near: PhaseFigures, whole: PhaseFigures
) -> dict[str, float]:
    """Take half-widths from a box to the image, as shares of what is measured in each.

    NaN where the box has nothing of it.
    """
    found = {}
    for key, half in halves.items():
        here, there = abs(near.values[key]), abs(whole.values[key])
        known = np.isfinite(here) and np.isfinite(there) and (here > 0 or there == 0)
        found[key] = half * (there / here if here > 0 else 1.0) if known else float("nan")
    return found
