"""The `scalebridge` command; what its exit codes say stands in `exit_codes`.

Heavy imports stand inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .cli_care import backup, bundles, doctor
from .cli_records import migrate
from .cli_targets import targets
from .cli_transforms import transforms
from .errors import DecisionNeeded, ImportCancelled, ParameterError, ScalebridgeError
from .exit_codes import DONE, IN_WORDS, arguments, exit_code

if TYPE_CHECKING:
    from .reports import Batch
    from .workspace import Workspace

app = typer.Typer(
    name="scalebridge",
    help="One specimen, every scale, error bars on all of it.",
    epilog=IN_WORDS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)

WorkspacePath = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of a specimen.")]
AsOf = Annotated[int | None, typer.Option("--as-of", help="State to replay, read-only.")]


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; a state of the world is told in words, without a traceback."""
    if words is None:  # a scheduler's end is one from the keyboard: nothing is left half-way
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(None if words is None else list(words))
    except (ScalebridgeError, OSError, ValueError) as error:
        _complain(error)
        sys.exit(exit_code(error))
    sys.exit(DONE)


@app.command("import")
def import_(
    files: Annotated[list[str], typer.Argument(help="Image files, or folders of slices.")],
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Made if it is new.")],
    voxel_um: Annotated[
        str, typer.Option(help="Voxel size z,y,x (or y,x) [µm]; - leaves one to the file.")
    ] = "",
    axes: Annotated[str, typer.Option(help="Axes of the stored array, e.g. zyxc.")] = "",
    flip: Annotated[str | None, typer.Option(help="Axes to reverse, e.g. y; '' for none.")] = None,
    handedness: Annotated[str, typer.Option(help="right or left, of the stored x, y, z.")] = "",
    unit: Annotated[str, typer.Option(help="Of a voxel size without one, e.g. nm.")] = "",
    modality: Annotated[str, typer.Option(help="Such as XRM, SEM.")] = "",
    tilt: Annotated[float | None, typer.Option(help="Tilt of the surface [degree].")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the image, for one file.")] = None,
    preview: Annotated[Path | None, typer.Option(help="PNG for the first picture.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use no remembered answers.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Import what was understood.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Every image of each file, placed as the file says.")
    ] = False,
) -> None:
    """Bring image files into a workspace, after showing what was understood."""
    from .dialogue import Person, ask, import_every_image, import_files, lengths
    from .io import Answers

    with arguments():
        given = Answers(
            spacing_um=lengths(voxel_um) if voxel_um else None,
            axes=axes or None,
            flip=flip,
            handedness=handedness or None,
            unit=unit or None,
            modality=modality or None,
            tilt_correction=tilt,
        )
    if every:
        import_every_image(workspace, files, given=given, say=_say, name=name, picture=preview)
        return
    person = Person(say=_say, ask=ask if sys.stdin.isatty() else None, agrees=yes)
    images = import_files(
        workspace,
        files,
        given=given,
        person=person,
        name=name,
        picture=preview,
        remember=not fresh,
    )
    try:
        for image in images:
            _say(f"imported {image!r}")
    except KeyboardInterrupt:
        raise ImportCancelled("stopped: nothing more is imported") from None


@app.command()
def link(
    workspace: Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Made if it is new.")],
    address: Annotated[str, typer.Argument(help="OME-Zarr: a folder, http(s):// or s3://.")],
    name: Annotated[str | None, typer.Option(help="Name of the image.")] = None,
    frame: Annotated[str | None, typer.Option(help="Frame; the image's own by default.")] = None,
    modality: Annotated[str | None, typer.Option(help="Such as XRM, SEM.")] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Ask a bucket without keys.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Limit for each request [s].")] = 20.0,
) -> None:
    """Show an OME-Zarr image where it lies, without a copy."""
    from .io.address import read_address
    from .workspace import Workspace

    with arguments():
        place = read_address(address).text
    known = Workspace.open if (workspace / "workspace.toml").is_file() else Workspace.create
    with known(workspace) as ws:
        with arguments():
            ws.images.links.timeout_s = timeout
            image = ws.images.link(
                place, name=name, frame=frame, modality=modality, anonymous=anonymous
            )
        for words in image.source["warnings"]:
            _say(f"note: {words}")
        if not image.calibrated:
            _say(f"{image.spacing_source}: give it with scalebridge calibrate")
        _say(f"linked {image!r}")


@app.command()
def run(
    what: Annotated[list[str], typer.Argument(help="Workspaces, and templates (names or .ipynb).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the reports.")],
    parameter: Annotated[list[str], typer.Option("-p", help="name=value, repeated.")] = [],  # noqa: B006
    template: Annotated[list[str], typer.Option(help="A template, repeated.")] = [],  # noqa: B006
    as_of: AsOf = None,
    timeout: Annotated[float, typer.Option(help="Limit for each cell [s].")] = 3600.0,
) -> None:
    """Run templates on workspaces and write a report for each."""
    from .reports import run_workspaces
    from .reports.parameters import split_assignment
    from .reports.progress import cell_progress
    from .reports.template import told_apart

    workspaces, templates = told_apart(what)
    templates += template
    if not workspaces:
        raise ParameterError(f"run needs at least one workspace, got only templates: {templates}")
    with cell_progress() as progress:
        batch = run_workspaces(
            workspaces,
            output=output,
            templates=templates or None,
            parameters=dict(split_assignment(text) for text in parameter),
            as_of=as_of,
            timeout_s=timeout,
            progress=progress,
        )
    _tell(batch)
    raise typer.Exit(batch.exit_code)


def _tell(batch: Batch) -> None:
    _say(batch.table().astype(object).fillna("").to_string(index=False))
    for specimen in batch.specimens:
        for result in specimen.results:
            for words, lines in (
                ("what it wrote is taken back", result.taken.undone),
                ("not taken back", result.taken.kept),
            ):
                if lines:
                    _say(f"{result.template}, {words}: {_some(lines)}")
        if specimen.report is not None:
            _say(f"report: {specimen.report}")


def _some(lines: Sequence[str], most: int = 6) -> str:
    more = [f"and {len(lines) - most} more, in the report"] if len(lines) > most else []
    return "; ".join([*lines[:most], *more])


@app.command()
def report(
    workspace: WorkspacePath,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file, or a .pdf.")],
    as_of: AsOf = None,
) -> None:
    """Render the latest run of every template as one self-contained page."""
    from .reports import render_report
    from .reports.latest import latest_notebooks
    from .reports.pdf import write_pdf
    from .workspace import Workspace

    with Workspace.open(workspace, as_of=as_of) as ws:
        html = render_report(latest_notebooks(ws), ws)
    wants_pdf = output.suffix.lower() == ".pdf"
    page = output.with_suffix(".html") if wants_pdf else output
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")
    _say(f"report: {page}")
    if wants_pdf:
        write_pdf(page, output)
        _say(f"print: {output}")


@app.command()
def info(
    workspace: WorkspacePath,
    as_of: AsOf = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file of every image; 1 if one is damaged.")
    ] = False,
) -> None:
    """Say what a workspace holds."""
    from .workspace import Workspace

    with Workspace.open(workspace, as_of=as_of) as ws:
        _say(f"{ws.name}\nfolder  {ws.path}\nstate   {ws.state}" + " (replayed)" * ws.read_only)
        for kind in ("frames", "transforms", "landmarks", "targets", "segmentations"):
            _say(f"{kind:<14}{len(getattr(ws, kind))}")
        _say(f"{'measurements':<14}{len(ws.measurements)}\n{'runs':<14}{len(ws.runs)}")
        for image in ws.images:
            _say(repr(image))
        if verify and not _all_verified(ws):
            raise typer.Exit(1)


