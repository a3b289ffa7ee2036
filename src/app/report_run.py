"""``scalebridge run`` for one step, in a process of its own, with its progress."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

Ended = Literal["finished", "failed", "undecided", "stopped"]
_MARK = "scalebridge-cell "  # begins a line that tells the progress
_BY_CODE: dict[int, Ended] = {0: "finished", 2: "undecided", 130: "stopped"}


class ReportRun:
    """A template that is being run on a workspace.

    What it writes is taken back if it does not finish, as with ``scalebridge run``: it is the same.

    Parameters
    ----------
    workspace : pathlib.Path
    template : str
    output : pathlib.Path
        Folder for the report.
    parameters : mapping
        Plain values by name.

    Attributes
    ----------
    cell, cells : int
        How far it is; 0 until the first cell has been started.
    """

    def __init__(
        self, workspace: Path, template: str, *, output: Path, parameters: Mapping[str, Any]
    ) -> None:
        self.template = template
        self.cell = self.cells = 0
        self._last = ""
        words = [str(workspace), template, str(output), json.dumps(dict(parameters))]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1; a cell counts when the next one starts."""
        return max(0, self.cell - 1) / self.cells if self.cells else 0.0

    @property
    def ended(self) -> Ended | None:
        """How it ended, or None while it runs."""
        if self._process.poll() is None or self._reader.is_alive():
            return None
        return _BY_CODE.get(self._process.returncode, "failed")

    @property
    def words(self) -> str:
        """The last thing that it said: why it did not finish."""
        return self._last

    def stop(self, *, wait_s: float = 20.0) -> None:
        """End it; what it wrote is taken back."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(wait_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reader.join(wait_s)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_MARK):
                self.cell, self.cells = json.loads(line.removeprefix(_MARK))
            elif line.strip():
                self._last = line.strip()


def run_one(words: Sequence[str]) -> int:
    """Run a template in this process and print how far it is, a line a cell."""
    from ..errors import ScalebridgeError
    from ..exit_codes import STOPPED, exit_code
    from ..reports import run_workspaces
    from ..reports.kernel import Progress, ProgressCallback

    workspace, template, output, parameters = words

    def started(_: Path) -> ProgressCallback:
        def told(progress: Progress) -> None:
            print(f"{_MARK}{json.dumps([progress.cell, progress.cells])}", flush=True)

        return told

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the server's terminal; it tells us itself
    try:
        batch = run_workspaces(
            [workspace],
            output=output,
            templates=[template],
            parameters=json.loads(parameters),
            progress=started,
        )
    except KeyboardInterrupt:
        return STOPPED
    except (ScalebridgeError, OSError, ValueError) as error:
        print(error, flush=True)
        return exit_code(error)
    (specimen,) = batch.specimens
    failures = [result.failure.message for result in specimen.results if result.failure]
    print(" ".join((specimen.error or " ".join(failures)).split()), flush=True)
    return batch.exit_code


if __name__ == "__main__":
    sys.exit(run_one(sys.argv[1:]))
