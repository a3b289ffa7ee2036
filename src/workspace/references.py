"""Records mention each other by name: only what stands is mentioned, and a new name is carried on.

An id is taken too, and written as the name that the record has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .naming import plain_name
from .record import Record
from .records import Records
from .rows import rows
from .schema import KINDS

_SHOWN = 12


def resolved(records: Records, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Write every reference as the name that the standing record has, where there is one."""
    out = dict(body)
    for field, target in KINDS[kind].references.items():
        if body.get(field) is not None:
            found = standing(records, target, body[field])
            out[field] = plain_name(body[field]) if found is None else found.name
    return out


def standing(records: Records, kind: str, key: str) -> Record | None:
    """Find a record that stands, by name or id; a removed one is none."""
    name = plain_name(key)
    there = [record for record in records.latest_of(kind) if not record.removed]
    by_name = (record for record in there if record.name and plain_name(record.name) == name)
    return next(by_name, None) or next((record for record in there if record.id == key), None)


def refuse_missing(
    records: Records, kind: str, body: dict[str, Any], *, fields: Iterable[str]
) -> None:
    """Refuse references to records that do not exist, or were removed.

    Raises
    ------
    ValueError
    """
    for field, target in KINDS[kind].references.items():
        key = body.get(field)
        if field in fields and key is not None and standing(records, target, key) is None:
            raise ValueError(
                f"{kind}.{field} needs one of the {target} that exist, got {key!r}: "
                f"{_what_to_do(records, target, key)}"
            )


def _what_to_do(records: Records, kind: str, key: str) -> str:
    newest = records.latest_of(kind)
    if any(record.removed and key in (record.name, record.id) for record in newest):
        return f"it was removed, ws.{kind}.restore({key!r}) brings it back"
    names = [record.name or record.id for record in newest if not record.removed]
    shown = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
    make = f"make it with ws.frames.add(name={key!r})" if kind == "frames" else ""
    choose = f"choose one of {shown}" if shown else f"there are no {kind} yet"
    return f"{choose}{', or ' * bool(shown and make) or ', ' * bool(make)}{make}"


def rename_everywhere(records: Records, kind: str, *, old: str, new: str) -> int:
    """Carry a new name to every record that mentions the old one, also to the removed.

    A record that was removed comes back with the new name. Call it inside the transaction of the
    renaming.

    Returns
    -------
    int
        How many records were edited.
    """
    edited = 0
    for other, schema in KINDS.items():
        fields = [field for field, target in schema.references.items() if target == kind]
        if not fields:
            continue
        for record in records.latest(rows.c.kind == other):
            changes = {field: new for field in fields if _means(record.fields.get(field), old)}
            if not changes:
                continue
            records.append(
                replace(
                    record,
                    fields={**record.fields, **changes},
                    version=record.version + 1,
                    action="edit",
                    edit_id=uuid.uuid4().hex,
                )
            )
            edited += 1
    return edited


def _means(mentioned: str | None, name: str) -> bool:
    return mentioned is not None and plain_name(mentioned) == plain_name(name)
