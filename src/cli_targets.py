"""`scalebridge targets`: the targets of a workspace, for people, scripts and tables."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import ParameterError
from .exit_codes import arguments

if TYPE_CHECKING:
    import pandas as pd


def targets(
    workspace: Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of a specimen.")],
    to: Annotated[
        str | None, typer.Option(help="Frame of the instrument that cuts; the chosen one.")
    ] = None,
    surface: Annotated[
        str | None, typer.Option(help="That depths are measured from; the tagged one.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="From the last look to the cut, for a drift [min].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, null where not known.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV, empty where not known.")] = False,
    as_of: Annotated[int | None, typer.Option("--as-of", help="State to replay.")] = None,
) -> None:
    """List targets: x, y, z ± s for the instrument, box, probability, depth, warnings."""
    from .guides.target_list import list_targets, said_targets
    from .workspace import Workspace

    if as_json and as_csv:
        raise ParameterError("targets writes one format, got --json and --csv: leave one out")
    with Workspace.open(workspace, as_of=as_of) as ws, arguments():
        table = list_targets(ws, to=to, surface=surface, minutes=minutes)
    if as_json:
        typer.echo(json.dumps(_plain(table), indent=2, ensure_ascii=False, allow_nan=False))
    elif as_csv:
        typer.echo(
            table.assign(warnings=table["warnings"].map("; ".join)).to_csv(index=False), nl=False
        )
    else:
        _say(table, said_targets(table))


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in table.to_dict("records")
    ]


def _say(table: pd.DataFrame, said: pd.DataFrame) -> None:
    from .reports.markup import tidy

    if not len(table):
        typer.echo("no targets")
        return
    typer.echo(tidy(said.to_string(index=False)))
    for row in table.to_dict("records"):
        for words in row["warnings"]:
            typer.echo(tidy(f"{row['name']}: {words}"))
