"""The surface picker in a browser: a click on the rendering is a place on the surface."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from scalebridge import SurfacePicker, Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
import test_surface_picker as made
from driving import run_all, until

PLACE = "canvas => JSON.parse(canvas.dataset.view)"


@pytest.fixture
def specimen(tmp_path):
    with Workspace.create(tmp_path / "specimen") as ws:
        made.fill(ws, made.survey(), made.sem_picture())
        made.pick_all(SurfacePicker(ws, sem="sem", tilt_deg=made.TILT, rotation_deg=made.TURN))
    return tmp_path / "specimen"


@pytest.fixture
def notebooks(specimen, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    source = (
        "from scalebridge import SurfacePicker, Workspace\n"
        f"ws = Workspace.open({str(specimen)!r})\n"
        f"SurfacePicker(ws, sem='sem', tilt_deg={made.TILT}, rotation_deg={made.TURN})"
    )
    notebook = new_notebook(cells=[new_code_cell(source)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "surface.ipynb")
    return folder


def test_a_click_on_the_rendering_becomes_a_place_on_the_surface(page, specimen):
    run_all(page)
    rows = page.locator(".sb-table tbody tr")
    assert until(lambda: rows.count() == 12, page)
    shown = page.locator(".sb-panel").nth(1).locator("canvas[data-view]").first
    assert until(lambda: shown.evaluate("c => Boolean(c.dataset.view)"), page)
    view, box = shown.evaluate(PLACE), shown.bounding_box()
    mark = made.marks_um()[4] + [0.0, 1.0, 0.0]
    pixel = view["width_um"] / box["width"]
    arm = mark - np.array(view["centre_um"])
    right, down = (float(arm @ np.array(view[name])) / pixel for name in ("across", "down"))
    at = {"x": box["width"] / 2 + right, "y": box["height"] / 2 + down}
    shown.click(position={"x": at["x"] + 30, "y": at["y"]})  # a place of no landmark
    page.wait_for_timeout(600)
    page.get_by_role("button", name="add pair").click()
    assert until(lambda: rows.count() == 13, page)
    with Workspace.open(specimen) as ws:
        (new,) = (record for record in ws.landmarks if record.name == "L13")
    found = np.array([new.fixed[name] for name in made.NAMES])
    known = np.array(view["centre_um"]) + (right + 30) * pixel * np.array(view["across"])
    known += down * pixel * np.array(view["down"])
    beam = np.cross(view["across"][::-1], view["down"][::-1])[::-1]
    hit = made.first_hit((known - 100 * beam)[None], beam)[0]
    assert np.linalg.norm(found - hit) < made.VOXEL_UM
    volume = shown.get_attribute("data-view")
    page.get_by_role("button", name="as fitted").click()
    assert until(lambda: shown.get_attribute("data-view") != volume, page)
    assert page.errors == []
    assert page.outside == []
