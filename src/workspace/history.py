"""Who did what, when, with which version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from .naming import is_searchable, plain_name
from .record import Record
from .records import Records
from .rows import rows

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = [
    "state",
    "when",
    "who",
    "action",
    "kind",
    "name",
    "changed",
    "version",
    "software",
    "id",
]


def history_table(
    records: Records, *, kind: str | None = None, key: str | None = None
) -> pd.DataFrame:
    """List every version ever written, oldest first.

    Parameters
    ----------
    records : Records
    kind : str, optional
        Only this collection.
    key : str, optional
        Only the records that are or were called so, or have this id.

    Returns
    -------
    DataFrame
        state, when [UTC], who, action, kind, name, changed (the fields), version, software
        (which Scalebridge), id.
    """
    import pandas as pd

    conditions: list[sa.ColumnElement[bool]] = []
    if kind is not None:
        conditions.append(rows.c.kind == kind)
    if key is not None:
        words = [word for word in (key, plain_name(key)) if is_searchable(word)]
        called = rows.c.name.in_(words)
        named = records.select(*conditions, sa.or_(called, rows.c.id.in_(words)))
        conditions.append(rows.c.id.in_(sorted({record.id for record in named})))
    before: dict[str, Record] = {}
    table = []
    for record in records.select(*conditions):
        table.append(_line(record, before.get(record.id)))
        before[record.id] = record
    return pd.DataFrame(table, columns=_COLUMNS)


def _line(record: Record, before: Record | None) -> tuple[object, ...]:
    changed = "" if before is None else ", ".join(_changes(before, record))
    return (
        record.state,
        record.when,
        record.who,
        record.action,
        record.kind,
        record.name,
        changed,
        record.version,
        record.software,
        record.id,
    )


def _changes(before: Record, after: Record) -> list[str]:
    keys = sorted((set(before.fields) | set(after.fields)) - {"fingerprints"})
    changes = [key for key in keys if before.fields.get(key) != after.fields.get(key)]
    if before.name != after.name:
        changes.insert(0, f"name: {before.name} → {after.name}")
    if before.tags != after.tags:
        changes.append("tags")
    return changes
