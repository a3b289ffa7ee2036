"""One state of the records: what had been committed, and nothing that came later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..record import Record
from ..records import Records
from ..rows import from_row, rows


@dataclass(frozen=True)
class Snapshot:
    """The rows of a workspace at one state.

    Attributes
    ----------
    state : int
    rows : tuple of dict
        By name of column, in the order in which they were written.
    newest : tuple of Record
        The last version of every record, removed ones too.
    """

    state: int
    rows: tuple[dict[str, Any], ...]
    newest: tuple[Record, ...]


def take_snapshot(records: Records) -> Snapshot:
    """Read everything that had been committed; rows are never changed, so nobody has to wait."""
    state = records.state()
    mine = sa.select(rows).where(rows.c.workspace == records.workspace, rows.c.state <= state)
    with records.reading() as connection:
        found = connection.execute(mine).all()
    last = {}
    for row in sorted(found, key=lambda row: row.version):
        last[row.id] = row
    plain = sorted((dict(row._mapping) for row in found), key=_order)
    return Snapshot(state, tuple(plain), tuple(from_row(row) for row in last.values()))


def _order(row: dict[str, Any]) -> tuple[int, int]:
    return row["state"], row["part"]
