"""Accepted transforms whose landmarks are no longer those that they were fitted to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .record import Record


def changed_landmarks(record: Any, landmarks: Iterable[Any]) -> int:
    """Count the landmarks that were moved, added, left out or removed since a transform was made.

    Parameters
    ----------
    record : Record
        Of the collection ``transforms``.
    landmarks : iterable of Record
        As they stand now; those of other frames and the inactive ones do not count.
    """
    used = {(identity, int(version)) for identity, version in record.landmarks}
    now = {
        (mark.id, mark.version)
        for mark in landmarks
        if mark.active and (mark.moving_frame, mark.fixed_frame) == _frames(record)
    }
    return len({identity for identity, _ in used ^ now})


def stale_words(record: Any, landmarks: Iterable[Any]) -> str | None:
    """Say that a transform is stale; None if its landmarks stand, or if it rests on none."""
    changed = changed_landmarks(record, landmarks) if record.landmarks else 0
    if not changed:
        return None
    of = "1 of its landmarks has" if changed == 1 else f"{changed} of its landmarks have"
    return (
        f"{record.name or record.id} is stale: {of} changed since {record.who} {record.status} it; "
        "accept or refuse it again"
    )


def stale_transforms(transforms: Iterable[Any], landmarks: Iterable[Any]) -> list[Any]:
    """Select the accepted transforms that are stale."""
    standing = list(landmarks)
    return [
        record
        for record in transforms
        if record.status == "accepted" and stale_words(record, standing)
    ]


def _frames(record: Record) -> tuple[str, str]:
    return str(record.from_frame), str(record.to_frame)
