"""Quantification: from a segmentation record to numbers with a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image as Picture

from ..analysis.quantification.already_segmented import already_segmented
from ..analysis.quantification.measurement import Check, Measurement
from ..analysis.quantification.objects import have_size, label_objects, object_table
from ..analysis.quantification.phase_quantities import BESIDE
from ..analysis.quantification.phases import PhaseMeasurements, measure_phases
from ..errors import DecisionNeeded
from ..quantities import format_beside, format_value
from ..widgets import SegmentationSliders, SizeBrush, TrainableSegmentation
from ..widgets.applied import volume_of
from ..widgets.phase_record import corrections_of
from ..workspace import Workspace
from .half_widths import for_material, largest_parts, unbroken
from .measured_settings import Settings
from .region import Region, region_of
from .survey import sampled

if TYPE_CHECKING:
    from .class_shares import Varied

_TO_95 = 1.96
BACKGROUND = ("matrix", "air", "outside", "background")
UNSTATED = "uncertainty of the thresholds"
_KEY_QUANTITIES = ("volume_fraction", "specific_surface", "mean_diameter_by_volume")


@dataclass(frozen=True)
class PhaseResults:
    """The phases of one image, measured.

    Attributes
    ----------
    settings : Settings
    found : PhaseMeasurements
    measurements : tuple of Measurement
        With keys ``quantification.<image>.<phase>.<quantity>``.
    diameters : dict of str to ndarray
        Equivalent diameters of the whole objects of each measured phase, without specks [µm].
    sample : ndarray
        Grey values for the histogram.
    picture : PIL.Image.Image
        The phases over a slice.
    varied : Varied or None
        Of a trained segmentation: what other scribbles would have made of a block.
    region : Region or None
        Where it was measured; None for everywhere.
    """

    settings: Settings
    found: PhaseMeasurements
    measurements: tuple[Measurement, ...]
    diameters: dict[str, np.ndarray]
    sample: np.ndarray
    picture: Picture.Image
    varied: Varied | None = None
    region: Region | None = None

    @property
    def name(self) -> str:
        """Of the segmentation."""
        return self.settings.name

    @property
    def image(self) -> str:
        """Name of the image."""
        return self.settings.image

    @property
    def band(self) -> list[float]:
        """95 % half-width of each threshold [grey value]."""
        return [_TO_95 * sigma for sigma in self.settings.uncertainty]

    @property
    def parting(self) -> dict[str, Any]:
        """What a histogram shows of the thresholds; nothing of classes that are learned."""
        if self.settings.trained:
            return {}
        return {
            "thresholds": self.settings.thresholds,
            "uncertainty": self.band,
            "phases": self.settings.phases,
        }

    @property
    def histogram_words(self) -> str:
        """The caption of the histogram of grey values."""
        if self.settings.trained:
            return f"Grey values of {self.image}; its classes are learned from scribbles."
        return f"Grey values of {self.image} with its thresholds."

    @property
    def key_measurements(self) -> list[Measurement]:
        """The numbers that the report opens with; no size of the few pieces beside a large one."""
        return [
            m
            for m in self.measurements
            if m.key.rsplit(".", 1)[1] in _KEY_QUANTITIES and BESIDE not in m.name
        ]

    @property
    def checks(self) -> list[Check]:
        """Every check of every phase, once; a failure is never hidden by a pass elsewhere."""
        found: dict[str, Check] = {}
        for m in self.measurements:
            for check in m.checks:
                name = f"{self.image}, {m.key.split('.')[-2]}: {check.name}"
                found.setdefault(f"{name} {check.passed} {check.detail}", replace(check, name=name))
        return list(found.values())

    def table(self) -> pd.DataFrame:
        """One row a measurement: value ± 95 % half-width, for this volume and for the material."""
        rows = []
        for m in self.measurements:
            value, segmented = format_value(m.value, m.uncertainty), "–"
            if m.as_segmented is not None:
                segmented = format_beside(m.as_segmented, m.value, m.uncertainty)
            row = {
                "quantity": m.name if m.unit == "1" else f"{m.name} [{m.unit}]",
                "value ± 95 %": unbroken(value),
                "± for the material": for_material(m),
                "as segmented": unbroken(segmented),
                "parts of the half-width": largest_parts(m),
            }
            rows.append(row)
        return pd.DataFrame(rows)


def phase_results(
    ws: Workspace,
    settings: Settings,
    *,
    measured: Sequence[str] | None = None,
    correct: bool = True,
    region: str | None = None,
) -> PhaseResults:
    """Measure the phases of one segmentation.

    Parameters
    ----------
    ws : Workspace
    settings : Settings
    measured : sequence of str, optional
        Phases to measure; all but matrix, air, outside and background unless told.
    correct : bool
        Take off what blur and noise are estimated to do to the numbers; if not, the values are
        those of the segmentation and their intervals are widened by it.
    region : str, optional
        Name of an image of labels on the same grid: measured is where it is not 0.

    Raises
    ------
    Uncalibrated
        The image has no voxel size.
    DecisionNeeded
        None of its phases is to be measured.
    """
    image = ws.images[settings.image]
    where = region_of(ws, image, region)
    if settings.trained:
        from .trained_phases import trained_results

        return trained_results(ws, settings, measured=measured, region=where)
    mask = None if where is None else where.mask
    spacing = image.spacing_um
    grey = grey_values(image, settings)
    wanted = phases_to_measure(settings, measured)
    found = [
        measure_phases(
            grey,
            thresholds=settings.thresholds,
            threshold_uncertainty=settings.uncertainty,
            spacing_um=spacing,
            spacing_uncertainty=image.spacing_uncertainty or 0.0,
            names=settings.phases,
            phase=phase,
            recipe=settings.recipe,
            corrections=settings.record and corrections_of(settings.record, image),
            correct=correct and not settings.calibrated_by,
            mask=mask,
        )
        for phase in wanted
    ]
    already = all(one.imaging is None for one in found) and already_segmented(
        grey, thresholds=settings.thresholds
    )
    unstated = () if already else (*_unstated(settings), *_calibrated(settings))
    measurements = tuple(
        replace(
            m,
            key=f"quantification.{settings.image}.{m.key}",
            checks=(*m.checks, *unstated),
            convention=m.convention + ("" if where is None else f"; inside {where.name}"),
        )
        for one in found
        for m in one
    )
    labels = found[0].labels
    diameters = {
        phase: object_diameters(inside_region(labels, settings.phases.index(phase), mask), spacing)
        for phase in wanted
    }
    sample = _sample(ws, settings)
    return PhaseResults(
        settings, _joined(found), measurements, diameters, sample, phases_picture(ws, settings),
        region=where,
    )  # fmt: skip


def grey_values(image: Any, settings: Settings) -> np.ndarray:
    """Read the channel and moment of an image that a segmentation speaks of."""
    if settings.record is None:
        return np.asarray(image.array())
    return volume_of(image, settings.record)[...]


def _sample(ws: Workspace, settings: Settings) -> np.ndarray:
    """Grey values as the thresholds see them."""
    if settings.recipe.method == "local":
        return np.asarray(segmentation_sliders(ws, settings).sample())
    return sampled(ws.images[settings.image])


def phases_to_measure(settings: Settings, measured: Sequence[str] | None) -> list[str]:
    """Return the phases that are named, else all but matrix, air, outside and background.

    Raises
    ------
    DecisionNeeded
        There is none.
    """
    if measured:
        wanted = [phase for phase in settings.phases if phase in measured]
    else:
        wanted = [phase for phase in settings.phases if phase.lower() not in BACKGROUND]
    if not wanted:
        asked = ", ".join(measured) if measured else f"all but {', '.join(BACKGROUND)}"
        raise DecisionNeeded(
            f"nothing of {settings.name} is to be measured: asked for {asked}, its phases are "
            f"{', '.join(settings.phases)}. To decide: name some in the parameter measured"
        )
    return wanted


def _unstated(settings: Settings) -> tuple[Check, ...]:
    """Warn of thresholds that nobody has given an uncertainty: they count as exact."""
    exact = [str(n) for n, sigma in enumerate(settings.uncertainty, start=1) if sigma == 0]
    if not exact:
        return ()
    said = (
        f"none is stated for {' and '.join(exact)}: the interval knows of no more than the step "
        "from one grey value to the next; SegmentationSliders.suggest states one"
    )
    return (Check(UNSTATED, None, said),)


def _calibrated(settings: Settings) -> tuple[Check, ...]:
    """Say that a threshold already has what blur does to the volume in it."""
    if not settings.calibrated_by:
        return ()
    said = (
        f"the thresholds have the volumes of {settings.calibrated_by} in the overlap: nothing is "
        "taken off for blur, which widens the intervals"
    )
    return (Check("calibrated by a finer scan", True, said),)


def _joined(found: Sequence[PhaseMeasurements]) -> PhaseMeasurements:
    first = found[0]
    return replace(
        first,
        measurements=tuple(m for one in found for m in one.measurements),
        sizes={name: sizes for one in found for name, sizes in one.sizes.items()},
        percolates={name: axes for one in found for name, axes in one.percolates.items()},
        grains={title: grains for one in found for title, grains in one.grains.items()},
    )


def inside_region(labels: np.ndarray, label: int, mask: np.ndarray | None) -> np.ndarray:
    """Return where a phase is, inside the region that is measured."""
    phase = labels == label
    return phase if mask is None else phase & mask


def object_diameters(phase: np.ndarray, spacing_um: Sequence[float]) -> np.ndarray:
    """Sizes of whole objects that are large enough to have a size: specks are noise."""
    full = 26 if phase.ndim == 3 else 8
    table = object_table(
        label_objects(phase, connectivity=full), spacing_um=spacing_um, connectivity=full
    )
    return table.loc[have_size(table, ndim=phase.ndim), "equivalent_diameter_um"].to_numpy()


def phases_picture(ws: Workspace, settings: Settings) -> Picture.Image:
    """Draw a slice, and the same with its phases."""
    widget = segmentation_widget(ws, settings)
    if isinstance(widget, SegmentationSliders):
        return widget.snapshot(histogram=False)
    return widget.snapshot()


def size_brush(ws: Workspace, result: PhaseResults, phase: str) -> SizeBrush:
    """Tie the histogram of a phase's sizes to the picture: a bar lights its objects.

    Parameters
    ----------
    ws : Workspace
    result : PhaseResults
    phase : str
        One of the measured phases.
    """
    inside = result.found.labels == result.settings.phases.index(phase)
    return SizeBrush(ws, result.image, inside, name=phase)


def segmentation_widget(
    ws: Workspace, settings: Settings
) -> SegmentationSliders | TrainableSegmentation:
    """Open a segmentation in the widget in which it was decided."""
    if settings.trained:
        return TrainableSegmentation(ws, settings.image, record=settings.name)
    return segmentation_sliders(ws, settings)


def segmentation_sliders(ws: Workspace, settings: Settings) -> SegmentationSliders:
    """Open the sliders on a segmentation: on its record, where it has one."""
    if settings.record is not None:
        return SegmentationSliders(ws, settings.image, record=settings.name)
    sliders = SegmentationSliders(
        ws,
        settings.image,
        thresholds=settings.thresholds,
        threshold_uncertainty=settings.uncertainty if any(settings.uncertainty) else (),
    )
    sliders.name_phases(*settings.phases)
    if settings.calibrated_by:
        sliders.note_calibration(settings.calibrated_by)
    return sliders


def record_segmentation(ws: Workspace, result: PhaseResults) -> str:
    """Return the name of the segmentation record; thresholds given as parameters become one."""
    settings = result.settings
    if settings.record is not None:
        return str(settings.record.name)
    title = f"{settings.image} by parameter"
    return str(segmentation_sliders(ws, settings).save(title, note=settings.origin).name)


def connectivity_table(results: Sequence[PhaseResults]) -> pd.DataFrame:
    """Tell for each phase whether it crosses the image, and how much is in its largest piece."""
    rows = []
    for result in results:
        for phase, axes in result.found.percolates.items():
            largest = result.found[f"{phase}.largest_fraction"]
            row: dict[str, Any] = {"image": result.image, "phase": phase}
            row |= {f"crosses_{axis}": bool(crosses) for axis, crosses in axes.items()}
            rows.append(row | {"share_in_largest_piece": largest.value})
    return pd.DataFrame(rows)
