"""Phases measured from grey values and thresholds, with 95 % intervals and checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..segmentation.corrections import Corrections
from ..segmentation.levelling import levelled
from ..segmentation.phase_cores import PhaseGrey, phase_grey
from ..segmentation.recipe import SegmentationRecipe
from ..segmentation.segment import checked_thresholds, segment
from ..spacing import checked_image_ndim, checked_spacing
from .already_segmented import already_check, already_segmented
from .bias import SURFACES, Bias, estimate_bias
from .crevices import Crevices, crevices_between_grains
from .imaging_model import estimate_imaging
from .measurement import Check, Measurement
from .model_fit import LARGEST_MISFIT, model_check, model_misfit
from .phase_checks import half_way_checks, half_way_levels, phase_checks, sum_check
from .phase_inputs import checked_names, checked_uncertainty, chosen_labels
from .phase_measurements import PhaseMeasurements
from .phase_quantities import QUANTITIES, PhaseFigures, Quantity
from .phase_uncertainty import counting_part, radius_px_of, voxel_part, with_sampling
from .rendering import Imaging
from .threshold_variation import TO_95, PhaseJob, Variation, threshold_parts, varied_thresholds
from .volume import checked_mask

_FULL = {2: 8, 3: 26}


def measure_phases(
    image: NDArray,
    *,
    thresholds: Sequence[float],
    threshold_uncertainty: float | Sequence[float],
    spacing_um: Sequence[float],
    spacing_uncertainty: float = 0.0,
    names: Sequence[str] | None = None,
    phase: str | int | None = None,
    smoothing_px: float = 0.0,
    min_size_px: int = 0,
    fill_holes: bool = False,
    recipe: SegmentationRecipe | None = None,
    corrections: Corrections | None = None,
    mask: NDArray | None = None,
    connectivity: int | None = None,
    correct: bool = True,
    seed: int = 0,
) -> PhaseMeasurements:
    """Measure volume fraction, surface, sizes and connectivity of phases, with 95 % intervals.

    The intervals are of the imaged volume; by how much it may differ from the material is given
    beside each, as its `sampling`. Each has named parts: `threshold` (the quantity at the
    thresholds ± their uncertainty), `imaging` (blur, smoothing and noise, from a model of the
    shapes that is imaged and segmented once more, see `reimaging`), `crevices` (surface that blur
    hides where grains touch), `voxels` (digitisation), `spacing`, for thresholds clearly off the
    middle between two phases `half-way` (what is measured there), and for sizes and numbers of
    objects `counting`: where the border cuts objects, those inside stand for the population, and
    there are only so many of them.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values.
    thresholds : sequence of float
        Increasing [grey value]; a voxel at a threshold belongs to the upper class.
    threshold_uncertainty : float or sequence of float
        Standard uncertainty (1 sigma) of each threshold [grey value].
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    spacing_uncertainty : float
        Relative standard uncertainty of the voxel size, common to all axes.
    names : sequence of str, optional
        Of the classes, from dark to bright; ``"class 0"`` and so on unless told.
    phase : str or int, optional
        Measure only this one.
    smoothing_px, min_size_px, fill_holes
        See `segment`.
    corrections : Corrections, optional
        Labels corrected by hand, on the grid of the image.
    recipe : SegmentationRecipe, optional
        The whole segmentation, in place of these; its thresholds are not looked at. Where they are
        local, all grey values below are differences to the surroundings.
    mask : ndarray of bool, optional
        Where the specimen is.
    connectivity : int, optional
        26 or 6 (8 or 4 in 2D); 26 (8) unless told.
    correct : bool
        Take the bias found by re-imaging off the value. If not, the interval is widened by it and
        the value stays that of the segmentation; so it is where the image does not look like
        uniform phases, blurred and noisy, and where a threshold is clearly not half-way.
    seed : int
        Of the noise in the re-imaged model.

    Returns
    -------
    PhaseMeasurements

    Raises
    ------
    ValueError
        Bad spacing, thresholds, mask or names, in words.

    Notes
    -----
    The correction supposes that the threshold is the interface between two phases of uniform
    grey value. It does not know of reconstruction artefacts, gradients of brightness, or phases
    that are not there to the microscope. An image of one grey value a phase is a segmentation
    already: nothing is taken off, and its intervals know of voxels and counting alone.

    Examples
    --------
    >>> image = np.zeros((32, 32, 32)); image[8:24, 8:24, 8:24] = 100.0
    >>> found = measure_phases(image, thresholds=(50,), threshold_uncertainty=1,
    ...     spacing_um=(1, 1, 1), names=("matrix", "grain"), phase="grain", correct=False)
    >>> found["grain.volume_fraction"].value
    0.125
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    spacing = checked_spacing(spacing_um, ndim)
    levels = checked_thresholds(thresholds)
    sigmas = checked_uncertainty(threshold_uncertainty, len(levels))
    if not (np.isfinite(spacing_uncertainty) and spacing_uncertainty >= 0):
        raise ValueError(
            f"spacing_uncertainty needs a relative value of 0 or more, got {spacing_uncertainty}: "
            "0.01 stands for 1 %"
        )
    inside = None if mask is None else checked_mask(mask, image.shape)
    titles = checked_names(names, len(levels) + 1)
    connectivity = _FULL[ndim] if connectivity is None else connectivity
    if np.issubdtype(image.dtype, np.integer):  # a grey value stands for all that rounds to it
        sigmas = tuple(float(np.hypot(s, 0.5 / np.sqrt(3))) for s in sigmas)
    if recipe is None:
        segmenter = partial(
            segment, smoothing_px=smoothing_px, min_size_px=min_size_px, fill_holes=fill_holes
        )
    else:
        if smoothing_px or min_size_px or fill_holes:
            raise ValueError(
                "measure_phases needs a recipe or smoothing_px, min_size_px and fill_holes, "
                "got both: say it in the recipe"
            )
        if recipe.method == "local":
            scale = recipe.scale(spacing, ndim)
            image = levelled(
                image, window_um=recipe.window, spacing_um=scale, shape=recipe.window_shape
            )
        segmenter = partial(segment, recipe=recipe.levelled(), spacing_um=spacing)
    smoothed = smoothing_px if recipe is None else recipe.smoothing_px
    job = PhaseJob(
        image, levels, sigmas, spacing, spacing_uncertainty, connectivity, inside, segmenter,
        corrections, smoothing_px=tuple(np.broadcast_to(smoothed, ndim).tolist()),
        cuts_touching=recipe is not None and recipe.split_depth > 0,
    )  # fmt: skip
    chosen = chosen_labels(phase, titles)
    grey = phase_grey(image, thresholds=levels, mask=inside)
    if already_segmented(image, thresholds=levels):
        job = replace(job, sigmas=(0.0,) * len(levels), already=True)
        return _measure_at_thresholds(job, grey, titles, chosen, correct=False, seed=seed)
    half_way = half_way_levels(grey, levels=levels, sigmas=sigmas)
    if half_way is None:
        return _measure_at_thresholds(job, grey, titles, chosen, correct=correct, seed=seed)
    there = _measure_at_thresholds(
        replace(job, levels=half_way),
        phase_grey(image, thresholds=half_way, mask=inside),
        titles,
        chosen,
        correct=correct,
        seed=seed,
    )
    # the model's interface is where the threshold is, so that it has nothing to take off
    return _measure_at_thresholds(job, grey, titles, chosen, correct=False, seed=seed, there=there)


