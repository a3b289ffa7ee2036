"""Run one template on one workspace, and keep a record of the run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from ..errors import ParameterError
from ..workspace.taking_back import TakenBack
from .execution import Execution, execute
from .failure import Failure, Status
from .kernel import Progress, ProgressCallback
from .parameters import checked_values
from .provenance import versions
from .redaction import Secrets
from .run_record import RunRecord, begin, now
from .template import Template, load_template

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: The runner fills these where a template declares them; nobody gives them with ``-p``.
RESERVED = ("workspace", "as_of", "output")
_EXIT_CODES: dict[Status, int] = {"finished": 0, "failed": 1, "undecided": 2}
TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes
    ----------
    template : str
    workspace : pathlib.Path
    status : {"finished", "failed", "undecided"}
    path : pathlib.Path
        The executed notebook.
    notebook : nbformat.NotebookNode
        The same, in memory.
    seconds : float
    failure : Failure or None
    run_id : str or None
        The record in ``ws.runs``; None for a replay, which records nothing.
    taken : TakenBack
        What became of what it had written, if it did not finish.
    """

    template: str
    workspace: Path
    status: Status
    path: Path
    notebook: NotebookNode
    seconds: float
    failure: Failure | None
    run_id: str | None
    taken: TakenBack

    @property
    def exit_code(self) -> int:
        """0 finished, 1 failed, 2 something has to be decided or given first."""
        return _EXIT_CODES[self.status]


def run_template(
    template: str | Path | Template,
    workspace: str | Path,
    *,
    output: str | Path,
    parameters: Mapping[str, Any] | None = None,
    as_of: int | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Run a template through papermill.

    Parameters
    ----------
    template : str, pathlib.Path or Template
        ``"10_survey"``, or a path that ends with ``.ipynb``.
    workspace : path
        The workspace's folder.
    output : path
        Folder for the executed notebook, and for the files that the template writes.
    parameters : mapping, optional
        Values by name; `FromText` values are read as their declared types.
    as_of : int, optional
        Replay an earlier state read-only: the same numbers to the bit, and nothing is recorded.
    timeout_s : float
        Limit for each cell [s].
    progress : callable, optional
        Called with a `Progress` when a cell starts.

    Returns
    -------
    RunResult
        Also where the notebook failed.

    Raises
    ------
    ParameterError
        Before anything runs: a parameter is unknown, missing or mistyped.
    WorkspaceError
        The workspace cannot be opened.
    """
    template = template if isinstance(template, Template) else load_template(template)
    folder, place = Path(output).resolve(), Path(workspace).resolve()
    values = run_values(template, place, parameters or {}, output=folder, as_of=as_of)
    folder.mkdir(parents=True, exist_ok=True)
    record, started = begin(template, place, told(values), as_of=as_of), time.monotonic()

    def on_cell(cell: int, cells: int) -> None:
        if progress is not None:
            progress(Progress(template.name, cell, cells))

    try:
        execution = execute(
            template,
            values,
            run_id=record.id if record else "",
            folder=folder,
            timeout_s=timeout_s,
            on_cell=on_cell,
        )
    except BaseException:  # interrupted by a person: the record must not say "running" for ever
        if record is not None:
            record.end("failed", error="the run was interrupted", told=False)
        raise
    seconds, taken = time.monotonic() - started, TakenBack()
    path = folder / f"{template.name}.ipynb"
    try:
        if record is not None:
            taken = record.end(execution.status, error=str(execution.failure or ""))
    finally:  # where the records are locked, what was run for an hour is kept all the same
        notebook = _signed(
            execution, template, place, values, as_of=as_of, record=record, taken=taken
        )
        nbformat.write(notebook, path)
        if record is not None:
            record.keep(notebook)
    return RunResult(
        template.name,
        place,
        execution.status,
        path,
        notebook,
        seconds,
        execution.failure,
        record.id if record else None,
        taken,
    )


def run_values(
    template: Template,
    workspace: Path,
    parameters: Mapping[str, Any],
    *,
    output: Path,
    as_of: int | None,
) -> dict[str, Any]:
    """Check what is given and add what the runner itself knows."""
    for name in RESERVED:
        if name in parameters:
            raise ParameterError(
                f"{name!r} is given by the runner (WORKSPACE, --as-of, --output), not with -p"
            )
    if as_of is not None and "as_of" not in template.names:
        raise ParameterError(
            f"{template.name} declares no parameter as_of, so it cannot be replayed with --as-of. "
            "If it only reads its workspace, add `as_of: int | None = None  # state to replay` to "
            "its parameters cell; a notebook that imports files and decides has nothing to replay: "
            "`scalebridge report --as-of` tells of an earlier state"
        )
    known = {"workspace": str(workspace), "as_of": as_of, "output": str(output)}
    given = {name: known[name] for name in RESERVED if name in template.names} | dict(parameters)
    return checked_values(template.parameters, given, name=template.name)


def _signed(
    execution: Execution,
    template: Template,
    place: Path,
    values: Mapping[str, Any],
    *,
    as_of: int | None,
    record: RunRecord | None,
    taken: TakenBack,
) -> NotebookNode:
    """Write into the executed notebook what a report needs to know about the run."""
    execution.notebook.metadata["scalebridge"] = {
        "template": template.name,
        "template_sha256": template.sha256,
        "workspace": place.name,
        "parameters": told(values),
        "as_of": as_of,
        "run": record.id if record else None,
        "status": execution.status,
        "failure": None if execution.failure is None else execution.failure.to_dict(),
        "taken_back": list(taken.undone),
        "kept": list(taken.kept),
        "versions": versions(),
        "ended": now(),
    }
    return execution.notebook


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a record what is secret, and where on this machine things lay."""
    given = {name: value for name, value in values.items() if name not in RESERVED}
    return Secrets.among(given).told(given)
