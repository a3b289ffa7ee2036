"""The model is chosen by what it predicts, not by how well it fits."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import MODELS, SPLINE, choose_model, fit_spline
from scalebridge.errors import Degenerate

from .constellations import BELOW, CUBE, SURFACE, TETRAHEDRON, turn

STRETCH = np.diag([1.0, 0.9, 1.1])


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [(turn(1), "rigid"), (1.2 * turn(1), "similarity"), (turn(1) @ STRETCH, "affine")],
)
def test_the_model_that_made_the_landmarks_is_chosen(matrix, expected):
    rng = np.random.default_rng(2)
    landmarks = np.vstack([CUBE, TETRAHEDRON / 1.5])
    chosen = [
        choose_model(landmarks, landmarks @ matrix.T + rng.normal(0, 0.5, landmarks.shape)).model
        for _ in range(30)
    ]
    assert chosen.count(expected) >= 27


def test_the_table_gives_every_model_a_verdict_and_a_reason():
    rng = np.random.default_rng(3)
    fixed = SURFACE + rng.normal(0, 1, SURFACE.shape)
    choice = choose_model(SURFACE, fixed, target_um=BELOW)
    table = choice.table.set_index("model")
    assert list(table.index) == [*MODELS, SPLINE]
    assert table.loc[SPLINE, "verdict"] == "refused"
    assert "needs 6 or more, got 5" in table.loc[SPLINE, "reason"]
    assert choice.adequacy.adequate is None
    assert table.loc["affine", "verdict"] == "refused"
    assert "in a plane" in table.loc["affine", "reason"]
    assert table.loc[choice.model, "verdict"] == "chosen"
    error = choice.fit.tre_at(BELOW)[0]
    assert table.loc[choice.model, "predicted_error_at_target_um"] == pytest.approx(error)
    assert choice.reason.startswith(f"{choice.model.capitalize()} chosen: leave-one-out")


def test_three_landmarks_leave_nothing_to_check_and_the_reason_says_so():
    corners = SURFACE[:3]
    choice = choose_model(corners, corners @ turn(4).T)
    assert choice.model == "rigid"
    assert "no landmark can be left out" in choice.reason


def test_landmarks_that_carry_no_model_are_refused_with_the_reasons():
    with pytest.raises(Degenerate, match="on a line"):
        choose_model(np.outer(np.arange(5.0), [1, 2, 3]), np.outer(np.arange(5.0), [1, 2, 3]))


def test_lacking_landmarks_are_said_once_for_the_least_demanding_model():
    with pytest.raises(Degenerate) as refused:
        choose_model(CUBE[:2], CUBE[:2])
    assert (
        str(refused.value)
        == "a rigid fit (3-D) needs 3 landmark pairs or more, got 2: add landmarks"
    )


def test_reasons_speak_in_the_unit_that_is_given():
    rng = np.random.default_rng(3)
    fixed = CUBE @ turn(1).T + rng.normal(0, 0.05, CUBE.shape)
    assert " nm" in choose_model(CUBE, fixed).reason
    said = choose_model(CUBE, fixed, unit="µm").reason
    assert " µm" in said
    assert " nm" not in said


def test_a_bent_specimen_is_offered_a_thin_plate_spline_with_its_error():
    rng = np.random.default_rng(6)
    places = rng.uniform(0, 100, (30, 3))
    bent = places + 6 * np.sin(places[:, [2, 0, 1]] / 25) + rng.normal(0, 0.2, places.shape)
    choice = choose_model(places, bent, target_um=[[50.0, 50, 50]])
    row = choice.table.set_index("model").loc[SPLINE]
    spline = fit_spline(places, bent)
    assert choice.model != SPLINE
    assert row["verdict"] == "better, choose by hand"
    assert row["loo_um"] == pytest.approx(spline.loo_rms_um)
    assert row["predicted_error_at_target_um"] == pytest.approx(spline.tre_at([[50, 50, 50]])[0])
    assert choice.adequacy.adequate is False
    assert "An affine map is not adequate" in choice.reason
