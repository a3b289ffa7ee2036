"""A bar of the histogram lights its objects in JupyterLab, by mouse and by keys."""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from scalebridge import Workspace
from scalebridge.plots.theme import OKABE_ITO

sys.path.insert(0, str(Path(__file__).parent))
from driving import run_all, until

SIDES = {(4, 4): 3, (4, 14): 3, (4, 24): 5, (16, 6): 8, (16, 22): 12}


@pytest.fixture
def notebooks(tmp_path):
    """Five blocks of four sizes that one plane cuts."""
    folder, specimen = tmp_path / "notebooks", tmp_path / "specimen"
    folder.mkdir()
    inside = np.zeros((20, 32, 40), bool)
    for (row, column), side in SIDES.items():
        inside[4 : 4 + side, row : row + side, column : column + side] = True
    grey = np.where(inside, 60, 180).astype(np.uint8)
    with Workspace.create(specimen) as ws:
        ws.images.write(
            "rock", shape=grey.shape, dtype=grey.dtype, axes="zyx",
            blocks=[(tuple(slice(0, n) for n in grey.shape), grey)],
            spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a test",
        )  # fmt: skip
    start = (
        "from scalebridge import SizeBrush, Workspace\n"
        f"ws = Workspace.open({str(specimen)!r})\n"
        "brush = SizeBrush(ws, 'rock', ws.images['rock'].array() < 100, name='pore', bins=6)\n"
        "brush.explorer.layers[0].limits = (0.0, 255.0)\n"
        "brush.explorer.cursor_um = {'z_um': 5.0, 'y_um': 2.0, 'x_um': 2.0}\n"
        "brush.explorer.crosshair = False\n"
        "brush"
    )
    notebook = new_notebook(cells=[new_code_cell(start)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "brush.ipynb")
    return folder


def share_of(canvas, name):
    """Which share of the picture has that colour over the grey of the pores."""
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    pixels = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
    )
    color = np.array([int(OKABE_ITO[name][k : k + 2], 16) for k in (1, 3, 5)])
    expected = 0.6 * color + 0.4 * 60
    return float((np.abs(pixels - expected).max(axis=-1) < 12).mean())


def test_a_drag_over_bars_lights_their_objects_and_keys_go_on(page):
    run_all(page)
    canvas, plot = page.locator("canvas.sb-canvas"), page.locator("svg.sb-sizes")

    def lit(number):
        words = page.get_by_text(re.compile(f"{number} of 5 objects lit, .*;"))
        return words.count() == 1 and canvas.get_attribute("data-sharp") == "true"

    assert until(lambda: page.get_by_text("5 objects, none lit;").count() == 1, page)
    assert until(lambda: canvas.count() == 1 and share_of(canvas, "sky blue") > 0.05, page)
    assert share_of(canvas, "vermilion") == 0
    box = plot.bounding_box()
    level = box["y"] + 0.4 * box["height"]
    page.mouse.move(box["x"] + 0.97 * box["width"], level)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], level, steps=4)
    page.mouse.up()
    assert until(lambda: lit(1), page)
    one = share_of(canvas, "vermilion")
    assert one > 0.05
    page.mouse.move(box["x"] + 0.08 * box["width"], level)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.97 * box["width"], level, steps=6)
    page.mouse.up()
    assert until(lambda: lit(5), page)
    assert until(lambda: share_of(canvas, "sky blue") == 0, page)
    assert share_of(canvas, "vermilion") > 1.4 * one
    page.keyboard.press("Escape")
    assert until(lambda: page.get_by_text("5 objects, none lit;").count() == 1, page)
    page.keyboard.press("ArrowRight")
    assert until(lambda: lit(2), page)
    page.get_by_role("button", name="next").click()
    assert until(lambda: page.get_by_text("1 of 2 that are lit").count() == 1, page)
    assert until(lambda: page.get_by_text("at the cursor: 3.72 µm").count() == 1, page)
    page.get_by_role("button", name="undo").last.click()
    assert until(lambda: page.get_by_text("undone: what is lit").count() == 1, page)
