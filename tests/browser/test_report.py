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
from scalebridge.widgets.rendering import Rendering
from scalebridge.widgets.scene import draw

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from specimens import beads, join_fine, write

NAMES = ["survey", "fine"]


@pytest.fixture
def report(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALEBRIDGE_RUN", "")  # as in a replay
    with beads(tmp_path) as ws:
        join_fine(ws)
        explorer = SliceExplorer(ws, NAMES, crosshair=False)
        explorer.annotate("note", [explorer.cursor_um], text="</script><b>here</b>")
        return written(explorer, ws, tmp_path)


def written(explorer, ws, folder):
    bundle = Figure(explorer, "Beads.", name="map", wide=True)._repr_mimebundle_()
    cell = new_code_cell("figure", outputs=[new_output("display_data", data=bundle)])
    file = folder / "report.html"
    file.write_text(render_report([new_notebook(cells=[cell])], ws), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser, report):
    yield from offline(browser, report)


def ours(message):
    """Not what the driver says of a page that is put together without a GPU."""
    return "GPU stall due to ReadPixels" not in message.text


def offline(browser, report):
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    page.told, page.outside = [], []
    page.on("console", lambda message: page.told.append(message.text) if ours(message) else None)
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
    canvas.press("d")
    seen, box = canvas.evaluate("canvas => canvas.toDataURL()"), canvas.bounding_box()
    for across in (0.3, 0.6):  # a distance for whoever reads it: nobody keeps it
        page.mouse.click(box["x"] + across * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_timeout(2000)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != seen
    assert not page.locator(".sb-unsaved").first.is_visible()
    assert page.locator("b", has_text="here").count() == 0
    assert (page.told, page.outside) == ([], [])


def test_a_printed_report_shows_the_still(opened):
    assert opened.locator(".sb-map").is_visible()
    opened.emulate_media(media="print")
    assert opened.locator(".sb-figure img").is_visible()
    assert not opened.locator(".sb-map").is_visible()


def growing():
    """Four time points of a bead that grows brighter beside one that moves."""
    frames = np.full((4, 12, 30, 40), 60, np.uint8)
    for moment in range(4):
        frames[moment, 3:9, 8:20, 5:15] = 90 + 40 * moment
        frames[moment, 3:9, 8:20, 18 + 4 * moment : 24 + 4 * moment] = 200
    return frames


@pytest.fixture
def film(tmp_path, monkeypatch, browser):
    monkeypatch.setenv("SCALEBRIDGE_RUN", "")
    with Workspace.create(tmp_path / "beads") as ws:
        write(ws, "film", growing(), axes="tzyx", spacing_um=(1.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["film"], crosshair=False, time=2)
        report = written(explorer, ws, tmp_path)
        assert explorer.time == 2
    yield from offline(browser, report)


def test_the_time_points_of_a_series_are_in_a_report(film, tmp_path):
    slider, words = film.locator(".sb-moments input"), film.locator(".sb-moment")
    canvas = film.locator(".sb-plane canvas").first
    canvas.scroll_into_view_if_needed()
    assert words.inner_text() == "time point 2 · 3/4"
    compare_film(film, tmp_path, time=2)
    slider.evaluate("slider => { slider.value = '0'; slider.dispatchEvent(new Event('input')); }")
    film.wait_for_timeout(200)
    compare_film(film, tmp_path, time=0)
    canvas.press(",")
    assert words.inner_text() == "time point 3 · 4/4"
    film.locator(".sb-layer .sb-name").click()
    film.get_by_role("button", name="auto").click()
    compare_film(film, tmp_path, time=3)
    film.get_by_role("button", name="Play the time points").click()
    seen = {words.inner_text() for _ in range(40) if film.wait_for_timeout(50) is None}
    assert len(seen) >= 3
    film.get_by_role("button", name="Pause").click()
    assert (film.told, film.outside) == ([], [])


def compare_film(page, folder, *, time):
    picture, view = settled(page)
    compare(picture, view, folder, names=["film"], time=time)


def compare(picture, view, folder, names=NAMES, time=0):
    """Away from the words above, the scale bar below and the note in the middle."""
    with Workspace.open(folder / "beads") as ws:
        explorer = SliceExplorer(ws, names)
        placed = explorer.world.placed([explorer.layer(name) for name in names])
        height, width = picture.shape[:2]
        how = Rendering(time=time)
        drawn = draw(placed, plane_of(view), width_px=width, height_px=height, how=how)
    apart = np.abs(picture.astype(int) - drawn.astype(int)).max(axis=2)
    assert np.std(drawn) > 10
    assert np.median(apart) <= 2  # grey values travel in 256 steps
    assert np.mean(apart[height // 5 : -height // 6] > 12) < 0.03