def _all_verified(ws: Workspace) -> bool:
    """Say image by image what is not as it was imported; whether everything is."""
    sound = True
    for image in ws.images:
        try:
            found = image.verify()
        except ScalebridgeError as error:
            _say(f"{image.name}: {error}")
            sound = False
            continue
        damaged, files = int(found["damaged"].sum()), int(found["files"].sum())
        _say(f"{image.name}: {damaged or 'none'} of {files} files damaged")
        for row in found.itertuples():
            if row.problem:
                _say(f"  {row.part}: {row.damaged} of {row.files}, first: {row.problem}")
            elif row.compared_with not in ("the import", "the record"):
                _say(f"  {row.part}: compared with {row.compared_with}")
        sound = sound and not damaged
    return sound


@app.command()
def gc(
    workspace: WorkspacePath,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete the pixels of removed images; asks first, for as_of loses them too."""
    from .workspace import Workspace

    with Workspace.open(workspace) as ws:
        found = ws.gc(dry_run=True)
        _say(found.to_string(index=False) if len(found) else "nothing to delete")
        if not len(found):
            return
        if not yes and not sys.stdin.isatty():
            raise DecisionNeeded("nothing is deleted: a script has to say --yes")
        if yes or typer.confirm("delete these for good?"):
            ws.gc(dry_run=False)
            _say("deleted")


@app.command()
def calibrate(
    workspace: WorkspacePath,
    image: Annotated[str, typer.Argument(help="Name of the image.")],
    voxel_um: Annotated[
        str, typer.Option(help="Voxel size z,y,x (or y,x) [µm]; - keeps what is known.")
    ],
    source: Annotated[str, typer.Option(help="How it is known, in words.")],
    uncertainty: Annotated[float | None, typer.Option(help="Relative, standard.")] = None,
) -> None:
    """Give an image its voxel size; what the file said is kept beside it."""
    from .dialogue import lengths
    from .workspace import Workspace

    with Workspace.open(workspace) as ws:
        with arguments():
            size = lengths(voxel_um)
            ws.calibrate(image, spacing_um=size, source=source, uncertainty=uncertainty)
        _say(repr(ws.images[image]))


app.add_typer(transforms, name="transform")
app.command()(targets)
app.command()(doctor)
app.add_typer(bundles, name="bundle")
app.command()(backup)
app.command()(migrate)


@app.command()
def example(
    directory: Annotated[Path, typer.Argument(help="Where the instrument files go.")],
    seed: Annotated[int, typer.Option(help="Another specimen.")] = 0,
    scale: Annotated[str, typer.Option(help="full or small.")] = "full",
    workspace: Annotated[
        Path | None, typer.Option(help="Import them here too, with the demo's decisions.")
    ] = None,
) -> None:
    """Write the instrument files of the example specimen, and its truth."""
    from .io.example import build_example

    with arguments():
        paths = build_example(directory, seed=seed, scale=scale)
    for name, path in paths.files.items():
        _say(f"{name:<16}{path}")
    _say(f"{'truth':<16}{paths.truth}")
    if workspace is not None:
        from .guides.example import decide, import_example

        with import_example(paths, workspace, say=_say) as ws:
            decide(ws, say=_say)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for everything.")],
    seed: Annotated[int, typer.Option(help="Another specimen.")] = 0,
) -> None:
    """Build the example specimen and take it from files to a report."""
    from .reports.demo import run_demo

    raise typer.Exit(run_demo(output=output, seed=seed))


@app.command("app")
def guided(
    workspace: WorkspacePath,
    port: Annotated[int | None, typer.Option(help="The first free one from 5006.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for reports: WORKSPACE-report.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it.")] = True,
) -> None:
    """Show the guided page: survey, registration, targeting, quantification."""
    from .app.serving import serve_app

    serve_app(workspace, port=port, output=output, browser=browser, say=typer.echo)


@app.command()
def formats() -> None:
    """Print which files can be read here, and what to install for the rest."""
    from .io.format_table import formats_in_words

    _say(formats_in_words())


def _say(text: str) -> None:
    from .reports.markup import tidy

    typer.echo(tidy(text))


def _complain(error: BaseException) -> None:
    from .reports.markup import tidy
    from .reports.redaction import redacted

    typer.echo(f"scalebridge: {tidy(redacted(str(error)))}", err=True)


if __name__ == "__main__":
    main()
