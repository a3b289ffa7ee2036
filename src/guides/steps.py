"""Steps of a long calculation: told with the time left, and stopped with what is done kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class _Stopped(Exception):
    """Raised within a step to leave it."""


@dataclass(frozen=True)
class StepProgress:
    """How far a calculation is.

    Attributes
    ----------
    title : str
        The step that begins.
    done, of : int
        Steps.
    seconds_left : float or None
        None before the first step is done.
    """

    title: str
    done: int
    of: int
    seconds_left: float | None

    def words(self) -> str:
        """Say it in a line.

        Examples
        --------
        >>> StepProgress("pore: chords", 2, 9, 34.2).words()
        '2 of 9 done, about 34 s left; now pore: chords'
        """
        left = "" if self.seconds_left is None else f", about {self.seconds_left:.0f} s left"
        return f"{self.done} of {self.of} done{left}; now {self.title}"


class Steps:
    """Count steps of known relative cost; what an interrupt or `cancel` stops stays stopped.

    Parameters
    ----------
    costs : sequence of float
        Of each step to come.
    progress : callable, optional
        Gets a `StepProgress` before each step.
    cancel : callable, optional
        True stops: asked before each step and within the solvers.
    """

    def __init__(
        self,
        costs: Sequence[float],
        progress: Callable[[StepProgress], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> None:
        self._costs, self._progress, self._cancel = list(costs), progress, cancel
        self._began, self._done = time.monotonic(), 0
        self.stopped = False

    def ask(self, *_: object) -> None:
        """Leave the step that runs if it is to be stopped; a solver calls it as its progress."""
        if self._cancel is not None and self._cancel():
            raise _Stopped

    def run(self, title: str, work: Callable[[], T]) -> T | None:
        """Do one step; None where everything was stopped before its end."""
        if self.stopped:
            return None
        try:
            self.ask()
            self._tell(title)
            found = work()
        except (_Stopped, KeyboardInterrupt):
            self.stopped = True
            return None
        self._done += 1
        return found

    def _tell(self, title: str) -> None:
        if self._progress is None:
            return
        behind, ahead = sum(self._costs[: self._done]), sum(self._costs[self._done :])
        spent = time.monotonic() - self._began
        left = spent * ahead / behind if behind else None
        self._progress(StepProgress(title, self._done, len(self._costs), left))
