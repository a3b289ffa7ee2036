"""Labels that a person corrects by hand, from the stroke to the record and what is measured."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge import SegmentationSliders, Workspace
from scalebridge.analysis.quantification import measure_phases
from scalebridge.analysis.segmentation import segment
from scalebridge.errors import UnusableRecord
from scalebridge.widgets.phase_panel import PhasePanel
from scalebridge.widgets.phase_record import corrections_of
from scalebridge.widgets.scene import sample_on
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import write

SPACING = (2.0, 1.0, 1.0)
SEED = {"z_um": 10.0, "y_um": 12.0, "x_um": 14.0}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    values = np.random.default_rng(0).normal(60, 4, (12, 24, 28))
    values[:, :, 18:] += 80
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "image", values.astype(np.float32), spacing_um=SPACING)
        yield ws


@pytest.fixture
def sliders(ws: Any) -> SegmentationSliders:
    made = SegmentationSliders(ws, "image")
    made.set_threshold(100.0)
    made.name_phases("matrix", "pore")
    return made


def ball(radius_um: float) -> np.ndarray:
    places = np.indices((12, 24, 28)).transpose(1, 2, 3, 0) * SPACING
    return np.linalg.norm(places - (10.0, 12.0, 14.0), axis=-1) <= radius_um * (1 + 1e-9)


def test_a_stroke_is_seen_saved_and_applied_to_the_voxel(ws: Any, sliders: Any) -> None:
    sliders.add_stroke("brush", [SEED], label=1, radius_um=4.0)
    assert not sliders.saved
    sliders.explorer.look_at(SEED, width_um=20.0)
    plane = sliders.explorer.plane()
    image, phases = sliders.preview(80)
    seen = sample_on(phases, plane, plane.points(80, plane.height_px(80)))
    before = sample_on(image, plane, plane.points(80, plane.height_px(80))).values >= 100
    grown = (seen.values == 1) & ~before
    assert grown.mean() == pytest.approx(np.pi * 16 / (20 * plane.height_um), rel=0.15)
    record = sliders.save("pores")
    expected = segment(ws.images["image"].array(), thresholds=(100.0,))
    expected[ball(4.0)] = 1
    written = sliders.apply()
    np.testing.assert_array_equal(written.array(), expected)
    again = SegmentationSliders(ws, "image", record="pores")
    assert again.corrections == sliders.corrections
    assert again.saved
    assert corrections_of(record, ws.images["image"]).strokes[0].radius_um == 4.0
    share = sliders.whole_fractions().set_index("phase")["fraction"]["pore"]
    assert share == pytest.approx((expected == 1).mean())


def test_what_is_measured_is_what_was_corrected(ws: Any, sliders: Any) -> None:
    given = {"thresholds": (100.0,), "threshold_uncertainty": 1.0, "spacing_um": SPACING}
    image = np.asarray(ws.images["image"].array())
    sliders.add_stroke("brush", [SEED], label=1, radius_um=4.0)
    found = measure_phases(
        image, **given, phase=1, correct=False, corrections=sliders.grid_corrections()
    )
    plain = measure_phases(image, **given, phase=1, correct=False)
    np.testing.assert_array_equal(found.labels != plain.labels, ball(4.0) & (plain.labels == 0))
    values = [next(m.value for m in one if "volume_fraction" in m.key) for one in (found, plain)]
    grown = np.count_nonzero(found.labels != plain.labels) / image.size
    assert values[0] - values[1] == pytest.approx(grown, rel=1e-6)


def test_strokes_are_taken_back_one_by_one(sliders: Any) -> None:
    sliders.add_stroke("brush", [SEED], label=1, radius_um=4.0)
    sliders.add_stroke("brush", [SEED], label=None, radius_um=2.0)
    assert [stroke["label"] for stroke in sliders.corrections] == [1, None]
    assert sliders.undo() == "take corrections away"
    assert sliders.undo() == "correct with the brush"
    assert sliders.corrections == ()
    sliders.redo()
    assert len(sliders.corrections) == 1
    with pytest.raises(ValueError, match="one of the phases"):
        sliders.add_stroke("brush", [SEED], label=9, radius_um=4.0)


def test_the_browser_paints_and_takes_back(sliders: Any) -> None:
    said = Message()
    panel = PhasePanel(sliders, guard=said.guard)
    assert [one["name"] for one in panel.classes] == ["matrix", "pore"]
    stroke = {
        "kind": "do", "what": "stroke", "tool": "lasso", "label": 1, "radius_um": 3.0,
        "points": [[10, 4, 4], [10, 4, 12], [10, 12, 8]], "normal": [1, 0, 0],
    }  # fmt: skip
    panel._handle_custom_msg(stroke, [])
    assert [one["tool"] for one in sliders.corrections] == ["lasso"]
    panel._handle_custom_msg({"kind": "do", "what": "undo"}, [])
    assert sliders.corrections == ()
    panel._handle_custom_msg({**stroke, "points": []}, [])
    assert "lasso needs at least 3 points" in said.widget.value


def test_a_record_with_a_stroke_that_is_none_is_refused(ws: Any, sliders: Any) -> None:
    record = sliders.save("pores")
    damaged = ws.segmentations.edit(
        record.id, version=record.version,
        parameters={**record.parameters, "corrections": [{"tool": "axe"}]},
    )  # fmt: skip
    with pytest.raises(UnusableRecord, match="corrections of 'pores' cannot be done"):
        corrections_of(damaged, ws.images["image"])


def test_strokes_of_another_voxel_size_or_of_a_lost_phase_are_refused(
    ws: Any, sliders: Any
) -> None:
    sliders.set_threshold(100.0, 150.0)
    sliders.add_stroke("brush", [SEED], label=2, radius_um=4.0)
    record = sliders.save("pores")
    sliders.set_threshold(100.0)
    with pytest.raises(ValueError, match="label 2, and there are 2 phases"):
        sliders.save()
    ws.calibrate("image", spacing_um=(4.0, 2.0, 2.0), source="a grating")
    with pytest.raises(UnusableRecord, match="drawn at a voxel size"):
        corrections_of(record, ws.images["image"])


def test_an_image_without_voxel_size_is_not_corrected(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "u") as ws:
        values = np.random.default_rng(0).normal(60, 4, (8, 9, 9)).astype(np.float32)
        write(ws, "plain", values, spacing_um=None)
        sliders = SegmentationSliders(ws, "plain")
        sliders.set_threshold(60.0)
        with pytest.raises(ValueError, match="has no voxel size"):
            sliders.add_stroke("brush", [SEED], label=1, radius_um=2.0)
