"""Which of two databases holds the records of a workspace, also after a migration was killed.

``workspace.toml`` is the truth. What it does not name is marked in its own table, so that a
program that had it open writes no record that nobody would ever see.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from ..errors import Moved, WorkspaceError
from ..locks import locked
from .manifest import read_manifest
from .records import Records
from .records_address import place_words
from .rows import workspaces
from .upgrades import DATABASE

#: Stands in the folder from before the first mark is set until both are right.
NOTE = ".migration"
LOCK = ".migration.lock"
BUSY = "the records of this workspace are being moved just now: wait, then open it again"


def is_own(url: sa.URL, folder: Path) -> bool:
    """Say whether an address is that of the file in the workspace's own folder."""
    own = str(folder.resolve() / DATABASE)
    return url.get_backend_name() == "sqlite" and url.database == own


def set_live(connection: sa.Connection, workspace: str, *, live: bool) -> None:
    """Mark the records in a database as those that are written, or as left behind."""
    number = sa.func.abs(workspaces.c.format)
    connection.execute(
        sa.update(workspaces)
        .where(workspaces.c.id == workspace)
        .values(format=number if live else -number)
    )


def finish_moving(records: Records, folder: Path) -> None:
    """Take the records that ``workspace.toml`` names into use, where a migration was killed.

    Raises
    ------
    Moved
        They were left for good.
    WorkspaceError
        They are being moved just now.
    """
    if (folder / NOTE).is_file():
        with locked(folder / LOCK, busy=BUSY):
            named_own = read_manifest(folder).records == "sqlite"
            if named_own == is_own(records.engine.url, folder):
                _revive(records)
                (folder / NOTE).unlink(missing_ok=True)
                return
    raise Moved(
        f"the records of this workspace are no longer kept in {place_words(records.engine.url)}: "
        "somebody has moved them to another database; ask whoever did for its address"
    )


def _revive(records: Records) -> None:
    if records.read_only:
        raise WorkspaceError(
            "a migration of these records was stopped half-way; open the workspace once with a "
            f"login that may write it ({records.read_only})"
        )
    with (
        records.engine.connect().execution_options(scalebridge_writes=True) as connection,
        connection.begin(),
    ):
        set_live(connection, records.workspace, live=True)
