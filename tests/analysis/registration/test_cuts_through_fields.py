"""Cuts and depths through displacement fields: they hold as often as they claim, or are refused."""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.registration import (
    AffineTransform,
    DisplacementField,
    Edge,
    FrameGraph,
    bent,
    fit_landmarks,
)
from scalebridge.analysis.registration.cut import box_containment, box_overhang
from scalebridge.analysis.registration.local_map import lattice
from scalebridge.analysis.registration.path import FramePath
from scalebridge.analysis.registration.step import Step
from scalebridge.errors import CovarianceUnavailable

from .bends import SIDE, bent_pair

CENTRE, HALF = np.array([48.0, 52.0, 55.0]), np.array([6.0, 5.0, 4.0])
SIGMA_UM, ALIKE_UM = 0.4, 25.0
CLAIMED = (0.5, 0.8, 0.9, 0.95)
FULL = bool(os.environ.get("SCALEBRIDGE_FULL"))


def waves(rng, *, sigma_um, alike_um, count=100):
    """A random smooth displacement with this error and this correlation, as a function."""
    ways = rng.normal(size=(count, 3)) / alike_um
    phase = rng.uniform(0, 2 * np.pi, count)
    size = rng.normal(size=(count, 3)) * sigma_um * np.sqrt(2 / count)
    return lambda points: np.cos(points @ ways.T + phase) @ size


def field_and_truth(seed, **error):
    """A bent map on a grid, and the map that it misses by its stated error."""
    rng = np.random.default_rng(seed)
    bow = waves(rng, sigma_um=2.0, alike_um=60.0)
    missed = waves(rng, sigma_um=SIGMA_UM, alike_um=ALIKE_UM)
    grid = np.stack(np.meshgrid(*[np.arange(0, 101, 5.0)] * 3, indexing="ij"), axis=-1)
    moves = bow(grid.reshape(-1, 3)).reshape(grid.shape)
    stated = {"sigma_um": SIGMA_UM, "correlation_um": ALIKE_UM, **error}
    field = DisplacementField(moves, spacing_um=[5, 5, 5], **stated)
    return field, lambda points: field.apply(points) + missed(points)


def origins(truth, points):
    """Where points come from, by repetition: the displacements change slowly."""
    found = points.copy()
    for _ in range(30):
        found += points - truth(found)
    return found


def way_of(field, *, backward=False):
    return FramePath("a", (Step(Edge("bend", "a", "b", field), backward=backward),))


def held(way, corners, true, *, centre, half, draws=2000):
    """Whether cuts planned for the claimed probabilities hold a volume whose corners lie there."""
    near = way.near(centre, half)
    over = box_overhang(way, centre, half, draws=draws)
    left, _, right = np.linalg.svd(near.matrix())
    axes, middle = left @ right, near.apply(centre[None])
    predicted = np.abs((near.apply(corners) - middle) @ axes).max(axis=0)
    reach = (np.abs((true - middle) @ axes).max(axis=0) - predicted).max()
    return [reach <= over.margin(share).margin_um for share in CLAIMED]


@pytest.mark.parametrize("backward", [False, True])
def test_a_cut_through_a_field_holds_its_volume_as_often_as_it_claims(backward):
    seeds, found = (1000 if FULL else 60), []
    for seed in range(seeds):
        field, truth = field_and_truth(seed)
        places = lattice(CENTRE, HALF)
        true = origins(truth, places) if backward else truth(places)
        way = way_of(field, backward=backward)
        found.append(held(way, places, true, centre=CENTRE, half=HALF))
    for share, claimed in zip(np.mean(found, axis=0), CLAIMED, strict=True):
        spread = np.sqrt(claimed * (1 - claimed) / seeds)
        assert share > claimed - 3 * spread
        assert share < min(claimed + 3 * spread + 0.1, 1.0) + 1e-9


