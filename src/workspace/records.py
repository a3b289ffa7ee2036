"""Versioned rows in SQL: nothing is overwritten, so any earlier state can be read again.

Every write transaction locks its workspace's row first, so
writers stand in one line and the sequence number ``state`` counts commits in order. All rows of
one transaction carry the same number: no state shows half of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ..errors import ReadOnly, Unsaved, WorkspaceError
from .record import Record
from .rows import from_row, rows, to_row, workspaces


@dataclass
class _Transaction:
    connection: sa.Connection
    state: int
    when: datetime
    parts: int = 0
    seen: dict[str, list[Record]] = field(default_factory=dict)
    after: list[Callable[[], None]] = field(default_factory=list)


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
            raise Unsaved(
                f"the records could not be written and stand as they were: {error.orig}. "
                "If another program holds the database, wait for it and try again"
            ) from error
        for action in transaction.after:
            action()

    @property
    def writing(self) -> bool:
        """Whether a transaction of this thread is open: what is read may yet be taken back."""
        return self._open is not None

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something when what was written stands for good; nothing if it is taken back."""
        if self._open is None:
            action()
        else:
            self._open.after.append(action)

    @contextmanager
    def _begun(self) -> Iterator[_Transaction]:
        mine = workspaces.c.id == self.workspace
        connection = self.engine.connect().execution_options(scalebridge_writes=True)
        with connection, connection.begin():
            # locks the workspace's row, also where BEGIN IMMEDIATE does not exist
            connection.execute(sa.update(workspaces).where(mine).values(state=workspaces.c.state))
            transaction = _Transaction(connection, self._current(connection) + 1, datetime.now(UTC))
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
        row = {**to_row(record), "workspace": self.workspace, "part": transaction.parts}
        transaction.connection.execute(sa.insert(rows), row)
        transaction.seen.pop(record.kind, None)
        transaction.parts += 1
        return record

    def state(self) -> int:
        """Give the sequence number that is read."""
        if self.as_of is not None:
            return self.as_of
        with self.reading() as connection:
            return self._current(connection)

    def _current(self, connection: sa.Connection) -> int:
        mine = sa.select(workspaces.c.state).where(workspaces.c.id == self.workspace)
        state = connection.execute(mine).scalar_one_or_none()
        if state is None:
            raise WorkspaceError(
                f"expected records of the workspace {self.workspace} that workspace.toml names, "
                "got those of another one: bring the folder's files back together from a backup"
            )
        return int(state)

    def select(self, *conditions: sa.ColumnElement[bool]) -> list[Record]:
        """Read every version that fulfils the conditions, oldest first."""
        query = self._visible(sa.select(rows)).where(*conditions)
        with self.reading() as connection:
            found = connection.execute(query).all()
        # sorted here: asked to sort, SQLite walks every row in the order of the states
        return [from_row(row) for row in sorted(found, key=lambda row: (row.state, row.part))]

    def latest(self, *conditions: sa.ColumnElement[bool]) -> list[Record]:
        """Read the newest version of every id, in the order of their first versions.

        Conditions on ``kind`` and ``id`` only: others would hide a newer version.
        """
        newest = self._visible(
            sa.select(rows.c.id, sa.func.max(rows.c.version).label("version"))
        ).where(*conditions)
        last = newest.group_by(rows.c.id).subquery()
        first = rows.alias("first_version")
        query = (
            sa.select(rows, first.c.state.label("born"), first.c.part.label("born_part"))
            .join(last, sa.and_(rows.c.id == last.c.id, rows.c.version == last.c.version))
            .join(first, sa.and_(first.c.workspace == rows.c.workspace, first.c.id == rows.c.id))
            .where(rows.c.workspace == self.workspace, first.c.version == 1)
        )
        with self.reading() as connection:
            found = connection.execute(query).all()
        return [from_row(row) for row in sorted(found, key=lambda row: (row.born, row.born_part))]

    def latest_of(self, kind: str) -> list[Record]:
        """Read the newest versions of one kind; a transaction reads them once, until it writes one.

        Nobody else can write while a transaction is open, so what was read stays true.
        """
        transaction = self._open
        if transaction is None:
            return self.latest(rows.c.kind == kind)
        if kind not in transaction.seen:
            transaction.seen[kind] = self.latest(rows.c.kind == kind)
        return transaction.seen[kind]

    def newest(self, kind: str, identity: str) -> Record | None:
        """Read the newest version of one id."""
        query = self._visible(sa.select(rows)).where(rows.c.kind == kind, rows.c.id == identity)
        with self.reading() as connection:
            row = connection.execute(query.order_by(rows.c.version.desc()).limit(1)).first()
        return None if row is None else from_row(row)

    def _visible(self, query: sa.Select) -> sa.Select:
        query = query.where(rows.c.workspace == self.workspace)
        return query if self.as_of is None else query.where(rows.c.state <= self.as_of)
