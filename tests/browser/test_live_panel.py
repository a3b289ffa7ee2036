"""The browser draws what Python draws: the same planes, layers and colours, moved by a person."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from scipy.ndimage import gaussian_filter

from scalebridge import SliceExplorer, Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.widgets.looks import plane_of
from scalebridge.widgets.rendering import PLAIN, Rendering
from scalebridge.widgets.scene import draw

sys.path.insert(0, str(Path(__file__).parent))
from driving import run_all, until

TURN = [[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]
LOOKS = (
    "explorer.crosshair = False\n"
    "explorer.layer('detail').opacity = 0.7\n"
    "explorer.layer('detail').color_map = 'magma'\n"
    "explorer.layer('grains').mode = 'labels'\n"
    "explorer.layer('grains').opacity = 0.4\n"
)
OBLIQUE = (
    "explorer.cut_through({'x_um': 5, 'y_um': 5, 'z_um': 3}, {'x_um': 90, 'y_um': 20, 'z_um': 30},"
    " {'x_um': 10, 'y_um': 80, 'z_um': 20})\n"
)
# As a browser takes it away when others need it, and gives it back; whether it is lost then.
LOSE_THE_CONTEXT = """() => {
  const { gl } = globalThis[Symbol.for("scalebridge.gl.2")];
  const way = gl.getExtension("WEBGL_lose_context");
  way.loseContext();
  return new Promise((told) => setTimeout(() => {
    way.restoreContext();
    setTimeout(() => told(gl.isContextLost()), 500);
  }, 300));
}"""
EVERY_PROGRAM = """() => {
  const gl = globalThis[Symbol.for("scalebridge.gl.2")];
  let count = 0;
  for (const kind of ["", "RGB", "LABELS", "CLASSES"])
    for (const checker of ["", "CHECKER"]) {
      for (const from of ["PATCH", "VOLUME", "VOLUME HOLES", "VOLUME SLAB", "VOLUME HOLES SLAB"])
        count += gl.program([from, kind, checker].filter(Boolean).join(" ")).program ? 1 : 0;
    }
  return count;
}"""
WIDTH = "canvas => JSON.parse(canvas.dataset.view).width_um"
NAMES = ["survey", "photo", "detail", "grains"]


def grey(shape, seed):
    values = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2)
    return (values - values.min()) / np.ptp(values)


@pytest.fixture
def specimen(tmp_path):
    """Four images: 16 bits, colours on a plane, turned floats that are finer, and labels."""
    folder = tmp_path / "specimen"
    images = {
        "survey": (60000 * grey((40, 90, 100), 1)).astype(np.uint16),
        "photo": np.stack([(255 * grey((80, 90), 5 + k)).astype(np.uint8) for k in range(3)]),
        "detail": (1e-3 * grey((40, 60, 70), 2) - 4e-4).astype(np.float32),
        "grains": np.digitize(grey((40, 90, 100), 3), [0.45, 0.5, 0.62]).astype(np.uint16),
    }
    spacings = {"detail": (0.3, 0.25, 0.25), "photo": (1.2, 1.1)}
    with Workspace.create(folder) as ws:
        for name, values in images.items():
            axes = "cyx" if name == "photo" else "zyx"
            ws.images.write(
                name, shape=values.shape, dtype=values.dtype, axes=axes,
                blocks=[(tuple(slice(0, n) for n in values.shape), values)],
                spacing_um=spacings.get(name, (1.0, 1.0, 1.0)), spacing_source="made for a test",
                **({"frame": "survey"} if name == "grains" else {}),
            )  # fmt: skip
        for name, offset in (("detail", [12.0, 30.0, 40.0]), ("photo", [20.0, 2.0, 4.0])):
            turn = TURN if name == "detail" else np.eye(3)
            way = AffineTransform.exact(np.asarray(turn), offset_um=np.array(offset))
            ws.transforms.add(
                name=f"{name}_to_survey", from_frame=name, to_frame="survey",
                transform=way.to_dict(),
                status="accepted", method="known",
            )  # fmt: skip
    return folder


@pytest.fixture
def notebooks(specimen, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    start = (
        "from scalebridge import SliceExplorer, Workspace\n"
        f"ws = Workspace.open({str(specimen)!r})\n"
    )
    explorer = f"explorer = SliceExplorer(ws, {NAMES!r}, frame='survey')\n{LOOKS}"
    cells = [start + explorer + "explorer", explorer + OBLIQUE + "explorer"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "live.ipynb")
    return folder


def settled(page, panel):
    """Wait until the kernel has answered the newest rest, and return what is shown."""
    page.wait_for_timeout(400)
    drawn = "canvas => canvas.dataset.sharp === 'true'"
    assert until(lambda: panel.evaluate(drawn), page)
    url = panel.evaluate("canvas => canvas.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.asarray(picture.convert("RGB")), json.loads(panel.get_attribute("data-view"))


def bookmarks(folder):
    with Workspace.open(folder) as ws:
        return list(ws.bookmarks)


def in_python(folder, view, size, how=PLAIN, more=""):
    with Workspace.open(folder) as ws:
        explorer = SliceExplorer(ws, NAMES, frame="survey")
        exec(LOOKS + more, {"explorer": explorer})
        placed = explorer.world.placed(explorer.layers)
        return draw(placed, plane_of(view), width_px=size[1], height_px=size[0], how=how)


def differences(folder, picture, view, how=PLAIN, more=""):
    """Differences away from the words at the top and the scale bar at the bottom."""
    drawn = in_python(folder, view, picture.shape[:2], how, more)
    apart = np.abs(picture.astype(int) - drawn.astype(int)).max(axis=2)
    high = len(apart)
    assert np.std(drawn) > 10  # there is something to see
    return apart[high // 5 : -high // 6]


def flickered(page, panel):
    """What is seen in turn, until a second picture came and for a few looks more."""
    pictures: list[np.ndarray] = []

    def looked():
        picture, _ = settled(page, panel)
        if not any(np.array_equal(picture, one) for one in pictures):
            pictures.append(picture)
        return len(pictures) > 1

    until(looked, page)
    for _ in range(6):
        looked()
    return pictures


def test_the_browser_draws_what_python_draws_of_blending_flicker_and_planes_at_right_angles(
    page, specimen
):
    run_all(page)
    panel = page.locator(".sb-plane canvas").first
    side = page.locator(".sb-side").first
    settled(page, panel)
    side.locator(".sb-name", has_text="detail").click()
    blending = side.locator("label", has_text="blending").locator("select")
    for how in ("add", "max"):
        blending.select_option(how)
        picture, seen = settled(page, panel)
        apart = differences(
            specimen, picture, seen, more=f"explorer.layer('detail').blending = '{how}'"
        )
        assert np.mean(apart) < 0.8, how
    blending.select_option("over")
    side.locator("select").nth(0).select_option("flicker")
    assert until(lambda: panel.get_attribute("data-how").startswith("flicker"), page)
    _, seen = settled(page, panel)
    found = flickered(page, panel)
    assert len(found) == 2
    with_it, without = (
        [np.mean(differences(specimen, one, seen, more=more)) for one in found]
        for more in ("", "explorer.layer('grains').visible = False")
    )
    assert sorted(with_it)[0] < 0.8 < sorted(with_it)[1]
    assert sorted(without)[0] < 0.8 < sorted(without)[1]
    assert np.argmin(with_it) != np.argmin(without)
    side.locator("select").nth(0).select_option("blend")
    panel.focus()
    page.keyboard.press("4")
    planes = page.locator(".sb-planes").first.locator("canvas.sb-canvas")
    assert until(lambda: planes.count() == 3, page)
    directions = []
    for plane in planes.all():
        picture, seen = settled(page, plane)
        directions.append(np.cross(seen["across"], seen["down"]))
        assert np.mean(differences(specimen, picture, seen)) < 0.8
    assert np.allclose(np.abs(directions), np.eye(3), atol=1e-9)


def test_the_browser_draws_what_python_draws_while_a_person_zooms_and_turns(page, specimen):
    run_all(page)
    panels = page.locator(".sb-plane canvas")
    assert until(lambda: panels.count() == 2, page)
    for panel in (panels.nth(1), panels.nth(0)):
        panel.scroll_into_view_if_needed()
        picture, before = settled(page, panel)
        apart = differences(specimen, picture, before)
        assert np.mean(apart) < 0.6
        assert np.mean(apart > 8) < 0.004  # pixels on the rim of an image or a label
    assert len(page.volumes) == len(set(page.volumes)) == len(NAMES)  # two widgets, sent once
    box = panel.bounding_box()
    at = (box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.move(*at)
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    picture, closer = settled(page, panel)
    assert closer["width_um"] == pytest.approx(before["width_um"] * 0.8**6)
    assert np.mean(differences(specimen, picture, closer)) < 0.6
    page.keyboard.down("Alt")
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(at[0] + 8 * step, at[1] + 5 * step)
    page.mouse.up()
    page.keyboard.up("Alt")
    picture, turned = settled(page, panel)
    assert abs(turned["across"][0]) > 0.1
    assert np.mean(differences(specimen, picture, turned)) < 0.6
    side = page.locator(".sb-side").first
    for how in (
        Rendering(compare="difference"),
        Rendering(compare="checkerboard"),
        Rendering(compare="split", split=0.5),
        Rendering(slab_um=9.0, slab="max"),
        Rendering(slab_um=9.0, slab="min"),
        Rendering(slab_um=9.0, slab="mean"),
    ):
        side.locator("select").nth(0).select_option(how.compare)
        side.locator("select").nth(1).select_option(how.slab)
        side.locator("input.sb-amount").first.fill(str(how.slab_um))
        side.locator("input.sb-amount").first.press("Enter")
        drawn = f"{how.compare} {how.slab_um:g} {how.slab}"
        assert until(lambda drawn=drawn: panel.get_attribute("data-how") == drawn, page)
        picture, seen = settled(page, panel)
        apart = differences(specimen, picture, seen, how)
        assert np.mean(apart) < 0.8, how
    side.locator("input.sb-amount").first.fill("0")
    side.locator("input.sb-amount").first.press("Enter")
    before = int(panel.get_attribute("data-drawn"))
    assert page.evaluate(LOSE_THE_CONTEXT) is False
    assert until(lambda: int(panel.get_attribute("data-drawn")) > before, page)
    picture, _ = settled(page, panel)
    assert np.mean(differences(specimen, picture, turned)) < 0.6
    panel.press("b")  # and as Python has it now
    page.keyboard.type("tilted")  # what is typed next is its name, and no key of the picture
    page.keyboard.press("Enter")
    assert until(lambda: len(bookmarks(specimen)) == 1, page)
    (bookmark,) = bookmarks(specimen)
    assert bookmark.name == "tilted"
    page.keyboard.type("again")  # the list stays open, and the field ready
    page.keyboard.press("Enter")
    assert until(lambda: len(bookmarks(specimen)) == 2, page)
    page.keyboard.press("Escape")
    panel.press("b")
    page.keyboard.type("thrice")
    page.keyboard.press("Enter")
    assert until(
        lambda: {b.name for b in bookmarks(specimen)} == {"tilted", "again", "thrice"}, page
    )
    page.keyboard.press("Escape")
    assert page.evaluate(EVERY_PROGRAM) == 40
    before = float(panel.evaluate(WIDTH))
    cube = page.locator(".sb-cube:visible").first.bounding_box()
    page.mouse.move(cube["x"] + 40, cube["y"] + 40)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    assert until(lambda: float(panel.evaluate(WIDTH)) < 0.95 * before, page)
    assert np.allclose(bookmark.across, turned["across"])
    assert bookmark.width_um == pytest.approx(turned["width_um"])
    assert page.outside == []
