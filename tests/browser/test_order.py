"""What a person does in two controls is heard in the order in which it was done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from driving import run_all, until
from jupyter import write_notebook
from specimens import beads

# A kernel that takes its time for each look, as one does that samples a large image.
SLOW = """
import threading, time
from scalebridge.widgets.gestures import Gestures
follow, heard = Gestures.follow, []
def slowly(self, look, *, by):
    time.sleep(0.7)
    heard.append(threading.current_thread().name)
    return follow(self, look, by=by)
Gestures.follow = slowly"""

ASKED = (
    "fields = picker.records()[0].fields\n"
    "print(*(round(fields[side]['x_um'], 1) for side in ('moving', 'fixed')), len(set(heard)))"
)


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    ws = beads(tmp_path)
    opened = f"from scalebridge import *\nws = Workspace.open({str(ws.path)!r}){SLOW}"
    ws.close()
    picker = "picker = LandmarkPicker(ws, moving='view', fixed='survey')\npicker"
    write_notebook(folder, "order", [opened, picker, "'a cell for later'"])
    return folder


def test_a_button_does_not_overtake_the_clicks_that_it_means(page):
    run_all(page)
    cell = page.locator(".jp-CodeCell").nth(1)
    sides, xs = cell.locator(".sb-canvas"), cell.locator("input[name=x]")
    assert until(lambda: sides.count() == 2 and all(_sharp(sides)), page)
    for side in (0, 1):
        before = xs.nth(side).input_value()
        box = sides.nth(side).bounding_box()
        page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
        assert until(lambda n=side, was=before: xs.nth(n).input_value() != was, page, seconds=5)
    cell.get_by_role("button", name="add pair").click()
    assert until(lambda: cell.get_by_text("L1", exact=True).count() > 0, page)
    clicked = [round(float(xs.nth(side).input_value()), 1) for side in (0, 1)]
    last = page.locator(".jp-CodeCell").nth(2)
    last.locator(".cm-content").fill(ASKED)
    page.keyboard.press("Control+Enter")
    words = f"{clicked[0]} {clicked[1]} 1"
    assert until(lambda: words in last.inner_text(), page), (words, last.inner_text())


def _sharp(sides):
    return sides.evaluate_all("all => all.map((one) => one.dataset.sharp === 'true')")
