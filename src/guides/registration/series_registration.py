"""Time points of one specimen in a workspace, registered to one of them and proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from ...analysis.registration import (
    AffineTransform,
    GreyImage,
    Model,
    Registration,
    SeriesRegistration,
    register_series,
)
from ...workspace import Workspace
from .automatic import Proposal
from .proposed_records import write_proposed
from .usable import MOST_VOXELS, grey_image

METHOD = "mutual information of a series"


@dataclass(frozen=True, eq=False)
class TimePointProposal(Proposal):
    """The map of one time point to the reference, that nobody has decided about.

    Attributes
    ----------
    said : tuple of str
        What the whole series says against it: loops with its neighbours that do not close, a part
        that changes and is large.
    """

    said: tuple[str, ...] = ()

    suffix: ClassVar[str] = "series"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person has to look at before it is accepted; empty where nothing is odd."""
        return (*super().doubts, *self.said)


@dataclass(frozen=True, eq=False)
class SeriesProposals:
    """A series that was registered, and one proposal a time point.

    Attributes
    ----------
    images : tuple of str
        In the order of time.
    series : SeriesRegistration
    proposals : tuple of TimePointProposal
        Of all time points but the reference and those that were not found.
    """

    images: tuple[str, ...]
    series: SeriesRegistration
    proposals: tuple[TimePointProposal, ...]

    @property
    def statement(self) -> str:
        """The result in words."""
        return self.series.statement + "."

    def table(self) -> Any:
        """Drift by time point, with the name of its image."""
        drift = self.series.drift.copy()
        drift.insert(1, "image", self.images)
        return drift


def register_time_points(
    ws: Workspace,
    images: Sequence[str],
    *,
    reference: str | None = None,
    model: Model = "rigid",
    neighbours: bool = True,
    most_voxels: int = MOST_VOXELS,
    seed: int = 0,
    write: bool = True,
    **options: Any,
) -> SeriesProposals:
    """Register images of one specimen at several times, and propose one transform for each.

    What changes between them is found and left out, see `register_series`. Two images are in memory
    at a time.

    Parameters
    ----------
    ws : Workspace
    images : sequence of str
        In the order of time, each in a frame of its own, all calibrated.
    reference : str, optional
        One of them; the first unless told.
    model : {"rigid", "similarity", "affine"}
    neighbours : bool
        Whether neighbours are registered to each other too, as a check.
    most_voxels : int
        Of each image; finer levels are not read.
    seed : int
    write : bool
        Whether to write the records.
    **options
        ``changing``, ``start``, ``reach_um``, ``reach_deg``, ``starts``, ``progress`` and
        ``cancel`` of `register_series`.

    Returns
    -------
    SeriesProposals

    Raises
    ------
    ValueError
        If two images share a frame: one transform cannot hold two times.
    Degenerate
        No time point finds its place.
    Uncalibrated
        An image has no voxel size.
    """
    named = [ws.images[name] for name in images]
    frames = [image.frame for image in named]
    shared = sorted({frame for frame in frames if frames.count(frame) > 1})
    if shared:
        raise ValueError(
            f"every time point needs a frame of its own, got {', '.join(shared)} more than once: "
            "use image_drift for the times of one image"
        )
    names = [str(image.name) for image in named]
    base = reference or (names[0] if names else "")
    if base not in names:
        raise ValueError(f"reference needs one of {', '.join(names)}, got {base!r}")
    found = register_series(
        [partial(grey_image, image, most_voxels=most_voxels) for image in named],
        reference=names.index(base),
        model=model,
        neighbours=neighbours,
        seed=seed,
        **options,
    )
    proposals = tuple(
        _proposed(ws, named[time], named[found.reference], found, time, write=write)
        for time, one in enumerate(found.registrations)
        if one is not None
    )
    return SeriesProposals(tuple(names), found, proposals)


def image_drift(
    ws: Workspace, image: str, *, most_voxels: int = MOST_VOXELS, **options: Any
) -> SeriesRegistration:
    """Tell how the specimen moved over the time points of one image; nothing is written.

    Parameters
    ----------
    ws : Workspace
    image : str
        With a time axis, calibrated.
    most_voxels : int
        Of each time point; finer levels are not read.
    **options
        As for `register_series`.

    Raises
    ------
    ValueError
        If the image has no time axis.
    """
    one = ws.images[image]
    axes = str(one.axes)
    if "t" not in axes:
        raise ValueError(f"{image} needs an axis t, got {axes}: use register_time_points")
    readers: list[Callable[[], GreyImage]] = [
        partial(grey_image, one, time=time, most_voxels=most_voxels)
        for time in range(one.shape[axes.index("t")])
    ]
    return register_series(readers, **options)


def _proposed(
    ws: Workspace, moving: Any, fixed: Any, found: SeriesRegistration, time: int, *, write: bool
) -> TimePointProposal:
    registration = found.registrations[time]
    assert registration is not None
    fields = _fields(moving, fixed, found, registration, time)
    names = str(moving.name), str(fixed.name)
    proposal = TimePointProposal(*names, registration, fields, None, said=found.doubts_at(time))
    if not write or ws.read_only:
        return proposal
    record = write_proposed(ws, proposal.title, fields, suffix=proposal.suffix)
    return replace(proposal, record=record)


def _fields(
    moving: Any, fixed: Any, found: SeriesRegistration, one: Registration, time: int
) -> dict[str, Any]:
    transform: AffineTransform = one.transform
    return {
        "from_frame": moving.frame,
        "to_frame": fixed.frame,
        "transform": transform.to_dict(),
        "method": f"{METHOD}, {transform.model}",
        "engine": {
            "information_nat": one.information_nat,
            "overlap": one.overlap,
            "margin": None if one.runner_up is None else one.runner_up.margin,
            "start": "at its neighbour in time",
            "climbs": len(one.tried),
            "left_out": found.changing_share,
            "time": time,
            "warnings": list(one.warnings),
        },
        "note": one.statement.rsplit(", ", 1)[0],
    }
