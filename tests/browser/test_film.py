"""A film in JupyterLab: its time points by key, by slider and played."""

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

GREYS = [40, 90, 140, 190]


@pytest.fixture
def notebooks(tmp_path):
    """Four time points, each of one grey."""
    folder, specimen = tmp_path / "notebooks", tmp_path / "specimen"
    folder.mkdir()
    frames = np.stack([np.full((6, 20, 24), grey, np.uint8) for grey in GREYS])
    with Workspace.create(specimen) as ws:
        ws.images.write(
            "film", shape=frames.shape, dtype=frames.dtype, axes="tzyx",
            blocks=[(tuple(slice(0, n) for n in frames.shape), frames)],
            spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a test",
        )  # fmt: skip
    start = (
        "from scalebridge import SliceExplorer, Workspace\n"
        f"explorer = SliceExplorer(Workspace.open({str(specimen)!r}), 'film', crosshair=False)\n"
        "explorer.layers[0].limits = (0.0, 255.0)\n"
        "explorer"
    )
    notebook = new_notebook(cells=[new_code_cell(start)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "film.ipynb")
    return folder


def middle(canvas):
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")
    return picture.getpixel((picture.width // 2, picture.height // 2))


def test_a_person_goes_through_a_film_and_plays_it(page):
    run_all(page)
    canvas, words = page.locator("canvas.sb-canvas"), page.locator(".sb-moment")
    slider = page.locator(".sb-moments input")

    def shows(number):
        return (
            abs(middle(canvas) - GREYS[number]) <= 2
            and words.inner_text() == f"time point {number} · {number + 1}/4"
            and canvas.get_attribute("data-sharp") == "true"
        )

    assert until(lambda: canvas.count() == 1 and shows(0), page)
    canvas.press(".")
    canvas.press(".")  # sooner than Python follows
    assert until(lambda: shows(2), page)
    canvas.press(",")
    assert until(lambda: shows(1), page)
    slider.evaluate("one => { one.value = '3'; one.dispatchEvent(new Event('input')); }")
    assert until(lambda: shows(3), page)
    page.get_by_role("button", name="Play the time points").click()
    seen = set()

    def all_seen():
        seen.add(middle(canvas))
        return len(seen) >= len(GREYS)

    assert until(all_seen, page)
    assert all(min(abs(value - grey) for grey in GREYS) <= 2 for value in seen)  # never blank
    slider.evaluate("one => { one.value = '2'; one.dispatchEvent(new Event('input')); }")
    assert until(lambda: shows(2), page)
    page.wait_for_timeout(1200)
    assert shows(2)  # whoever takes the slider has stopped it
