"""The saturation of three phases, asked as a question: blur invents no water."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.guides import answer_questions, phase_results, segmentations_to_measure

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
sys.path.insert(0, str(Path(__file__).parents[1] / "analysis" / "segmentation"))
from specimens import write
from three_phase_phantoms import (
    AIR,
    SOLID,
    WATER,
    clusters_of_water,
    imaged,
    random_pack,
    saturation_of,
)

THRESHOLDS = [50 * (AIR + WATER), 50 * (WATER + SOLID)]  # grey values are hundred times the model's


def answered(folder: Path, water: np.ndarray, solid: np.ndarray):
    grey = 100 * imaged(solid, water, blur_px=1.5, noise=0.05)
    with Workspace.create(folder / "w") as ws:
        write(ws, "pack", grey, spacing_um=(0.5, 0.5, 0.5))
        (settings,) = segmentations_to_measure(
            ws, image="pack", thresholds=THRESHOLDS, threshold_uncertainty=[1.0, 1.0],
            phases=["air", "water", "grain"],
        )  # fmt: skip
        result = phase_results(ws, settings, measured=["water"])
        (answer,) = answer_questions(ws, [result], questions=["saturation"])
        plain = np.count_nonzero(result.found.labels == 1) / np.count_nonzero(
            result.found.labels != 2
        )
    return answer, plain


@pytest.fixture(scope="module")
def pack():
    return random_pack(64, 10.0, solid=0.3, seed=1)


def test_a_dry_pack_has_no_water_whatever_its_thresholds_say(pack, tmp_path):
    answer, plain = answered(tmp_path, np.zeros_like(pack), pack)
    (found,) = answer.measurements
    assert found.key == "quantification.pack.water.saturation"
    assert plain > 0.15
    assert found.value < 0.005
    assert f"by thresholds alone {plain:.3g}" in found.convention
    assert answer.key_measurements == [found]


def test_water_that_is_there_is_kept_within_its_interval(pack, tmp_path):
    water = clusters_of_water(pack, 0.3, width=8)
    answer, _ = answered(tmp_path, water, pack)
    (found,) = answer.measurements
    low, high = found.interval95
    assert low <= saturation_of(pack, water) <= high
    assert high - low < 0.25


def test_two_phases_have_no_saturation_and_it_is_said(pack, tmp_path):
    with Workspace.create(tmp_path / "w") as ws:
        grey = 100 * imaged(pack, np.zeros_like(pack), blur_px=1.5, noise=0.05)
        write(ws, "pack", grey, spacing_um=(0.5, 0.5, 0.5))
        (settings,) = segmentations_to_measure(
            ws, image="pack", thresholds=[50.0], phases=["air", "grain"]
        )
        result = phase_results(ws, settings, measured=["grain"])
        (answer,) = answer_questions(ws, [result], questions=["saturation"])
    assert "three phases by two thresholds" in answer.missing["saturation"]
