"""One notebook through papermill: executed in full, or up to the cell that stopped it."""

from __future__ import annotations

import copy
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from .executed import without_secrets
from .failure import Failure, Status
from .redaction import Secrets
from .template import Template


@dataclass(frozen=True)
class Execution:
    """An executed notebook and what stopped it, if anything did."""

    notebook: NotebookNode
    failure: Failure | None

    @property
    def status(self) -> Status:
        """``"finished"``, ``"failed"`` or ``"undecided"``."""
        return "finished" if self.failure is None else self.failure.status


def execute(
    template: Template,
    values: Mapping[str, Any],
    *,
    run_id: str,
    folder: Path,
    timeout_s: float,
    on_cell: Any,
) -> Execution:
    """Run a template with checked values.

    Parameters
    ----------
    template : Template
    values : mapping of str to object
        Only declared names (`checked_values`): papermill writes them into the notebook as code.
    run_id : str
        Told to the kernel as ``SCALEBRIDGE_RUN``.
    folder : pathlib.Path
        The kernel's working folder.
    timeout_s : float
        For each cell [s].
    on_cell : callable
        Called with (number, count) when a cell starts.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from .kernel import ENGINE, kernel_environment, kernel_manager

    secrets = Secrets.among({**template.defaults, **values})
    # It would warn of every `x: T | None` that its own reading of the cell does not see.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    # papermill formats paths like "{x}.ipynb" and uploads to URLs: it only ever sees our own.
    with tempfile.TemporaryDirectory(prefix="scalebridge-run-") as private:
        written = Path(private) / "executed.ipynb"
        failure = None
        try:
            papermill.execute_notebook(
                copy.deepcopy(template.notebook),
                str(written),
                parameters=dict(values),
                engine_name=ENGINE,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                execution_timeout=timeout_s,
                start_timeout=120,
                on_cell=on_cell,
                kernel_manager_class=kernel_manager(
                    kernel_environment(run_id, Path(private), notebook=template.folder),
                    Path(private),
                ),
                resources={"metadata": {"path": str(folder)}},
            )
        except PapermillExecutionError as error:
            failure = _failure_of_cell(error, secrets)
        except Exception as error:  # a dead kernel, a time limit, a full disk: the run must end
            failure = _failure_of_kernel(error, timeout_s, secrets)
        notebook = (
            nbformat.read(written, as_version=4)
            if written.exists()
            else copy.deepcopy(template.notebook)
        )
    return Execution(without_secrets(notebook, secrets), failure)


def _failure_of_cell(error: Any, secrets: Secrets) -> Failure:
    return Failure(
        str(error.ename),
        secrets.hide(str(error.evalue)),
        cell=int(error.cell_index) + 1,
        source=secrets.hide(str(error.source)),
    )


def _failure_of_kernel(error: Exception, timeout_s: float, secrets: Secrets) -> Failure:
    kind = type(error).__name__
    if kind == "CellTimeoutError":
        message = (
            f"a cell ran longer than {timeout_s:g} s and was stopped: give more with --timeout"
        )
    elif kind == "DeadKernelError":
        message = "the kernel died, most often because memory ran out; try a coarser level"
    else:
        message = secrets.hide(str(error))
    return Failure(kind, message)
