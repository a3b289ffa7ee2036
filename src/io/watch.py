"""An eye on the reading child: memory it takes, and how long it lets one wait."""

from __future__ import annotations

import subprocess
import threading
import time

_POLL_S = 0.05


class Watch:
    """Ends a process that takes more memory or time than it was given.

    Parameters
    ----------
    process : subprocess.Popen
    memory_mb : int
        Private memory it may have [MiB].
    seconds : float
        The longest that its caller waits for one answer; time in which nobody waits is free.
    before_mb : float
        Memory that it had before it was given its file [MiB], which does not count.

    Attributes
    ----------
    verdict : str or None
        Why the process was ended.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        *,
        memory_mb: int,
        seconds: float,
        before_mb: float = 0.0,
    ) -> None:
        self.verdict: str | None = None
        self._process, self._memory_mb, self._seconds = process, memory_mb, seconds
        self._before_mb = before_mb
        self._waiting_since: float | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="scalebridge-watch", daemon=True)
        self._thread.start()

    def __enter__(self) -> None:
        self._waiting_since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._waiting_since = None

    def allow(self, seconds: float) -> None:
        """Change the longest wait for an answer [s]."""
        self._seconds = seconds

    def stop(self) -> None:
        """Look away."""
        self._done.set()
        self._thread.join(timeout=1)

    def _look(self) -> None:
        while not self._done.wait(_POLL_S) and self._process.poll() is None:
            self.verdict = self._too_slow() or self._too_large()
            if self.verdict:
                self._process.kill()
                return

    def _too_slow(self) -> str | None:
        since = self._waiting_since
        if since is None or time.monotonic() - since < self._seconds:
            return None
        return (
            f"took longer than the {self._seconds:g} s that were allowed for one answer: give "
            "larger seconds if the disk is slow"
        )

    def _too_large(self) -> str | None:
        taken_mb = private_memory_mb(self._process.pid) - self._before_mb
        if taken_mb <= self._memory_mb:
            return None
        return (
            f"took {taken_mb:.0f} MB of memory, allowed were {self._memory_mb} MB: give a larger "
            "memory_mb if you trust the file"
        )


def private_memory_mb(pid: int) -> float:
    """Memory of a process that is not shared with files [MiB]; 0 once it has ended."""
    import psutil

    try:
        memory = psutil.Process(pid).memory_info()
    except psutil.Error:
        return 0.0
    return float(memory.rss - getattr(memory, "shared", 0)) / 2**20
