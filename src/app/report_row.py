"""The row that runs a step's report: a button, how far it is, and where the page is."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from ..widgets.views import Message, button
from ..workspace import Workspace
from .content import row
from .report_run import ReportRun
from .steps import Step, last_run

_SAID = {
    "finished": ("the report is finished", "information"),
    "undecided": ("the report waits for a decision", "attention"),
    "failed": ("the report failed, and what it wrote is taken back", "refused"),
    "stopped": ("the report was stopped, and what it wrote is taken back", "attention"),
}


class ReportRow:
    """Runs one report at a time and tells how far it is.

    Parameters
    ----------
    ws : Workspace
    output : pathlib.Path
        Folder for the reports.
    """

    def __init__(self, ws: Workspace, *, output: Path) -> None:
        self._ws, self._output = ws, output
        self._step: Step | None = None
        self._parameters: Callable[[], dict[str, Any]] = dict
        self.run: ReportRun | None = None
        self._message, self._known = Message(), ipw.HTML()
        self._start = button("run report", self._message.guard(self._begin), icon="play")
        self._stop = button("stop", self._message.guard(self._end), icon="stop")
        self._bar = ipw.FloatProgress(min=0, max=1, layout=ipw.Layout(width="160px"))
        self._cells = ipw.HTML()
        self.widget = ipw.VBox(
            [
                row(self._start, self._stop, self._bar, self._cells, self._known),
                self._message.widget,
            ]
        )
        self._show_running(False)

    def of(self, step: Step, parameters: Callable[[], dict[str, Any]]) -> None:
        """Run this step's report from now on; one that runs already goes on."""
        self._step, self._parameters = step, parameters
        self._start.description = f"run report: {step.title.lower()}"
        self.tell_last()

    def tell_last(self) -> None:
        """Say when the step's report was last run."""
        run = last_run(self._ws, self._step.template) if self._step else None
        if run is None:
            self._known.value = '<span class="sb-quiet">no report yet</span>'
            return
        when = str(run.ended or run.started or "")[:16].replace("T", " ")
        link = (
            ' · <a href="report" target="_blank" rel="noopener">open the report</a>'
            if run.report
            else ""
        )
        words = escape(f"last report: {run.status}, {when} UTC")
        self._known.value = f'<span class="sb-quiet">{words}</span>{link}'

    def tick(self) -> bool:
        """Tell how far the report is; whether it has just ended."""
        if self.run is None:
            return False
        ended = self.run.ended
        self._bar.value = self.run.share
        self._cells.value = (
            f"{escape(self.run.template)}: cell {self.run.cell} of {self.run.cells}"
            if self.run.cells
            else f"{escape(self.run.template)}: starting"
        )
        if ended is None:
            return False
        words, status = _SAID[ended]
        why = "" if ended in ("finished", "stopped") else f": {self.run.words}"
        self._message.say(f"{self.run.template}: {words}{why}", status)
        self.run = None
        self._show_running(False)
        self.tell_last()
        return True

    def close(self) -> None:
        """Stop what runs: nobody would see it."""
        if self.run is not None:
            self.run.stop()

    def _begin(self) -> str:
        if self._step is None or self.run is not None:
            raise ValueError("a report is running already: wait for it, or stop it")
        self.run = ReportRun(
            self._ws.path,
            self._step.template,
            output=self._output,
            parameters=self._parameters(),
        )
        self._show_running(True)
        self.tick()
        return ""

    def _end(self) -> str:
        if self.run is not None:
            self.run.stop()
        return ""

    def _show_running(self, running: bool) -> None:
        self._start.disabled = running
        for part in (self._stop, self._bar, self._cells):
            part.layout.display = None if running else "none"
