"""Work on a volume in slabs, several at a time; the slabs don't depend on how many at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

_SLABS = 16


def in_slabs(
    work: Callable[[int, int], Any], count: int, *, threads: int | None = None, slabs: int = _SLABS
) -> list[Any]:
    """Call ``work(start, stop)`` on consecutive parts of a range, and return what each gives.

    Parameters
    ----------
    work : callable
        Has to let go of the interpreter to gain by threads, as compiled loops do.
    count : int
        End of the range; it begins at 0.
    threads : int, optional
        As many as the machine has cores unless told.
    slabs : int
        Number of parts; sums over parts are the same for any number of threads.

    Examples
    --------
    >>> in_slabs(lambda start, stop: (start, stop), 5, slabs=2)
    [(0, 2), (2, 5)]
    """
    edges = slab_edges(count, slabs)
    workers = min(checked_threads(threads), len(edges) - 1)
    if workers <= 1:
        return [work(a, b) for a, b in pairwise(edges)]
    with ThreadPoolExecutor(workers, thread_name_prefix="slabs") as pool:
        return list(pool.map(work, edges[:-1], edges[1:]))


def slab_edges(count: int, slabs: int = _SLABS) -> Sequence[int]:
    """Return the ends of nearly equal parts of a range.

    Examples
    --------
    >>> slab_edges(7, 2)
    [0, 3, 7]
    """
    parts = max(1, min(slabs, count))
    return [count * k // parts for k in range(parts + 1)]


def checked_threads(threads: int | None) -> int:
    """Return the number of threads, or refuse it."""
    if threads is None:
        return os.cpu_count() or 1
    if threads < 1:
        raise ValueError(f"threads needs 1 or more, got {threads}: leave it out for all cores")
    return int(threads)
