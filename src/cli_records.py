"""`scalebridge migrate`: records move to another database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exit_codes import arguments


def migrate(
    workspace: Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of a specimen.")],
    to: Annotated[str, typer.Option(help="postgresql or sqlite.")],
) -> None:
    """Move a workspace's records to PostgreSQL, or back into its folder; nothing else changes.

    The address of the database is read from SCALEBRIDGE_RECORDS: on a command line everybody on
    this machine could read its password.
    """
    from .workspace.migrating import migrate as move

    with arguments():
        if to not in ("postgresql", "sqlite"):
            raise ValueError(f"--to needs postgresql or sqlite, got {to}")
    done = move(workspace, to=to)  # type: ignore[arg-type]
    typer.echo(f"moved {done.records} records of {done.state} states, compared row for row")
    typer.echo(f"they are in  {done.goal}")
    typer.echo(f"kept, and no longer written: {done.source}")
