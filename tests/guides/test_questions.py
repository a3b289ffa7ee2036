"""What one wants to know of a phase: plain choices, and answers that say what they rest on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.errors import Uncalibrated
from scalebridge.guides import (
    QUESTIONS,
    StepProgress,
    answer_questions,
    answer_table,
    checked_questions,
    phase_results,
    segmentation_widget,
    segmentations_to_measure,
)
from scalebridge.reports import KeyNumber, record_measurements

SPACING = (0.5, 0.5, 0.5)
SIDE = 24
DARK, BRIGHT = 60, 180


def channels() -> np.ndarray:
    """Square channels of 6 voxels along z, every 8 voxels: 9 / 16 of the volume."""
    row = np.arange(SIDE) % 8 < 6
    return np.broadcast_to(row[:, None] & row[None], (SIDE,) * 3)


def specimen(folder: Path, grey: np.ndarray, *, spacing=SPACING) -> Workspace:
    ws = Workspace.create(folder / "specimen")
    ws.images.write(
        "scan",
        shape=grey.shape,
        dtype=grey.dtype,
        axes="zyx"[-grey.ndim :],
        blocks=[(tuple(slice(0, n) for n in grey.shape), grey)],
        spacing_um=spacing,
        spacing_source="made" if spacing else None,
    )
    return ws


def measured(ws: Workspace, threshold: float = 120.0):
    settings = segmentations_to_measure(
        ws, image="scan", thresholds=[threshold], phases=["matrix", "pore"]
    )
    return [phase_results(ws, one) for one in settings]


@pytest.fixture(scope="module")
def channelled(tmp_path_factory):
    grey = np.where(channels(), BRIGHT, DARK).astype("u1")
    with specimen(tmp_path_factory.mktemp("channels"), grey) as ws:
        yield ws, measured(ws)


def values(answers) -> dict:
    return {m.key.split(".", 3)[3]: m for one in answers for m in one.measurements}


def test_a_question_that_is_not_in_the_list_is_refused_with_the_list(channelled):
    with pytest.raises(ValueError, match=r"some of how much, surface, .* got 'pores'"):
        checked_questions(["chords", "pores"])
    with pytest.raises(ValueError, match=r"write \['chords'\]"):
        checked_questions("chords")
    with pytest.raises(ValueError, match="block_voxels needs 8 or more, got 4"):
        answer_questions(*channelled, questions=["transport"], block_voxels=4)


def test_no_question_gives_no_answer(channelled):
    assert answer_questions(*channelled, questions=None) == []
    assert answer_table([]).empty


def test_straight_channels_have_the_factor_one_along_and_infinity_across(channelled):
    answers = answer_questions(*channelled, questions=["transport"])
    found = values(answers)
    assert found["effective_diffusivity_z"].value == pytest.approx(9 / 16, rel=1e-3)
    assert found["tortuosity_factor_z"].value == pytest.approx(1, rel=1e-3)
    for axis in "yx":
        assert found[f"effective_diffusivity_{axis}"].value == 0
        assert math.isnan(found[f"effective_diffusivity_{axis}"].uncertainty)
        assert found[f"tortuosity_factor_{axis}"].value == math.inf
    table = answer_table(answers).set_index("quantity")
    across = table.loc["pore: tortuosity factor along y"]
    assert across["value ± 95 %"] == "∞"
    assert "no path leads through along y" in across["convention"]
    bounds = [c for c in answers[0].checks if c.name.endswith("Wiener bounds")]
    assert len(bounds) == 3
    assert all(check.passed for check in bounds)
    assert not [m for m in answers[0].recordable if m.key.endswith("tortuosity_factor_y")]


def test_what_is_not_known_is_recorded_as_not_known_and_never_as_zero(channelled):
    ws, results = channelled
    answers = answer_questions(ws, results, questions=["transport", "chords"])
    record_measurements(ws, answers[0].recordable, image="scan")
    stands = {m.key: m for m in ws.measurements}
    nothing = stands["quantification.scan.pore.effective_diffusivity_y"]
    assert (nothing.value, nothing.uncertainty, nothing.lower) == (0, None, None)
    chord = stands["quantification.scan.pore.mean_chord_x"]
    # twice 17.5 of 23 steps in pores, of which one voxel is at the border, over 5 crossings
    assert chord.value == pytest.approx(2 * 17.5 / 5 * SPACING[2])
    assert chord.uncertainty == pytest.approx(chord.parts["voxels"])
    along = stands["quantification.scan.pore.effective_diffusivity_z"]
    assert along.uncertainty is not None
    assert "already segmented" in [check["name"] for check in along.checks]
    key = values(answers)["effective_diffusivity_y"]
    said = KeyNumber.of(key, label="across", note=answers[0].note(key))
    assert said.note.startswith("uncertainty not known")


def test_sizes_come_in_four_meanings_and_channels_raise_no_alarm(channelled):
    (shared, pore) = answer_questions(*channelled, questions=["pore sizes", "surface"])
    assert list(pore.sizes) == ["local_thickness", "porosimetry", "bodies", "chords"]
    shares = {name: table["share"].sum() for name, table in pore.sizes.items()}
    ends = shares.pop("chords")
    assert ends == pytest.approx(2 / 3)  # along z none ends
    assert all(share == pytest.approx(1) for share in shares.values())
    assert "throat-controlled" in pore.size_words
    assert set(shared.lists()) == {"interfaces"}
    assert not [check for check in pore.checks if check.passed is False]


def test_a_block_is_named_and_compared_with_the_image(channelled):
    answers = answer_questions(*channelled, questions=["transport"], block_voxels=12)
    found = values(answers)["effective_diffusivity_z"]
    assert "the central block of 12 × 12 × 12 (x, y, z) of 24 × 24 × 24 voxels" in found.convention
    assert math.isnan(found.uncertainty)  # too small for coarser grids
    assert "equations" in found.parts
    like = [c for c in answers[0].checks if c.name.endswith("block like the image")]
    assert like


def test_a_stop_keeps_what_is_done_and_says_what_is_not(channelled):
    told: list[StepProgress] = []
    (pore,) = answer_questions(
        *channelled,
        questions=["chords", "connected"],
        progress=told.append,
        cancel=lambda: len(told) > 1,
    )
    assert "chords" in pore.tables
    assert pore.missing["paths"] == "not measured: stopped before"
    assert [(now.done, now.of) for now in told] == [(0, 4), (1, 4)]
    assert "no answer" in set(answer_table([pore])["value ± 95 %"])


def test_the_thresholds_part_is_what_moving_them_does(tmp_path):
    """A ridge whose width falls by one voxel for each grey value: 1.96 x 2 x 1 voxel."""
    x = np.arange(64)
    ridge = 100 - 2 * np.abs(x - 31.5)
    grey = (
        np.broadcast_to(ridge, (16, 64)) + np.arange(16)[:, None] // 8
    )  # half of the rows are 1 up
    with specimen(tmp_path, grey.astype("f4"), spacing=(0.5, 0.5)) as ws:
        (given,) = segmentations_to_measure(
            ws, image="scan", thresholds=[80.0], phases=["matrix", "pore"]
        )
        sliders = segmentation_widget(ws, given)
        sliders.threshold_uncertainty = (2.0,)
        sliders.save("ridge")
        settings = segmentations_to_measure(ws, segmentation="ridge")
        results = [phase_results(ws, one) for one in settings]
        answers = answer_questions(ws, results, questions=["chords", "flow"])
    found = values(answers)["mean_chord_x"]
    assert found.parts["threshold"] == pytest.approx(1.96 * 2 * 0.5, rel=0.02)
    assert found.uncertainty == pytest.approx(math.hypot(*found.parts.values()))
    assert set(found.parts) == {"voxels", "threshold"}
    assert answers[0].missing["flow along x"].startswith("flow needs a volume")


def test_flow_through_a_square_duct_is_that_of_the_series(tmp_path):
    duct = np.zeros((12, 16, 16), bool)
    duct[:, 2:14, 2:14] = True
    grey = np.where(duct, BRIGHT, DARK).astype("u1")
    with specimen(tmp_path, grey) as ws:
        answers = answer_questions(ws, measured(ws), questions=["flow"])
    found = values(answers)
    side = 12 * 0.5
    assert found["permeability_z"].value == pytest.approx(
        0.0351443 * side**2 * duct.mean(), rel=0.02
    )
    assert {"equations", "discretisation"} <= set(found["permeability_z"].parts)
    said = {check.name: check.passed for check in found["permeability_z"].checks}
    assert said["estimate of Johnson, Koplik and Dashen"] is True
    assert said["order of Kozeny and Carman"] is True
    assert found["permeability_x"].value == 0
    assert math.isnan(found["permeability_x"].uncertainty)


def test_an_image_without_voxel_size_asks_before_anything_is_answered(tmp_path):
    grey = np.where(channels(), BRIGHT, DARK).astype("u1")
    with specimen(tmp_path, grey, spacing=None) as ws, pytest.raises(Uncalibrated, match="scan"):
        measured(ws)


def test_shape_and_profiles_of_channels_are_what_they_are(channelled):
    (answer,) = answer_questions(*channelled, questions=["shape", "profiles"])
    by_key = {m.key.rsplit(".", 1)[1]: m for m in answer.measurements}
    assert {"mean_curvature", "gaussian_curvature", "skeleton_length"} <= set(by_key)
    assert set(answer.tables["profiles"]["axis"]) == {"x", "y", "z"}
    assert "profiles" not in answer.lists()  # drawn, not listed


def test_the_page_names_every_question():
    page = (Path(__file__).parents[2] / "docs" / "quantification.md").read_text(encoding="utf-8")
    assert not [name for name in QUESTIONS if f"`{name}`" not in page]
