"""The phases of a segmentation that is learned from scribbles, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..analysis.quantification.class_variation import measure_classes
from ..analysis.quantification.measurement import Check
from ..analysis.segmentation import Classified, segment_blocks
from ..errors import DecisionNeeded
from ..widgets.training_record import classified_image
from ..workspace import Workspace
from .class_shares import varied_classes
from .measured_settings import Settings
from .quantification import (
    PhaseResults,
    inside_region,
    object_diameters,
    phases_picture,
    phases_to_measure,
)
from .region import Region
from .survey import sampled


def trained_results(
    ws: Workspace,
    settings: Settings,
    *,
    measured: Sequence[str] | None = None,
    region: Region | None = None,
) -> PhaseResults:
    """Learn from a record's scribbles, classify the whole image, and measure its classes.

    Parameters
    ----------
    ws : Workspace
    settings : Settings
        Of a trained segmentation.
    measured : sequence of str, optional
        As of `phase_results`.
    region : Region, optional
        Where; everywhere unless told.

    Returns
    -------
    PhaseResults
        With `varied`: what other scribbles would have made of a block.

    Raises
    ------
    Uncalibrated, DecisionNeeded
        As `phase_results`.
    UnusableRecord
        It cannot be learned again.
    """
    image = ws.images[settings.image]
    spacing = image.spacing_um
    classified = classified_image(image, settings.record)
    wanted = _scribbled(settings, phases_to_measure(settings, measured), classified, measured)
    labels = np.asarray(segment_blocks(classified, settings.recipe, spacing_um=spacing))
    box, mask = (None, None) if region is None else (region.box, region.mask)
    varied = varied_classes(image, settings, classified, labels, within=box)
    found = measure_classes(
        labels,
        varied.variants,
        spacing_um=spacing,
        names={settings.phases.index(phase): phase for phase in wanted},
        box=varied.block.slices,
        strokes_a_class=varied.strokes_a_class,
        spacing_uncertainty=image.spacing_uncertainty or 0.0,
        mask=mask,
    )
    inside = "" if region is None else f"; inside {region.name}"
    unknown = _without_grey(classified.source, mask, settings.phases[0])
    measurements = tuple(
        replace(
            m,
            key=f"quantification.{settings.image}.{m.key}",
            convention=m.convention + inside,
            checks=(*m.checks, *unknown),
        )
        for m in found
    )
    diameters = {
        phase: object_diameters(inside_region(labels, settings.phases.index(phase), mask), spacing)
        for phase in wanted
    }
    return PhaseResults(
        settings, found, measurements, diameters, sampled(image), phases_picture(ws, settings),
        varied, region,
    )  # fmt: skip


def _without_grey(source: Any, mask: np.ndarray | None, first: str) -> tuple[Check, ...]:
    """Tell of voxels without a grey value, which are counted as the first class."""
    if np.issubdtype(source.dtype, np.integer):
        return ()
    missing = whole = 0
    for layer in range(source.shape[0]):
        inside = np.ones(source.shape[1:], bool) if mask is None else mask[layer]
        missing += int(np.count_nonzero(~np.isfinite(source[layer : layer + 1][0]) & inside))
        whole += int(np.count_nonzero(inside))
    if not missing:
        return ()
    said = f"{missing / whole:.2%} have none and count as {first}: give a region without them"
    return (Check("voxels without a grey value", None, said),)


def _scribbled(
    settings: Settings,
    phases: Sequence[str],
    classified: Classified,
    measured: Sequence[str] | None,
) -> list[str]:
    """Leave out classes without scribbles; refuse where one is asked for, or none is left."""
    scribbled = classified.classifier.forest.classes
    known = [phase for phase in phases if settings.phases.index(phase) in scribbled]
    missing = [phase for phase in phases if phase not in known]
    if missing and (measured or not known):
        raise DecisionNeeded(
            f"nobody scribbled on {', '.join(missing)} in {settings.name}: scribble on it with "
            "TrainableSegmentation, or measure other phases"
        )
    return known
