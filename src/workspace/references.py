"""Records mention each other by name: a new name is carried to all of them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from .records import Records
from .rows import rows
from .schema import KINDS


def rename_everywhere(records: Records, kind: str, *, old: str, new: str) -> int:
    """Carry a new name to every standing record that mentions the old one.

    Call it inside the transaction of the renaming.

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
            changes = {field: new for field in fields if record.fields.get(field) == old}
            if record.removed or not changes:
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
