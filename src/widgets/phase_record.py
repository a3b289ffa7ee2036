"""A segmentation as a record: what the headless run needs to do the same again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analysis.segmentation import Corrections, SegmentationRecipe, Stroke, class_recipe
from ..errors import UnusableRecord
from .training_record import is_trained

_NOT_SEEN = ("accepted", "note")


def record_fields(sliders: Any, *, accepted: bool, note: str) -> dict[str, Any]:
    """The fields of a record that says what the sliders show.

    Parameters
    ----------
    sliders : SegmentationSliders
    accepted : bool
        Whether the headless run may use it.
    note : str
        Why; if empty, where the thresholds come from.
    """
    further = sliders.recipe().parameters() if sliders.thresholds else {}
    further.pop("fill_holes", None)
    return {
        "image": sliders.image,
        "method": sliders.method,
        "thresholds": list(sliders.thresholds),
        "threshold_uncertainty": list(sliders.threshold_uncertainty),
        "smoothing_px": sliders.smoothing_px,
        "min_size_px": sliders.min_size_px,
        "phases": [dict(phase) for phase in sliders.named_phases()],
        "parameters": {
            "fill_holes": sliders.fill_holes,
            "channel": sliders.explorer.layers[0].channel,
            "time": sliders.explorer.time,
            **({"recipe": further} if further else {}),
            **_corrections(sliders),
            **_reference(sliders),
            **({"calibrated_by": sliders.calibrated_by} if sliders.calibrated_by else {}),
        },
        "accepted": accepted,
        "note": note or " ".join(filter(None, [sliders.note, sliders.origin()])),
    }


def recipe_of(record: Any) -> SegmentationRecipe:
    """What a record says is done to its image; of a trained one, to its image of classes.

    Raises
    ------
    UnusableRecord
        The record says what this program does not know, or what cannot be.
    """
    if is_trained(record):
        return class_recipe(
            len(record.phases),
            min_size_px=record.min_size_px,
            fill_holes=bool(record.parameters.get("fill_holes", False)),
        )
    known = record.parameters.get("recipe", {})
    fill = bool(record.parameters.get("fill_holes", False))
    try:
        if not isinstance(known, dict):
            raise ValueError(f"recipe needs names and values, got {known!r}")
        return SegmentationRecipe.from_parameters(
            {**known, "fill_holes": fill},
            thresholds=record.thresholds,
            method=record.method,
            smoothing_px=record.smoothing_px,
            min_size_px=record.min_size_px,
        )
    except (TypeError, ValueError) as error:
        raise UnusableRecord(
            f"the segmentation {record.name!r} cannot be done: {error}; open it with the program "
            "that wrote it, or choose anew with SegmentationSliders",
            names=(str(record.name),),
        ) from error


def names_of(record: Any) -> tuple[str, ...]:
    """What the phases of a segmentation are called, by label."""
    named = tuple(str(phase["name"]) for phase in record.phases)
    return named or tuple(f"class {label}" for label in range(len(record.thresholds) + 1))


def corrections_of(record: Any, image: Any) -> Corrections | None:
    """What a record says was corrected by hand, on the grid of its image; None where nothing was.

    Raises
    ------
    UnusableRecord
    """
    said = record.parameters
    told, time = said.get("corrections", []), int(said.get("time", 0))
    try:
        strokes = tuple(Stroke.from_dict(stroke) for stroke in told)
        drawn_at, now = said.get("corrections_spacing_um"), on_grid(strokes, image)
        if now is not None and drawn_at is not None and list(now.spacing_um) != list(drawn_at):
            raise ValueError(
                f"they were drawn at a voxel size of {drawn_at}, and it is {now.spacing_um} now"
            )
        refuse_unnamed(strokes, classes=len(record.thresholds) + 1)
    except (TypeError, ValueError) as error:
        raise UnusableRecord(
            f"the corrections of {record.name!r} cannot be done: {error}; correct them anew with "
            "SegmentationSliders",
            names=(str(record.name),),
        ) from error
    return on_grid([stroke for stroke in strokes if stroke.time == time], image)


def refuse_unnamed(strokes: Sequence[Stroke], *, classes: int) -> None:
    """Refuse strokes of labels that no phase has.

    Raises
    ------
    ValueError
    """
    unknown = sorted({s.label for s in strokes if s.label is not None and s.label >= classes})
    if unknown:
        raise ValueError(
            f"corrections paint label {unknown[0]}, and there are {classes} phases, 0 to "
            f"{classes - 1}: bring the threshold back, or undo the strokes"
        )


def on_grid(strokes: Sequence[Stroke], image: Any) -> Corrections | None:
    """Strokes on the grid of an image, in voxels where its voxel size is not known."""
    if not strokes:
        return None
    from .world import levels_of

    finest = levels_of(image)[0]
    spacing, origin = (tuple(map(float, part)) for part in (finest.spacing_um, finest.origin_um))
    return Corrections(tuple(strokes), spacing, origin)


def says_the_same(record: Any, sliders: Any) -> bool:
    """Whether a record says what the sliders show; its note and acceptance aside."""
    fields = record_fields(sliders, accepted=True, note="")
    return all(record.fields[k] == v for k, v in fields.items() if k not in _NOT_SEEN)


def _corrections(sliders: Any) -> dict[str, Any]:
    """Strokes, and the voxel size that they were drawn at; nothing where there are none."""
    if not sliders.corrections:
        return {}
    grid = sliders.grid_corrections(every_time=True)
    spacing = list(grid.spacing_um)
    return {"corrections": list(sliders.corrections), "corrections_spacing_um": spacing}


def _reference(sliders: Any) -> dict[str, Any]:
    """What thresholds placed by hand are judged by; nothing where none is."""
    judged = len(sliders.reference) == len(sliders.thresholds)
    if not (judged and any(sliders.placed_by_hand())):
        return {}
    return {"reference": [list(pair) for pair in sliders.reference]}
