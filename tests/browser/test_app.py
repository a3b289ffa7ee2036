"""The guided page in a browser: live panels both ways, records, a report, nothing from outside."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from driving import until
from opening import browser_of, only
from served import make_specimen, served

PANELS = ".sb-plane canvas:visible"
TEXTURES = """() => {
  const gl = globalThis[Symbol.for("scalebridge.gl.2")];
  return gl ? [...gl.textures.keys()] : [];
}"""


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    return make_specimen(tmp_path_factory.mktemp("app") / "specimen")


@pytest.fixture(scope="module")
def application(specimen):
    with served(specimen) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium):
    with browser_of(chromium) as browser:
        yield browser


@pytest.fixture
def page(browser, application):
    page = only(browser.new_page(viewport={"width": 1200, "height": 1000}), application.origin)
    page.goto(application.address)
    assert until(lambda: page.evaluate(TEXTURES) and rested(page.locator(PANELS)), page, seconds=60)
    yield page
    assert page.outside == []
    assert page.errors == []
    page.close()


def open_step(page, name, *, panels):
    """Open a step and wait until its panels rest, drawn by the browser."""
    page.get_by_role("button", name=name).click()
    page.locator("h2", has_text=name[2:]).wait_for()
    seen = page.locator(PANELS)
    assert until(lambda: seen.count() == panels and rested(seen), page, seconds=60)
    return seen


def rested(seen):
    return all(
        one.get_attribute("data-rested") and one.get_attribute("data-sharp") == "true"
        for one in seen.all()
    )


def read_x(page):
    """Where Python says that the cursor is; the fields below the view are the browser's own."""
    words = page.get_by_text(re.compile(r"^x = -?[\d.]+, y = ")).first.inner_text()
    return float(words.split(",")[0].removeprefix("x = "))


def test_the_explorer_draws_the_coarse_copy_then_a_patch_and_a_click_reaches_python(page):
    (canvas,) = open_step(page, "1 Survey", panels=1).all()
    textures = page.evaluate(TEXTURES)
    assert any(key.startswith("v") for key in textures)  # came as a message with a buffer
    assert any(key.startswith("p") for key in textures)
    box, before, old = (
        canvas.bounding_box(),
        read_x(page),
        canvas.get_attribute("data-rested"),
    )
    canvas.click(position={"x": 0.25 * box["width"], "y": 0.5 * box["height"]})
    assert until(lambda: canvas.get_attribute("data-rested") != old, page)
    assert until(lambda: read_x(page) < before - 50, page)
    assert "before" in page.locator("table").first.inner_text()


def test_a_place_that_is_clicked_becomes_a_target_in_the_workspace(page, specimen):
    (canvas,) = open_step(page, "3 Targeting", panels=1).all()
    box, old = canvas.bounding_box(), canvas.get_attribute("data-rested")
    canvas.click(position={"x": 0.7 * box["width"], "y": 0.4 * box["height"]})
    assert until(lambda: canvas.get_attribute("data-rested") != old, page)
    page.get_by_role("button", name="place target").click()
    with Workspace.open(specimen) as ws:
        assert until(lambda: len(ws.targets) == 1, page)
        (target,) = ws.targets
    view = canvas.evaluate("canvas => JSON.parse(canvas.dataset.view)")
    z, y, x = view["centre_um"]
    wide, high = view["width_um"], view["width_um"] * view["aspect"]
    assert target.position["x_um"] == pytest.approx(x + 0.2 * wide, abs=0.01 * wide)
    assert target.position["y_um"] == pytest.approx(y - 0.1 * high, abs=0.01 * high)
    assert target.position["z_um"] == pytest.approx(z)
    # the step has heard of it, and the picture too
    state = page.locator(".sb-item", has_text="Targeting")
    assert until(lambda: "no instrument chosen" in state.inner_text(), page)
    page.locator(".jupyter-button", has_text="undo").first.click()
    with Workspace.open(specimen) as ws:
        assert until(lambda: len(ws.targets) == 0, page)


def test_a_registration_is_accepted_and_the_step_is_done(page, specimen):
    assert len(open_step(page, "2 Registration", panels=2).all()) == 2
    assert "to decide" in page.locator("table").first.inner_text()
    page.get_by_role("button", name="accept", exact=True).click()
    with Workspace.open(specimen) as ws:
        assert until(lambda: [r.status for r in ws.transforms] == ["accepted"], page)
    state = page.locator(".sb-item", has_text="Registration")
    assert until(lambda: "1 accepted" in state.inner_text(), page)
    assert until(lambda: "accepted" in page.locator("table").first.inner_text(), page)


def test_thresholds_that_are_suggested_and_saved_are_a_record(page, specimen):
    open_step(page, "4 Quantification", panels=2)
    page.get_by_role("button", name="suggest").click()
    thresholds = page.locator(".widget-hslider", has_text="threshold 1")
    thresholds.wait_for()  # a control that did not exist when the page was made
    page.get_by_title("Write to the workspace").click()
    with Workspace.open(specimen) as ws:
        assert until(lambda: len(ws.segmentations) == 1, page)
        (record,) = ws.segmentations
    assert 100 < record.thresholds[0] < 180
    assert float(thresholds.locator(".widget-readout").inner_text()) == pytest.approx(
        record.thresholds[0], rel=0.01
    )


def test_a_report_is_run_from_the_page_and_opened(page, specimen):
    page.get_by_role("button", name="1 Survey").click()
    page.get_by_role("button", name="choose as map").click()
    state = page.locator(".sb-item", has_text="Survey")
    assert until(lambda: "map " in state.inner_text(), page)
    page.get_by_role("button", name="run report: survey").click()
    page.get_by_text("10_survey: cell").wait_for(timeout=120_000)
    page.get_by_text("the report is finished").wait_for(timeout=120_000)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="open the report").click()
    report = opened.value
    report.wait_for_load_state()
    assert report.title() == "specimen"
    assert report.locator("figure img").count() >= 3
    report.close()
    with Workspace.open(specimen) as ws:
        assert [run.status for run in ws.runs] == ["finished"]
    assert (specimen.parent / "specimen-report" / "specimen" / "report.html").is_file()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_system_and_fits_a_narrow_window(browser, application, scheme):
    page = browser.new_page(viewport={"width": 700, "height": 900}, color_scheme=scheme)
    page.goto(application.address)
    open_step(page, "1 Survey", panels=1)
    brightness = "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    assert (max(page.evaluate(brightness)) < 60) == (scheme == "dark")
    ink = page.locator("table td").first.evaluate(
        "cell => getComputedStyle(cell).color.match(/\\d+/g).map(Number)"
    )
    assert (min(ink[:3]) > 180) == (scheme == "dark")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 700
    page.close()
