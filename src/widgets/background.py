"""Work that goes on behind a page: how far it is, how to stop it, what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ..errors import SegmentationCancelled

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
Work = Callable[[Progress, Callable[[], bool]], Result]


class Background(Generic[Result]):
    """One piece of work in a thread of its own.

    Parameters
    ----------
    title : str
        What is done, in words.
    work : callable
        Gets a function to tell the done and the total, and one that says whether to stop; it
        raises ``SegmentationCancelled`` when it stops.
    waited_for : bool
        Whether the interpreter ends only after it has.
    """

    def __init__(self, title: str, work: Work[Result], *, waited_for: bool = True) -> None:
        self.title = title
        self._work = work
        self._done, self._total, self._began = 0, 0, time.monotonic()
        self._result: Result | None = None
        self._error: BaseException | None = None
        self._stop, self._ended = threading.Event(), threading.Event()
        self._listeners: list[Callable[[Background[Result]], None]] = []
        self._thread = threading.Thread(target=self._run, name=title, daemon=not waited_for)

    def __repr__(self) -> str:
        return f"<{self.title}: {self.words()}>"

    @property
    def state(self) -> str:
        """``"running"``, ``"finished"``, ``"cancelled"`` or ``"failed"``."""
        if not self._ended.is_set():
            return "running"
        if self._error is None:
            return "finished"
        return "cancelled" if isinstance(self._error, SegmentationCancelled) else "failed"

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return self._done / self._total if self._total else 0.0

    def words(self) -> str:
        """Say in a line how it stands."""
        if self.state == "finished":
            return f"{self.title}: done"
        if self.state != "running":
            return str(self._error)
        if self._stop.is_set():
            return f"{self.title}: stopping"
        left = _left(self.fraction, time.monotonic() - self._began)
        return f"{self.title}: {100 * self.fraction:.0f} %{left}"

    def start(self) -> Background[Result]:
        """Begin."""
        self._began = time.monotonic()
        self._thread.start()
        return self

    def cancel(self, *, wait: bool = True) -> None:
        """Stop it; by default wait until nothing of it is left."""
        self._stop.set()
        if wait and threading.current_thread() is not self._thread:
            self._ended.wait()

    def result(self, timeout_s: float | None = None) -> Result:
        """Wait for what comes of it.

        Raises
        ------
        TimeoutError
            It takes longer; it goes on.
        SegmentationCancelled
            It was told to stop.
        ScalebridgeError, OSError, ValueError
            Whatever stopped it.
        """
        if not self._ended.wait(timeout_s):
            raise TimeoutError(f"not done after {timeout_s:g} s: {self.words()}")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def listen(self, listener: Callable[[Background[Result]], None]) -> None:
        """Call a function after every step, from the thread; the last time at its end."""
        self._listeners.append(listener)

    def stopping(self, pause_s: float = 0.0) -> bool:
        """Whether it was told to stop; waits for that as long as given [s]."""
        return self._stop.wait(pause_s) if pause_s else self._stop.is_set()

    def _run(self) -> None:
        try:
            self._result = self._work(self._step, self._stop.is_set)
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error
        self._ended.set()
        self._tell()

    def _step(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            try:
                listener(self)
            except Exception:  # a page that was closed must not cost the work
                self._listeners.remove(listener)


def _left(fraction: float, seconds: float) -> str:
    if fraction < 0.02 or seconds < 1:
        return ""
    left = round(seconds * (1 - fraction) / fraction)
    return f", {left} s left" if left < 60 else f", {left // 60} min {left % 60} s left"
