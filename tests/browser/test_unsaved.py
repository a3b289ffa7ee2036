"""What a person decided and nobody could keep is marked, until it is kept or given up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scalebridge import SliceExplorer, Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from driving import run_all, until
from jupyter import kernels, write_notebook
from specimens import beads

# SQLite's own error, as long as a file of this name is there.
FULL = """
import sqlite3
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "before_cursor_execute")
def full(connection, cursor, statement, *rest):
    if Path("full").exists() and statement.lstrip().upper().startswith(("INSERT", "UPDATE")):
        raise sqlite3.OperationalError("database or disk is full")
"""


@pytest.fixture
def specimen(tmp_path):
    ws = beads(tmp_path)
    ws.close()
    return ws.path


@pytest.fixture
def notebooks(tmp_path, specimen):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    opened = f"from scalebridge import *\nws = Workspace.open({str(specimen)!r}){FULL}"
    shown = "explorer = SliceExplorer(ws, ['survey'])\nexplorer"
    picker = "LandmarkPicker(ws, moving='view', fixed='survey')"
    write_notebook(folder, "unsaved", [opened, shown, picker])
    return folder


def measured(page, canvas, down):
    """Measure a distance with two clicks."""
    canvas.focus()
    page.keyboard.press("d")
    box = canvas.bounding_box()
    for across in (0.3, 0.6):
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def test_a_full_disk_and_a_lost_kernel_lose_no_decision_unsaid(page, notebooks, specimen):
    run_all(page)
    cell = page.locator(".jp-CodeCell").nth(1)
    canvas, unsaved = cell.locator(".sb-canvas").first, cell.locator(".sb-unsaved")
    assert until(lambda: canvas.get_attribute("data-sharp") == "true", page)
    assert not unsaved.is_visible()

    def kept():
        with Workspace.open(specimen) as ws:
            return len(SliceExplorer(ws, ["survey"]).annotations())

    (notebooks / "full").touch()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    measured(page, canvas, 0.4)
    assert until(lambda: "disk is full" in unsaved.inner_text(), page, seconds=10)
    assert "not saved: distance" in unsaved.inner_text()
    page.mouse.move(5, 5)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before  # it is still drawn
    assert kept() == 0
    picker = page.locator(".jp-CodeCell").nth(2)
    add = picker.get_by_role("button", name="add pair")
    add.click()
    assert until(lambda: "not saved" in picker.inner_text(), page)
    side = picker.locator(".sb-canvas").first.bounding_box()
    page.mouse.click(side["x"] + 0.3 * side["width"], side["y"] + 0.3 * side["height"])
    page.wait_for_timeout(1000)
    assert "not saved" in picker.inner_text()  # other things are done meanwhile

    (notebooks / "full").unlink()
    unsaved.get_by_role("button", name="try again").click()
    assert until(lambda: kept() == 1, page)
    assert until(lambda: not unsaved.is_visible(), page)
    add.click()
    assert until(lambda: "added L1" in picker.inner_text(), page)
    assert "not saved" not in picker.inner_text()

    (kernel,) = kernels()
    kernel.kill()
    page.get_by_text("Kernel Restarting").wait_for()
    page.get_by_role("button", name="Ok", exact=True).click()
    measured(page, canvas, 0.6)
    assert until(lambda: "the kernel does not answer" in unsaved.inner_text(), page, seconds=10)
    canvas.focus()
    page.keyboard.press("b")
    page.keyboard.type("kept")
    page.keyboard.press("Enter")
    assert until(lambda: "bookmark “kept”" in unsaved.inner_text(), page, seconds=10)
    assert "kept: not saved" in cell.locator(".sb-pop").first.inner_text()
    unsaved.get_by_role("button", name="give up").click()
    assert not unsaved.is_visible()
    assert kept() == 1
