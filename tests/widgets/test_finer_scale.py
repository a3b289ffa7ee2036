"""Thresholds of a coarse scan from the segmentation of a finer, registered one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import SegmentationSliders, Workspace
from scalebridge.analysis.registration import fit_landmarks
from scalebridge.errors import DecisionNeeded, ScalebridgeError
from scalebridge.guides import (
    answer_questions,
    phase_results,
    record_segmentation,
    segmentations_to_measure,
)
from scalebridge.guides.agreeing import agreement_table

sys.path.insert(0, str(Path(__file__).parent))
from specimens import rotation, write

COARSE, FINE = (2.0, 1.0, 1.0), (0.25, 0.25, 0.25)
OFFSET = np.array([14.0, 15.0, 16.0])  # of the fine frame's origin in the coarse one [µm]
ERROR_UM = 0.1


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """Pores in a matrix, 0.5 µm a voxel, 40 µm along each side."""
    field = gaussian_filter(np.random.default_rng(3).normal(size=(80, 80, 80)), 3, mode="wrap")
    return field < -0.4 * field.std()


@pytest.fixture
def ws(tmp_path: Path, truth: np.ndarray) -> Iterator[Any]:
    """A coarse scan of all, a finer one of a turned part, and landmarks that join them."""
    from scipy.ndimage import map_coordinates

    soft = gaussian_filter(np.where(truth, 40.0, 160.0), 0.6)

    def seen(points_um: np.ndarray, blur: float, noise: float, seed: int) -> np.ndarray:
        index = np.moveaxis(points_um / 0.5, -1, 0)
        grey = gaussian_filter(map_coordinates(soft, index, order=1, mode="nearest"), blur)
        return grey + np.random.default_rng(seed).normal(scale=noise, size=grey.shape)

    steps = [np.arange(n) * size for n, size in zip((19, 38, 38), COARSE, strict=True)]
    coarse = np.stack(np.meshgrid(*steps, indexing="ij"), -1)
    own = np.stack(np.meshgrid(*[np.arange(48) * 0.25 - 6] * 3, indexing="ij"), -1)
    turned = own @ rotation().T + OFFSET
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "survey", seen(coarse, 1.0, 4, 1).astype(np.float32), spacing_um=COARSE)
        grey = seen(turned, 0.5, 4, 2).astype(np.float32)
        write(ws, "zoom", grey, spacing_um=FINE, origin_um=(-6.0, -6.0, -6.0))
        rng = np.random.default_rng(0)
        moving = rng.uniform(-5, 5, (12, 3))
        fixed = moving @ rotation().T + OFFSET + ERROR_UM * rng.normal(size=(12, 3))
        ws.transforms.add(
            name="zoom_to_survey", from_frame="zoom", to_frame="survey", status="accepted",
            method="landmarks, rigid",
            transform=fit_landmarks(moving, fixed, model="rigid").transform.to_dict(),
        )  # fmt: skip
        fine = SegmentationSliders(ws, "zoom", thresholds=(100.0,))
        fine.name_phases("pore", "matrix")
        fine.save("zoom phases")
        yield ws


def sliders_of(ws: Any) -> SegmentationSliders:
    made = SegmentationSliders(ws, "survey")
    made.name_phases("pore", "matrix")
    return made


def test_a_coarse_scan_gets_the_volume_that_the_finer_one_has_in_the_overlap(ws, truth):
    sliders = sliders_of(ws)
    (found,) = sliders.calibrate("zoom phases")
    assert found.coarse_fraction == pytest.approx(found.fine_fraction, abs=0.01)
    assert sliders.thresholds == (found.threshold,)
    assert sliders.threshold_uncertainty == (found.uncertainty,)
    assert "calibrated by zoom phases of zoom" in sliders.note
    assert found.parts["registration"] > 0 < found.parts["sampling"]
    # of the whole scan: the threshold's own error is the larger part of what is left
    share = sliders.whole_fractions().set_index("phase").loc["pore"]
    assert share["lower"] <= truth.mean() + 0.01
    assert truth.mean() - 0.01 <= share["upper"]
    assert sliders.undo() == "calibrated by zoom phases"
    assert sliders.thresholds == ()


def test_the_record_says_where_the_threshold_comes_from(ws):
    sliders = sliders_of(ws)
    sliders.calibrate("zoom phases", criterion="agreement")
    record = sliders.save("survey phases")
    assert record.parameters["calibrated_by"] == "zoom phases"
    again = SegmentationSliders(ws, "survey", record="survey phases")
    assert (again.calibrated_by, again.saved) == ("zoom phases", True)
    again.set_threshold(100.0)
    assert again.calibrated_by == ""
    assert again.undo()
    assert again.calibrated_by == "zoom phases"
    assert "the least misplaced volume in the overlap" in record.note
    assert record.threshold_uncertainty[0] > 0


def test_the_quantification_template_takes_it_as_a_parameter(ws, truth):
    given = {"image": "survey", "phases": ["pore", "matrix"], "calibrate_by": "zoom phases"}
    (settings,) = segmentations_to_measure(ws, **given)
    assert settings.uncertainty[0] > 1
    result = phase_results(ws, settings, measured=["pore"])
    (fraction,) = (m for m in result.measurements if m.key.endswith("pore.volume_fraction"))
    assert fraction.parts["threshold"] > 0
    # the volume is calibrated: what blur does is in it already
    assert fraction.value == pytest.approx(fraction.as_segmented)
    assert fraction.interval95[0] <= truth.mean() <= fraction.interval95[1]
    assert record_segmentation(ws, result) == "survey by parameter"
    assert "calibrated by zoom phases" in ws.segmentations["survey by parameter"].note
    with pytest.raises(ValueError, match="calibrate_by needs image and phases"):
        segmentations_to_measure(ws, image="survey", calibrate_by="zoom phases")
    with pytest.raises(ValueError, match="give one of them"):
        segmentations_to_measure(ws, **given, thresholds=[100.0])


def test_scales_that_agree_and_those_that_do_not_are_told_apart(ws):
    sliders = sliders_of(ws)
    sliders.calibrate("zoom phases")
    sliders.save("survey phases")
    by_name = {one.name: one for one in segmentations_to_measure(ws)}
    coarse = phase_results(ws, by_name["survey phases"], measured=["pore"])
    fine = phase_results(ws, by_name["zoom phases"], measured=["pore"])
    (answer,) = answer_questions(ws, [coarse], questions=["agreement"])
    table = answer.lists()["agreement"].set_index("phase")
    assert set(table["with"]) == {"zoom phases of zoom"}
    assert table.loc["pore", "share_here"] == pytest.approx(
        table.loc["pore", "share_there"], abs=0.02
    )
    assert table.loc["pore", "dice"] > 0.75  # of pores some two coarse voxels wide
    other = agreement_table(ws, fine).set_index("phase")
    assert other["dice"].tolist() == table["dice"].tolist()
    sliders.set_threshold(60.0)
    sliders.save("survey phases")
    worse = phase_results(ws, segmentations_to_measure(ws, image="survey")[0], measured=["pore"])
    assert agreement_table(ws, worse).set_index("phase")["dice"]["pore"] < 0.6


def test_what_tells_nothing_of_the_thresholds_is_refused_in_words(ws):
    sliders = SegmentationSliders(ws, "survey")
    sliders.name_phases("crack", "matrix")
    with pytest.raises(DecisionNeeded, match="has pore, matrix, and the phases here are crack"):
        sliders.calibrate("zoom phases")
    assert sliders.thresholds == ()


def test_phases_that_only_one_of_them_has_and_drafts_are_refused(ws):
    sliders = SegmentationSliders(ws, "survey")
    sliders.name_phases("pore", "water", "matrix")
    with pytest.raises(DecisionNeeded, match="give both the same names"):
        sliders.calibrate("zoom phases")
    draft = SegmentationSliders(ws, "zoom", thresholds=(90.0,))
    draft.name_phases("pore", "matrix")
    draft.save("draft", accepted=False)
    with pytest.raises(DecisionNeeded, match="is accepted, and draft is not"):
        segmentations_to_measure(
            ws, image="survey", phases=["pore", "matrix"], calibrate_by="draft"
        )


def test_phases_without_names_are_compared_by_number(ws):
    ws.segmentations.add(name="plain", image="zoom", thresholds=[100.0], accepted=True)
    sliders = sliders_of(ws)
    sliders.calibrate("zoom phases")
    sliders.save("survey phases")
    (own,) = segmentations_to_measure(ws, image="survey")
    table = agreement_table(ws, phase_results(ws, own, measured=["pore"]))
    assert {"class 0", "class 1"} <= set(table["phase"])


def test_images_that_are_not_joined_or_coarser_are_refused(ws):
    zoom = SegmentationSliders(ws, "zoom")
    zoom.name_phases("pore", "matrix")
    with pytest.raises(ValueError, match="is of zoom itself"):
        zoom.calibrate("zoom phases")
    sliders = sliders_of(ws)
    sliders.calibrate("zoom phases")
    sliders.save("survey phases")
    with pytest.raises(ValueError, match="survey needs finer voxels than zoom"):
        zoom.calibrate("survey phases")
    write(ws, "apart", np.zeros((8, 8, 8), np.float32), spacing_um=(4.0, 4.0, 4.0))
    apart = SegmentationSliders(ws, "apart")
    apart.name_phases("pore", "matrix")
    with pytest.raises(ScalebridgeError, match="apart"):
        apart.calibrate("zoom phases")
