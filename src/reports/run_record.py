"""The record of a run: begun, ended, and nothing that it wrote left behind by one that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from ..workspace import Workspace
from ..workspace.taking_back import TakenBack, take_back
from .failure import Status
from .provenance import versions
from .template import Template

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEPT_IN = "runs"


@dataclass(frozen=True)
class RunRecord:
    """A run that stands in ``ws.runs``.

    Attributes
    ----------
    place : pathlib.Path
        The workspace.
    id : str
    state : int
        The workspace's state once the run was listed.
    """

    place: Path
    id: str
    state: int

    def end(self, status: Status, *, error: str = "", told: bool = True) -> TakenBack:
        """Record how the run ended; what one that did not finish wrote is taken back with it.

        Parameters
        ----------
        status : {"finished", "failed", "undecided"}
        error : str
        told : bool
            A notebook tells of the run; it is kept right after (`keep`).

        Returns
        -------
        TakenBack
        """
        with Workspace.open(self.place) as ws, ws.transaction():
            taken = TakenBack() if status == "finished" else take_back(ws.images, self.id)
            ws.runs.edit(
                self.id,
                version=ws.runs.get(self.id).version,
                status=status,
                ended=now(),
                report=f"{KEPT_IN}/{self.id}.ipynb" if told else None,
                error=error or None,
                taken_back=list(taken.undone),
                kept=list(taken.kept),
            )
        return taken

    def keep(self, notebook: NotebookNode) -> None:
        """Keep the executed notebook for ``scalebridge report``."""
        kept = self.place / KEPT_IN / f"{self.id}.ipynb"
        kept.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, kept)


def begin(
    template: Template, place: Path, parameters: Mapping[str, Any], *, as_of: int | None
) -> RunRecord | None:
    """Record that a run has begun; a replay is not recorded, and gives None.

    Opening the workspace also refuses a wrong path before anything runs.
    """
    with Workspace.open(place, as_of=as_of) as ws:
        if ws.read_only:
            return None
        record = ws.runs.add(
            template=template.name,
            parameters=dict(parameters),
            status="running",
            started=now(),
            state_in=ws.state,
            versions=versions(),
        )
        return RunRecord(place, str(record.id), int(record.state))


def now() -> str:
    """Return the time in UTC, as records and reports write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
