"""A report opened from a file, without a network: its explorer is alive."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from scalebridge import SliceExplorer, Workspace
from scalebridge.reports import Figure, render_report
from scalebridge.widgets.looks import plane_of
from scalebridge.widgets.scene import draw

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from specimens import beads, join_fine

NAMES = ["survey", "fine"]


@pytest.fixture
def report(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALEBRIDGE_RUN", "")  # as in a replay
    with beads(tmp_path) as ws:
        join_fine(ws)
        explorer = SliceExplorer(ws, NAMES, crosshair=False)
        explorer.annotate("note", [explorer.cursor_um], text="</script><b>here</b>")
        figure = Figure(explorer, "Beads.", name="map", wide=True)
        bundle = figure._repr_mimebundle_()
        cell = new_code_cell("figure", outputs=[new_output("display_data", data=bundle)])
        page = render_report([new_notebook(cells=[cell])], ws)
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    return file


@pytest.fixture
def opened(browser, report):
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    page.told, page.outside = [], []
    page.on("console", lambda message: page.told.append(message.text))
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.on(
        "request",
        lambda r: page.outside.append(r.url) if not r.url.startswith(("file:", "data:")) else None,
    )
    page.goto(report.as_uri())
    yield page
    context.close()


def settled(page):
    canvas = page.locator(".sb-plane canvas").first
    page.wait_for_timeout(400)
    page.wait_for_function(
        "() => document.querySelector('.sb-plane canvas').dataset.sharp === 'true'"
    )
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.asarray(picture.convert("RGB")), json.loads(canvas.get_attribute("data-view"))


def test_the_explorer_of_a_report_scrolls_and_zooms_without_a_kernel(opened, tmp_path):
    page = opened
    canvas = page.locator(".sb-plane canvas").first
    canvas.scroll_into_view_if_needed()
    picture, before = settled(page)
    assert not page.locator(".sb-figure img").is_visible()
    compare(picture, before, tmp_path)
    canvas.hover()
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    picture, closer = settled(page)
    assert closer["width_um"] == pytest.approx(before["width_um"] * 0.8**4)
    compare(picture, closer, tmp_path)
    page.locator(".sb-slice").first.evaluate(
        "slider => { slider.value = '300'; slider.dispatchEvent(new Event('input')); }"
    )
    picture, deeper = settled(page)
    assert deeper["centre_um"][0] != closer["centre_um"][0]
    compare(picture, deeper, tmp_path)
    canvas.press("4")
    assert page.locator(".sb-plane canvas").count() == 3
    page.locator(".sb-layer button").first.click()  # the fine image is hidden
    picture, shown = settled(page)
    compare(picture, shown, tmp_path, names=NAMES[:1])
    assert page.locator("b", has_text="here").count() == 0
    assert (page.told, page.outside) == ([], [])


def test_a_printed_report_shows_the_still(opened):
    assert opened.locator(".sb-map").is_visible()
    opened.emulate_media(media="print")
    assert opened.locator(".sb-figure img").is_visible()
    assert not opened.locator(".sb-map").is_visible()


def compare(picture, view, folder, names=NAMES):
    """Away from the words above, the scale bar below and the note in the middle."""
    with Workspace.open(folder / "beads") as ws:
        explorer = SliceExplorer(ws, NAMES)
        placed = explorer.world.placed([explorer.layer(name) for name in names])
        height, width = picture.shape[:2]
        drawn = draw(placed, plane_of(view), width_px=width, height_px=height)
    apart = np.abs(picture.astype(int) - drawn.astype(int)).max(axis=2)
    assert np.std(drawn) > 10
    assert np.median(apart) <= 2  # grey values travel in 256 steps
    assert np.mean(apart[height // 5 : -height // 6] > 12) < 0.03
