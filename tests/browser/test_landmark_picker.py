"""The picker's table in a browser: rows are selected and switched by mouse and keys."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
from driving import run_all, until

# Share of the places in a column that have a colour; beside the left edge of the image by a share
# of the width, and away from the words at the top.
COLORED = """(canvas, beside) => {
  const { centre_um, width_um } = JSON.parse(canvas.dataset.view);
  const edge = (-0.5 - centre_um[2]) / width_um + 0.5;
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const [top, tall] = [Math.round(0.25 * height), Math.round(0.4 * height)];
  const { data } = pen.getImageData(Math.round((edge + beside) * width), top, 1, tall);
  let colored = 0;
  for (let i = 0; i < tall; i++) colored += Math.abs(data[4 * i] - data[4 * i + 2]) > 12 ? 1 : 0;
  return colored / tall;
}"""
SPOTS_UM = np.random.default_rng(4).uniform((6, 10, 10), (34, 70, 70), (9, 3))
ERRORS_UM = np.random.default_rng(5).normal(0, 0.3, (9, 3))


def named(place):
    return dict(zip(("z_um", "y_um", "x_um"), map(float, place), strict=True))


@pytest.fixture
def specimen(tmp_path):
    """Balls seen twice, nine of them picked, the sixth one wrongly."""
    folder = tmp_path / "specimen"
    places = np.stack(np.indices((40, 80, 80)), axis=-1) * 1.0
    far = np.linalg.norm(places[..., None, :] - SPOTS_UM, axis=-1).min(axis=-1)
    grey = (60 + 150 * np.exp(-((far / 3) ** 2))).astype(np.uint8)
    with Workspace.create(folder) as ws:
        for name in ("before", "after"):
            ws.images.write(
                name, shape=grey.shape, dtype=grey.dtype, axes="zyx", modality="XRM",
                blocks=[(tuple(slice(0, n) for n in grey.shape), grey)],
                spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a test",
            )  # fmt: skip
        wrong = np.zeros((9, 3))
        wrong[5] = (0, 8, 0)
        for moving, fixed in zip(SPOTS_UM, SPOTS_UM + ERRORS_UM + wrong, strict=True):
            ws.landmarks.add(
                moving_frame="after", fixed_frame="before",
                moving=named(moving), fixed=named(fixed), note="<b>ball</b>",
            )  # fmt: skip
        ws.targets.add(name="T1", frame="before", position=named((20, 40, 40)))
    return folder


@pytest.fixture
def notebooks(specimen, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    source = (
        "from scalebridge import LandmarkPicker, Workspace\n"
        f"ws = Workspace.open({str(specimen)!r})\n"
        "picker = LandmarkPicker(ws, moving='after', fixed='before', target='T1', model='rigid')\n"
        "picker"
    )
    notebook = new_notebook(cells=[new_code_cell(source)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "picker.ipynb")
    return folder


def pairs(folder):
    with Workspace.open(folder) as ws:
        return {record.name: record for record in ws.landmarks}


def test_rows_are_selected_and_switched_by_mouse_and_keys(page, specimen):
    run_all(page)
    rows = page.locator(".sb-table tbody tr")
    assert until(lambda: rows.count() == 9, page)
    sixth = rows.nth(5)
    assert "sb-refused" in sixth.get_attribute("class")
    assert sixth.locator(".sb-sign").inner_text() == "×"
    assert "the others contradict it" in sixth.inner_text()
    assert "<b>ball</b>" in sixth.inner_text()  # as text
    panels = page.locator(".sb-panel")
    assert until(lambda: panels.count() == 2, page)
    sixth.locator("input").click()
    assert until(lambda: not pairs(specimen)["L6"].active, page)
    assert until(lambda: not sixth.locator("input").is_checked(), page)
    assert until(lambda: "sb-off" in (rows.nth(5).get_attribute("class") or ""), page)
    rows.nth(1).locator("td").nth(2).click()
    assert until(lambda: rows.nth(1).get_attribute("aria-selected") == "true", page)
    page.keyboard.press("ArrowDown")
    assert until(lambda: rows.nth(2).get_attribute("aria-selected") == "true", page)
    assert page.evaluate("document.activeElement.dataset.row") == "L3"
    page.keyboard.press("Space")
    assert until(lambda: not pairs(specimen)["L3"].active, page)
    assert until(lambda: not rows.nth(2).locator("input").is_checked(), page)
    assert page.evaluate("document.activeElement.dataset.row") == "L3"  # drawn anew, and kept
    page.keyboard.press("Space")
    assert until(lambda: pairs(specimen)["L3"].active, page)
    page.get_by_role("button", name="accept ghost").click()
    assert until(lambda: rows.count() == 10, page)
    assert "sb-information" in rows.nth(9).get_attribute("class")
    refused = page.get_by_text("tells the fit nothing new")
    for _ in range(4):  # a row that is drawn anew under the pointer takes no click
        rows.nth(9).locator("input").click()  # it is only expected there
        if until(lambda: refused.count() > 0, page, seconds=8):
            break
    assert refused.count() > 0
    assert not rows.nth(9).locator("input").is_checked()
    page.get_by_role("button", name="confirm").click()
    assert until(lambda: rows.nth(9).locator("input").is_checked(), page)
    rows.nth(7).locator("td").nth(2).click()  # near the left edge
    page.get_by_text("show the predicted error").click()
    assert until(lambda: page.get_by_text("Colours: predicted RMS error").count() > 0, page)
    for number in (0, 1):  # each panel has its own colours, up to its own image's edge
        panel = panels.nth(number).locator("canvas[data-view]").first
        assert until(lambda at=panel: at.evaluate(COLORED, 0.01) > 0.9, page)
        assert panel.evaluate(COLORED, -0.01) < 0.1
    with Workspace.open(specimen) as ws:  # another person, in another process than the kernel
        ws.landmarks.add(
            moving_frame="after", fixed_frame="before", name="hers",
            moving=named((20, 30, 50)), fixed=named((20, 30.2, 50)),
        )  # fmt: skip
    assert until(lambda: rows.count() == 11, page)
    assert page.locator('.sb-table tr[data-row="hers"]').count() == 1
    assert page.outside == []
