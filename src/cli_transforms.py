"""`scalebridge transform`: maps of other programs, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exit_codes import arguments

WorkspacePath = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of a specimen.")]

transforms = typer.Typer(help="Transforms of ITK, 3D Slicer, BigWarp and OME-Zarr.")


@transforms.command("import")
def import_transform(
    workspace: WorkspacePath,
    file: Annotated[Path, typer.Argument(help="Transform, or BigWarp's landmarks.")],
    moving: Annotated[str, typer.Option(help="Frame that is mapped.")],
    fixed: Annotated[str, typer.Option(help="Frame that it is mapped to.")],
    kind: Annotated[str, typer.Option(help="itk, slicer, ngff or bigwarp.")],
    sigma_um: Annotated[
        float | None, typer.Option(help="Standard uncertainty of its shift [µm].")
    ] = None,
    unit: Annotated[str, typer.Option(help="Of ITK's lengths: mm, um or nm.")] = "mm",
    name: Annotated[str | None, typer.Option(help="MOVING_to_FIXED by default.")] = None,
) -> None:
    """Propose a transform that another program made."""
    from .guides import transform_files
    from .workspace import Workspace

    with Workspace.open(workspace) as ws, arguments():
        given: Any = {"kind": kind, "unit": unit}
        record = transform_files.import_transform(
            ws, file, moving=moving, fixed=fixed, sigma_um=sigma_um, name=name, **given
        )
        _say(f"proposed {record.name}: accept it when it has been looked at")


@transforms.command("export")
def export_transform(
    workspace: WorkspacePath,
    name: Annotated[str, typer.Argument(help="Of the transform.")],
    file: Annotated[Path, typer.Argument(help="Where it goes.")],
    kind: Annotated[str, typer.Option(help="itk, slicer, ngff or bigwarp.")],
    unit: Annotated[str, typer.Option(help="Of ITK's lengths: mm, um or nm.")] = "mm",
) -> None:
    """Write a transform for another program."""
    from .guides import transform_files
    from .workspace import Workspace

    with Workspace.open(workspace) as ws, arguments():
        given: Any = {"kind": kind, "unit": unit}
        transform_files.export_transform(ws, name, file, **given)
        _say(f"wrote {file}")


def _say(text: str) -> None:
    from .reports.markup import tidy

    typer.echo(tidy(text))
