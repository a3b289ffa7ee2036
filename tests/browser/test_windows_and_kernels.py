"""What a live panel goes through in a day: windows, reloads, lost kernels, many at once, no GL."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from driving import choose_run_all, panels_of, run_all, until
from jupyter import end_kernels, jupyter, kernels, write_notebook
from opening import NO_GL, browser_of, launched, only
from served import make_specimen

PANELS = ".sb-plane canvas"
TEXTURES = """() => {
  const gl = globalThis[Symbol.for("scalebridge.gl.2")];
  return gl ? [...gl.textures.keys()].sort() : [];
}"""
JOIN = """
import numpy as np
from scalebridge.analysis.registration import AffineTransform
if not len(ws.transforms):
    there = AffineTransform.exact(np.eye(3), offset_um=np.zeros(3)).to_dict()
    ws.transforms.add(name="there", from_frame="after", to_frame="before", transform=there,
                      status="accepted", method="known")
"""
# How many different greys a canvas shows: an empty one has a few, from its words.
GREYS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(data.filter((_, i) => i % 4 === 0)).size;
}"""


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    return make_specimen(tmp_path_factory.mktemp("windows") / "specimen")


@pytest.fixture(scope="module")
def notebooks(specimen, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    start = f"from scalebridge import *\nws = Workspace.open({str(specimen)!r})\n"
    explorer = "explorer = SliceExplorer(ws, ['before'])\nexplorer"
    follow = (
        "from ipywidgets import HTML\nsaid = HTML()\n"
        "def tell(change):\n    said.value = 'x = {x_um:.1f}'.format(**change['new'])\n"
        "explorer.observe(tell, names='cursor_um')\nsaid"
    )
    write_notebook(folder, "explorer", [start + explorer, follow])
    write_notebook(folder, "target", [start + "picker = TargetPicker(ws, 'before')\npicker"])
    write_notebook(folder, "again", [start + JOIN, "TargetPicker(ws, 'before', into='after')"])
    write_notebook(folder, "lost", [start + explorer])
    many = "from ipywidgets import VBox\nVBox([SliceExplorer(ws, [name]).view() for name in "
    write_notebook(folder, "many", [start + many + "['before', 'after'] * 10])"])
    return folder


@pytest.fixture(scope="module")
def lab(server):
    """JupyterLab with no kernel of another file."""
    yield server
    end_kernels(server)


@pytest.fixture(scope="module")
def place(notebooks, tmp_path_factory):
    """Where the notebooks are for JupyterLab."""
    return f"doc/tree/{notebooks.relative_to(tmp_path_factory.getbasetemp()).as_posix()}"


@pytest.fixture(scope="module")
def browser(chromium):
    with browser_of(chromium) as browser:
        yield browser


@pytest.fixture
def open_notebook(browser, lab, place):
    """Open windows on notebooks; none may reach anything but this machine."""
    opened = []

    def window(name, *, height=2200, browser=browser, address=lab, path=place):
        page = browser.new_context(viewport={"width": 1200, "height": height}).new_page()
        opened.append(only(page, address))
        page.goto(f"{address}/{path}/{name}.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        return page

    yield window
    for page in opened:
        assert page.outside == []
        if not page.is_closed():
            page.context.close()


def settled(page, *, panels=1):
    seen = page.locator(f"{PANELS}:visible")

    def all_rest():
        found = seen.all()
        return len(found) >= panels and all(
            one.get_attribute("data-rested")
            and one.get_attribute("data-sharp") == "true"  # what was answered is drawn
            for one in found
        )

    assert until(all_rest, page, seconds=60), panels_of(page)
    return seen.all()


def click(page, canvas, u, v):
    box, old = canvas.bounding_box(), canvas.get_attribute("data-rested")
    canvas.click(position={"x": u * box["width"], "y": v * box["height"]})
    assert until(lambda: canvas.get_attribute("data-rested") != old, page)


def test_in_notebook_7_the_explorer_draws_and_a_click_reaches_python(
    notebooks, browser, open_notebook, tmp_path
):
    with jupyter(notebooks, tmp_path, program="notebook") as address:
        page = open_notebook("explorer", address=address, path="notebooks")
        run_all(page)
        (canvas,) = settled(page)
        assert canvas.evaluate(GREYS) > 100
        said = page.locator(".jp-OutputArea").get_by_text(re.compile(r"^x = -?[\d.]+$"))
        click(page, canvas, 0.2, 0.5)
        assert until(lambda: said.count() == 1, page)
        view = canvas.evaluate("canvas => JSON.parse(canvas.dataset.view)")
        x_um = view["centre_um"][2] - 0.3 * view["width_um"]
        told = float(said.inner_text().removeprefix("x = "))
        assert told == pytest.approx(x_um, abs=0.01 * view["width_um"])


def test_a_pick_in_one_window_shows_in_another_and_after_a_reload(open_notebook, specimen):
    first = open_notebook("target")
    run_all(first)
    settled(first)
    first.keyboard.press("Control+s")
    first.get_by_text("Saving completed").wait_for(state="attached")
    second = open_notebook("target")
    (there,) = settled(second)
    (here,) = settled(first)
    click(first, here, 0.7, 0.4)
    first.get_by_role("button", name="place target").click()
    with Workspace.open(specimen) as ws:
        assert until(lambda: len(ws.targets) == 1, first)
        (target,) = ws.targets
    row = second.locator(".jp-OutputArea td", has_text=target.name)
    assert until(lambda: row.count() >= 1, second)

    def alike():
        views = [c.evaluate("c => JSON.parse(c.dataset.view).centre_um") for c in (here, there)]
        return views[0] == pytest.approx(views[1])

    assert until(alike, second)
    second.reload()
    (again,) = settled(second)
    assert again.evaluate(GREYS) > 100
    assert until(lambda: second.locator(".jp-OutputArea td").count() >= 1, second)
    assert target.name in second.locator(".jp-OutputArea table").first.inner_text()


def test_all_cells_run_again_after_a_reload_make_every_control_again(open_notebook):
    page, said = open_notebook("again"), []
    run_all(page)
    canvas, *_ = settled(page)
    click(page, canvas, 0.6, 0.5)
    for _ in range(3):  # each time the other frame's panel is a new one
        page.get_by_role("button", name="place target").click()
        settled(page, panels=2)
    page.keyboard.press("Control+s")
    page.get_by_text("Saving completed").wait_for(state="attached")
    page.on("console", lambda message: said.append(message.text))
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    run_all(page)
    assert until(lambda: page.get_by_role("button", name="place target").count() == 1, page)
    settled(page)
    page.wait_for_timeout(3000)
    assert page.get_by_text("Click to show javascript error").count() == 0
    assert [words for words in said if "not found" in words] == []


@pytest.fixture(scope="module")
def orphan(browser, lab, place):
    """An explorer whose kernel was killed after the panel had come to rest; its textures then."""
    page = only(browser.new_page(viewport={"width": 1200, "height": 2200}), lab)
    before = {kernel.pid for kernel in kernels()}  # opening the notebook starts one
    page.goto(f"{lab}/{place}/lost.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    run_all(page)
    settled(page)
    page.textures = page.evaluate(TEXTURES)
    (kernel,) = [kernel for kernel in kernels() if kernel.pid not in before]
    kernel.kill()
    page.get_by_text("Kernel Restarting").wait_for()
    page.get_by_role("button", name="Ok", exact=True).click()
    yield page
    assert page.outside == []
    page.close()


def test_without_its_kernel_the_picture_still_zooms_and_slices(orphan):
    (canvas,) = orphan.locator(PANELS).all()
    box, drawn = canvas.bounding_box(), int(canvas.get_attribute("data-drawn"))
    orphan.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    picture = canvas.evaluate("canvas => canvas.toDataURL()")
    orphan.keyboard.down("Control")
    orphan.mouse.wheel(0, -300)
    orphan.keyboard.up("Control")
    assert until(lambda: int(canvas.get_attribute("data-drawn")) > drawn, orphan)
    zoomed = canvas.evaluate("canvas => canvas.toDataURL()")
    assert zoomed != picture
    canvas.focus()
    orphan.keyboard.press("PageDown")
    assert until(lambda: canvas.evaluate("canvas => canvas.toDataURL()") != zoomed, orphan)
    assert canvas.evaluate(GREYS) > 100


def test_without_its_kernel_a_badge_says_so_within_seconds(orphan):
    badge = orphan.locator(".sb-badge")
    words = "no answer from the kernel"
    assert until(lambda: words in badge.inner_text(), orphan, seconds=6)


def test_a_rerun_after_a_restart_draws_again_and_leaks_no_textures(orphan):
    for _ in range(2):
        choose_run_all(orphan)
        orphan.wait_for_timeout(500)
        assert until(lambda: orphan.locator(PANELS).count() == 1, orphan, seconds=60)
        (again,) = settled(orphan)
        assert orphan.locator(".sb-badge").inner_text() == ""
        assert again.evaluate(GREYS) > 100
    assert len(orphan.evaluate(TEXTURES)) <= len(orphan.textures)


@pytest.fixture(scope="module")
def many(browser, lab, place):
    """Twenty explorers on one page, every other one of a scan that needs patches."""
    page = only(browser.new_page(viewport={"width": 1200, "height": 30_000}), lab)
    page.goto(f"{lab}/{place}/many.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.evaluate(
        """() => {
          window.contexts = 0;
          const before = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            if (kind === "webgl2") window.contexts += 1;
            return before.call(this, kind, ...rest);
          };
        }"""
    )
    run_all(page)
    page.panels = settled(page, panels=20)
    yield page
    assert page.outside == []
    page.close()


def test_twenty_explorers_on_a_page_are_all_painted_with_one_context(many):
    assert len(many.panels) == 20
    assert min(panel.evaluate(GREYS) for panel in many.panels) > 60
    assert many.evaluate("() => window.contexts") == 1


def test_every_panel_that_was_sent_a_patch_has_a_texture_of_its_own(many):
    patches = [key for key in many.evaluate(TEXTURES) if key.startswith("p")]
    assert len(patches) == 10


@pytest.fixture(scope="module")
def blind(chromium, browser, lab, place):
    """The explorer's notebook in a browser that has no WebGL at all."""
    with launched(browser.browser_type, chromium, flags=NO_GL) as blind:
        page = only(blind.new_page(viewport={"width": 1200, "height": 2200}), lab)
        page.goto(f"{lab}/{place}/explorer.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        run_all(page)
        yield page
        assert page.outside == []


def test_without_webgl_python_draws_the_picture_and_the_panel_says_why(blind):
    canvas = blind.locator(PANELS).first
    assert until(lambda: canvas.evaluate(GREYS) > 100, blind, seconds=40)
    assert "no WebGL" in blind.locator(".sb-badge").first.inner_text()
    assert blind.evaluate(TEXTURES) == []
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.2 * box["width"], "y": 0.5 * box["height"]})
    assert until(lambda: blind.get_by_text(re.compile(r"^x = -?[\d.]+$")).count() >= 1, blind)
    assert canvas.evaluate(GREYS) > 100
