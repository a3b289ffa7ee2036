"""Which action helps most: predictions against fits that were really made."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    Action,
    AffineTransform,
    Edge,
    FrameGraph,
    box_containment,
    fit_landmarks,
    minutes_to,
    rank_actions,
)
from scalebridge.analysis.registration.information_value import after_action
from scalebridge.errors import CovarianceUnavailable

from .constellations import BELOW, SURFACE


def fitted(points=SURFACE, sigma=1.0):
    return fit_landmarks(points, points, model="rigid", sigma_um=sigma)


def ranked(actions, *, way=None, **options):
    wanted = {"margin_um": 1.5, "draws": 20_000, **options}
    return rank_actions(way or fitted().transform, BELOW, 10.0, actions=actions, **wanted)


@pytest.mark.parametrize(
    ("place", "square"), [((60, 75, 100), 0.65618), ((0, 75, 100), 0.75), ((0, 75, 300), 0.73584)]
)
def test_the_error_after_a_landmark_is_that_of_a_fit_with_it(place, square):
    table = ranked([Action("one more", "landmark", 3, places_um=(place,))])
    again = fitted(np.vstack([SURFACE, np.add(place, 1e-3)]))  # the same place twice is refused
    assert table["error_after_um"][0] == pytest.approx(again.tre_at(BELOW)[0], rel=1e-4)
    assert table["error_now_um"][0] == pytest.approx(np.sqrt(0.85), rel=1e-9)
    assert table["error_after_um"][0] ** 2 == pytest.approx(square, abs=5e-5)


def test_the_probability_after_is_that_of_the_fit_that_would_be_made():
    place = (60.0, 75.0, 100.0)
    row = ranked([Action("deep", "fiducial", 90, places_um=(place,))], draws=100_000).iloc[0]
    assert row["probability_now"] == pytest.approx(0.965, abs=0.002)  # of the textbook
    again = fitted(np.vstack([SURFACE, place])).transform
    wanted = box_containment(again, BELOW, np.full(3, 10.0), margin_um=1.5, seed=1).probability
    assert row["probability_after"] == pytest.approx(wanted, abs=0.002)
    assert row["gain_per_minute"] == pytest.approx(
        (row["probability_after"] - row["probability_now"]) / 90
    )


def test_cheap_actions_go_before_better_ones_and_both_are_told():
    deep = Action("deep fiducial", "fiducial", 90, places_um=((60, 75, 100), (60, 0, 0)))
    corner = Action("corner", "landmark", 3, places_um=((0, 150, 200),))
    table = ranked([deep, corner])
    assert table["action"].tolist() == ["corner", "deep fiducial"]
    after = table.set_index("action")["probability_after"]
    assert after["deep fiducial"] > after["corner"]
    enough = minutes_to(table, probability=float(after["deep fiducial"]) - 1e-9)
    assert enough["action"].tolist() == ["deep fiducial"]


def test_a_face_check_tells_one_direction_and_no_other():
    transform = fitted().transform
    check = Action(
        "face", "face check", 20, places_um=((60, 75, 100),), sigma_um=0.05, direction=(0, 1, 0)
    )
    before = transform.covariance_at(BELOW)[0]
    after = after_action(transform, check).covariance_at(BELOW)[0]
    assert after[1, 1] == pytest.approx(1 / (1 / before[1, 1] + 1 / 0.05**2))
    assert after[0, 0] == pytest.approx(before[0, 0], rel=1e-6)
    assert after[2, 2] == pytest.approx(before[2, 2], rel=1e-6)


def test_after_a_face_check_the_ellipsoid_still_covers():
    rng = np.random.default_rng(0)
    transform = fitted().transform
    check = Action(
        "face", "face check", 20, places_um=((60, 75, 100),), sigma_um=0.2, direction=(0, 1, 1)
    )
    after = after_action(transform, check)
    way = np.array([0, 1, 1]) / np.sqrt(2)
    row = np.einsum("d,dp->p", way, transform.jacobian(BELOW)[0])
    covariance = np.asarray(transform.covariance)
    gain = covariance @ row / (row @ covariance @ row + 0.2**2)
    true = rng.multivariate_normal(np.zeros(6), covariance, 4000)
    seen = true @ row + 0.2 * rng.standard_normal(4000)
    left = (true - seen[:, None] * gain) @ transform.jacobian(BELOW)[0].T
    shape = after.covariance_at(BELOW)[0]
    squares = np.einsum("ni,ij,nj->n", left, np.linalg.inv(shape), left)
    assert np.mean(squares < 7.8147) == pytest.approx(0.95, abs=0.012)


def test_a_finer_scan_shrinks_everything_alike():
    row = ranked([Action("rescan", "rescan", 240, voxel_ratio=0.5)]).iloc[0]
    assert row["error_after_um"] == pytest.approx(row["error_now_um"] / 2)
    assert "if every landmark is picked again" in row["why"]


def test_errors_from_residuals_gain_degrees_of_freedom():
    rng = np.random.default_rng(1)
    noisy = SURFACE + 0.5 * rng.standard_normal(SURFACE.shape)
    fit = fit_landmarks(SURFACE, noisy, model="rigid")
    again = after_action(fit.transform, Action("l", "landmark", 3, places_um=((0, 9, 9),)))
    assert again.nu == fit.transform.nu + 3
    told = Action("l", "landmark", 3, places_um=((0, 9, 9),), sigma_um=0.5)
    assert after_action(fit.transform, told).nu == fit.transform.nu


def test_on_a_chain_the_named_transform_is_improved():
    first, second = fitted().transform, fitted(sigma=0.2).transform
    edges = [Edge("a to b", "a", "b", first), Edge("b to c", "b", "c", second)]
    way = FrameGraph(edges).path("a", "c")
    action = Action("one more", "landmark", 3, places_um=((60, 75, 100),))
    weak = ranked([action], way=way, edge="a to b")["error_after_um"][0]
    strong = ranked([action], way=way, edge="b to c")["error_after_um"][0]
    assert weak < strong
    with pytest.raises(ValueError, match=r"edge needs one of the transforms on the way \(a to b"):
        ranked([action], way=way)


def test_the_same_table_comes_out_to_the_bit():
    actions = [Action("one more", "landmark", 3, places_um=((60, 75, 100),))]
    assert ranked(actions).equals(ranked(actions))


def test_what_cannot_help_is_refused_in_words():
    with pytest.raises(ValueError, match="kind needs one of landmark"):
        Action("pray", "prayer", 1)
    with pytest.raises(ValueError, match="places_um needs at least one place"):
        Action("nowhere", "landmark", 1)
    with pytest.raises(ValueError, match="minutes needs a value above 0"):
        Action("at once", "landmark", 0, places_um=((0, 0, 0),))
    with pytest.raises(ValueError, match="voxel_ratio needs a value between 0 and 1"):
        Action("coarser", "rescan", 9, voxel_ratio=2)
    with pytest.raises(ValueError, match="direction belongs to a face check"):
        Action("face", "face check", 9, places_um=((0, 0, 0),))
    exact = AffineTransform.exact()
    with pytest.raises(CovarianceUnavailable, match="needs a localisation error above 0"):
        ranked([Action("l", "landmark", 3, places_um=((0, 0, 0),))], way=exact)
