"""Versioned rows in SQL: nothing is overwritten, so any earlier state can be read again.

Two tables, portable SQL only. Every write transaction locks its workspace's row first, so
writers stand in one line and the sequence number ``state`` counts commits in order. All rows of
one transaction carry the same number: no state shows half of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ..errors import ReadOnly, WorkspaceError
from .canonical import from_text, to_text
from .record import Record

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
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("software", sa.Text, nullable=False),
    sa.Column("edit_id", sa.String(64), nullable=False),
    sa.UniqueConstraint("workspace", "edit_id"),
    sa.Index("scalebridge_records_by_kind", "workspace", "kind", "id", "version"),
    sa.Index("scalebridge_records_by_state", "workspace", "state"),
)


@dataclass
class _Transaction:
    connection: sa.Connection
    state: int
    when: datetime
    parts: int = 0


class Records:
    """The rows of one workspace, read at one state.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    workspace : str
        The workspace's id.
    who, software : str
        Written beside every row.
    as_of : int, optional
        Read this state, and refuse to write.
    read_only : str, optional
        Why writing is refused.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        workspace: str,
        who: str,
        software: str,
        as_of: int | None = None,
        read_only: str | None = None,
    ) -> None:
        self.engine = engine
        self.workspace = workspace
        self.who = who
        self.software = software
        self.as_of = as_of
        self.read_only = read_only
        self._local = threading.local()

    @property
    def _open(self) -> _Transaction | None:
        return getattr(self._local, "transaction", None)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that also sees what an open transaction of this thread wrote."""
        if self._open is not None:
            yield self._open.connection
            return
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[_Transaction]:
        """Write everything inside, or nothing; an inner one joins the outer one."""
        if self.read_only:
            raise ReadOnly(self.read_only)
        if self._open is not None:
            yield self._open
            return
        try:
            with self._begun() as transaction:
                yield transaction
        except OperationalError as error:
            raise WorkspaceError(
                f"the records could not be written and stand as they were: {error.orig}. "
                "If another program holds the database, wait for it and try again"
            ) from error

    @contextmanager
    def _begun(self) -> Iterator[_Transaction]:
        mine = workspaces.c.id == self.workspace
        connection = self.engine.connect().execution_options(scalebridge_writes=True)
        with connection, connection.begin():
            # locks the workspace's row, also where BEGIN IMMEDIATE does not exist
            connection.execute(sa.update(workspaces).where(mine).values(state=workspaces.c.state))
            state = connection.execute(sa.select(workspaces.c.state).where(mine)).scalar_one()
            transaction = _Transaction(connection, state + 1, datetime.now(UTC))
            self._local.transaction = transaction
            try:
                yield transaction
                if transaction.parts:
                    connection.execute(
                        sa.update(workspaces).where(mine).values(state=transaction.state)
                    )
            finally:
                self._local.transaction = None

    def append(self, record: Record) -> Record:
        """Write one row inside an open transaction; returns it as it stands in SQL."""
        transaction = self._open
        if transaction is None:
            raise RuntimeError("append needs an open transaction")
        record = replace(
            record,
            who=self.who,
            when=transaction.when,
            state=transaction.state,
            software=self.software,
        )
        row = {**_to_row(record), "workspace": self.workspace, "part": transaction.parts}
        transaction.connection.execute(sa.insert(rows), row)
        transaction.parts += 1
        return record

    def state(self) -> int:
        """Give the sequence number that is read."""
        if self.as_of is not None:
            return self.as_of
        mine = sa.select(workspaces.c.state).where(workspaces.c.id == self.workspace)
        with self.reading() as connection:
            return int(connection.execute(mine).scalar_one())

    def select(self, *conditions: sa.ColumnElement[bool]) -> list[Record]:
        """Read every version that fulfils the conditions, oldest first."""
        query = self._visible(sa.select(rows)).where(*conditions)
        with self.reading() as connection:
            found = connection.execute(query.order_by(rows.c.state, rows.c.part))
            return [_from_row(row) for row in found]

    def latest(self, *conditions: sa.ColumnElement[bool]) -> list[Record]:
        """Read the newest version of every id, in the order of their first versions.

        Conditions on ``kind`` and ``id`` only: others would hide a newer version.
        """
        newest = self._visible(
            sa.select(rows.c.id, sa.func.max(rows.c.version).label("version"))
        ).where(*conditions)
        last = newest.group_by(rows.c.id).subquery()
        first = rows.alias("first")
        query = (
            sa.select(rows)
            .join(last, sa.and_(rows.c.id == last.c.id, rows.c.version == last.c.version))
            .join(first, sa.and_(first.c.workspace == rows.c.workspace, first.c.id == rows.c.id))
            .where(rows.c.workspace == self.workspace, first.c.version == 1)
            .order_by(first.c.state, first.c.part)
        )
        with self.reading() as connection:
            return [_from_row(row) for row in connection.execute(query)]

    def _visible(self, query: sa.Select) -> sa.Select:
        query = query.where(rows.c.workspace == self.workspace)
        return query if self.as_of is None else query.where(rows.c.state <= self.as_of)


def create_tables(engine: sa.Engine, *, workspace: str, format_version: int) -> None:
    """Make the tables where they are missing, and list the workspace in them."""
    _tables.create_all(engine)
    with engine.connect().execution_options(scalebridge_writes=True) as connection:
        with connection.begin():
            connection.execute(
                sa.insert(workspaces), {"id": workspace, "format": format_version, "state": 0}
            )


def _to_row(record: Record) -> dict[str, object]:
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


def _from_row(row: sa.Row) -> Record:
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
