"""Which headless run this process serves: written beside every row, so that it can be undone."""

from __future__ import annotations

import os

#: Set by the runner for the kernel of a run; empty for a replay.
VARIABLE = "SCALEBRIDGE_RUN"


def current_run() -> str | None:
    """Return the id of the headless run that this process serves; None where a person works."""
    return os.environ.get(VARIABLE) or None


def is_headless() -> bool:
    """Say whether a run or a replay is served, and nobody sits before it."""
    return os.environ.get(VARIABLE) is not None


def run_mark(run: str | None) -> str:
    """Return what stands behind the name of the software in every row that a run wrote.

    Examples
    --------
    >>> run_mark("1f3a"), run_mark(None)
    (' in run 1f3a', '')
    """
    return f" in run {run}" if run else ""
