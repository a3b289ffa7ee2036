"""What tests may ask of the machine, and what happens when it is not there."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scalebridge.reports.reference_values import ReferenceValue, keep_references
from scalebridge.reports.reliability.postgres import NoPostgres, PostgresServer, postgres_server

IN_BROWSER = (
    "tests/browser/",
    "tests/reports/test_page_in_browser.py",
    "tests/reports/test_scene_in_report.py",
    "tests/widgets/test_scene_page.py",
)
#: The longest files, each on one worker: what begins late with one ends alone with it. Those in the
#: browser come when the linters, which run beside the first minutes, have ended.
FIRST = (
    "tests/test_demo.py",
    "tests/notebooks/test_widgets.py",
    "tests/notebooks/test_hall_sensor.py",
    "tests/notebooks/test_platynereis.py",
    *IN_BROWSER,
)
REQUIRED = set(filter(None, os.environ.get("SCALEBRIDGE_REQUIRE", "").split(",")))


def lacking(what: str, reason: str) -> None:
    """Skip loudly, or fail where ``SCALEBRIDGE_REQUIRE`` names what is missing."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required by SCALEBRIDGE_REQUIRE, but {reason}")
    pytest.skip(f"{what}: {reason}")


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real data, one source a sub-folder."""
    folder = os.environ.get("SCALEBRIDGE_DATA")
    if not folder or not Path(folder).is_dir():
        lacking("data", "SCALEBRIDGE_DATA names no folder")
    return Path(str(folder))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium that can be driven."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Exception as error:
        lacking("browser", f"no Chromium was found ({type(error).__name__})")
    if not Path(path).exists():
        lacking("browser", "no Chromium was found on the machine or with Playwright")
    return path


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of node, which runs the browser's arithmetic."""
    found = shutil.which("node")
    if found is None:
        lacking("node", "no node was found on the machine")
    return str(found)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of these tests' own."""
    with ExitStack() as stack:
        try:
            import psycopg  # noqa: F401

            server = stack.enter_context(postgres_server())
        except (ImportError, NoPostgres) as error:
            lacking("postgres", str(error))
        yield server


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Compare numbers with theory or what was published, and keep both for docs/validation.md.

    ``reference(what, ours, value, rel= or abs=, unit=, source=)`` fails as an assertion does.
    """
    compared: list[ReferenceValue] = []

    def compare(
        what: str, ours: float, value: float, *, source: str, unit: str = "",
        rel: float = 0.0, abs: float = 0.0,
    ) -> None:  # fmt: skip
        within = max(abs, rel * math.fabs(value))
        one = ReferenceValue(what, float(ours), float(value), within, unit, source)
        compared.append(one)
        assert one.passed, f"{what}: {ours} needs to be within {within:g} of {value} ({source})"

    yield compare
    if folder := os.environ.get("SCALEBRIDGE_REFERENCES"):
        place = re.sub(r"\W+", "-", request.node.nodeid.removeprefix("tests/"))
        keep_references(Path(folder) / f"{place[:150]}.json", compared)


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test the same author, whoever runs it."""
    monkeypatch.setenv("SCALEBRIDGE_USER", "tester")
    monkeypatch.delenv("SCALEBRIDGE_RECORDS", raising=False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make validate` counts, and begin with the longest files.

    Those of the analysis go by their names, not by their folders: neighbours there compile the same
    loops, each worker for itself. What knows references carries their mark.
    """
    for item in items:
        if "reference" in getattr(item, "fixturenames", ()):
            item.add_marker("reference")
    if not os.environ.get("SCALEBRIDGE_FULL"):
        left_out = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: _turn(item.nodeid, item.path.name))


def _turn(test: str, name: str) -> tuple[int, str]:
    """When a test's file comes: among the first, by its name, or behind them as it was found."""
    turns = (*FIRST, "tests/analysis/")
    turn = next((n for n, files in enumerate(turns) if test.startswith(files)), len(turns))
    return turn, name if turn == len(FIRST) else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one worker, and all that drive a browser to the same one.

    Browsers draw in software: two at once leave no core for what they wait for.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class OneBrowserAtATime(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "browser" if file.startswith(IN_BROWSER) else file

    return OneBrowserAtATime(config, log)
