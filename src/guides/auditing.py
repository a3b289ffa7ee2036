"""The audit in the quantification template: the user's own pipeline on material like the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.quantification import Audit, FinePhantom, Medium, audit, measure_phases
from ..analysis.quantification.ball_pack import BallPack
from ..analysis.quantification.rendering import Imaging
from ..analysis.segmentation import SegmentationRecipe
from ..workspace import Workspace
from .quantification import PhaseResults
from .trained_audit import class_imaging, pipeline_of

_CHORDS, _SMALLEST, _LARGEST = 5, 32, 48  # of a phantom's side: chords, and voxels
NAMES = {
    "volume_fraction": "volume fraction",
    "specific_surface": "surface per volume",
    "surface_per_phase": "surface per volume of the phase",
}


@dataclass(frozen=True)
class PhaseAudit:
    """What the template's own way of measuring makes of one phase, or why that is not known.

    Attributes
    ----------
    image, phase : str
    audit : Audit or None
    why_not : str
        Empty where there is an audit.
    """

    image: str
    phase: str
    audit: Audit | None
    why_not: str = ""


def audit_phases(
    ws: Workspace,
    results: Sequence[PhaseResults],
    *,
    phantoms: int = 4,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[PhaseAudit]:
    """Audit how each measured phase was segmented and measured.

    Each phantom is like the phase in volume fraction, surface and correlation length, and is seen
    as the image sees it: grey values, noise and blur as found there. It is parted from what is
    around it by the segmentation's own threshold and steps, and measured as `phase_results` does.
    Of more than two phases, the phase and the one next to it in grey value are drawn. Classes that
    are learned are found by the same classifier, beside the class that they touch most.

    Parameters
    ----------
    ws : Workspace
    results : sequence of PhaseResults
    phantoms : int
        For each phase; 0 for none.
    seed : int
    progress : callable, optional
        Gets the phase, the phantoms done and how many there are.

    Returns
    -------
    list of PhaseAudit
    """
    found = []
    for result in results if phantoms else ():
        spacing = ws.images[result.image].spacing_um
        for phase in result.diameters:
            told = None if progress is None else partial(progress, phase)
            found.append(_audit_phase(result, phase, spacing, phantoms, seed, told))
    return found


def audit_table(audits: Sequence[PhaseAudit]) -> pd.DataFrame:
    """One row for each phase and quantity: bias ± 95 %, and what one image may be off [%]."""
    rows: list[dict[str, Any]] = []
    for one in audits:
        if one.audit is None:
            rows.append({"image": one.image, "phase": one.phase, "in words": one.why_not})
            continue
        for row in one.audit:
            rows.append(
                {
                    "image": one.image,
                    "phase": one.phase,
                    "quantity": NAMES[row.quantity],
                    "voxels a chord": round(one.audit.voxels_a_chord, 1),
                    "bias [%]": round(100 * row.bias, 2),
                    "± 95 % [%]": round(100 * row.bias_uncertainty, 2),
                    "scatter [%]": round(100 * row.scatter, 2),
                    "in words": replace(row, quantity=NAMES[row.quantity]).words(),
                }
            )
    return pd.DataFrame(rows)


def _audit_phase(
    result: PhaseResults,
    phase: str,
    spacing: Sequence[float],
    phantoms: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> PhaseAudit:
    settings, imaging = result.settings, result.found.imaging
    label = settings.phases.index(phase)
    inside = result.found.labels == label
    missing = partial(PhaseAudit, result.image, phase, None)
    pipeline: partial[Mapping[str, float]]
    if result.varied is not None:
        told = class_imaging(result.varied, result.found.labels, label)
        if isinstance(told, str):
            return missing(told)
        seen = told
        pipeline = pipeline_of(
            result.varied, settings.recipe, label=label, quantities=tuple(NAMES),
            spacing=tuple(spacing),
        )  # fmt: skip
    elif imaging is None:
        return missing("grey values, noise and blur could not be told from the image")
    else:
        around = label - 1 if label else 1
        seen = Imaging(
            (imaging.greys[around], imaging.greys[label]),
            (imaging.noises[around], imaging.noises[label]),
            imaging.blur_px,
            imaging.noise_correlation_px,
        )
        pipeline = partial(
            _measured,
            recipe=_two_phase_recipe(settings.recipe, label),
            uncertainty=settings.uncertainty[max(label - 1, 0)],
            brighter=label > 0,
            spacing=tuple(spacing),
        )
    try:
        like = Medium.of(inside, spacing_um=spacing)
    except ValueError as error:
        return missing(str(error))
    found = audit(
        pipeline,
        like=like,
        imaging=seen,
        spacing_um=spacing,
        shape=_shape_for(like, spacing),
        truth=_truth,
        grains=_grains(result, phase),
        phantoms=phantoms,
        seed=seed,
        progress=progress,
    )
    return PhaseAudit(result.image, phase, found)


def _grains(result: PhaseResults, phase: str) -> BallPack | None:
    """Balls with the surface of the grains, where the phase is grains that touch or around them."""
    are_phase = result.found.grains.get(phase)
    if are_phase is None:
        return None
    share, area = (
        result.found[f"{phase}.{key}"].value for key in ("volume_fraction", "specific_surface")
    )
    return BallPack(3 * (share if are_phase else 1 - share) / area, are_phase)


def _two_phase_recipe(recipe: SegmentationRecipe, label: int) -> SegmentationRecipe:
    """Keep the threshold between a phase and what is around it, and every other step."""
    threshold = recipe.thresholds[max(label - 1, 0)]
    split = int(label > 0) if recipe.cut_phase == label else None
    depth = recipe.split_depth if split is not None else 0.0
    return replace(recipe.levelled(), thresholds=(threshold,), split_phase=split, split_depth=depth)


def _measured(
    grey: np.ndarray,
    *,
    recipe: SegmentationRecipe,
    uncertainty: float,
    brighter: bool,
    spacing: tuple[float, ...],
) -> Mapping[str, float]:
    found = measure_phases(
        grey,
        thresholds=recipe.thresholds,
        threshold_uncertainty=uncertainty,
        spacing_um=spacing,
        names=("rest", "phase") if brighter else ("phase", "rest"),
        phase="phase",
        recipe=recipe,
    )
    values = {m.key.removeprefix("phase."): m.value for m in found}
    return {name: values[name] for name in NAMES if name in values}


def _truth(fine: FinePhantom) -> Mapping[str, float]:
    fraction = float(fine.phase.mean())
    area = fine.specific_surface
    return {
        "volume_fraction": fraction,
        "specific_surface": area,
        "surface_per_phase": area / fraction,
    }


def _shape_for(like: Medium, spacing: Sequence[float]) -> tuple[int, ...]:
    """Some chords along each axis, within what a notebook can wait for."""
    wanted = [_CHORDS * like.mean_chord_um / step for step in spacing]
    limits = (_SMALLEST, _LARGEST) if like.ndim == 3 else (128, 512)
    return tuple(int(np.clip(n, *limits)) for n in wanted)
