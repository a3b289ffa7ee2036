"""Fiducials of two images paired without a start."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import match_constellation
from scalebridge.errors import Degenerate

from .constellations import CUBE, turn, turn_2d


def scene(seed, dimensions, *, count=14, missing=3, spurious=3, noise=0.7, scale=1.02):
    """Throw fiducials, photograph them twice, lose some and add some; return the true pairs."""
    rng = np.random.default_rng(seed)
    moving, fixed = dimensions
    places = rng.uniform(-100, 100, (count, moving))
    pose = turn_2d(seed * 47.0) if fixed == 2 else turn(seed)[:, 3 - moving :]
    seen = scale * places @ pose.T + rng.uniform(-500, 500, fixed)
    kept_a, kept_b = (rng.permutation(count)[missing:] for _ in range(2))
    a = places[kept_a] + rng.normal(0, noise, (len(kept_a), moving))
    b = seen[kept_b] + rng.normal(0, noise, (len(kept_b), fixed))
    a = np.vstack([a, rng.uniform(-100, 100, (spurious, moving))])
    b = np.vstack([b, seen.mean(axis=0) + rng.uniform(-100, 100, (spurious, fixed))])
    where = {int(k): j for j, k in enumerate(kept_b)}
    return a, b, {(i, where[int(k)]) for i, k in enumerate(kept_a) if int(k) in where}


@pytest.mark.parametrize("dimensions", [(3, 3), (2, 3), (2, 2)])
@pytest.mark.parametrize("seed", range(8))
def test_fiducials_are_paired_though_some_are_missing_and_some_are_dirt(dimensions, seed):
    a, b, truth = scene(seed, dimensions)
    match = match_constellation(a, b, tolerance_um=3.0)
    found = set(map(tuple, match.pairs.tolist()))
    assert len(found & truth) >= 0.85 * len(truth)
    assert len(found - truth) <= 1
    assert match.scale == pytest.approx(1.02, abs=0.012)
    mapped = match.transform.apply(a)[match.pairs[:, 0]][:, 3 - dimensions[1] :]
    distances = np.linalg.norm(mapped - b[match.pairs[:, 1]], axis=1)
    np.testing.assert_allclose(distances, match.residuals_um, atol=1e-9)


def test_forty_fiducials_are_paired():
    a, b, truth = scene(3, (3, 3), count=40, missing=8, spurious=8)
    found = set(map(tuple, match_constellation(a, b, tolerance_um=3.0).pairs.tolist()))
    assert len(found & truth) >= 0.8 * len(truth)
    assert not found - truth


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dimensions", [(3, 3), (2, 3), (2, 2)])
def test_unrelated_fiducials_are_refused(seed, dimensions):
    rng = np.random.default_rng(seed)
    a = rng.uniform(-100, 100, (12, dimensions[0]))
    b = rng.uniform(-100, 100, (12, dimensions[1]))
    with pytest.raises(Degenerate, match="no constellation found"):
        match_constellation(a, b, tolerance_um=3.0)


def test_a_symmetric_arrangement_is_refused():
    with pytest.raises(Degenerate, match="ambiguous"):
        match_constellation(CUBE, CUBE @ turn(1).T, tolerance_um=1.0)


def test_another_pose_within_a_wide_tolerance_is_no_rival_to_one_that_fits_closely():
    rng = np.random.default_rng(5)
    lattice = 100.0 * np.array([(y, x) for y in range(3) for x in range(3)])
    beads = lattice + rng.uniform(-6, 6, (9, 2))  # turned by 90 degrees, all meet within 15 um
    seen = beads @ turn_2d(20.0).T + [40.0, -70.0] + rng.normal(0, 0.2, (9, 2))
    match = match_constellation(beads, seen, tolerance_um=15.0)
    assert match.runner_up == 9
    assert match.pairs.tolist() == [[row, row] for row in range(9)]
    with pytest.raises(Degenerate, match="ambiguous: another pose pairs 9"):
        match_constellation(lattice, lattice @ turn_2d(20.0).T, tolerance_um=15.0)


def test_a_mirrored_volume_does_not_pair():
    a, b, _ = scene(2, (3, 3), missing=0, spurious=0)
    with pytest.raises(Degenerate):
        match_constellation(a * [1, 1, -1], b, tolerance_um=3.0)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="4 to 100 fiducials, got 3"):
        match_constellation(CUBE[:3], CUBE, tolerance_um=1.0)
    with pytest.raises(ValueError, match="above 0"):
        match_constellation(CUBE, CUBE, tolerance_um=0.0)
    with pytest.raises(ValueError, match="swap them"):
        match_constellation(CUBE, CUBE[:, 1:], tolerance_um=1.0)


@pytest.mark.parametrize("dimensions", [(3, 3), (2, 3), (2, 2)])
def test_the_scale_is_found_where_it_is_not_known(dimensions):
    a, b, truth = scene(1, dimensions, missing=2, spurious=2, scale=0.13, noise=0.02)
    with pytest.raises(Degenerate):
        match_constellation(a, b, tolerance_um=0.1)
    match = match_constellation(a, b, tolerance_um=0.1, any_scale=True)
    assert match.scale == pytest.approx(0.13, rel=0.01)
    found = set(map(tuple, match.pairs.tolist()))
    assert len(found & truth) >= 0.85 * len(truth)
    assert len(found - truth) <= 1


def test_a_symmetric_arrangement_of_unknown_scale_is_refused():
    with pytest.raises(Degenerate, match="ambiguous"):
        match_constellation(CUBE, 7 * CUBE @ turn(1).T, tolerance_um=1.0, any_scale=True)
