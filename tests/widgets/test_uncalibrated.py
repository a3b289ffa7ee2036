"""An image without a voxel size: shown in pixels, said everywhere, measured by nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebridge import LandmarkPicker, SegmentationSliders, SliceExplorer, TargetPicker, Workspace
from scalebridge.errors import Uncalibrated
from scalebridge.guides import (
    candidates,
    coverage,
    image_survey,
    phase_results,
    plan_cut,
    register_pair,
    segmentations_to_measure,
)
from scalebridge.io import Answers
from scalebridge.widgets.picture import caption_of

RNG = np.random.default_rng(3)
GREY = (RNG.normal(100, 8, (16, 30, 40)) + 80 * (np.indices((16, 30, 40))[2] > 19)).astype("u1")
POINT = {"z_um": 4.0, "y_um": 5.0, "x_um": 6.0}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    np.save(tmp_path / "grey.npy", GREY)
    with Workspace.create(tmp_path / "specimen") as workspace:
        workspace.import_file(tmp_path / "grey.npy", name="bare", answers=Answers(axes="zyx"))
        known = Answers(axes="zyx", spacing_um=(2.0, 1.0, 1.0))
        workspace.import_file(tmp_path / "grey.npy", name="known", answers=known)
        yield workspace


def segmented(ws: Workspace, image: str) -> None:
    sliders = SegmentationSliders(ws, image)
    sliders.set_threshold(140.0, uncertainty=1.0)
    sliders.name_phases("pore", "solid")
    sliders.save(f"{image} phases")


def test_pictures_and_tables_say_that_the_voxel_size_is_not_known(ws):
    explorer = SliceExplorer(ws, ["bare"])
    assert "voxel size not known" in caption_of(explorer.world, explorer.layers)
    assert explorer.world.unit == "px"
    assert isinstance(explorer.snapshot(500), Image.Image)
    survey = image_survey(ws)
    (finding,) = [problem for problem in survey.problems if "bare" in problem]
    assert "is uncalibrated (NPY files hold no voxel size)" in finding
    assert "ws.calibrate" in finding
    assert "uncalibrated" in survey.captions["bare"]
    assert survey.order[-1] == "bare"
    assert survey.scales["name"].tolist() == ["known"]
    row = ws.images.table().set_index("name").loc["bare"]
    assert np.isnan(row["spacing_x_um"])
    assert "uncalibrated" in row["spacing_source"]
    assert "uncalibrated" in repr(ws.images["bare"])


def physical_answers(ws: Workspace) -> dict[str, Any]:
    """Everything that would give a length, area, volume or position."""
    (settings,) = [s for s in segmentations_to_measure(ws) if s.image == "bare"]
    return {
        "a view with another image": lambda: SliceExplorer(ws, ["bare", "known"]),
        "landmarks from it": lambda: LandmarkPicker(ws, moving="bare", fixed="known"),
        "landmarks to it": lambda: LandmarkPicker(ws, moving="known", fixed="bare"),
        "registration": lambda: register_pair(ws, moving="bare", fixed="known"),
        "a target on it": lambda: TargetPicker(ws, "bare"),
        "a target on it, shown by name": lambda: TargetPicker(ws, "bare", images=["bare"]),
        "a place in its frame": lambda: ws.locate(POINT, from_="bare", to="bare"),
        "a cut": lambda: plan_cut(ws, "T1", to="bare", surface=None),
        "a target written without the picker": lambda: ws.targets.add(
            name="T2", frame="bare", position=POINT, probability=0.9
        ),
        "a note at a place": lambda: ws.notes.add(text="dark", frame="bare", position=POINT),
        "phases": lambda: phase_results(ws, settings),
        "candidates": lambda: candidates(ws, "bare"),
        "a grid": lambda: ws.images["bare"].voxel_to_frame,
    }


def test_every_physical_answer_is_refused_until_it_is_calibrated(ws):
    segmented(ws, "bare")
    ws.calibrate("bare", spacing_um=(2.0, 1.0, 1.0), source="a wrong grid")
    ws.targets.add(name="T1", frame="bare", position=POINT, probability=0.9)
    ws.images.edit("bare", version=ws.images["bare"].version, spacing_um=None)  # withdrawn
    for what, ask in physical_answers(ws).items():
        with pytest.raises(Uncalibrated, match=r"no voxel size.*ws\.calibrate"):
            print(what, ask())
    assert "bare" in coverage(ws, reference="known").apart

    ws.calibrate("bare", spacing_um=(2.0, 1.0, 1.0), source="grid of the stage")
    answers = physical_answers(ws)
    assert answers["a target on it"]().place_target(POINT).frame == "bare"
    assert answers["a place in its frame"]().points_um.tolist() == [[4.0, 5.0, 6.0]]
    volume = {m.key: m for m in answers["phases"]().measurements}
    assert any("volume_fraction" in key for key in volume)
    assert not image_survey(ws).problems or "uncalibrated" not in str(image_survey(ws).problems)


def test_twice_the_voxel_is_eight_times_the_volume_of_the_same_segmentation(ws):
    segmented(ws, "bare")
    (settings,) = segmentations_to_measure(ws)
    found = []
    for size in (1.0, 2.0):
        ws.calibrate("bare", spacing_um=(size,) * 3, source="grid of the stage")
        found.append({m.unit: m for m in phase_results(ws, settings).measurements})
    assert set(found[0]) == set(found[1])
    specific = next(unit for unit in found[0] if "1/µm" in unit or "µm⁻¹" in unit or "µm-1" in unit)
    ratio = found[0][specific].value / found[1][specific].value
    assert ratio == pytest.approx(2.0, rel=1e-9), "surface over volume halves"
