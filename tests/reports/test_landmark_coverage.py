"""Regions from measured landmarks cover the ones that took no part, nearly as often as they say."""

from __future__ import annotations

import pytest

from scalebridge.reports.landmark_coverage import (
    calibration_table,
    left_out_table,
    measured_landmarks,
)


@pytest.fixture(scope="module")
def sets(data):
    return measured_landmarks(data)


def test_pairs_are_read_once_and_to_the_shorter_list(sets):
    counts = {name: len(moving) for name, (moving, _) in sets.items()}
    assert counts == {
        "lesions": 78, "kidney": 69, "v9.1": 36, "v11": 150, "v13": 135, "v14": 135,
    }  # fmt: skip
    assert sets["lesions"][0].shape[1] == 2
    assert sets["v14"][1].shape[1] == 3


def test_a_few_landmarks_predict_the_others_by_an_affine_map_and_by_a_spline(sets):
    some = {name: sets[name] for name in ("lesions", "v14")}
    table = calibration_table(some, counts=(6, 10, 30), draws=15)
    assert len(table) == 12
    assert table["coverage"].between(0.83, 0.98).all()
    affine = table[(table["model"] == "affine") & (table["fitted"] == 6)]
    assert (affine["chi_squared"] < affine["coverage"] - 0.03).all()


def test_each_landmark_left_out_of_all_lies_in_the_region_of_the_others(sets):
    table = left_out_table({name: sets[name] for name in ("kidney", "v9.1")})
    assert table["count"].tolist() == [69, 69, 36, 36]
    assert table["coverage"].between(0.85, 0.99).all()
    errors = table.set_index(["landmarks", "model"])["loo_rms"]
    assert errors["kidney", "affine"] == pytest.approx(5.95, abs=0.005)  # pixels
