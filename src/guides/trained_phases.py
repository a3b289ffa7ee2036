"""The phases of a segmentation that is learned from scribbles, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..analysis.quantification.class_variation import measure_classes
from ..analysis.segmentation import segment_blocks
from ..widgets.training_record import classified_image
from ..workspace import Workspace
from .class_shares import varied_classes
from .measured_settings import Settings
from .quantification import PhaseResults, object_diameters, phases_picture, phases_to_measure
from .survey import sampled


def trained_results(
    ws: Workspace, settings: Settings, *, measured: Sequence[str] | None = None
) -> PhaseResults:
    """Learn from a record's scribbles, classify the whole image, and measure its classes.

    Parameters
    ----------
    ws : Workspace
    settings : Settings
        Of a trained segmentation.
    measured : sequence of str, optional
        As of `phase_results`.

    Returns
    -------
    PhaseResults
        With `varied`: what other scribbles would have made of a central block.

    Raises
    ------
    Uncalibrated, DecisionNeeded
        As `phase_results`.
    UnusableRecord
        It cannot be learned again.
    """
    image = ws.images[settings.image]
    spacing, wanted = image.spacing_um, phases_to_measure(settings, measured)
    classified = classified_image(image, settings.record)
    labels = np.asarray(segment_blocks(classified, settings.recipe, spacing_um=spacing))
    varied = varied_classes(image, settings, classified, labels)
    found = measure_classes(
        labels,
        varied.variants,
        spacing_um=spacing,
        names={settings.phases.index(phase): phase for phase in wanted},
        box=varied.block.slices,
        strokes_a_class=varied.strokes_a_class,
        spacing_uncertainty=image.spacing_uncertainty or 0.0,
    )
    measurements = tuple(replace(m, key=f"quantification.{settings.image}.{m.key}") for m in found)
    diameters = {
        phase: object_diameters(labels == settings.phases.index(phase), spacing) for phase in wanted
    }
    return PhaseResults(
        settings, found, measurements, diameters, sampled(image), phases_picture(ws, settings),
        varied,
    )  # fmt: skip
