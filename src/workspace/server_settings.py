"""Settings of a PostgreSQL server that let it lose what it has acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .finding import WARNING, Finding

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .workspace import Workspace

_LOSES = {
    "fsync": (
        "a power failure or a crash of the machine can lose acknowledged records or damage the "
        "whole database"
    ),
    "full_page_writes": (
        "a power failure in the middle of a write can leave pages of the database half written"
    ),
    "synchronous_commit": (
        "a crash can lose what was acknowledged last; sessions of Scalebridge switch it on for "
        "themselves, those of other programs do not"
    ),
}
_QUERY = "SELECT name, setting, reset_val FROM pg_settings WHERE name IN ({})"


def server_findings(ws: Workspace) -> Iterator[Finding]:
    """Ask the server of the records whether it keeps what it acknowledges.

    Yields
    ------
    Finding
        One a setting that is off; none for SQLite, whose settings each session makes.
    """
    if ws.records.engine.dialect.name != "postgresql":
        return
    with ws.records.reading() as connection:
        found = _settings(connection)
    for name, words in _LOSES.items():
        if "off" in found.get(name, ()):
            yield Finding(
                "records",
                f"PostgreSQL setting {name}",
                WARNING,
                f"{name} is off: {words}",
                f"ask whoever runs the server to set {name} = on in postgresql.conf and to reload "
                "it; keep backups until then",
            )


def _settings(connection: Connection) -> dict[str, tuple[str, str]]:
    """By name, what holds in this session and what sessions begin with."""
    names = ", ".join(f"'{name}'" for name in _LOSES)
    rows = connection.exec_driver_sql(_QUERY.format(names))
    return {str(name): (str(setting), str(reset)) for name, setting, reset in rows}
