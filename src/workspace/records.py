"""Versioned rows in SQL: nothing is overwritten, so any earlier state can be read again.

Every write transaction locks its workspace's row first, so
writers stand in one line and the sequence number ``state`` counts commits in order. All rows of
one transaction carry the same number: no state shows half of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..errors import Moved, ReadOnly, WorkspaceError
from .database_troubles import TROUBLES, unanswered, unread, unsaved, went_away
from .record import Record
from .records_address import place_words
from .rows import from_row, rows, to_row, workspaces

#: How long a database that went away during a commit is asked what became of it [s].
PATIENCE_S = 20.0


@dataclass
class _Transaction:
    connection: sa.Connection
    state: int
    when: datetime
    process: int = field(default_factory=os.getpid)
    parts: int = 0
    mark: str = ""
    sealed: bool = False
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
        transaction = getattr(self._local, "transaction", None)
        if transaction is None or transaction.process != os.getpid():  # a fork's is its parent's
            return None
        return transaction

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that also sees what an open transaction of this thread wrote.

        Raises
        ------
        WorkspaceError
            The database cannot be reached or read.
        """
        if self._open is not None:
            yield self._open.connection
            return
        trouble = None
        try:
            with self.engine.connect() as connection:
                yield connection
        except TROUBLES as error:
            trouble = unread(error, self.engine.url)
        if trouble is not None:  # here, so that no traceback shows what the driver was given
            raise trouble from None

    @contextmanager
    def transaction(self) -> Iterator[_Transaction]:
        """Write everything inside, or nothing; an inner one joins the outer one."""
        if self.read_only:
            raise ReadOnly(self.read_only)
        if self._open is not None:
            yield self._open
            return
        transaction, trouble = None, None
        try:
            with self._begun() as transaction:
                yield transaction
        except TROUBLES as error:
            trouble = self._trouble(error, transaction)
        if trouble is not None:
            raise trouble from None
        for action in transaction.after if transaction is not None else ():
            action()

    def _trouble(
        self, error: SQLAlchemyError, transaction: _Transaction | None
    ) -> WorkspaceError | None:
        """Say what an error leaves behind; None if what was written stands all the same."""
        if transaction is None or not (transaction.sealed and went_away(error)):
            return unsaved(error, self.engine.url)
        stands = self._stands(transaction)
        if stands is None:
            return unanswered(error, self.engine.url)
        return None if stands else unsaved(error, self.engine.url)

    def _stands(self, transaction: _Transaction) -> bool | None:
        """Ask over a new connection whether a commit without an answer was made; None: no answer.

        The workspace's row is locked first: a server that is still busy with the commit is waited
        for.
        """
        written = sa.select(rows.c.edit_id).where(
            rows.c.workspace == self.workspace,
            rows.c.state == transaction.state,
            rows.c.edit_id == transaction.mark,
        )
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self._connected_to_write() as connection:
                    return connection.execute(written).first() is not None
            except TROUBLES:
                if time.monotonic() >= end:
                    return None
            time.sleep(0.2)

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
    def _connected_to_write(self) -> Iterator[sa.Connection]:
        """Give a connection inside a transaction that holds the lock of the workspace."""
        mine = workspaces.c.id == self.workspace
        connection = self.engine.connect().execution_options(scalebridge_writes=True)
        with connection, connection.begin():
            # locks the workspace's row, also where BEGIN IMMEDIATE does not exist
            connection.execute(sa.update(workspaces).where(mine).values(state=workspaces.c.state))
            yield connection

    @contextmanager
    def _begun(self) -> Iterator[_Transaction]:
        mine = workspaces.c.id == self.workspace
        with self._connected_to_write() as connection:
            transaction = _Transaction(connection, self._current(connection) + 1, datetime.now(UTC))
            self._local.transaction = transaction
            try:
                yield transaction
                if transaction.parts:
                    connection.execute(
                        sa.update(workspaces).where(mine).values(state=transaction.state)
                    )
                    transaction.sealed = True
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
        transaction.mark = record.edit_id
        return record

    def state(self) -> int:
        """Give the sequence number that is read."""
        if self.as_of is not None:
            return self.as_of
        with self.reading() as connection:
            return self._current(connection)

    def _current(self, connection: sa.Connection) -> int:
        mine = sa.select(workspaces.c.state, workspaces.c.format)
        found = connection.execute(mine.where(workspaces.c.id == self.workspace)).one_or_none()
        if found is None:
            raise WorkspaceError(
                f"expected records of the workspace {self.workspace} that workspace.toml names, "
                "got those of another one: bring the folder's files back together from a backup"
            )
        if found.format < 0:
            raise Moved(
                "the records of this workspace are no longer kept in "
                f"{place_words(self.engine.url)}: open the workspace again; nothing was changed"
            )
        return int(found.state)

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
