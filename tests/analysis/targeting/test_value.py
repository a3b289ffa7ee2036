"""Ranking by what is valued, and finding more of the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge.analysis.targeting import more_like, phase_distance, score_candidates

FEATURES = ["equivalent_diameter_um", "sphericity"]


def crowd(rng, count=60):
    """A crowd of like objects, one of a kind apart from it."""
    table = pd.DataFrame(
        {
            "equivalent_diameter_um": rng.normal(10, 1, count),
            "sphericity": rng.normal(0.9, 0.02, count),
        }
    )
    table.loc[count] = [10.2, 0.4]
    return table


def test_the_odd_one_is_the_rarest_and_never_the_typical_one():
    table = crowd(np.random.default_rng(0))
    rare = score_candidates(table, values={"rarity": 1}, features=FEATURES)
    assert rare["sphericity"][0] == 0.4
    typical = score_candidates(
        table, values={"representativeness": 1}, features=FEATURES, most=len(table)
    )
    assert typical["sphericity"].iloc[-1] == 0.4
    assert typical["unlikeness"].is_monotonic_increasing
    assert abs(typical["equivalent_diameter_um"][0] - 10) < 0.5


def test_units_do_not_change_the_ranking():
    table = crowd(np.random.default_rng(1))
    metres = table.assign(equivalent_diameter_um=table["equivalent_diameter_um"] * 1e-6)
    one, other = (
        score_candidates(rows, values={"rarity": 2, "size": 1}, features=FEATURES)
        for rows in (table, metres)
    )
    assert one["score"].tolist() == pytest.approx(other["score"].tolist())


def test_cost_and_risk_count_against_a_place():
    table = pd.DataFrame({"equivalent_diameter_um": [5.0, 5.0, 5.0]})
    values = {"cost": 1.0, "risk": 1.0}
    ranked = score_candidates(
        table, values=values, cost_minutes=[10, 300, 320], risk=[0.02, 0.5, 0.01]
    )
    assert ranked["cost_minutes"].tolist() == [10, 320, 300]
    assert ranked["why"][0] == "cost: better than 2 of 3; risk: better than 1 of 3"


def test_weights_decide_between_large_and_near():
    table = pd.DataFrame({"equivalent_diameter_um": [9.0, 2.0, 5.0]})
    options = {"near_um": [30.0, 1.0, 20.0]}
    large = score_candidates(table, values={"size": 3, "nearness": 1}, **options)
    near = score_candidates(table, values={"size": 1, "nearness": 3}, **options)
    assert large["equivalent_diameter_um"][0] == 9.0
    assert near["equivalent_diameter_um"][0] == 2.0


def test_what_is_not_known_of_a_candidate_does_not_help_it():
    table = pd.DataFrame({"equivalent_diameter_um": [9.0, 2.0]})
    ranked = score_candidates(table, values={"risk": 1}, risk=[np.nan, 0.9])
    assert ranked["equivalent_diameter_um"][0] == 2.0
    assert ranked["why"][1] == "risk: not known"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"values": {"beauty": 1}}, "values needs names among"),
        ({"values": {}}, "values needs names among"),
        ({"values": {"size": 0}}, "weights above 0"),
        ({"values": {"rarity": 1}}, "features is needed to value rarity"),
        ({"values": {"cost": 1}}, "cost_minutes is needed to value cost"),
        ({"values": {"cost": 1}, "cost_minutes": [1, 2]}, r"one value a candidate \(61\)"),
        ({"values": {"rarity": 1}, "features": ["smell"]}, "features needs columns of the table"),
    ],
)
def test_what_cannot_be_valued_is_refused_in_words(options, words):
    with pytest.raises(ValueError, match=words):
        score_candidates(crowd(np.random.default_rng(0)), **options)


def test_the_distance_to_a_phase_is_that_to_its_nearest_voxel():
    phase = np.zeros((10, 20, 20), bool)
    phase[5, 10, 10] = True
    points = np.array([[10.0, 20, 20], [10, 20, 26], [16, 28, 20], [900, 0, 0]])
    found = phase_distance(phase, points, spacing_um=(2, 2, 2))
    assert found[:3] == pytest.approx([0, 6, 10])
    assert np.isnan(found[3])
    assert np.isnan(phase_distance(np.zeros_like(phase), points, spacing_um=(2, 2, 2))).all()


def test_more_of_the_same_come_first_and_the_example_is_left_out():
    rng = np.random.default_rng(2)
    small = pd.DataFrame(
        {"equivalent_diameter_um": rng.normal(3, 0.1, 12), "sphericity": rng.normal(0.95, 0.01, 12)}
    )
    large = pd.DataFrame(
        {"equivalent_diameter_um": rng.normal(9, 0.4, 30), "sphericity": rng.normal(0.6, 0.03, 30)}
    )
    table = pd.concat([large, small], ignore_index=True)
    found = more_like(table, 33, features=FEATURES, most=11)
    assert 33 not in found.index
    assert set(found.index) == set(range(30, 42)) - {33}
    assert found["distance"].is_monotonic_increasing
    both = more_like(table, [33, 2], features=FEATURES, most=len(table))
    assert (both["like"] == 33).sum() == 11


def test_a_candidate_with_a_missing_feature_comes_last():
    table = crowd(np.random.default_rng(3))
    table.loc[5, "sphericity"] = np.nan
    found = more_like(table, 0, features=FEATURES, most=len(table))
    assert found.index[-1] == 5
    assert found["why"].iloc[-1] == "sphericity not known"
    with pytest.raises(ValueError, match="example needs labels"):
        more_like(table, 900, features=FEATURES)
