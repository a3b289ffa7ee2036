"""A question that takes its time: whether its answer is still wanted, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Asking:
    """What is fetched for one view.

    Attributes
    ----------
    wanted : callable
        Whether anybody still waits for it; asked before each request.
    sent, came : int
        Requests, and answers.
    bytes : int
        That came.
    """

    wanted: Callable[[], bool]
    sent: int = 0
    came: int = 0
    bytes: int = 0


ASKING: ContextVar[Asking | None] = ContextVar("scalebridge_asking", default=None)


@contextmanager
def asking(question: Asking) -> Iterator[Asking]:
    """Whatever is fetched inside is fetched for this question."""
    token = ASKING.set(question)
    try:
        yield question
    finally:
        ASKING.reset(token)
