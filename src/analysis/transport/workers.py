"""Threads that share the planes of a loop."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import TracebackType
from typing import Any

_ALONE = 40_000  # cells below which a thread costs more than it brings


class Workers:
    """Run compiled loops plane by plane on a number of threads; results don't depend on it.

    Parameters
    ----------
    threads : int, optional
        As many as there are processors unless told.

    Raises
    ------
    ValueError
        Less than one.
    """

    def __init__(self, threads: int | None = None) -> None:
        if threads is None:
            threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
            threads = threads or os.cpu_count() or 1
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads needs a whole number of at least 1, got {threads!r}")
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def run(self, loop: Callable[..., Any], *arguments: Any, planes: int, cells: int) -> None:
        """Call the loop with its arguments and a range of planes, counted from 1, a thread."""
        if self._pool is None or cells < _ALONE or planes < 2 * self.threads:
            loop(*arguments, 1, planes + 1)
            return
        ends = [1 + planes * i // self.threads for i in range(self.threads + 1)]
        waiting = [
            self._pool.submit(loop, *arguments, first, last) for first, last in pairwise(ends[1:])
        ]
        loop(*arguments, ends[0], ends[1])
        for other in waiting:
            other.result()
