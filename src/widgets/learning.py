"""Learning behind the page: what was scribbled last is what counts, and says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import DecisionNeeded, SegmentationCancelled
from .background import Background

_PAUSE_S = 0.3  # while strokes follow each other


class Learning:
    """Keeps a trainer's classifier up with its scribbles, once somebody looks.

    Parameters
    ----------
    trainer : TrainableSegmentation
    learned : callable
        Called when there is another classifier, or none can be had.
    judged : callable
        Called with what forests said of strokes left out, or None.
    """

    def __init__(
        self, trainer: Any, *, learned: Callable[[], None], judged: Callable[[Any], None]
    ) -> None:
        self._trainer, self._learned, self._judged = trainer, learned, judged
        self._job: Background[Any] | None = None
        self._asked: Any = None
        self._watched = False
        self.trouble = ""

    @property
    def job(self) -> Background[Any] | None:
        """What is being learned, or was."""
        return self._job

    def watch(self) -> None:
        """Learn from now on: somebody looks."""
        if not self._watched:
            self._watched = True
            self.ask()

    def ask(self) -> None:
        """Learn from what is scribbled now; what was being learned is left."""
        state = self._trainer.learned_state()
        if not self._watched or state == self._asked:
            return
        self._asked = state
        if self._job is not None:
            self._job.cancel(wait=False)
        if len(self._trainer.classes_scribbled()) < 2:
            self._job = None
            self._learned()
            return
        job = Background("learning", lambda _, stop: self._learn(job, stop), waited_for=False)
        self._job = job
        job.listen(self._ended)
        job.start()
        self._learned()

    def _ended(self, job: Background[Any]) -> None:
        if job is self._job and job.state == "failed":
            self.trouble = job.words()
            self._learned()

    def _learn(self, job: Background[Any], stop: Callable[[], bool]) -> None:
        if job.stopping(_PAUSE_S):
            raise SegmentationCancelled("something newer is learned")
        trouble = ""
        try:
            self._trainer.classifier()
        except (DecisionNeeded, ValueError) as error:  # taken back meanwhile, or off the image
            trouble = str(error)
        if stop() or job is not self._job:
            raise SegmentationCancelled("something newer is learned")
        self.trouble = trouble
        self._learned()
        if trouble:
            return
        try:
            found = self._trainer.judge(cancelled=stop)
        except (DecisionNeeded, ValueError):  # no class has two strokes
            found = None
        if not stop():
            self._judged(found)
