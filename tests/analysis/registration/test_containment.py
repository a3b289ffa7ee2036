"""Probabilities and margins of cuts."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    Edge,
    FrameGraph,
    ball_probability,
    box_containment,
    box_margin,
    confidence_region,
    containment_probability,
    fit_landmarks,
    margin_for_probability,
    next_landmark,
    region_factor,
)

from .constellations import BELOW, SURFACE, turn

UNEQUAL = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.2], [0.1, 0.2, 3.0]])


def surface_fit(sigma=1.0):
    return fit_landmarks(SURFACE, SURFACE, model="rigid", sigma_um=sigma)


def test_containment_constants_are_those_of_theory(reference):
    for what, ours, value in (
        ("probability in a box of ± 2 σ", containment_probability(np.eye(3), 2.0), 0.869616),
        ("probability in a ball of 2 σ", ball_probability(np.eye(3), 2.0), 0.738536),
        ("radius of the 95 % ball in σ", region_factor(3) ** 0.5, 2.795483),
    ):
        reference(what, ours, value, abs=1e-6, source="normal distribution")
    assert ball_probability(np.eye(3), 2.795483) == pytest.approx(0.95, abs=1e-6)


@pytest.mark.parametrize("nu", [None, 5.0])
@pytest.mark.parametrize("covariance", [UNEQUAL, np.diag([1.0, 2.0, 3.0])])
def test_boxes_and_balls_agree_with_draws(nu, covariance):
    rng = np.random.default_rng(1)
    drawn = rng.multivariate_normal(np.zeros(3), covariance, 400_000)
    if nu is not None:
        drawn *= np.sqrt(nu / rng.chisquare(nu, (len(drawn), 1)))
    box = np.mean((np.abs(drawn + 0.3) < 2).all(axis=1))
    ball = np.mean(np.sum(drawn**2, axis=1) < 4)
    assert containment_probability(covariance, 2.0, bias_um=0.3, nu=nu) == pytest.approx(
        box, abs=0.003
    )
    assert ball_probability(covariance, 2.0, nu=nu) == pytest.approx(ball, abs=0.003)


@pytest.mark.parametrize(("half", "expected"), [(10, 0.965), (30, 0.904), (50, 0.797)])
def test_corners_of_a_volume_leave_the_cut_earlier_than_its_centre(half, expected):
    transform = surface_fit().transform
    centre = containment_probability(transform.covariance_at(BELOW)[0], 1.5)
    assert centre == pytest.approx(0.981, abs=6e-4)
    corners = box_containment(transform, BELOW, [half] * 3, margin_um=1.5, seed=0)
    assert corners.probability == pytest.approx(expected, abs=0.003)
    assert corners.standard_error < 0.0015


def test_a_turned_frame_changes_no_probability():
    fixed = SURFACE @ turn(2).T + [1, 2, 3]
    turned = fit_landmarks(SURFACE, fixed, model="rigid", sigma_um=1.0).transform
    probability = box_containment(turned, BELOW, [30] * 3, margin_um=1.5).probability
    assert probability == pytest.approx(0.904, abs=0.004)


def test_the_margin_for_a_probability_gives_that_probability():
    transform = surface_fit().transform
    margin = box_margin(transform, BELOW, [30] * 3, probability=0.904)
    assert margin.margin_um == pytest.approx(1.5, abs=0.01)
    again = box_containment(transform, BELOW, [30] * 3, margin_um=margin.margin_um)
    assert again.probability == pytest.approx(0.904, abs=1e-4)
    for nu in (None, 6.0):
        wanted = margin_for_probability(UNEQUAL, probability=0.9, nu=nu)
        assert containment_probability(UNEQUAL, wanted, nu=nu) == pytest.approx(0.9, abs=1e-4)


def test_few_degrees_of_freedom_need_wider_margins_and_fewer_than_three_say_nothing():
    known, nine, three = (
        margin_for_probability(np.eye(3), probability=0.95, nu=nu) for nu in (None, 9, 3)
    )
    assert known < nine < three
    assert np.isnan(margin_for_probability(np.eye(3), probability=0.95, nu=2))
    assert np.isnan(containment_probability(np.eye(3), 2.0, nu=2))
    transform = surface_fit().transform.with_covariance(np.eye(6), nu=2.0)
    unsaid = box_margin(transform, BELOW, [10] * 3, probability=0.95)
    assert not unsaid.stated
    assert unsaid.statement.startswith("too few to say")


def test_margins_from_residuals_contain_the_volume_as_often_as_they_promise():
    rng = np.random.default_rng(3)
    corners = BELOW + 20 * np.array([[z, y, x] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
    inside = 0
    for seed in range(400):
        noisy = SURFACE + rng.standard_normal(SURFACE.shape)
        transform = fit_landmarks(SURFACE, noisy, model="rigid").transform
        margin = box_margin(
            transform, BELOW, [20] * 3, probability=0.9, draws=4000, seed=seed
        ).margin_um
        middle = transform.apply(BELOW)
        local = (corners - middle) @ transform.matrix
        inside += bool((np.abs(local) <= 20 + margin).all())
    assert 0.86 <= inside / 400 <= 0.94


def test_the_same_seed_gives_the_same_bits():
    fit = surface_fit()
    way = FrameGraph([Edge("a_to_b", "a", "b", fit.transform)]).path("a", "b")
    first, second = (box_containment(way, BELOW, [30] * 3, margin_um=1.5, seed=5) for _ in range(2))
    other = box_containment(way, BELOW, [30] * 3, margin_um=1.5, seed=6)
    assert first == second
    assert first.probability != other.probability
    assert containment_probability(UNEQUAL, 2.0) == containment_probability(UNEQUAL, 2.0)


def test_the_uncertainty_of_the_target_itself_widens_the_margin():
    transform = surface_fit().transform
    plain = box_margin(transform, BELOW, [10] * 3, probability=0.95).margin_um
    wider = box_margin(
        transform, BELOW, [10] * 3, probability=0.95, localisation_um2=4 * np.eye(3)
    ).margin_um
    assert wider > 2 * plain


def test_a_picture_has_an_ellipse_and_not_an_ellipsoid():
    flat = confidence_region(np.diag([0.0, 1.0, 4.0]))
    np.testing.assert_allclose(flat.radii_um, np.sqrt(region_factor(2)) * np.array([2, 1, 0]))
    assert "ellipse" in flat.statement
    assert containment_probability(np.diag([0.0, 1.0, 1.0]), 2.0) == pytest.approx(
        0.954500**2, abs=1e-5
    )


def test_the_next_landmark_is_ranked_by_the_error_at_the_target():
    candidates = [[0.0, 75.0, 100.0], [60.0, 75.0, 100.0], [0.0, 75.0, 300.0]]
    table = next_landmark(surface_fit(), candidates, BELOW)
    squares = table.sort_index()["predicted_error_um"] ** 2
    np.testing.assert_allclose(squares, [0.75, 0.65618, 0.73584], atol=5e-5)
    assert table.index.tolist() == [1, 2, 0]
    added = np.vstack([SURFACE, candidates[2]])
    refit = fit_landmarks(added, added, model="rigid", sigma_um=1.0)
    assert refit.tre_at(BELOW)[0] == pytest.approx(table.loc[2, "predicted_error_um"], rel=1e-9)
