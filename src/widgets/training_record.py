"""A trained segmentation as a record: what the headless run learns again, to the bit."""

from __future__ import annotations

from typing import Any

from ..analysis.segmentation import Classified, Training
from ..errors import UnusableRecord

TRAINED = "trained"
_NOT_SEEN = ("accepted", "note")


def is_trained(record: Any) -> bool:
    """Whether a segmentation was learned from scribbles, and not parted by thresholds."""
    return record is not None and str(record.method) == TRAINED


def training_fields(trainer: Any, *, accepted: bool, note: str) -> dict[str, Any]:
    """The fields of a record that says what the trainer shows.

    Parameters
    ----------
    trainer : TrainableSegmentation
    accepted : bool
        Whether the headless run may use it.
    note : str
        Why.
    """
    return {
        "image": trainer.image,
        "method": TRAINED,
        "thresholds": [],
        "threshold_uncertainty": [],
        "smoothing_px": 0.0,
        "min_size_px": trainer.min_size_px,
        "phases": [dict(phase) for phase in trainer.named_phases()],
        "parameters": {
            "fill_holes": trainer.fill_holes,
            "channel": trainer.explorer.layers[0].channel,
            "time": trainer.explorer.time,
            "training": trainer.training(every_time=True).parameters(),
            "spacing_um": list(trainer.spacing_um()),
        },
        "accepted": accepted,
        "note": note,
    }


def training_of(record: Any) -> Training:
    """What a record says was scribbled, and how it is learned.

    Raises
    ------
    UnusableRecord
        The record says what this program does not know, or what cannot be.
    """
    try:
        training = Training.from_parameters(record.parameters["training"])
        refuse_unnamed_classes(training, len(record.phases))
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableRecord(
            f"the segmentation {record.name!r} cannot be learned: {error}; open it with the "
            "program that wrote it, or scribble anew with TrainableSegmentation",
            names=(str(record.name),),
        ) from error
    return training


def refuse_unnamed_classes(training: Training, classes: int) -> None:
    """Refuse scribbles of classes that no phase has.

    Raises
    ------
    ValueError
    """
    unnamed = [label for label in training.classes() if label >= classes]
    if unnamed:
        raise ValueError(
            f"there are scribbles of class {unnamed[-1]}, and {classes} classes, 0 to "
            f"{classes - 1}: name it, or undo its scribbles"
        )


def classified_image(image: Any, record: Any, *, threads: int | None = None) -> Classified:
    """Learn as a record says, and see its image through the classifier.

    Raises
    ------
    UnusableRecord
        Also where the voxel size is another one than when it was scribbled on, or too few
        classes have voxels left.
    """
    from .applied import volume_of
    from .world import levels_of

    volume, finest = volume_of(image, record), levels_of(image)[0]
    refuse_other_voxels(record, finest)
    try:
        classifier = training_now(record).classifier(
            volume, spacing_um=finest.spacing_um, origin_um=finest.origin_um, threads=threads
        )
    except ValueError as error:  # erased, painted over, off the image
        raise UnusableRecord(
            f"the segmentation {record.name!r} cannot be learned: {error}",
            names=(str(record.name),),
        ) from error
    return Classified(volume, classifier, threads)


def training_now(record: Any) -> Training:
    """What a record says was scribbled at the time point that it is of."""
    return training_of(record).at(int(record.parameters.get("time", 0)))


def refuse_other_voxels(record: Any, finest: Any) -> None:
    """Refuse scribbles that were drawn on voxels of another size.

    Raises
    ------
    UnusableRecord
    """
    drawn_at, now = record.parameters.get("spacing_um"), [float(s) for s in finest.spacing_um]
    if drawn_at is not None and list(map(float, drawn_at)) != now:
        raise UnusableRecord(
            f"the scribbles of {record.name!r} were drawn at a voxel size of {drawn_at} µm, and it "
            f"is {now} µm now: scribble anew with TrainableSegmentation",
            names=(str(record.name),),
        )


def says_the_same_training(record: Any, trainer: Any) -> bool:
    """Whether a record says what the trainer shows; its note and acceptance aside."""
    fields = training_fields(trainer, accepted=True, note="")
    return all(record.fields[k] == v for k, v in fields.items() if k not in _NOT_SEEN)
