"""Repeated picks give back the scatter and the shifts that they were made with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from scalebridge.analysis.registration import picking_repeatability

SIGMA = np.array([0.6, 0.2, 0.3])


def picks(count, *, shift=(0.0, 0.0, 0.0), people=("Ada", "Ben"), seed=0):
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 100, (count, 3))
    points: list[np.ndarray] = []
    features: list[int] = []
    who: list[str] = []
    for number, name in enumerate(people):
        noise = SIGMA * rng.standard_normal((count, 3))
        points.append(places + number * np.array(shift) + noise)
        features += range(count)
        who += [name] * count
    return np.vstack(points), features, who


def test_sigma_is_that_of_one_pick_on_every_axis_and_a_shift_is_no_part_of_it():
    found = picking_repeatability(*picks(900, shift=(3, -1, 2)))
    np.testing.assert_allclose(found.sigma_um, SIGMA, rtol=0.07)
    assert found.pooled_um == pytest.approx(np.sqrt(np.mean(SIGMA**2)), rel=0.06)
    (row,) = found.shifts.to_dict("records")
    assert [row["x_um"], row["y_um"], row["z_um"]] == pytest.approx([2, -1, 3], abs=0.1)
    assert row["limit_z_um"] == pytest.approx(1.96 * np.sqrt(2) * 0.6, rel=0.08)
    assert row["p"] < 1e-12


def test_intervals_hold_what_they_promise():
    inside = np.array(
        [
            (found.low_um < SIGMA) & (found.high_um > SIGMA)
            for found in (picking_repeatability(*picks(8, seed=seed)) for seed in range(300))
        ]
    )
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_honest_people_differ_by_chance_only():
    chance = [picking_repeatability(*picks(8, seed=seed)).shifts["p"][0] for seed in range(300)]
    assert kstest(chance, "uniform").pvalue > 0.01


def test_three_people_who_picked_different_features_are_compared_where_they_overlap():
    points, features, who = picks(30, shift=(0, 0, 1), people=("Ada", "Ben", "Cem"))
    keep = [
        not (name == "Cem" and feature >= 12) for feature, name in zip(features, who, strict=True)
    ]
    found = picking_repeatability(
        points[keep],
        [f for f, k in zip(features, keep, strict=True) if k],
        [w for w, k in zip(who, keep, strict=True) if k],
    )
    assert found.nu == 72 - 30 - 2
    shifts = found.shifts.set_index(["first", "second"])
    shared = shifts["features"].to_dict()
    assert shared == {("Ada", "Ben"): 30, ("Ada", "Cem"): 12, ("Ben", "Cem"): 12}
    assert shifts["x_um"]["Ada", "Cem"] == pytest.approx(2, abs=0.3)


def test_one_person_who_repeats_has_a_sigma_and_nobody_to_differ_from():
    points, features, _ = picks(50)
    found = picking_repeatability(points, features, ["Ada"] * 100)
    np.testing.assert_allclose(found.sigma_um, SIGMA, rtol=0.3)
    assert len(found.shifts) == 0


def test_pictures_have_two_axes():
    points, features, who = picks(200)
    found = picking_repeatability(points[:, 1:], features, who)
    np.testing.assert_allclose(found.sigma_um, SIGMA[1:], rtol=0.2)
    assert "z_um" not in found.shifts


def test_too_few_repetitions_are_refused_in_words():
    with pytest.raises(ValueError, match="two features that were picked twice or more, got 1"):
        picking_repeatability(np.zeros((3, 3)), [1, 1, 2], ["Ada", "Ben", "Ada"])
    with pytest.raises(ValueError, match="one entry a pick, got 3, 2 and 3"):
        picking_repeatability(np.zeros((3, 3)), [1, 1], ["Ada", "Ben", "Ada"])
