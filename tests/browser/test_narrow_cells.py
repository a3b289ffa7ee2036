"""In a narrow notebook pictures are level, buttons stay, and fields say what they take."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from driving import run_all, until
from jupyter import write_notebook
from specimens import beads

NARROW = {"width": 700, "height": 4000}
SPOTS = ((0.3, 0.4), (0.7, 0.45), (0.5, 0.7))


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    ws = beads(tmp_path)
    opened = f"from scalebridge import *\nws = Workspace.open({str(ws.path)!r})"
    ws.close()
    picker = "LandmarkPicker(ws, moving='view', fixed='survey')"
    sliders = "SegmentationSliders(ws, 'survey', thresholds=(100.0,))"
    write_notebook(folder, "narrow", [opened, picker, sliders])
    return folder


def tops(parts):
    return [parts.nth(n).bounding_box()["y"] for n in range(2)]


def at_rest(parts, page):
    """Wait until parts have stood where they are for half a second, so that clicks hit them."""

    def stand():
        before = [parts.nth(n).bounding_box() for n in range(2)]
        page.wait_for_timeout(500)
        return before == [parts.nth(n).bounding_box() for n in range(2)]

    return until(stand, page)


def test_pictures_are_level_and_buttons_stay_while_pairs_come(page):
    run_all(page)
    page.set_viewport_size(NARROW)
    cell = page.locator(".jp-CodeCell").nth(1)
    sides = cell.locator(".sb-canvas")
    bars = cell.locator(".sb-bar .sb-group:last-of-type")
    # one bar has two lines and the other one
    assert until(lambda: tops(bars)[0] < tops(bars)[1], page)
    assert until(lambda: len(set(map(round, tops(sides)))) == 1, page, seconds=5)
    add = cell.get_by_role("button", name="add pair")
    before = add.bounding_box()["y"]
    for number, (across, down) in enumerate(SPOTS, start=1):
        assert at_rest(sides, page)
        for side in (0, 1):
            box = sides.nth(side).bounding_box()
            page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        add.click()
        assert until(lambda n=number: cell.get_by_text(f"L{n}", exact=True).count() > 0, page)
    assert until(lambda: cell.get_by_text("fit of 3 pairs").count() > 0, page), cell.inner_text()
    assert add.bounding_box()["y"] == pytest.approx(before, abs=0.5)


def test_the_brush_says_how_large_it_is_where_nobody_chose(page):
    run_all(page)
    cell = page.locator(".jp-CodeCell").nth(2)
    radius = cell.get_by_label("radius").last
    cell.locator("button[title^='Brush']").click()
    wide = float(cell.get_by_label("width").first.input_value())
    assert until(lambda: radius.get_attribute("placeholder") == f"auto: {wide / 40:.2g}", page)
    cell.locator("button[title^='Fill']").click()
    assert until(lambda: radius.get_attribute("placeholder") == f"auto: {wide / 8:.2g}", page)
