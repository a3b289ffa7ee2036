"""The records of transforms that were found without landmarks: proposed, accepted, refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...workspace import Workspace

_SAME = 1e-9  # relative and absolute


def write_proposed(ws: Workspace, name: str, fields: Mapping[str, Any], *, suffix: str) -> Any:
    """Write a transform as proposed; what somebody decided about it before stays as it is.

    Parameters
    ----------
    ws : Workspace
    name : str
        Of the record; with the suffix where another transform has it.
    fields : mapping
        Of the record, without its status.
    suffix : str

    Returns
    -------
    Record
        The decided one, where it holds this very map.
    """
    return standing_verdict(ws, fields) or _write(ws, name, fields, suffix, "proposed")


def write_verdict(
    ws: Workspace, name: str, fields: Mapping[str, Any], *, suffix: str, accepted: bool, note: str
) -> Any:
    """Write a transform as accepted or refused, in place of an older one found in this way."""
    said = {**fields, "note": " ".join(filter(None, [note, fields.get("note", "")]))}
    return _write(ws, name, said, suffix, "accepted" if accepted else "refused")


def standing_verdict(ws: Workspace, fields: Mapping[str, Any]) -> Any:
    """Return the newest record in which somebody accepted or refused this very map, or None."""
    found = [
        record
        for record in _of_its_kind(ws, fields)
        if record.status != "proposed" and _same_map(record.transform, fields["transform"])
    ]
    return max(found, key=lambda record: record.state, default=None)


def of_its_method(record: Any, method: str) -> bool:
    """Whether a record was found by a method, whatever its model."""
    return bool(str(record.method or "").split(",")[0] == method.split(",")[0])


def _of_its_kind(ws: Workspace, fields: Mapping[str, Any]) -> list[Any]:
    frames = (fields["from_frame"], fields["to_frame"])
    return [
        record
        for record in ws.transforms
        if (record.from_frame, record.to_frame) == frames
        and of_its_method(record, fields["method"])
    ]


def _write(ws: Workspace, name: str, fields: Mapping[str, Any], suffix: str, status: str) -> Any:
    mine = [
        record
        for record in _of_its_kind(ws, fields)
        if (record.name == name or str(record.name).startswith(f"{name}_{suffix}"))
        and (status != "proposed" or record.status == "proposed")
    ]
    if mine:
        before = max(mine, key=lambda record: record.state)
        return ws.transforms.edit(before.id, version=before.version, **fields, status=status)
    taken = {record.name for record in ws.transforms}
    more = (f"{name}_{suffix}{k}" for k in ("", *range(2, 1000)))
    free = next(one for one in (name, *more) if one not in taken)
    return ws.transforms.add(name=free, **fields, status=status)


def _same_map(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    bent = one.get("kind") == "displacement field"
    keys = ("field_um", "spacing_um", "origin_um") if bent else ("matrix", "centre_um", "offset_um")
    return all(key in one and key in other for key in keys) and all(
        np.shape(one[key]) == np.shape(other[key])
        and np.allclose(one[key], other[key], rtol=_SAME, atol=_SAME)
        for key in keys
    )
