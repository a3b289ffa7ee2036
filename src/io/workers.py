"""Children that read foreign files, kept for the next file where that is safe.

What the files of one child share is an interpreter: loaded modules and what these remember. What
they do not share: limits of memory and time, which count anew; answers, which carry a word that
was made up for their file; and anything open, for a child is kept only if it closed its file and
shows nothing of it: no handle, no mapping, no thread, no process, no larger memory, no changed
environment. A file that ended its child, hung, ran out of memory, or was left with an answer
outstanding takes the child with it.

A file that gets hold of its child could answer for the next one. Headers that are parsed in Python
are data there; a compiled parser (HDF5, CZI, JPEG, BCF, codecs of TIFF) can be corrupted without
a word by a damaged file. A child that has loaded one serves that very file again, as it was, and
no other: describing, previewing and importing it share one child, two files never do. Python's own
compiled modules (zlib, expat) and numpy are trusted.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import threading
import weakref
from collections.abc import Callable

from .worker import Identity, Worker, spawn

_IDLE_S = 20.0
_KEPT = 2


class Workers:
    """Hands out children, and takes them back.

    Parameters
    ----------
    start : callable
        Makes the process.
    apart : bool
        Whether a child that has loaded a compiled parser goes on with no other file.

    Attributes
    ----------
    started : int
        How many were spawned.
    """

    def __init__(
        self, start: Callable[[], subprocess.Popen[bytes]] = spawn, *, apart: bool = True
    ) -> None:
        self._start, self._apart = start, apart
        self._idle: list[Worker] = []
        self._made: weakref.WeakSet[Worker] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self.started = 0
        _every.add(self)

    @property
    def idle(self) -> tuple[int, ...]:
        """Process ids of the children that wait for a file."""
        with self._lock:
            return tuple(worker.pid for worker in self._idle)

    def take(self, identity: Identity) -> Worker:
        """Give the child that may read a file: one that has read it before, a free or a new one."""
        with self._lock:
            for bound in (identity, None):
                for worker in [w for w in self._idle if w.bound_to == bound]:
                    self._idle.remove(worker)
                    if worker.alive:
                        return worker
                    worker.end()
            self.started += 1
        worker = Worker(self._start())
        self._made.add(worker)
        return worker

    def give_back(self, worker: Worker, identity: Identity) -> None:
        """Let go of a file, and keep its child if nothing was left behind."""
        if not worker.end_of_file(identity, apart=self._apart):
            worker.end()
            return
        with self._lock:
            self._idle.append(worker)
            surplus = self._idle[:-_KEPT]
            del self._idle[:-_KEPT]
            self._wait()
        for one in surplus:
            one.end()

    def end(self) -> None:
        """End the children that wait for a file."""
        with self._lock:
            ending, self._idle = self._idle, []
            if self._timer is not None:
                self._timer.cancel()
        for worker in ending:
            worker.end()

    def forget(self) -> None:
        """Leave a parent's children to it: two processes cannot speak on one pipe."""
        self._lock = threading.Lock()
        for worker in list(self._made):
            worker.leave_to_parent()
        self._idle, self._timer = [], None

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_IDLE_S, self.end)
        self._timer.daemon = True
        self._timer.start()


_every: weakref.WeakSet[Workers] = weakref.WeakSet()
WORKERS = Workers()


def _end_every() -> None:
    for workers in list(_every):
        workers.end()


def _forget_every() -> None:
    for workers in list(_every):
        workers.forget()


atexit.register(_end_every)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_every)
