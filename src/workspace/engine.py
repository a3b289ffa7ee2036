"""The one place where a database engine is made.

SQLite gets its safety settings here; every other file speaks portable SQL only.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url

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


def make_engine(url: str | URL) -> Engine:
    """Make the engine for a records database.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        An SQLAlchemy URL; ``sqlite:///path`` gets the settings that keep commits through a
        power failure.

    Returns
    -------
    sqlalchemy.Engine
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    engine = create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False})
    journal = _journal_mode(Path(parsed.database or "."))

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