def _measure_at_thresholds(
    job: PhaseJob,
    grey: PhaseGrey,
    titles: tuple[str, ...],
    chosen: tuple[int, ...],
    *,
    correct: bool,
    seed: int,
    there: PhaseMeasurements | None = None,
) -> PhaseMeasurements:
    """Measure the chosen phases; `there` is what is measured at thresholds half-way."""
    image, levels, inside = job.image, job.levels, job.inside
    segmenter = partial(job.segmenter, thresholds=levels)
    labels = job.segmented(levels)
    imaging, varied = None, []
    common: tuple[Check, ...] = (sum_check(labels, classes=len(levels) + 1, mask=inside),)
    if job.already:
        common += (already_check(),)
    else:
        imaging = estimate_imaging(image, labels, grey=grey, thresholds=levels, segmenter=segmenter)
        varied = varied_thresholds(job, labels)
        common += half_way_checks(grey=grey, levels=levels, sigmas=job.sigmas)
    if imaging is not None:
        misfit = model_misfit(image, labels, imaging=imaging, mask=inside)
        common += (model_check(misfit),)
        correct = correct and misfit <= LARGEST_MISFIT
    measured = {}
    for label in chosen:
        measured[titles[label]] = _measure(
            job, labels, there, varied, imaging, label, titles[label], common, correct, seed
        )
    return PhaseMeasurements(
        measurements=tuple(m for found in measured.values() for m in found.measurements),
        labels=labels,
        sizes={title: found.figures.sizes for title, found in measured.items()},
        percolates={title: found.figures.percolates for title, found in measured.items()},
        imaging=imaging,
        grains={
            title: found.grains for title, found in measured.items() if found.grains is not None
        },
    )


@dataclass(frozen=True)
class _Measured:
    measurements: tuple[Measurement, ...]
    figures: PhaseFigures
    grains: bool | None


