"""Which records belong to a part of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...errors import NotFound
from ..naming import plain_name
from ..record import Record
from ..schema import KINDS

_NEVER = ("runs", "cleanings")
#: Found first: the others speak of them.
_ORDER = ("frames", "images", "targets", "segmentations")


@dataclass(frozen=True)
class Selection:
    """Records of a part.

    Attributes
    ----------
    ids : frozenset of str
        Every version of these travels.
    left_out : dict of str to int
        By kind, how many standing records stay behind.
    """

    ids: frozenset[str]
    left_out: dict[str, int]


def select_part(
    standing: Iterable[Record], *, images: Sequence[str], frames: Sequence[str]
) -> Selection:
    """Choose what speaks of some images and frames, and of nothing else.

    A record belongs to a part if it mentions something of it, and nothing outside of it.

    Parameters
    ----------
    standing : iterable of Record
        The newest version of each, removed ones left out.
    images, frames : sequence of str
        Names or ids; the frames of the images come by themselves.

    Raises
    ------
    NotFound
    """
    records = list(standing)
    chosen_images = [_named(records, "images", key) for key in images]
    chosen_frames = [_named(records, "frames", key) for key in frames]
    names = {
        "images": {_name(one) for one in chosen_images},
        "frames": {_name(one) for one in chosen_frames}
        | {plain_name(one.fields["frame"]) for one in chosen_images},
        "targets": set(),
        "segmentations": set(),
    }
    taken = {one.id for one in chosen_images}
    taken |= {one.id for one in records if one.kind == "frames" and _name(one) in names["frames"]}
    others = [kind for kind in KINDS if kind not in (*_ORDER, *_NEVER)]
    for kind in (*_ORDER[2:], *others):
        for one in records:
            if one.kind == kind and _belongs(one, names):
                taken.add(one.id)
                names.get(kind, set()).add(_name(one))
    left: dict[str, int] = {}
    for one in records:
        if one.id not in taken:
            left[one.kind] = left.get(one.kind, 0) + 1
    return Selection(frozenset(taken), left)


def _belongs(record: Record, names: dict[str, set[str]]) -> bool:
    mentioned = [
        (target, plain_name(record.fields[field]))
        for field, target in KINDS[record.kind].references.items()
        if record.fields.get(field) is not None
    ]
    return bool(mentioned) and all(name in names.get(target, ()) for target, name in mentioned)


def _named(records: list[Record], kind: str, key: str) -> Record:
    mine = [one for one in records if one.kind == kind]
    found = next((one for one in mine if key == one.id or plain_name(key) == _name(one)), None)
    if found is None:
        known = ", ".join(sorted(one.name or one.id for one in mine))
        raise NotFound(f"{kind} has no record {key!r}; it has: {known or 'none'}")
    return found


def _name(record: Record) -> str:
    return plain_name(record.name) if record.name else record.id
