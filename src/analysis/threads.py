"""Threads that share the work of compiled loops, which let go of the interpreter.

How the work is cut never depends on how many threads there are, or the parts don't touch each
other's results: the same bits come out for any number of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

_SLABS = 16
_ALONE = 40_000  # cells below which a thread costs more than it brings


def thread_count(threads: int | None = None) -> int:
    """Return the number of threads: that of the cores this process may use, unless told.

    Raises
    ------
    ValueError
        Less than one, or no whole number.

    Examples
    --------
    >>> thread_count(3)
    3
    """
    if threads is None:
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        return usable or os.cpu_count() or 1
    if isinstance(threads, bool) or int(threads) != threads or threads < 1:
        raise ValueError(
            f"threads needs a whole number of 1 or more, got {threads!r}: leave it out for all "
            "cores"
        )
    return int(threads)


def each(work: Callable[..., Any], *parts: Iterable[Any], threads: int | None = None) -> list[Any]:
    """Do work for every part, as ``map`` does; results come in the order of the parts.

    The threads are kept for the next call; the work must not wait for threads itself.

    Examples
    --------
    >>> each(pow, (2, 3), (3, 2))
    [8, 9]
    """
    count = thread_count(threads)
    if count == 1:
        return list(map(work, *parts))
    return list(_pool(count).map(work, *parts))


def in_slabs(
    work: Callable[[int, int], Any], count: int, *, threads: int | None = None, slabs: int = _SLABS
) -> list[Any]:
    """Call ``work(start, stop)`` on consecutive parts of a range, and return what each gives.

    Parameters
    ----------
    work : callable
        Gains by threads where it lets go of the interpreter, as compiled loops do.
    count : int
        End of the range; it begins at 0.
    threads : int, optional
        As many as there are cores unless told.
    slabs : int
        Number of parts; sums over parts are the same for any number of threads.

    Examples
    --------
    >>> in_slabs(lambda start, stop: (start, stop), 5, slabs=2)
    [(0, 2), (2, 5)]
    """
    edges = slab_edges(count, slabs)
    if len(edges) == 2:
        return [work(*edges)]
    return each(work, edges[:-1], edges[1:], threads=threads)


def slab_edges(count: int, slabs: int = _SLABS) -> Sequence[int]:
    """Return the ends of nearly equal parts of a range.

    Examples
    --------
    >>> slab_edges(7, 2)
    [0, 3, 7]
    """
    parts = max(1, min(slabs, count))
    return [count * k // parts for k in range(parts + 1)]


class Workers:
    """Run compiled loops plane by plane on a number of threads; results don't depend on it.

    Parameters
    ----------
    threads : int, optional
        As many as there are cores unless told.

    Raises
    ------
    ValueError
        Less than one.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = thread_count(threads)

    def run(self, loop: Callable[..., Any], *arguments: Any, planes: int, cells: int) -> None:
        """Call the loop with its arguments and a range of planes, counted from 1, a thread."""
        if self.threads == 1 or cells < _ALONE or planes < 2 * self.threads:
            loop(*arguments, 1, planes + 1)
            return
        ends = [1 + end for end in slab_edges(planes, self.threads)]
        first, *rest = pairwise(ends)
        waiting = [_pool(self.threads).submit(loop, *arguments, *part) for part in rest]
        loop(*arguments, *first)
        for other in waiting:
            other.result()


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="scalebridge")