def test_a_field_that_does_not_say_how_far_its_errors_are_alike_needs_a_wider_cut():
    alike, _ = field_and_truth(0)
    unsaid, _ = field_and_truth(0, correlation_um=None)
    margins = [
        box_overhang(way_of(one), CENTRE, HALF, draws=4000).margin(0.9).margin_um
        for one in (alike, unsaid)
    ]
    assert margins[0] < margins[1] < 4 * margins[0]


def test_bends_found_by_grey_values_plan_cuts_that_hold():
    seeds, found = (60 if FULL else 2), []
    still = AffineTransform("affine", np.eye(3), [0, 0, 0], [0, 0, 0], 2, 2)
    half = np.array([0.0, 6.0, 6.0])
    for seed in range(seeds):
        fixed, moving, moves = bent_pair(seed, bend_px=(3.0, 1.5, 0.8)[seed % 3])
        way = way_of(bent(fixed, moving, still).recorded)
        for centre in np.random.default_rng(seed).uniform(20, SIDE - 20, (4, 3)) * [0, 1, 1]:
            corners = lattice(centre, half) * [0, 1, 1]
            true = corners.copy()
            for axis in (0, 1):
                there = ndimage.map_coordinates(moves[axis], corners[:, 1:].T, order=3)
                true[:, 1 + axis] += there
            found.append(held(way, corners, true, centre=centre, half=half))
    share = np.mean(found, axis=0)  # the stated error is up to 1.7 times the true one
    spread = np.sqrt(np.multiply(CLAIMED, np.subtract(1, CLAIMED)) / seeds)  # places of one bend
    assert (share > CLAIMED - 2 * spread).all()


def test_both_ways_through_a_bend_are_known_with_their_error():
    field, truth = field_and_truth(3)
    graph = FrameGraph([Edge("bend", "a", "b", field)])
    there = graph.locate(CENTRE[None], from_="a", to="b")
    back = graph.locate(truth(CENTRE[None]), from_="b", to="a")
    assert np.abs(back.points_um[0] - CENTRE).max() < 4 * SIGMA_UM
    for found in (there, back):
        sigma = np.sqrt(np.diag(found.covariance_um2[0]))
        assert sigma == pytest.approx([SIGMA_UM] * 3, rel=0.2)


def test_the_error_of_a_distance_through_a_bend_is_less_where_its_errors_are_alike():
    field, _ = field_and_truth(1)
    way = FrameGraph([Edge("bend", "a", "b", field)]).path("a", "b")
    far, near = (
        np.sqrt(np.diag(way.difference_covariance(CENTRE, CENTRE + np.array([step, 0, 0]))))
        for step in (40.0, 2.0)
    )
    apart = np.sqrt(2 * (1 - np.exp(-0.5 * (2.0 / ALIKE_UM) ** 2)))
    assert near == pytest.approx(np.full(3, apart * SIGMA_UM), rel=0.1)
    assert (far > 5 * near).all()
    marks = np.random.default_rng(2).uniform(0, 100, (9, 3))
    fit = fit_landmarks(marks, marks, model="rigid", sigma_um=0.1).transform
    chain = FrameGraph([Edge("bend", "a", "b", field), Edge("turn", "b", "c", fit)])
    both = chain.path("a", "c").difference_covariance(CENTRE, CENTRE + np.array([40.0, 0, 0]))
    assert (np.sqrt(np.diag(both)) > 0.99 * far).all()


def test_no_cut_is_planned_through_a_field_that_states_no_error():
    field, _ = field_and_truth(0, sigma_um=None, correlation_um=None)
    way = FrameGraph([Edge("bend", "a", "b", field)]).path("a", "b")
    with pytest.raises(CovarianceUnavailable, match=r"through bend: .* came without an error"):
        box_containment(way, CENTRE, HALF, margin_um=1.0, draws=100)
    with pytest.raises(CovarianceUnavailable, match="came without an error"):
        way.difference_covariance(CENTRE, CENTRE + 1)
    with pytest.raises(ValueError, match="known on its grid only"):
        way_of(field_and_truth(0)[0]).near([99.0, 50, 50], HALF)
