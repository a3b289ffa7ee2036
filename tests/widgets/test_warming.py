"""The first picture waits for no module that it does not need, and for few that it does."""

import asyncio
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import IPython
import pytest

from scalebridge.widgets import warming
from scalebridge.widgets.warming import Warming

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads

HEAVY = {
    "pandas",
    "numba",
    "skimage",
    "holoviews",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.stats",
}
PICTURE = """
import sys
import scalebridge.widgets.explorer_view as view
from scalebridge import SliceExplorer, Workspace

view.after_display = lambda work: None  # as in a notebook's kernel, where that comes later
with Workspace.open({folder!r}) as ws:
    SliceExplorer(ws, ["survey"])._repr_mimebundle_()
print(*sys.modules)
"""


def test_a_first_picture_imports_neither_tables_nor_filters_nor_compilers(tmp_path: Path) -> None:
    with beads(tmp_path) as ws:
        folder = str(ws.path)
    code = PICTURE.format(folder=folder)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.split())
    assert "ipywidgets" in loaded
    assert not HEAVY & loaded


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(warming, "import_module", found.append)
    return found


def test_a_waiting_kernel_imports_one_module_after_the_other(
    fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    between = []

    async def in_a_kernel() -> None:
        one = Warming(("a", "b", "c"))
        one.begin()
        one.begin()
        while len(fetched) < 3:
            between.append(len(fetched))
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)

    asyncio.run(in_a_kernel())
    assert fetched == ["a", "b", "c"]
    assert {0, 1, 2} <= set(between), "nothing else could run between two of them"


def test_nothing_is_imported_ahead_of_the_questions_of_a_picture_that_is_there(
    fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "scalebridge.widgets.explorer_view", SimpleNamespace())

    async def in_a_kernel() -> None:
        Warming(("a", "scalebridge.widgets.explorer_view", "pandas")).begin()
        await asyncio.sleep(0.1)

    asyncio.run(in_a_kernel())
    assert fetched == []


def test_a_script_imports_nothing_ahead(fetched: list[str]) -> None:
    async def in_a_script() -> None:
        Warming(("a",)).begin()
        await asyncio.sleep(0.1)

    asyncio.run(in_a_script())
    assert fetched == []


def test_a_module_that_is_missing_is_told_of_where_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))

    async def in_a_kernel() -> None:
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        Warming(("no_such_module", "json")).begin()
        await asyncio.sleep(0.1)
        assert told == []

    asyncio.run(in_a_kernel())
