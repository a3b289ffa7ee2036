"""`scalebridge doctor`, `bundle` and `backup`: nothing of a workspace is lost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exit_codes import FAILED, arguments

if TYPE_CHECKING:
    import pandas as pd

    from .workspace import Diagnosis

WorkspacePath = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of a specimen.")]
RecordsUrl = Annotated[
    str | None, typer.Option("--records", help="SQL address, where the records are no file.")
]

bundles = typer.Typer(help="A workspace, or a part of it, as one portable file.")


def doctor(
    workspace: WorkspacePath,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what needs no guess; delete no data.")
    ] = False,
    records: RecordsUrl = None,
) -> None:
    """Verify every checksum and record, find what lies about; 1 if something is damaged."""
    from .workspace import examine

    found = examine(workspace, records=records, repair=repair, say=_tell)
    _say(_in_words(found))
    if not found.sound:
        raise typer.Exit(FAILED)


def _in_words(found: Diagnosis) -> str:
    lines = [*_aligned(found.counts()), ""]
    for one in found.table().itertuples():
        lines.append(f"{one.kind}: {one.part}, {one.about}: {one.found}")
        if one.done:
            lines.append(f"    done: {one.done}")
        elif one.to_do:
            lines.append(f"    {_how(one.kind, one.to_do, found, one.Index)}")
    return "\n".join([*lines, *([""] if len(lines) > 2 else []), found.verdict()])


def _aligned(table: pd.DataFrame) -> list[str]:
    """Write a table with words to the left and numbers to the right."""
    heads = [str(name).replace("_", " ") for name in table.columns]
    rows = [heads, *([str(value) for value in row] for row in table.itertuples(index=False))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if index < 2 else text.rjust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _how(kind: str, words: str, found: Diagnosis, index: int) -> str:
    return f"with --repair: {words}" if found.findings[index].mend else words


@bundles.command("write")
def write(
    workspace: WorkspacePath,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Does not exist yet.")],
    images: Annotated[list[str], typer.Option(help="Only this image, repeated.")] = [],  # noqa: B006
    frames: Annotated[list[str], typer.Option(help="Only this frame, repeated.")] = [],  # noqa: B006
    license: Annotated[str | None, typer.Option(help="An address, or words.")] = None,
    as_of: Annotated[int | None, typer.Option("--as-of", help="An earlier state.")] = None,
    records: RecordsUrl = None,
) -> None:
    """Write images, records and history as one zip with RO-Crate metadata."""
    from .workspace import Workspace, write_bundle

    with Workspace.open(workspace, records=records, as_of=as_of) as ws:
        done = write_bundle(ws, file, images=images, frames=frames, license=license, say=_tell)
    _say(done.words())


@bundles.command("read")
def read(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Does not exist yet.")],
    records: RecordsUrl = None,
    as_copy: Annotated[bool, typer.Option("--as-copy", help="Give it an id of its own.")] = False,
    max_files: Annotated[int | None, typer.Option(help="Most entries; 1,000,000.")] = None,
    max_gb: Annotated[float | None, typer.Option(help="Most bytes unpacked [GB]; 1,100.")] = None,
    max_ratio: Annotated[float | None, typer.Option(help="Unpacked over packed; 1000.")] = None,
) -> None:
    """Make a workspace of a bundle: all of it or nothing, every checksum compared."""
    from .workspace import BundleLimits, read_bundle
    from .workspace.finding import some

    usual = BundleLimits()
    with arguments():
        limits = BundleLimits(
            files=usual.files if max_files is None else max_files,
            bytes=usual.bytes if max_gb is None else int(max_gb * 1e9),
            ratio=usual.ratio if max_ratio is None else max_ratio,
        )
    with read_bundle(
        file, folder, records=records, as_copy=as_copy, limits=limits, say=_tell
    ) as ws:
        counted = [some(len(ws.images), "image"), some(len(ws.measurements), "measurement")]
        _say(f"{ws.path}: {', '.join(counted)}")
        _say(f"state {ws.state}; every file was compared with its checksum")


def backup(
    workspace: WorkspacePath,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Does not exist yet.")],
) -> None:
    """Copy a workspace as it stands at one moment, while others may write."""
    from .workspace import Workspace, back_up
    from .workspace.finding import some
    from .workspace.progress import size_words

    with Workspace.open(workspace) as ws:
        done = back_up(ws, folder, say=_tell)
    _say(
        f"{done.folder}: state {done.state}, {some(done.images, 'image')}, {done.files} files, "
        f"{size_words(done.bytes)}; every file was compared with what was recorded"
    )


def _say(text: str) -> None:
    from .reports.markup import tidy

    typer.echo(tidy(text))


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        typer.echo(text, err=True)
