"""The gallery: every widget in its modes, without a browser, and the same once more."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nbformat import NotebookNode

from scalebridge import Workspace
from scalebridge.errors import DecisionNeeded
from scalebridge.guides import example_specimen

from .conftest import Walk, Walker, walked

NAME = "05_widgets"
PAGES = Path(__file__).parents[2] / "docs" / "widgets"
WIDGETS = (
    "SliceExplorer",
    "LandmarkPicker",
    "SurfacePicker",
    "SegmentationSliders",
    "TrainableSegmentation",
    "SizeBrush",
    "TargetPicker",
    "SeriesExplorer",
    "Scene",
)


@pytest.fixture(scope="module")
def gallery(walk: Walker) -> Walk:
    return walk(NAME)


def shown(notebook: NotebookNode) -> list[tuple[int, str, Any]]:
    """Cell, kind and content of every picture and text; not what is new at every run."""
    return [
        (number, kind, output["data"][kind])
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        for kind in ("image/png", "image/gif", "text/plain")
        if kind in output.get("data", {}) and " object" not in str(output["data"][kind])
    ]


def test_every_widget_is_displayed_with_its_controls_and_a_still(gallery: Walk) -> None:
    displayed = [
        str(output["data"]["text/plain"]).split("(")[0]
        for cell in gallery.notebook.cells
        for output in cell.get("outputs", [])
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        and "image/png" in output["data"]
    ]
    assert [name for name in displayed if name in WIDGETS] == list(WIDGETS)


def test_what_is_shown_is_the_example(gallery: Walk) -> None:
    assert list(gallery.table("reading")["layer"]) == ["xrm_survey_t0", "xrm_zoom", "fibsem"]
    assert gallery.table("measured")["value"].tolist() == pytest.approx([30.0])
    assert gallery.table("pairs")["active"].all()
    assert gallery.table("shares")["fraction"].sum() == pytest.approx(1)
    assert "Counts at the ghost: False; after it was moved: True" in gallery.said("text")


def test_it_leaves_what_it_says_that_it_leaves(gallery: Walk) -> None:
    ws = gallery.ws
    assert [record.name for record in ws.targets] == ["cluster"]
    assert not len(ws.annotations)
    assert [record.name for record in ws.bookmarks] == ["the target", "everything"]
    assert not ws.segmentations["gallery phases"].accepted
    labels = ws.images["xrm_zoom_gallery phases"]
    assert labels.labels
    assert set(np.unique(labels.array())) == {0, 1, 2}


@pytest.mark.full
def test_a_second_run_shows_the_same(
    gallery: Walk, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tmp_path / "specimen").symlink_to(gallery.ws.path, target_is_directory=True)
    again = walked(NAME, tmp_path)
    first, second = shown(gallery.notebook), shown(again.notebook)
    first, second = ([one for one in all_ if one[0] > 3] for all_ in (first, second))
    assert len(first) > 40
    assert [one[:2] for one in first] == [one[:2] for one in second]
    different = [
        (one[0], str(one[2])[:400], str(other[2])[:400])
        for one, other in zip(first, second, strict=True)
        if one != other
    ]
    assert not different
    again.ws.close()


def test_the_examples_of_the_pages_run_as_they_stand(gallery: Walk, tmp_path: Path) -> None:
    shutil.copytree(gallery.ws.path, tmp_path / "specimen")
    pages = sorted(PAGES.glob("*.md"), key=lambda page: page.stem != "slice-explorer")
    found = [re.findall(r"```python\n(.+?)```", page.read_text(), re.S) for page in pages]
    blocks = [block for blocks in found for block in blocks]
    assert len(blocks) == len(WIDGETS)
    code = "\n".join(block.replace('name="cluster"', 'name="mine"') for block in blocks)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scene.html").stat().st_size > 1e5


def test_another_specimen_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "other", name="somebody's") as ws:
        block = np.zeros((4, 5), np.uint8)
        ws.images.write(
            "mine", shape=block.shape, dtype=block.dtype, axes="yx", spacing_um=(1.0, 1.0),
            spacing_source="made for a test", blocks=[((slice(0, 4), slice(0, 5)), block)],
        )  # fmt: skip
    with pytest.raises(DecisionNeeded, match=r"has no xrm_survey_t0, .*make demo makes one"):
        example_specimen(str(tmp_path / "other"))
