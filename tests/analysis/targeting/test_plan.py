"""Targets, depths and candidates with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge.analysis.registration import containment_probability
from scalebridge.analysis.targeting import (
    depth_below,
    fit_surface,
    rank_candidates,
    target_plan,
)


def tilted_points(rng, *, sigma: float, count: int = 12) -> np.ndarray:
    y, x = rng.uniform(0, 200, (2, count))
    z = 10 + 0.1 * y - 0.05 * x
    normal = np.array([1, -0.1, 0.05]) / np.linalg.norm([1, -0.1, 0.05])
    return np.stack([z, y, x], axis=1) + normal * rng.normal(0, sigma, (count, 1))


def test_the_depth_below_a_tilted_surface_is_measured_along_its_normal() -> None:
    plane = fit_surface(tilted_points(np.random.default_rng(0), sigma=0), inside_um=(100, 100, 100))
    normal = np.array([1, -0.1, 0.05]) / np.linalg.norm([1, -0.1, 0.05])
    assert plane.normal == pytest.approx(-normal)
    target = np.array([10, 0, 0]) + 42 * normal
    assert depth_below(plane, target, np.zeros((3, 3))).depth_um == pytest.approx(42)


def test_the_inside_says_which_way_is_down() -> None:
    points = tilted_points(np.random.default_rng(0), sigma=0)
    up = fit_surface(points, inside_um=(-100, 100, 100))
    assert depth_below(up, (100, 100, 100), np.zeros((3, 3))).depth_um < 0


def test_depth_intervals_cover_the_truth_95_times_in_100() -> None:
    rng = np.random.default_rng(1)
    normal = np.array([1, -0.1, 0.05]) / np.linalg.norm([1, -0.1, 0.05])
    true = np.array([10.0, 0, 0]) + 0.1 * 150 * np.array([1, 0, 0]) + np.array([0, 150.0, 0])
    true = true + 30 * normal
    covariance = np.diag([2.0, 1.0, 1.0]) ** 2
    covered = []
    for _ in range(600):
        plane = fit_surface(tilted_points(rng, sigma=1.5, count=8), inside_um=(100, 100, 100))
        seen = true + rng.multivariate_normal(np.zeros(3), covariance)
        low, high = depth_below(plane, seen, covariance).interval95_um
        covered.append(low <= 30 <= high)
    assert 0.93 <= np.mean(covered) <= 0.975


def test_far_beside_the_points_the_depth_is_less_certain() -> None:
    plane = fit_surface(tilted_points(np.random.default_rng(2), sigma=1), inside_um=(99, 99, 99))
    near = depth_below(plane, (60, 100, 100), np.zeros((3, 3)))
    far = depth_below(plane, (60, 900, 100), np.zeros((3, 3)))
    assert far.sigma_um > 3 * near.sigma_um


@pytest.mark.parametrize(
    ("points", "options", "words"),
    [
        (np.eye(3)[:2], {}, "points_um needs at least 3 points, got 2"),
        (np.eye(3), {}, "sigma_um needs a value when there are 3 points"),
        (np.outer(np.arange(5.0), (0, 1, 1)), {}, "points on a line"),
        (np.zeros((4, 2)), {}, r"points_um needs finite points \(n, 3\)"),
    ],
)
def test_points_that_make_no_surface_are_refused_in_words(points, options, words) -> None:
    with pytest.raises(ValueError, match=words):
        fit_surface(points, inside_um=(50, 0, 0), **options)


def test_the_margin_reaches_the_wanted_probability() -> None:
    covariance = np.array([[4.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    plan = target_plan(
        (30, 20, 10), covariance, half_size_um=(5, 6, 7), probability=0.9, process_margin_um=2
    )
    reached = containment_probability(covariance, plan.margin_um)
    assert reached == pytest.approx(0.9, abs=2e-3)
    expected = 2 * (np.array([5, 6, 7]) + plan.margin_um + 2)
    assert plan.cut_size_um == pytest.approx(expected)


def test_the_table_hands_out_positions_by_name() -> None:
    surface = fit_surface(
        [(0, 0, 0), (0, 100, 0), (0, 0, 100), (0, 100, 100)], inside_um=(50, 50, 50), sigma_um=1
    )
    plan = target_plan((30, 20, 10), np.diag([9.0, 4.0, 1.0]), surface=surface, name="pore 7")
    row = plan.table().iloc[0]
    assert (row["target"], row["x_um"], row["y_um"], row["z_um"]) == ("pore 7", 10, 20, 30)
    assert row["x_pm95_um"] == pytest.approx(1.96, abs=0.01)
    assert row["z_pm95_um"] == pytest.approx(5.88, abs=0.01)
    assert row["depth_um"] == pytest.approx(30)
    assert [check.passed for check in plan.checks] == [True, True]


def test_with_too_few_landmarks_nothing_is_stated() -> None:
    plan = target_plan((30, 20, 10), np.eye(3), nu=2, half_size_um=5)
    assert np.isnan(plan.margin_um)
    assert np.isnan(plan.interval95_um).all()
    assert plan.checks[0].passed is False
    assert "too few to say" in plan.region


def test_few_degrees_of_freedom_ask_for_a_larger_margin() -> None:
    few, many = (target_plan((0, 0, 0), np.eye(3), nu=nu).margin_um for nu in (5, None))
    assert few > 1.2 * many


def test_the_large_shallow_lonely_object_comes_first_and_the_cut_one_last() -> None:
    rows = pd.DataFrame(
        {
            "x_um": [10.0, 50.0, 52.0, 90.0],
            "y_um": [10.0, 50.0, 50.0, 90.0],
            "z_um": [5.0, 40.0, 41.0, 2.0],
            "equivalent_diameter_um": [8.0, 5.0, 4.0, 20.0],
            "mean_grey": [20.0, 80.0, 90.0, 10.0],
            "at_border": [False, False, False, True],
        }
    )
    surface = fit_surface(
        [(0, 0, 0), (0, 100, 0), (0, 0, 100), (0, 100, 100)], inside_um=(50, 50, 50), sigma_um=1
    )
    ranked = rank_candidates(rows, surface=surface, matrix_grey=100.0)
    assert ranked["x_um"].tolist() == [10.0, 50.0, 52.0, 90.0]
    assert ranked["rank"].tolist() == [1, 2, 3, 4]
    assert ranked["depth_um"][0] == pytest.approx(5)
    assert "5 µm below the surface" in ranked["why"][0]
    assert "cut by the border" in ranked["why"][3]
    deep_first = rank_candidates(rows, weights={"size": 0, "isolation": 0, "contrast": 1},
                                 matrix_grey=100.0)  # fmt: skip
    assert deep_first["x_um"][0] == 10.0


def test_no_objects_give_an_empty_table() -> None:
    empty = pd.DataFrame({"x_um": [], "y_um": [], "equivalent_diameter_um": [], "at_border": []})
    assert list(rank_candidates(empty)["rank"]) == []