def _measure(
    job: PhaseJob,
    labels: NDArray[np.uint8],
    there: PhaseMeasurements | None,
    varied: list[Variation],
    imaging: Imaging | None,
    label: int,
    title: str,
    common: tuple[Check, ...],
    correct: bool,
    seed: int,
) -> _Measured:
    phase = labels == label
    figures = job.figures(phase, job.inside)
    from_threshold = threshold_parts(job, varied, label)
    radius_px = radius_px_of(figures, job.spacing)
    bias = _bias(job, labels, label, imaging, radius_px, seed)
    crevices = _crevices(job, label, imaging) if bias else None
    checks = common + phase_checks(
        phase, figures, spacing_um=job.spacing, radius_px=radius_px, mask=job.inside,
        imaging_known=None if job.already else bool(bias),
    )  # fmt: skip
    elsewhere = {} if there is None else {m.key: m for m in there}
    found = []
    for quantity in QUANTITIES:
        raw = figures.values[quantity.key]
        if not np.isfinite(raw):  # no such thing here: no object inside the border, no interface
            continue
        share = bias.get(quantity.key, Bias(float("nan"), float("nan")))
        value, parts = _value_and_parts(
            job, quantity, figures, share, from_threshold, radius_px, correct, phase
        )
        if crevices and quantity.key in SURFACES:
            of = 1.0 if quantity.key == SURFACES[0] else figures.values["volume_fraction"]
            hidden, unsure = crevices.hidden_per_um / of, crevices.uncertainty_per_um / of
            value += hidden if correct else 0.0
            parts["crevices"] = unsure if correct else unsure + hidden
        parts |= counting_part(quantity.key, figures.sizes, value)
        if other := elsewhere.get(f"{title}.{quantity.key}"):
            for free in ("imaging", "crevices"):  # that value knows of them
                parts.pop(free, None)
            parts["half-way"] = abs(other.value - value) + other.uncertainty
        m = quantity.measurement(
            title, value, parts, ndim=phase.ndim, connectivity=job.connectivity, checks=checks,
            as_segmented=raw, of=figures.said_of(quantity.key),
        )  # fmt: skip
        found.append(m)
    return _Measured(
        tuple(with_sampling(found, phase, spacing_um=job.spacing, mask=job.inside)),
        figures,
        crevices.bright == (label > 0) if crevices and crevices.likely == 1 else None,
    )


def _value_and_parts(
    job: PhaseJob,
    quantity: Quantity,
    figures: PhaseFigures,
    bias: Bias,
    from_threshold: dict[str, float],
    radius_px: float,
    correct: bool,
    phase: NDArray[np.bool_],
) -> tuple[float, dict[str, float]]:
    raw = figures.values[quantity.key]
    corrected = quantity.corrected and correct and np.isfinite(bias.ratio)
    value = raw * bias.ratio if corrected else raw
    if quantity.bounds[1] == 1.0:
        value = min(value, 1.0)
    parts = {"threshold": from_threshold[quantity.key]}
    if corrected and bias.per_volume is not None:
        by_volume = from_threshold["volume_fraction"] / figures.values["volume_fraction"]
        parts["threshold"] = abs(bias.per_volume * value) * by_volume
    if np.isfinite(bias.ratio):
        # a bias that is left in has a known sign: it adds to the half-width as it is
        left = bias.uncertainty if corrected else bias.uncertainty + abs(bias.ratio - 1)
        parts["imaging"] = float(abs(raw) * left)
    parts["voxels"] = abs(value) * voxel_part(quantity.key, radius_px, figures, job.spacing)
    power = abs(quantity.length_power[phase.ndim])
    parts["spacing"] = TO_95 * power * job.spacing_uncertainty * abs(value)
    return float(value), {name: float(np.nan_to_num(size)) for name, size in parts.items()}


def _crevices(job: PhaseJob, label: int, imaging: Imaging | None) -> Crevices | None:
    """Crevices between grains that touch, which are the phase or what is around it."""
    one_sided = label in (0, len(job.levels))  # what is between two thresholds touches two phases
    if imaging is None or job.image.ndim != 3 or not one_sided or job.cuts_touching:
        return None
    for bright in (True, False):
        found = crevices_between_grains(
            job.image,
            threshold=job.levels[max(label - 1, 0)],
            blur_px=imaging.blur_px,
            smoothing_px=job.smoothing_px,
            spacing_um=job.spacing,
            bright=bright,
            mask=job.inside,
        )
        if found.hidden_per_um > 0:
            return found
    return None


def _bias(
    job: PhaseJob,
    labels: NDArray[np.uint8],
    label: int,
    imaging: Imaging | None,
    radius_px: float,
    seed: int,
) -> dict[str, Bias]:
    share = np.count_nonzero(labels == label) / labels.size
    if imaging is None or not (0 < share < 1 and radius_px > 0):
        return {}
    return estimate_bias(
        labels,
        label=label,
        imaging=imaging,
        segmenter=partial(job.segmenter, thresholds=job.levels),
        spacing_um=job.spacing,
        connectivity=job.connectivity,
        seed=seed,
        image=job.image,
        mask=job.inside,
    )
