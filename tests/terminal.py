"""A person at a terminal: types into a command through a pseudo-terminal and reads its screen."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    """One `scalebridge` command in a terminal of its own."""

    def __init__(self, *arguments: object, home: Path) -> None:
        self.screen = ""
        self._read = 0
        self._master, slave = os.openpty()

        def take_seat() -> None:
            os.login_tty(slave)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # as a shell leaves it, whoever started us

        self._process = subprocess.Popen(
            [sys.executable, "-m", "scalebridge.cli", *map(str, arguments)],
            preexec_fn=take_seat,
            env={**os.environ, "XDG_CONFIG_HOME": str(home), "COLUMNS": "100", "TERM": "xterm"},
        )
        os.close(slave)

    def expect(self, words: str, *, seconds: float = 60.0) -> str:
        """Read on until these words stand on the screen; gives what came since the last time."""
        until = time.monotonic() + seconds
        while words not in self.screen[self._read :]:
            if not self._more(until):
                raise AssertionError(f"expected {words!r} on the screen, got:\n{self.screen}")
        end = self.screen.index(words, self._read) + len(words)
        part, self._read = self.screen[self._read : end], end
        return part

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, text.encode() + b"\n")

    def press_ctrl_c(self) -> None:
        """Interrupt whatever runs in the terminal."""
        os.write(self._master, b"\x03")

    def press_ctrl_d(self) -> None:
        """End the input."""
        os.write(self._master, b"\x04")

    def ended(self, *, seconds: float = 60.0) -> int:
        """Read to the end; gives the exit code."""
        until = time.monotonic() + seconds
        while self._more(until):
            pass
        code = self._process.wait(timeout=max(1.0, until - time.monotonic()))
        os.close(self._master)
        return code

    def _more(self, until: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, until - time.monotonic()))[0]:
            self._process.kill()
            return False
        try:
            part = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.screen += _CONTROL.sub("", part.decode(errors="replace"))
        return bool(part)
