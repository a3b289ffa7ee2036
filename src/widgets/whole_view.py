"""What the sliders say and do of the whole image: exact shares, and the label image."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from ..errors import ReadOnly
from .applied import applied_name
from .background import Background
from .views import REFUSALS, Message, button, follow, html_table, notice, words_of

if TYPE_CHECKING:
    import pandas as pd

# A slow line has no use for more [s]; what moves on within the pause is not counted at all.
_EVERY_S, _PAUSE_S = 0.5, 0.6


class WholeShares:
    """A table of shares: of a sample at once, then counted over the whole image.

    Whatever is asked for later stops what is being counted. Nothing is counted before `watch`:
    a notebook that is executed without a browser shows the sample, each time the same.

    Parameters
    ----------
    sliders : SegmentationSliders
    """

    def __init__(self, sliders: Any) -> None:
        self.widget = ipw.HTML()
        self._sliders = sliders
        self._job: Background[pd.DataFrame] | None = None
        self._asked: Any = None
        self._told, self._watched = 0.0, False

    @property
    def job(self) -> Background[pd.DataFrame] | None:
        """What is being counted, or was."""
        return self._job

    def ask(self) -> None:
        """Show the shares of the present settings."""
        sliders = self._sliders
        if not sliders.thresholds:
            self._stop()
            self.widget.value = ""
            return
        state = (sliders.recipe(), sliders.threshold_uncertainty, sliders.explorer.time)
        asked = repr((*state, sliders.corrections))
        names = [phase["name"] for phase in sliders.named_phases()]
        if self._asked == (asked, names):
            return
        self._stop()
        self._asked = (asked, names)
        self._sample = sliders.fractions()
        steps = sliders.steps()
        self._before = f", before {steps}" if steps else ""
        self._after = f", after {steps}" if steps else ""
        if not self._watched:
            self._table(self._sample, f"on a sample{self._before}")
            return
        self._job = sliders.begin_fractions(after_s=_PAUSE_S)
        self._show(self._job)
        self._job.listen(self._show)
        self._show(self._job)  # it may have ended before anybody listened

    def watch(self) -> None:
        """Count from now on: somebody looks."""
        if not self._watched:
            self._watched, self._asked = True, None
            self.ask()

    def _stop(self) -> None:
        self._asked = None
        if self._job is not None:
            self._job.cancel(wait=False)

    def _show(self, job: Background[pd.DataFrame]) -> None:
        state = job.state
        if job is not self._job or state == "cancelled":
            return
        if state == "running" and time.monotonic() - self._told < _EVERY_S and job.fraction:
            return
        self._told = time.monotonic()
        if state == "finished":
            self._table(job.result(), f"on the whole image{self._after}")
            return
        sign = "attention" if state == "failed" else "information"
        self._table(self._sample, f"on a sample{self._before}; {job.words()}", sign)

    def _table(self, shares: pd.DataFrame, words: str, sign: str = "information") -> None:
        if (shares["upper"] > shares["lower"]).any():
            words += (
                "; lower and upper: thresholds moved by two standard uncertainties, without what "
                "blur and noise add: measuring states that too"
            )
        self.widget.value = html_table(in_percent(shares)) + notice(words, sign)


def in_percent(shares: pd.DataFrame) -> pd.DataFrame:
    """Shares as a person reads them; the bounds only where they differ."""
    percent = shares.set_index("phase").mul(100).add_suffix(" [%]").reset_index()
    known = (shares["upper"] > shares["lower"]).any()
    return percent if known else percent[["phase", "fraction [%]"]]


def apply_row(sliders: Any, message: Message) -> ipw.HBox:
    """The button that labels the whole image, with its progress and a button to stop it."""
    name = ipw.Text(description="label image", placeholder="<image>_<record>")
    bar = ipw.FloatProgress(min=0.0, max=1.0, layout=ipw.Layout(width="200px", display="none"))
    running: list[Background[Any]] = []
    told = [0.0]

    def begin() -> str:
        if running and running[-1].state == "running":
            raise ValueError(f"{running[-1].title} is being made: wait, or cancel it")
        if sliders.ws.read_only:
            raise ReadOnly("the workspace is open read-only: nothing can be applied")
        job = sliders.begin_apply(name.value.strip() or None)
        running.append(job)
        show(job, at_once=True)
        job.listen(show)
        show(job, at_once=True)  # it may have ended before anybody listened
        return job.words()

    def show(job: Background[Any], *, at_once: bool = False) -> None:
        busy = job.state == "running"
        if busy and not at_once and time.monotonic() - told[0] < _EVERY_S:
            return
        told[0] = time.monotonic()
        bar.layout.display = stopper.layout.display = "" if busy else "none"
        bar.value, doer.disabled = job.fraction, busy
        if busy:
            message.say(job.words())
        else:
            message.say(*_outcome(job))

    def stop() -> str:
        running[-1].cancel()
        return running[-1].words()

    def suggest_name() -> None:
        doer.disabled = not sliders.saved
        record = sliders.ws.segmentations[sliders.name] if sliders.saved else None
        name.placeholder = applied_name(record) if record else "save first"

    tip = "Label the whole image as saved, and write the labels to the workspace"
    doer = button("apply", message.guard(begin), tip=tip, icon="play")
    stopper = button("cancel", message.guard(stop), tip="Stop; nothing of it is left", icon="stop")
    stopper.layout.display = "none"
    follow(sliders, ("saved", "name"), suggest_name)
    suggest_name()
    layout = ipw.Layout(flex_flow="row wrap", align_items="center")
    return ipw.HBox([name, doer, bar, stopper], layout=layout)


def _outcome(job: Background[Any]) -> tuple[str, str]:
    if job.state == "cancelled":
        return job.words(), "attention"
    try:
        made = job.result(0)
    except REFUSALS as error:
        return words_of(error), "refused"
    return f"labels written as {made.name}", "information"
