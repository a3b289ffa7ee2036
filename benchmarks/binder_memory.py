"""Memory of a Binder session: JupyterLab and its kernels through the widgets' notebook.

Server and kernels run in a control group of 2 GB, as on Binder, and the browser outside of it.
Needs root on Linux (memory of control groups, version 1 or 2) and a Chromium.

    python benchmarks/binder_memory.py [--limit-mb 2048] [--notebook notebooks/05_widgets.ipynb]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from viewer.lab import READY, chromium, lab

MOST_MB = 1800.0
HERE = Path(__file__).resolve().parents[1]
ROOTS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))  # version 1, version 2
LIMITS = ("memory.limit_in_bytes", "memory.max")
RAN = """() => {
  const { model } = jupyterapp.shell.currentWidget.content;
  const cells = [...model.cells].filter((one) => one.type === "code");
  const wrong = (one) => one.outputs.toJSON().some((output) => output.output_type === "error");
  return {
    wanted: cells.length,
    ran: cells.filter((one) => one.executionCount && one.executionState !== "running").length,
    errors: cells.filter(wrong).length,
  };
}"""
SCROLL = """async (number) => {
  const { content } = jupyterapp.shell.currentWidget;
  await content.scrollToItem(Math.min(number, content.widgets.length - 1), "start");
  return document.querySelectorAll(".sb-plane canvas[data-sharp=true]").length;
}"""
COUNT = "() => jupyterapp.shell.currentWidget.content.widgets.length"


class Group:
    """A control group with a limit on memory, version 1 or 2."""

    def __init__(self, limit_mb: float) -> None:
        found = [(root, name) for root in ROOTS for name in LIMITS if _can(root, name)]
        if not found:
            raise SystemExit("no control group for memory can be made here: be root, on Linux")
        self.root, limit = found[0]
        self.path = self.root / f"scalebridge-{os.getpid()}"
        self.path.mkdir()
        (self.path / limit).write_text(str(int(limit_mb * 2**20)))

    @contextmanager
    def joined(self) -> Iterator[None]:
        """What is started meanwhile belongs to the group."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield
        finally:
            (self.root / "cgroup.procs").write_text(str(os.getpid()))

    def used_mb(self) -> float:
        """What no page of a file gives back: of processes, and files in memory."""
        found = dict(line.split() for line in (self.path / "memory.stat").read_text().splitlines())
        names = ("rss", "shmem") if "rss" in found else ("anon", "shmem", "kernel")
        return sum(int(found.get(name, 0)) for name in names) / 2**20

    def killed(self) -> int:
        """Processes that the kernel ended for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            if (self.path / name).exists():
                lines = (self.path / name).read_text().splitlines()
                return int(dict(line.split() for line in lines)["oom_kill"])
        return 0

    def end(self) -> None:
        for _ in range(50):
            try:
                self.path.rmdir()
                return
            except OSError:
                time.sleep(0.2)


def _can(root: Path, limit: str) -> bool:
    probe = root / f"scalebridge-probe-{os.getpid()}"
    try:
        probe.mkdir()
    except OSError:
        return False
    there = (probe / limit).exists()
    probe.rmdir()
    return there


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit-mb", type=float, default=2048)
    parser.add_argument("--notebook", type=Path, default=HERE / "notebooks" / "05_widgets.ipynb")
    given = parser.parse_args()
    folder, group = Path(tempfile.mkdtemp()), Group(given.limit_mb)
    shutil.copy(given.notebook, folder)
    peak, began = 0.0, time.monotonic()
    try:
        with ExitStack() as running:
            with group.joined():
                address = running.enter_context(lab(folder))
            with chromium() as (browser, _):
                page = browser.new_page(viewport={"width": 1300, "height": 1000})
                page.goto(f"{address}/doc/tree/{given.notebook.name}")
                page.wait_for_selector(".jp-Notebook .jp-Cell")
                page.wait_for_function(READY, timeout=120_000)
                page.wait_for_timeout(2000)
                print(f"server and kernel at rest: {group.used_mb():.0f} MB", flush=True)
                page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
                said = time.monotonic()
                ran, seen = {"ran": 0, "wanted": 1, "errors": 0}, 0
                while ran["ran"] < ran["wanted"] and not (ran["errors"] or group.killed()):
                    page.wait_for_timeout(100)
                    peak, ran = max(peak, group.used_mb()), page.evaluate(RAN)
                    if time.monotonic() - said > 20:
                        said = time.monotonic()
                        print(f"  {said - began:.0f} s: {group.used_mb():.0f} MB", flush=True)
                for number in range(page.evaluate(COUNT)):  # widgets are drawn when they are seen
                    seen = max(seen, page.evaluate(SCROLL, number))
                    for _ in range(5):
                        page.wait_for_timeout(100)
                        peak = max(peak, group.used_mb())
        killed = group.killed()
    finally:
        group.end()
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{given.notebook.name}: peak {peak:.0f} MB of {given.limit_mb:.0f} MB, {killed} killed, "
        f"{ran['ran']} of {ran['wanted']} cells ran, {ran['errors']} errors, {seen} planes sharp, "
        f"{time.monotonic() - began:.0f} s"
    )
    whole = ran["ran"] == ran["wanted"] and not ran["errors"] and seen > 0
    met = peak < MOST_MB and not killed and whole
    print(f"{'met   ' if met else 'MISSED'} under {MOST_MB:.0f} MB")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
