"""The two tables in which a workspace keeps its records; portable SQL only.

The `format` of a workspace is negative in a database that its records have left, or have not come
to for good: see :mod:`scalebridge.workspace.migrating`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from .canonical import from_text, to_text
from .engine import lock_for_making_tables
from .record import Record

#: Room for the longest id with its version behind it.
EDIT_ID_LENGTH = 128
_tables = sa.MetaData()

workspaces = sa.Table(
    "scalebridge_workspaces",
    _tables,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("state", sa.BigInteger, nullable=False),
)

rows = sa.Table(
    "scalebridge_records",
    _tables,
    sa.Column("workspace", sa.String(36), sa.ForeignKey(workspaces.c.id), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("name", sa.Text, nullable=True),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.BigInteger, nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    # compared by its bytes, whatever order the letters of a server's language have
    sa.Column(
        "at", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False
    ),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("software", sa.Text, nullable=False),
    sa.Column("edit_id", sa.String(EDIT_ID_LENGTH), nullable=False),
    sa.UniqueConstraint("workspace", "edit_id"),
    sa.Index("scalebridge_records_by_kind", "workspace", "kind", "id", "version"),
    sa.Index("scalebridge_records_by_name", "workspace", "kind", "name"),
    sa.Index("scalebridge_records_by_state", "workspace", "state"),
)


def create_tables(engine: sa.Engine, *, workspace: str, format_version: int) -> None:
    """Make the tables where they are missing, and list the workspace in them."""
    listed = {"id": workspace, "format": format_version, "state": 0}
    with (
        engine.connect().execution_options(scalebridge_writes=True) as connection,
        connection.begin(),
    ):
        make_tables(connection)
        connection.execute(sa.insert(workspaces), listed)


def make_tables(connection: sa.Connection) -> None:
    """Make the tables where they are missing, inside a transaction that writes."""
    lock_for_making_tables(connection)
    _tables.create_all(connection)


def to_row(record: Record) -> dict[str, object]:
    """Write a record as a row; workspace and part come from the transaction."""
    return {
        "id": record.id,
        "version": record.version,
        "kind": record.kind,
        "name": record.name,
        "tags": to_text(list(record.tags)),
        "body": to_text(record.fields),
        "state": record.state,
        "who": record.who,
        "at": time_text(record.when),
        "action": record.action,
        "removed": record.removed,
        "software": record.software,
        "edit_id": record.edit_id,
    }


def from_row(row: sa.Row) -> Record:
    """Read a row as a record."""
    return Record(
        id=row.id,
        kind=row.kind,
        version=row.version,
        name=row.name,
        tags=tuple(from_text(row.tags)) if row.tags != "[]" else (),
        fields=from_text(row.body),
        who=row.who,
        when=datetime.fromisoformat(row.at),
        state=row.state,
        action=row.action,
        removed=bool(row.removed),
        software=row.software,
        edit_id=row.edit_id,
    )


def time_text(when: datetime) -> str:
    """Write a time in UTC with fixed width, so that texts sort as times do."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")
