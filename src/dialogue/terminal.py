"""A question at a terminal, which can be left with Ctrl-C at any moment."""

from __future__ import annotations

import os
import select
import signal
import sys


def ask(question: str) -> str:
    """Put a question and wait for a line.

    Returns
    -------
    str
        Without its line end; empty if only return was pressed.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, and at the end of the input.
    """
    print(f"{question}: ", end="", flush=True)
    if hasattr(signal, "pthread_kill"):  # on Windows `input` hears by itself
        _wait_for_line()
    try:
        return input()
    except EOFError:
        raise KeyboardInterrupt from None


def _wait_for_line() -> None:
    """Wait outside of `input`, which sleeps through a Ctrl-C that comes just before it reads."""
    heard, rings = os.pipe()
    try:
        os.set_blocking(rings, False)
        before = signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
        try:
            while sys.stdin not in select.select([sys.stdin, heard], [], [])[0]:
                os.read(heard, 4096)  # a signal that somebody else takes care of
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(heard)
        os.close(rings)
