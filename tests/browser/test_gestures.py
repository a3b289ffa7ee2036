"""Fingers, given up drags and interrupted flights, on a page without a kernel."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from scalebridge import SliceExplorer
from scalebridge.reports import Figure, render_report

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
sys.path.insert(0, str(Path(__file__).parent))
from driving import until
from opening import browser_of
from specimens import beads, join_fine


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The file, and the end of the distance that is pinned there."""
    folder = tmp_path_factory.mktemp("gestures")
    with pytest.MonkeyPatch.context() as patch, beads(folder) as ws:
        patch.setenv("SCALEBRIDGE_RUN", "")
        patch.setenv("SCALEBRIDGE_USER", "tester")
        join_fine(ws)
        explorer = SliceExplorer(ws, ["survey", "fine"])
        middle = dict(explorer.cursor_um)
        end = {**middle, "x_um": middle["x_um"] + explorer.width_um / 5}
        explorer.annotate("distance", [middle, end])
        explorer.bookmark("whole")
        explorer.width_um /= 8
        explorer.bookmark("close")
        explorer.fly_to("whole")
        bundle = Figure(explorer, "Beads.", name="map", wide=True)._repr_mimebundle_()
        cell = new_code_cell("figure", outputs=[new_output("display_data", data=bundle)])
        html = render_report([new_notebook(cells=[cell])], ws)
    file = folder / "report.html"
    file.write_text(html, encoding="utf-8")
    return file, end


@pytest.fixture(scope="module")
def browser(chromium):
    with browser_of(chromium) as browser:
        yield browser


@pytest.fixture
def page(browser, report):
    file, end = report
    context = browser.new_context(viewport={"width": 1200, "height": 900}, has_touch=True)
    page = context.new_page()
    page.end, page.session = end, context.new_cdp_session(page)
    page.goto(file.as_uri())
    page.locator(".sb-plane canvas").first.scroll_into_view_if_needed()
    assert until(lambda: view(page) is not None, page)
    yield page
    context.close()


WHEEL = """canvas => canvas.dispatchEvent(new WheelEvent("wheel",
  { deltaY: 100, ctrlKey: true, bubbles: true, cancelable: true }))"""


def view(page):
    told = page.locator(".sb-plane canvas").first.get_attribute("data-view")
    return told and json.loads(told)


def at(page, u, v):
    box = page.locator(".sb-plane canvas").first.bounding_box()
    return box["x"] + u * box["width"], box["y"] + v * box["height"]


def fingers(page, kind, *places):
    points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
    page.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def page_place(position, view):
    u = (position["x_um"] - view["centre_um"][2]) / view["width_um"] + 0.5
    v = (position["y_um"] - view["centre_um"][1]) / view["width_um"] / view["aspect"] + 0.5
    return u, v


def place_of(view, u):
    return view["centre_um"][2] + (u - 0.5) * view["width_um"]


def test_what_lies_between_two_fingers_stays_there_while_they_part(page):
    before = view(page)
    fingers(page, "touchStart", at(page, 0.4, 0.5), at(page, 0.6, 0.5))
    for step in range(1, 6):
        apart = 0.1 + 0.02 * step
        fingers(page, "touchMove", at(page, 0.5 - apart, 0.5), at(page, 0.5 + apart, 0.5))
    fingers(page, "touchEnd")
    wanted = pytest.approx(before["width_um"] / 2, rel=0.1)
    assert until(lambda: view(page)["width_um"] == wanted, page, seconds=10), view(page)
    after = view(page)
    assert place_of(after, 0.5) == pytest.approx(
        place_of(before, 0.5), abs=0.02 * before["width_um"]
    )


def field(page, name):
    return page.locator(f".sb-position input[name={name}]").first


def test_a_number_typed_below_the_picture_goes_there_exactly(page):
    before = view(page)
    x, width = field(page, "x"), field(page, "width")
    assert float(width.input_value()) == pytest.approx(before["width_um"], rel=1e-3)
    width.fill("4.321")
    width.press("Enter")
    assert until(lambda: view(page)["width_um"] == 4.321, page)
    z = field(page, "z")
    z.fill("6.54321")
    z.press("Enter")
    assert until(lambda: view(page)["centre_um"][0] == 6.54321, page)
    assert z.input_value() == "6.543"  # a pixel of the view is 4 nm
    stood = x.input_value()
    x.fill("1e9")
    x.press("Enter")
    assert "x goes from" in x.evaluate("input => input.validationMessage")
    assert x.input_value() == stood
    page.wait_for_timeout(400)
    assert view(page)["centre_um"][2] == before["centre_um"][2]
    x.fill("1")
    x.press("Backspace")  # nothing typed is left, and no change is told
    width.focus()
    assert x.input_value() == stood


def test_one_finger_moves_the_picture(page):
    before = view(page)
    fingers(page, "touchStart", at(page, 0.7, 0.2))
    for step in range(1, 6):
        fingers(page, "touchMove", at(page, 0.7 - 0.04 * step, 0.2))
    fingers(page, "touchEnd")

    def moved():
        return view(page)["centre_um"][2] - before["centre_um"][2]

    wanted = pytest.approx(0.2 * before["width_um"], rel=0.15)
    assert until(lambda: moved() == wanted, page, seconds=10), moved()
    assert view(page)["width_um"] == before["width_um"]


def test_a_drag_that_the_system_takes_away_leaves_the_point_where_it_was(page):
    canvas = page.locator(".sb-plane canvas").first
    picture = "canvas => canvas.toDataURL()"
    page.wait_for_timeout(500)
    before, seen = canvas.evaluate(picture), view(page)
    there = at(page, *page_place(page.end, seen))
    fingers(page, "touchStart", there)
    for step in range(1, 6):
        fingers(page, "touchMove", (there[0], there[1] + 12 * step))
    assert until(lambda: canvas.evaluate(picture) != before, page)
    fingers(page, "touchCancel")
    assert until(lambda: canvas.evaluate(picture) == before, page)
    assert view(page) == seen


def test_a_wheel_during_a_flight_ends_it_where_it_is(page):
    canvas = page.locator(".sb-plane canvas").first
    before = view(page)
    canvas.press("b")
    page.get_by_title("Fly to close").click()
    canvas.evaluate(WHEEL)  # in the very next frames: a slow machine is no excuse
    page.wait_for_timeout(1500)
    width = view(page)["width_um"]
    assert before["width_um"] / 8 * 1.4 < width < 1.3 * before["width_um"]
    page.get_by_title("Fly to close").click()
    assert until(
        lambda: view(page)["width_um"] == pytest.approx(before["width_um"] / 8, rel=1e-6), page
    )
