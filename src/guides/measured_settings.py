"""Which segmentations are measured, and by which settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..analysis.quantification.phase_inputs import checked_uncertainty
from ..analysis.segmentation import SegmentationRecipe
from ..errors import DecisionNeeded
from ..widgets import SegmentationSliders
from ..widgets.phase_record import names_of, recipe_of
from ..widgets.training_record import is_trained
from ..workspace import Workspace


@dataclass(frozen=True)
class Settings:
    """A segmentation as it was decided.

    Attributes
    ----------
    name, image : str
    record : Record or None
        None where the template's parameters decide.
    thresholds, uncertainty : tuple of float
        Grey values; standard uncertainty of each. None of a segmentation that is learned.
    recipe : SegmentationRecipe
        What is done beside the thresholds, and with them.
    phases : tuple of str
        From dark to bright.
    origin : str
        Where thresholds come from that no record has yet.
    calibrated_by : str
        The finer segmentation whose volumes the thresholds give; empty without one.
    """

    name: str
    image: str
    record: Any
    thresholds: tuple[float, ...]
    uncertainty: tuple[float, ...]
    recipe: SegmentationRecipe
    phases: tuple[str, ...]
    origin: str = "by the parameters image and thresholds"
    calibrated_by: str = ""

    @property
    def trained(self) -> bool:
        """Whether it is learned from scribbles: the recipe then is of an image of classes."""
        return is_trained(self.record)


def segmentations_to_measure(
    ws: Workspace,
    *,
    segmentation: str | None = None,
    image: str | None = None,
    thresholds: Sequence[float] | None = None,
    threshold_uncertainty: Sequence[float] | None = None,
    phases: Sequence[str] | None = None,
    calibrate_by: str | None = None,
) -> list[Settings]:
    """Return what is to be measured: a parameter's, or every accepted segmentation.

    `threshold_uncertainty` is the standard uncertainty of each of the given thresholds.
    `calibrate_by` names a segmentation of a finer, registered image that sets the thresholds.

    Raises
    ------
    DecisionNeeded
        No segmentation is accepted, and no thresholds are given.
    ValueError
        The parameters contradict each other.
    NotFound
        There is no such image; the message names those that there are.
    """
    if image is not None:
        image = str(ws.images.get(image).name)
    if thresholds is not None and segmentation is not None:
        raise ValueError(
            f"segmentation {segmentation!r} has thresholds of its own: give it or thresholds, "
            f"got both, {list(thresholds)}"
        )
    if calibrate_by is not None:
        if segmentation is not None or thresholds is not None:
            raise ValueError(
                "calibrate_by sets the thresholds, and so do segmentation and thresholds: give "
                "one of them"
            )
        if image is None or not phases:
            raise ValueError(
                "calibrate_by needs image and phases: the coarse image, and what its phases are "
                "called from dark to bright"
            )
        return [_calibrated(ws, image, tuple(phases), calibrate_by)]
    if thresholds is not None:
        if image is None:
            raise ValueError("thresholds need the image that they part: give image as well")
        return [_from_parameters(image, tuple(thresholds), threshold_uncertainty, phases)]
    if threshold_uncertainty is not None:
        raise ValueError(
            f"threshold_uncertainty needs thresholds, got {list(threshold_uncertainty)} alone: a "
            "recorded segmentation has its own"
        )
    if segmentation is not None:
        record = ws.segmentations.get(segmentation)
        if image not in (None, record.image):
            raise ValueError(
                f"segmentation {record.name} is of {record.image}, not of {image}: give one of them"
            )
        return [_from_record(record)]
    accepted = [r for r in ws.segmentations if r.accepted and "surface" not in r.tags]
    wanted = [record for record in accepted if image in (None, record.image)]
    if not wanted:
        raise _undecided(image, accepted)
    return [_from_record(record) for record in wanted]


def _undecided(image: str | None, accepted: Sequence[Any]) -> DecisionNeeded:
    ways = (
        "choose thresholds with SegmentationSliders, or scribble with TrainableSegmentation, and "
        "save them; or give the parameters image and thresholds"
    )
    if image is None:
        return DecisionNeeded(f"no segmentation is accepted: {ways}")
    others = ", ".join(f"{record.name} of {record.image}" for record in accepted)
    said = f"; there are {others}" if others else ", nor of another image"
    return DecisionNeeded(f"no segmentation of {image} is accepted{said}: {ways}")


def _from_parameters(
    image: str,
    thresholds: tuple[float, ...],
    uncertainty: Sequence[float] | None,
    phases: Sequence[str] | None,
) -> Settings:
    names = tuple(phases or (f"class {label}" for label in range(len(thresholds) + 1)))
    sigmas = checked_uncertainty(0.0 if uncertainty is None else uncertainty, len(thresholds))
    recipe = SegmentationRecipe(thresholds)
    return Settings("by parameter", image, None, thresholds, sigmas, recipe, names)


def _calibrated(ws: Workspace, image: str, phases: tuple[str, ...], by: str) -> Settings:
    if not ws.segmentations[by].accepted:
        raise DecisionNeeded(
            f"calibrate_by needs a segmentation that is accepted, and {by} is not: save it as "
            "accepted with its sliders"
        )
    sliders = SegmentationSliders(ws, image)
    sliders.name_phases(*phases)
    sliders.calibrate(by)
    known = tuple(sliders.threshold_uncertainty)
    recipe = SegmentationRecipe(sliders.thresholds)
    return Settings(
        "by parameter", image, None, recipe.thresholds, known, recipe, phases, sliders.note, by
    )


def _from_record(record: Any) -> Settings:
    thresholds = tuple(record.thresholds)
    return Settings(
        record.name,
        record.image,
        record,
        thresholds,
        tuple(record.threshold_uncertainty) or tuple(0.0 for _ in thresholds),
        recipe_of(record),
        names_of(record),
        calibrated_by=str(record.parameters.get("calibrated_by", "")),
    )
