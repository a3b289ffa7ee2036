"""Threads that share the work of loops which let go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

_MOST = 8
_SLABS = 8
_SMALL = 200_000  # voxels that are not worth a thread


def shared(work: Callable[..., Any], *parts: Iterable[Any]) -> list[Any]:
    """Do work for all parts, as ``map`` would, on all cores; results in the order of the parts."""
    return list(_threads().map(work, *parts))


def in_slabs(work: Callable[[int, int], Any], count: int, voxels: int) -> None:
    """Do work for slabs of planes, each from a first one to before a last one."""
    if voxels < _SMALL or count < _SLABS:
        work(0, count)
        return
    ends = np.linspace(0, count, _SLABS + 1).astype(int).tolist()
    shared(lambda ends: work(*ends), pairwise(ends))


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(_MOST, os.cpu_count() or 1), thread_name_prefix="registration")
