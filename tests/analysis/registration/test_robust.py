"""Gross errors are named and do not drag the fit."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    fit_landmarks,
    fit_robust,
    region_factor,
)

from .constellations import turn, turn_2d


def scene(seed, *, count=20, wrong=4, ndim=3, sigma=1.0, gross=60.0):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-100, 100, (count, ndim))
    pose = turn(seed) if ndim == 3 else turn_2d(31.0 * seed)
    seen = places @ pose.T + rng.normal(0, sigma, places.shape)
    rows = np.sort(rng.permutation(count)[:wrong])
    away = rng.normal(size=(wrong, ndim))
    away *= gross * rng.uniform(0.5, 2, (wrong, 1)) / np.linalg.norm(away, axis=1, keepdims=True)
    seen[rows] += away
    return places, seen, pose, tuple(rows.tolist())


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_a_fifth_of_gross_outliers_is_named_and_nothing_else(model, ndim):
    named, missed = [], 0
    for seed in range(6):
        places, seen, _, wrong = scene(seed, ndim=ndim)
        found = fit_robust(places, seen, model=model)
        missed += len(set(wrong) - set(found.outliers))
        named.append(len(set(found.outliers) - set(wrong)))
        honest = [row for row in range(20) if row not in found.outliers]
        plain = fit_landmarks(places[honest], seen[honest], model=model)
        np.testing.assert_allclose(found.fit.transform.matrix, plain.transform.matrix)
        assert found.fit.transform.nu == plain.transform.nu
        assert (found.weights[list(wrong)] < 0.01).all()
        assert all(f"landmark {row} (off by" in found.statement for row in wrong)
    assert missed == 0
    assert sum(named) <= 1


def test_two_that_mask_each_other_are_both_named():
    rng = np.random.default_rng(1)
    places = rng.uniform(-100, 100, (10, 3))
    seen = places + rng.normal(0, 0.5, places.shape)
    seen[[3, 7]] += [25.0, 0, 0]  # the same mistake twice
    plain = fit_landmarks(places, seen, model="affine")
    assert np.nanmin(plain.surprise_p) > 0.01  # leaving out one at a time does not see them
    assert fit_robust(places, seen, model="rigid").outliers == (3, 7)


def test_without_outliers_it_is_least_squares():
    false = 0
    for seed in range(20):
        places, seen, _, _ = scene(seed, count=12, wrong=0)
        robust = fit_robust(places, seen, model="similarity")
        false += bool(robust.outliers)
        if not robust.outliers:
            plain = fit_landmarks(places, seen, model="similarity").transform
            np.testing.assert_array_equal(robust.fit.transform.covariance, plain.covariance)
            assert "no landmark of 12 is contradicted" in robust.statement
    assert false <= 1  # 1 % is meant


def test_regions_still_cover_with_outliers_among_the_landmarks():
    hits, target = [], np.array([[120.0, 0, 0]])
    for seed in range(40):
        places, seen, pose, _ = scene(seed, count=15, wrong=3)
        transform = fit_robust(places, seen, model="rigid").fit.transform
        miss = (transform.apply(target) - target @ pose.T)[0]
        square = miss @ np.linalg.inv(transform.covariance_at(target)[0]) @ miss
        hits.append(square <= region_factor(3, nu=transform.nu))
    assert np.mean(hits) >= 0.88


def test_stated_errors_are_believed_but_for_gross_ones():
    places, seen, _, wrong = scene(3, wrong=2)
    found = fit_robust(places, seen, model="rigid", sigma_um=np.ones(20))
    assert found.outliers == wrong
    assert found.fit.transform.sigma_source == "stated"
    assert found.table().loc[list(wrong), "kept"].eq(False).all()


def test_where_most_are_wrong_the_error_says_so():
    places, seen, _, _ = scene(5, count=12, wrong=0)
    seen[:7] = np.random.default_rng(0).uniform(-100, 100, (7, 3))
    found = fit_robust(places, seen, model="rigid")
    assert len(found.kept) > 6
    assert found.fit.transform.sigma_um > 10  # of landmarks picked to 1


def test_wrong_arguments_are_refused():
    places, seen, _, _ = scene(0)
    with pytest.raises(ValueError, match="model needs one of"):
        fit_robust(places, seen, model="spline")
    with pytest.raises(ValueError, match="tuning needs a value above 0"):
        fit_robust(places, seen, model="rigid", tuning=0)
