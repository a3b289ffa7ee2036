"""The record of a run: begun, ended, and nothing measured left behind by one that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from ..workspace import Workspace
from .execution import Status
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

    def take_back(self) -> tuple[str, ...]:
        """Remove what the run measured, and name what else it may have written.

        Measurements are tied to their run, so they are known. Other records that this person
        wrote meanwhile may be the run's or not: they are left, and named in the report.
        """
        with Workspace.open(self.place) as ws, ws.transaction():
            for measurement in list(ws.measurements):
                if measurement.run == self.id:
                    ws.measurements.remove(measurement.id)
            history = ws.history()
            since = history[(history["state"] > self.state) & (history["who"] == ws.who)]
            others = since[~since["kind"].isin(["runs", "measurements"])]
            return tuple(
                f"{row.kind}: {row.name or row.id} ({row.action})" for row in others.itertuples()
            )

    def end(self, status: Status, *, error: str = "", notebook: NotebookNode | None = None) -> None:
        """Record how the run ended, and keep its notebook for ``scalebridge report``."""
        kept = self.place / KEPT_IN / f"{self.id}.ipynb"
        if notebook is not None:
            kept.parent.mkdir(exist_ok=True)
            nbformat.write(notebook, kept)
        with Workspace.open(self.place) as ws:
            ws.runs.edit(
                self.id,
                version=ws.runs.get(self.id).version,
                status=status,
                ended=now(),
                report=f"{KEPT_IN}/{kept.name}" if notebook is not None else None,
                error=error or None,
            )


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
