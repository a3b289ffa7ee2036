"""A template in JupyterLab: it runs, its widget is drawn, and a click becomes a record."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import nbformat
import numpy as np
import pytest

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
from driving import run_all, until

SPACING_UM = 2.0
BALLS_UM = np.array([(20, 24, 24), (20, 60, 30), (28, 30, 62), (16, 64, 66), (30, 44, 46)])


@pytest.fixture
def specimen(tmp_path):
    """Dense balls in a lighter block, and the same block seen again from half its height."""
    folder = tmp_path / "specimen"
    with Workspace.create(folder) as ws:
        places = np.stack(np.indices((24, 44, 44)), axis=-1) * SPACING_UM
        inside = np.linalg.norm(places[..., None, :] - BALLS_UM, axis=-1).min(axis=-1) < 7
        rng = np.random.default_rng(0)
        grey = (90 + 100 * inside + rng.normal(0, 6, inside.shape)).clip(0, 255).astype(np.uint8)
        for name in ("before", "after"):
            ws.images.write(
                name, shape=grey.shape, dtype=grey.dtype, axes="zyx", modality="XRM",
                blocks=[(tuple(slice(0, n) for n in grey.shape), grey)],
                spacing_um=(SPACING_UM,) * 3, spacing_source="made for a test",
            )  # fmt: skip
        for number, (z, y, x) in enumerate(BALLS_UM[:4].tolist(), start=1):
            spot = {"z_um": z, "y_um": y, "x_um": x}
            moved = {**spot, "x_um": x + (0.2 if number % 2 else -0.2)}
            ws.landmarks.add(
                name=f"L{number}", moving_frame="after", fixed_frame="before",
                moving=moved, fixed=spot, placed_by="person",
            )  # fmt: skip
    return folder


@pytest.fixture
def notebooks(specimen, tmp_path):
    """The registration template as a person opens it, its workspace filled in."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    template = files("scalebridge.templates") / "20_registration.ipynb"
    notebook = nbformat.reads(template.read_text(encoding="utf-8"), 4)
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    cell.source = cell.source.replace('"specimen"', repr(str(specimen)))
    cell.source = cell.source.replace("accept: bool | None = None", "accept: bool | None = True")
    assert str(specimen) in cell.source
    assert "= True" in cell.source
    nbformat.write(notebook, folder / "registration.ipynb")
    return folder


def landmarks(folder):
    with Workspace.open(folder) as ws:
        return {record.name: record for record in ws.landmarks}


def test_a_click_on_both_images_and_a_button_become_a_landmark(page, specimen):
    run_all(page)
    told = page.locator(".jp-Notebook").inner_text()
    assert "Error displaying widget" not in told
    assert "Traceback" not in told
    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0
    plots = page.locator(".bk-Figure")  # live, drawn by scripts from this machine
    assert plots.count() >= 2
    assert plots.first.bounding_box()["width"] > 200
    with Workspace.open(specimen) as ws:
        assert [record.status for record in ws.transforms] == ["accepted"]
    panels = page.locator(".sb-plane canvas")
    assert until(lambda: panels.count() == 2, page)
    for number in (0, 1):  # the same place of the left and of the right image
        panel = panels.nth(number)
        assert until(lambda at=panel: at.get_attribute("data-rested") is not None, page)
        box = panel.bounding_box()
        assert box["width"] > 200
        assert box["height"] > 150
        rested = panel.get_attribute("data-rested")
        panel.click(position={"x": 0.7 * box["width"], "y": 0.4 * box["height"]})
        assert until(lambda at=panel, old=rested: at.get_attribute("data-rested") != old, page)
    assert set(landmarks(specimen)) == {"L1", "L2", "L3", "L4"}
    page.get_by_role("button", name="add pair").click()
    assert until(lambda: len(landmarks(specimen)) == 5, page)
    (added,) = (mark for name, mark in landmarks(specimen).items() if name not in "L1 L2 L3 L4")
    assert added.who == "tester"
    assert added.placed_by == "person"
    for axis in ("x_um", "y_um"):  # both images were clicked at the same share of equal views
        assert added.moving[axis] == pytest.approx(added.fixed[axis], abs=2 * SPACING_UM)
        assert 0 < added.moving[axis] < 44 * SPACING_UM
    page.get_by_role("button", name="undo").first.click()
    assert until(lambda: len(landmarks(specimen)) == 4, page)
    assert page.outside == []
