"""Where a position may stand: in frames that have micrometres, and in two of them for a pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .calibration import no_voxel_size
from .record import Record
from .records import Records
from .schema import KINDS


def refuse_uncalibrated(frames: Iterable[str], images: Sequence[Record]) -> None:
    """Refuse frames that no voxel size ties to micrometres.

    Parameters
    ----------
    frames : iterable of str
    images : sequence of Record
        All that stand.

    Raises
    ------
    Uncalibrated
        Every image that stands in one of the frames lacks its voxel size.
    """
    for frame in frames:
        there = [image for image in images if image.fields["frame"] == frame]
        if there and all(image.fields["spacing_um"] is None for image in there):
            raise no_voxel_size(there[0])


def refuse_one_frame(moving: str, fixed: str) -> None:
    """Refuse a map from a frame to itself.

    Raises
    ------
    ValueError
    """
    if moving == fixed:
        raise ValueError(
            f"two different frames are needed, got {moving!r} twice: what shares a frame is "
            "aligned already, there is nothing to register"
        )


def refuse_misplaced(records: Records, kind: str, body: dict[str, Any]) -> None:
    """Refuse positions whose frames are missing, the same, or without micrometres.

    Raises
    ------
    ValueError
    Uncalibrated
    """
    places = KINDS[kind].places
    if len(places) == 2:
        refuse_one_frame(body[places[0]], body[places[1]])
    if body.get("position") is not None and body["frame"] is None:
        raise ValueError(f"{kind}.position needs its frame, got none: give frame=")
    images = [image for image in records.latest_of("images") if not image.removed]
    refuse_uncalibrated((body[field] for field in places), images)


def says_where(kind: str, body: dict[str, Any]) -> bool:
    """Say whether a record speaks of a place in micrometres."""
    return any(body.get(field) is not None for field in KINDS[kind].geometry)
