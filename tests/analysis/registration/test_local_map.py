"""A cut through a thin-plate map: the error holds for all corners of a volume together."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import Edge, FrameGraph, fit_landmarks
from scalebridge.analysis.registration.cut import box_containment, box_margin
from scalebridge.analysis.registration.local_map import lattice, local_map
from scalebridge.analysis.registration.path import FramePath
from scalebridge.analysis.registration.spline_fit import fit_spline
from scalebridge.analysis.registration.step import Step
from scalebridge.errors import CovarianceUnavailable

HALF = np.array([6.0, 5.0, 4.0])
CENTRE = np.array([48.0, 55.0, 52.0])
PICK_UM = 0.3


def bent(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A smooth random bend of some 2 um over a tenth of a millimetre."""
    ways = rng.normal(size=(6, 3)) * 0.022
    phase, size = rng.uniform(0, 6.28, 6), rng.normal(size=(6, 3)) * 0.9
    return points + np.sin(points @ ways.T + phase) @ size


def registered(seed: int, count: int = 30):
    rng = np.random.default_rng(seed)
    marks = rng.uniform(0, 100, (count, 3))
    state = rng.bit_generator.state
    true = bent(marks, rng)
    found = fit_spline(
        marks, true + PICK_UM * np.random.default_rng(seed + 999).normal(size=true.shape)
    )

    def truth(points: np.ndarray) -> np.ndarray:
        again = np.random.default_rng()
        again.bit_generator.state = state
        return bent(points, again)

    return found.transform, truth


def test_the_local_map_moves_as_draws_of_the_bend_do():
    spline, _ = registered(0)
    places = lattice(CENTRE, HALF)
    straight = local_map(spline, places)
    assert straight.apply(places[:1]) == pytest.approx(spline.apply(places[:1]))
    assert np.abs(straight.apply(places) - spline.apply(places)).max() < 0.15
    rng = np.random.default_rng(1)
    drawn = spline.draw(places, 4000, rng)
    ways = FrameGraph([Edge("bend", "a", "b", spline)]).path("a", "b").near(CENTRE, HALF)
    moved = ways.draw(places, 4000, rng)
    for corner in (0, 13, 26):
        ratio = moved[:, corner].std(axis=0) / drawn[:, corner].std(axis=0)
        assert (ratio > 0.92).all()
        assert (ratio < 1.4).all()  # what draws do beyond a linear map counts everywhere
    apart = [(d[:, 26] - d[:, 0]).std(axis=0) for d in (moved, drawn)]
    assert apart[0] == pytest.approx(apart[1], rel=0.3)


@pytest.mark.parametrize("backward", [False, True])
def test_cuts_planned_through_made_bends_hold_their_volume_as_often_as_they_claim(backward):
    held, wanted, seeds = [], 0.9, 40
    for seed in range(seeds):
        spline, truth = registered(seed)
        corners = lattice(CENTRE, HALF)
        if backward:
            start, corners = truth(CENTRE[None])[0], truth(corners)
            half = np.abs(corners - start).max(axis=0)
            way = FramePath("b", (Step(Edge("bend", "a", "b", spline), backward=True),))
            true = lattice(CENTRE, HALF)
        else:
            start, half, true = CENTRE, HALF, truth(corners)
            way = FramePath("a", (Step(Edge("bend", "a", "b", spline)),))
        near = way.near(start, half)
        margin = box_margin(near, start, half, probability=wanted, draws=2000).margin_um
        off = np.linalg.solve(near.matrix(), (true - near.apply(start[None])).T).T
        held.append((np.abs(off) <= half + margin).all())
    spread = np.sqrt(wanted * (1 - wanted) / seeds)
    assert np.mean(held) >= wanted - 2.6 * spread


def test_what_bends_within_a_volume_counts_as_an_error():
    spline, _ = registered(3)
    small, large = (local_map(spline, lattice(CENTRE, half)) for half in (HALF, 8 * HALF))
    assert large.covariance[0, 0] > 2 * small.covariance[0, 0]


def test_a_way_without_bends_stays_as_it_is_and_a_flat_bend_stays_in_its_plane():
    rng = np.random.default_rng(5)
    marks = rng.uniform(0, 100, (9, 3))
    fit = fit_landmarks(marks, marks + 0.1 * rng.normal(size=(9, 3)), model="rigid")
    way = FrameGraph([Edge("straight", "a", "b", fit.transform)]).path("a", "b")
    assert way.near(CENTRE, HALF) is way
    assert way.bends == ()
    flat = fit_spline(marks[:, 1:], marks[:, 1:] + rng.normal(size=(9, 2))).transform
    straight = local_map(flat, lattice(CENTRE, HALF))
    place = CENTRE[None] * [0, 1, 1]
    assert straight.apply(place) == pytest.approx(flat.apply(place))
    told, bend = straight.covariance_at(place)[0], flat.covariance_at(place)[0]
    assert (told[0] == 0).all()
    assert (np.diag(told)[1:] >= np.diag(bend)[1:]).all()


def test_a_cut_takes_the_bends_on_its_way_as_straight_by_itself():
    spline, _ = registered(0)
    way = FrameGraph([Edge("bend", "a", "b", spline)]).path("a", "b")
    told = box_containment(way, CENTRE, HALF, margin_um=1.0, draws=500)
    near = box_containment(way.near(CENTRE, HALF), CENTRE, HALF, margin_um=1.0, draws=500)
    assert told.probability == near.probability
    assert way.bends == ("bend",)
    with pytest.raises(CovarianceUnavailable, match=r"path\.near"):
        way.matrix()
