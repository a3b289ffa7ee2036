"""The one place where a database engine is made.

What differs between SQLite and PostgreSQL stands here; every other file speaks portable SQL only.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from ..errors import MissingPackage, WorkspaceError
from .records_address import read_address

#: Older versions can lose a commit when a write-ahead log is reset.
_SAFE_WAL = (3, 51, 3)
_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "afp",
    "9p",
    "sshfs",
    "lustre",
    "gpfs",
    "ceph",
    "gluster",
    "webdav",
)
#: A server that is gone is noticed within half a minute, not after the two hours of TCP.
_POSTGRESQL: dict[str, Any] = {
    "application_name": "scalebridge",
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SETTINGS = (
    # as long as SQLite waits for another writer
    "SET lock_timeout TO '30s'",
    # a server may be set to acknowledge what is on no disk yet
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'",
)
_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def make_engine(url: str | URL) -> Engine:
    """Make the engine for a records database.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        ``sqlite:///path`` or ``postgresql://user:password@host/database``; both get the settings
        that keep commits through a power failure.

    Returns
    -------
    sqlalchemy.Engine

    Raises
    ------
    ValueError
        For an address that is none.
    MissingPackage
        PostgreSQL needs psycopg.
    """
    parsed = read_address(url)
    make = _sqlite if parsed.get_backend_name() == "sqlite" else _postgresql
    engine = make(parsed)
    _engines.add(engine)
    return engine


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    journal = _journal_mode(Path(url.database or "."))

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        for pragma in (
            "busy_timeout=30000",
            "foreign_keys=ON",
            f"journal_mode={journal}",
            "synchronous=FULL",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("scalebridge_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise MissingPackage(
            "psycopg", extra="postgres", purpose="a workspace with records in PostgreSQL"
        ) from None
    defaults = {key: value for key, value in _POSTGRESQL.items() if key not in url.query}
    engine = create_engine(
        url,
        # a server's default could be one that refuses writers who have waited for each other
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        hide_parameters=True,
        # statements prepared in one session are unknown in the next one behind a pooler
        connect_args={**defaults, "prepare_threshold": None},
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise WorkspaceError(
                f"the records database has the encoding {encoding}, which cannot keep every "
                "letter: make one with createdb --encoding=UTF8 --template=template0"
            )
        connection.autocommit = True
        for statement in _SETTINGS:
            connection.execute(statement)
        connection.autocommit = False

    return engine


def lock_for_making_tables(connection: Any) -> None:
    """Let one process at a time make tables; SQLite's writers stand in one line anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5303770162)")


def _forget_connections() -> None:
    """Leave a parent's connections to it: two processes cannot speak on one."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)


def _journal_mode(path: Path) -> str:
    if sqlite3.sqlite_version_info < _SAFE_WAL:
        return "DELETE"
    return "WAL" if _is_local(path) else "DELETE"


def _is_local(path: Path) -> bool:
    """Say whether a path lies on a disk of this machine; unknown counts as no."""
    import psutil

    resolved = path.resolve()
    mounts = [
        (len(Path(part.mountpoint).parts), part.fstype.lower())
        for part in psutil.disk_partitions(all=True)
        if resolved.is_relative_to(part.mountpoint)
    ]
    if not mounts:
        return False
    kind = max(mounts)[1]
    return bool(kind) and not any(name in kind for name in _NETWORK)
