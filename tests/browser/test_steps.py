"""From slice to slice: the next one is there, exactly, before somebody goes to it."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scalebridge import SliceExplorer, Workspace
from scalebridge.widgets.looks import plane_of
from scalebridge.widgets.scene import draw

sys.path.insert(0, str(Path(__file__).parent))
from driving import run_all, until
from jupyter import kernels, write_notebook


@pytest.fixture
def specimen(tmp_path):
    """Noise of 2.5 million voxels: the coarse copy has an eighth of them."""
    noise = np.random.default_rng(3).integers(0, 256, (96, 160, 160), np.uint8)
    folder = tmp_path / "specimen"
    with Workspace.create(folder) as ws:
        ws.images.write(
            "noise", shape=noise.shape, dtype=noise.dtype, axes="zyx",
            blocks=[(tuple(slice(0, n) for n in noise.shape), noise)],
            spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a test",
        )  # fmt: skip
    return folder


@pytest.fixture
def notebooks(specimen, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    opened = f"from scalebridge import *\nws = Workspace.open({str(specimen)!r})\n"
    explorer = "explorer = SliceExplorer(ws, ['noise'], linked=True, crosshair=False, width_um=90)"
    write_notebook(folder, "steps", [f"{opened}{explorer}\nexplorer"])
    return folder


def exact(canvas):
    return canvas.get_attribute("data-sharp") == "true"


def told(canvas):
    return canvas.get_attribute("data-rested")


def apart(canvas, specimen):
    """Mean difference from what Python draws of the same slice, away from words and scale bar."""
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    seen = np.asarray(picture.convert("RGB"), float)
    with Workspace.open(specimen) as ws:
        explorer = SliceExplorer(ws, ["noise"])
        placed = explorer.world.placed(explorer.layers)
        view = plane_of(json.loads(canvas.get_attribute("data-view")))
        drawn = draw(placed, view, width_px=seen.shape[1], height_px=seen.shape[0])
    high = len(seen)
    assert np.std(drawn) > 30
    return np.abs(seen - drawn)[high // 5 : -high // 6].mean()


COUNT = """() => {
  globalThis.asked = { ahead: 0, seen: 0 };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const said = typeof data === "string" ? data : new TextDecoder("latin1").decode(data);
    const kind = said.includes('"ahead":true') ? "ahead" : "seen";
    if (said.includes('"kind":"rest"')) globalThis.asked[kind] += 1;
    send.call(this, data);
  };
}"""


def went(page):
    """How often the browser has asked, ahead and for what is seen."""
    return tuple(page.evaluate("() => [globalThis.asked.ahead, globalThis.asked.seen]"))


def test_a_step_shows_the_slice_that_the_kernel_was_asked_for_before(page, specimen):
    page.evaluate(COUNT)
    run_all(page)
    canvases = page.locator(".sb-plane canvas.sb-canvas")
    assert until(lambda: canvases.count() == 3 and exact(canvases.first), page)
    canvas = canvases.first
    assert went(page)[0] == 0  # nobody has gone from slice to slice yet
    canvas.focus()
    seen = went(page)[1]
    page.keyboard.press("PageDown")
    assert until(lambda: exact(canvas), page)
    assert went(page)[1] == seen + 1  # the planes at right angles to it have not changed
    assert until(lambda: went(page)[0] == 1, page)  # the slice before is still there
    page.wait_for_timeout(1500)
    assert went(page)[0] == 1
    views = [canvas.get_attribute("data-view")]
    (kernel,) = kernels()
    os.kill(kernel.pid, signal.SIGSTOP)
    try:
        for key in ("PageDown", "PageUp", "PageUp"):
            rested = told(canvas)
            page.keyboard.press(key)
            assert until(lambda rested=rested: told(canvas) != rested, page), key
            assert exact(canvas), key
            assert apart(canvas, specimen) < 0.6, key
            views.append(canvas.get_attribute("data-view"))
        assert went(page)[1] == seen + 1
    finally:
        os.kill(kernel.pid, signal.SIGCONT)
    places = [json.loads(view)["centre_um"][0] for view in views]
    step = places[1] - places[0]
    assert np.allclose(np.diff(places), [step, -step, -step])
    assert until(lambda: went(page)[0] >= 2, page)  # and then the next
    page.keyboard.press("PageUp")
    assert until(lambda: exact(canvas), page)
    assert apart(canvas, specimen) < 0.6


SPREAD = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, height / 4, width, height / 2);
  const greys = data.filter((_, i) => i % 4 === 0);
  const mean = greys.reduce((sum, grey) => sum + grey, 0) / greys.length;
  return Math.sqrt(greys.reduce((sum, grey) => sum + (grey - mean) ** 2, 0) / greys.length);
}"""


def test_what_was_kept_is_old_once_something_else_is_set(page):
    run_all(page)
    canvases = page.locator(".sb-plane canvas.sb-canvas")
    assert until(lambda: canvases.count() == 3 and exact(canvases.first), page)
    canvas = canvases.first
    canvas.focus()
    page.keyboard.press("PageDown")
    page.wait_for_timeout(1500)
    assert until(lambda: exact(canvas), page)
    thin = canvas.evaluate(SPREAD)
    amount = page.locator(".sb-side input.sb-amount").first
    amount.fill("9")
    amount.press("Enter")
    assert until(lambda: canvas.get_attribute("data-how") == "blend 9 mean", page)
    assert until(lambda: exact(canvas), page)
    rested = told(canvas)
    canvas.focus()
    page.keyboard.press("PageUp")
    assert until(lambda: told(canvas) != rested and exact(canvas), page)
    assert canvas.evaluate(SPREAD) < 0.5 * thin  # a mean of nine slices of noise
