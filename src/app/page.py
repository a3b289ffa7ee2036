"""The page of one person: the steps to the left, the step that is open to the right."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path

import ipywidgets as ipw
import panel as pn

from ..widgets.views import REFUSALS, button, notice, words_of
from ..workspace import Workspace
from .content import Content, close, own, own_page
from .contents import content_of
from .front_end import SYMBOLS, in_one_piece
from .report_row import ReportRow
from .steps import Step, steps_of

_TICK_MS = 700
_SIGNS = {"done": "✓", "open": "○", "attention": "!"}
_STATES = {"done": "done", "open": "open", "attention": "look here"}


class GuidedPage:
    """What one browser window shows; it has a connection to the workspace of its own.

    Parameters
    ----------
    workspace : pathlib.Path
    output : pathlib.Path
        Folder for the reports.
    """

    def __init__(self, workspace: Path, *, output: Path) -> None:
        self.ws = Workspace.open(workspace)
        self._state, self._steps = self.ws.state, steps_of(self.ws)
        self._open, self._content = "", Content((), lambda: None)
        self._report = ReportRow(self.ws, output=output)
        self._lead, self._busy = ipw.HTML(), ipw.HTML()
        self._words = {step.key: ipw.HTML() for step in self._steps}
        self._items = {step.key: self._item(step) for step in self._steps}
        self._place = pn.Column(sizing_mode="stretch_width")
        self._fixed = (self._navigation(), ipw.VBox([self._lead, self._report.widget, self._busy]))
        self._tell()

    def template(self) -> pn.Template:
        """Give the page, ready to be served."""
        made = pn.Template(own("page.html"))
        for name, value in {
            "specimen": self.ws.name,
            "folder": str(self.ws.path),
            "page_style": own("page.css"),
            "widgets_style": own("widgets.css"),
            "symbols": SYMBOLS,
        }.items():
            made.add_variable(name, value)
        steps, lead = map(own_page, self._fixed)
        made.add_panel("steps", steps)
        made.add_panel("main", pn.Column(lead, self._place, sizing_mode="stretch_width"))
        return made

    def start(self) -> None:
        """Open the first step that is not done once the page is there; follow what changes."""
        waiting = [step.key for step in self._steps if step.state != "done"]
        first = waiting[0] if waiting else self._steps[0].key
        # Before that, what a widget tells its browser would be lost.
        pn.state.onload(lambda: None if self._open else self.open_step(first))
        pn.state.add_periodic_callback(self.tick, _TICK_MS)
        pn.state.on_session_destroyed(lambda _: self.close())

    def open_step(self, key: str) -> None:
        """Show a step; one that cannot be shown says why, and one that is shown stays."""
        if key == self._open:
            return
        step = next(step for step in self._steps if step.key == key)
        self._open = key
        self._tell()
        self._say_busy("reading the images …")
        self._place.objects = []
        document = pn.state.curdoc
        if document is None:
            self._fill(step)
        else:  # the words above are on the screen before the work begins
            document.add_timeout_callback(partial(self._fill, step), 50)

    def tick(self) -> None:
        """Follow the records, whoever writes them, and a report that runs."""
        ended = self._report.tick()
        if ended or self.ws.state != self._state:
            self._state, self._steps = self.ws.state, steps_of(self.ws)
            self._tell()
            self._report.tell_last()
            self._content.refresh()

    def close(self) -> None:
        """Let go of everything when the window is gone."""
        self._report.close()
        self._content.close()
        for widget in self._fixed:
            close(widget)
        self.ws.close()

    def _fill(self, step: Step) -> None:
        if self._open != step.key:
            return
        old = self._content
        with in_one_piece():
            try:
                self._content = content_of(step.key, self.ws)
            except REFUSALS as error:
                words = ipw.HTML(notice(words_of(error), "refused"))
                self._content = Content((words,), lambda: None)
            self._place.objects = self._content.panes()
        self._say_busy("")
        old.close()
        self._report.of(step, self._content.parameters)

    def _say_busy(self, words: str) -> None:
        self._busy.value = notice(words, "information") if words else ""
        self._busy.layout.display = None if words else "none"

    def _tell(self) -> None:
        for step in self._steps:
            sign, said = _SIGNS[step.state], _STATES[step.state]
            self._words[step.key].value = (
                f'<div class="sb-state sb-{step.state}"><b aria-hidden="true">{sign}</b> {said}'
                f"<span>{escape(step.word)}</span></div>"
            )
            item = self._items[step.key]
            if step.key != self._open:
                item.remove_class("sb-chosen")
            else:
                item.add_class("sb-chosen")
                self._lead.value = (
                    f'<div class="sb-lead"><h2>{escape(step.title)}</h2>'
                    f"<p><b>Next</b> {escape(step.next)}</p></div>"
                )

    def _item(self, step: Step) -> ipw.VBox:
        number = 1 + self._steps.index(step)
        opens = button(f"{number}  {step.title}", lambda *_: self.open_step(step.key))
        opens.add_class("sb-step")
        item = ipw.VBox([opens, self._words[step.key]])
        item.add_class("sb-item")
        return item

    def _navigation(self) -> ipw.VBox:
        made = ipw.VBox(list(self._items.values()))
        made.add_class("sb-steps")
        return made
