"""What a command's exit code says: the one place where it is decided.

====  ==============================================================================
0     done
1     something failed while it was at work
2     it was asked for what cannot be meant, or somebody has to decide something first
130   stopped from the keyboard, or by a scheduler (SIGTERM)
====  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import (
    DecisionNeeded,
    ImportCancelled,
    NotFound,
    ParameterError,
    RefusedRecord,
    SegmentationCancelled,
    Uncalibrated,
)

DONE, FAILED, ASKED, STOPPED = 0, 1, 2, 130
IN_WORDS = (
    "Exit codes: 0 done; 1 something failed while at work; 2 asked for what cannot be meant, or "
    "something has to be decided first; 130 stopped from the keyboard or by SIGTERM."
)
#: A careful caller gives another argument, or decides, and asks again.
_ASKED = (DecisionNeeded, NotFound, ParameterError, RefusedRecord, Uncalibrated)


def exit_code(error: BaseException) -> int:
    """Return the exit code that an error stands for.

    Examples
    --------
    >>> exit_code(NotFound("no image 'scan'")), exit_code(OSError("the disk is full"))
    (2, 1)
    """
    if isinstance(error, ImportCancelled | SegmentationCancelled | KeyboardInterrupt):
        return STOPPED
    return ASKED if isinstance(error, _ASKED) else FAILED


@contextmanager
def arguments() -> Iterator[None]:
    """Where what a person typed is read: a wrong value is asked wrongly, and no failure."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if exit_code(error) == ASKED:
            raise
        raise ParameterError(str(error)) from None
