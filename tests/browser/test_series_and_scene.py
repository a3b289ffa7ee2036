"""A person compares time points, clicks in the plot, and turns a scene, in JupyterLab."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
from driving import run_all, until

SHAPE, CHANGED = (20, 60, 80), (slice(None), slice(20, 40), slice(30, 50))


@pytest.fixture
def specimen(tmp_path):
    """Three time points: grey, and a block in it that grows brighter, then darker."""
    folder, frames = tmp_path / "specimen", np.full((3, *SHAPE), 120, np.uint8)
    frames[(1, *CHANGED)], frames[(2, *CHANGED)] = 160, 90
    with Workspace.create(folder) as ws:
        ws.images.write(
            "film", shape=frames.shape, dtype=frames.dtype, axes="tzyx",
            blocks=[(tuple(slice(0, n) for n in frames.shape), frames)],
            spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a test",
        )  # fmt: skip
    return folder


@pytest.fixture
def notebooks(specimen, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    start = (
        "from scalebridge import Scene, SeriesExplorer, Workspace\n"
        f"ws = Workspace.open({str(specimen)!r})\n"
        "series = SeriesExplorer(ws, 'film', times=[0, 6, 12], time_unit='h')\n"
        "series.explorer.crosshair = False\n"
        "series"
    )
    cells = [start, "scene = Scene.of(series.explorer)\nscene", "print(scene.camera, series.time)"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "series.ipynb")
    return folder


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def seen(canvas):
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    return decoded(base64.b64decode(url.partition(",")[2]))


def red(picture):
    return np.mean(picture[..., 0] - picture[..., 2] > 60)


def blue(picture):
    return np.mean(picture[..., 2] - picture[..., 0] > 60)


def test_a_person_compares_time_points_and_turns_the_scene(page):
    page.set_viewport_size({"width": 1300, "height": 2400})
    run_all(page)
    panels = page.locator("canvas.sb-canvas")
    assert until(lambda: panels.count() == 1, page)
    compare = page.locator("select", has=page.locator("option[value='beside']")).first
    compare.select_option("difference")
    plot = page.locator("svg.sb-timeline")
    assert plot.locator("circle").count() == 3
    box = plot.locator("circle").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert until(lambda: red(seen(panels.first)) > 0.02, page)  # brighter than the reference
    box = plot.locator("circle").nth(2).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert until(lambda: blue(seen(panels.first)) > 0.02 and not red(seen(panels.first)), page)
    page.keyboard.press("ArrowLeft")
    assert until(lambda: red(seen(panels.first)) > 0.02, page)
    compare.select_option("beside")
    assert until(lambda: panels.count() == 2, page)

    still = page.locator("img.widget-image, .widget-image img, img.jupyter-widgets").last
    before = still.get_attribute("src")
    views = page.locator("select", has=page.locator("option[value='top']")).first
    views.select_option("top")
    assert until(lambda: still.get_attribute("src") != before, page)
    page.get_by_role("button", name="in this page").click()
    frame = page.frame_locator("iframe[srcdoc]")
    frame.locator("#scene[data-drawn]").wait_for(timeout=40_000)
    picture = decoded(page.locator("iframe[srcdoc]").screenshot(timeout=60_000))
    assert np.mean(np.abs(picture - 120).max(axis=2) < 12) > 0.05  # the slices
    assert frame.locator("footer").count() == 0  # legend and caption stand below, once
    assert page.get_by_text("Drag: turn.").count() == 1
    assert page.outside == []
