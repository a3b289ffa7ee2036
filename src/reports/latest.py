"""The notebooks that a report is made of: of every template, the run that came last."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from .run_record import KEPT_IN

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from ..workspace import Workspace


def latest_notebooks(ws: Workspace) -> list[NotebookNode]:
    """Read the executed notebook of every template's last run.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    list of nbformat.NotebookNode
        In the order of the templates' names. A run that failed is told as such, even where an
        earlier one of the same template had finished.

    Raises
    ------
    NotFound
        Nothing has been run, or a kept notebook is gone.
    """
    last: dict[str, Any] = {}
    for run in sorted(ws.runs, key=lambda run: (run.started or "", run.state)):
        if run.report:
            last[run.template] = run
    if not last:
        raise NotFound(
            f"workspace {ws.name!r} has no run that a report could tell of: "
            f"scalebridge run {ws.path} --output DIR"
        )
    return [_read(ws, last[name]) for name in sorted(last)]


def _read(ws: Workspace, run: Any) -> NotebookNode:
    import nbformat

    kept = ws.path / KEPT_IN / PurePosixPath(run.report).name  # a record must not lead elsewhere
    try:
        notebook: NotebookNode = nbformat.read(kept, as_version=4)
    except OSError as error:
        raise NotFound(
            f"the notebook of the last run of {run.template} cannot be read ({kept}: "
            f"{error.strerror}): run the template again"
        ) from error
    return notebook
