"""How surprising a landmark is: uniform by chance, and small where a pair is mistaken."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from scalebridge.analysis.registration import fit_landmarks, surprise_outside

from .constellations import CUBE, turn

RNG = np.random.default_rng(20261121)
SCATTER = RNG.uniform(-50, 50, (9, 3))


def noisy(count, sigma=1.0, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield SCATTER @ turn(20).T + sigma * rng.standard_normal(SCATTER.shape)


@pytest.mark.parametrize("model", ["rigid", "affine"])
def test_honest_landmarks_stand_out_as_often_as_it_says(model):
    chance = np.array(
        [fit_landmarks(SCATTER, fixed, model=model).surprise_p for fixed in noisy(800)]
    )
    one = 1 - (1 - chance[:, 0]) ** (1 / len(SCATTER))  # of a landmark that was not selected
    assert kstest(one, "uniform").pvalue > 0.01
    assert np.mean(chance.min(axis=1) < 0.05) == pytest.approx(0.05, abs=0.025)


def test_it_is_the_leave_one_out_error_over_its_own_predicted_scatter():
    (fixed,) = noisy(1, seed=3)
    fit = fit_landmarks(SCATTER, fixed, model="affine")  # linear: exact, not to first order
    n = len(SCATTER)
    for index in range(n):
        keep = np.arange(n) != index
        others = fit_landmarks(SCATTER[keep], fixed[keep], model="affine").transform
        alone = surprise_outside(others, SCATTER[[index]], fixed[[index]], count=n)[0]
        assert fit.surprise_p[index] == pytest.approx(alone, rel=1e-6)


def test_a_mistaken_pair_is_surprising_and_the_others_are_not():
    (fixed,) = noisy(1, seed=5)
    fixed[4] += [0, 15, 0]
    fit = fit_landmarks(SCATTER, fixed, model="rigid")
    assert fit.surprise_p[4] < 1e-4
    assert np.delete(fit.surprise_p, 4).min() > 0.05
    assert any("landmark 4 does not agree" in warning for warning in fit.warnings)


def test_unequal_stated_errors_make_a_far_residual_of_a_poor_landmark_no_surprise():
    sigma = np.ones(len(CUBE))
    sigma[2] = 20.0
    rng = np.random.default_rng(1)
    fixed = CUBE + rng.standard_normal(CUBE.shape)
    fixed[2] = CUBE[2] + [25, 0, 0]
    stated = fit_landmarks(CUBE, fixed, model="rigid", sigma_um=sigma).surprise_p
    silent = fit_landmarks(CUBE, fixed, model="rigid").surprise_p
    assert silent[2] < 0.01 < 0.5 < stated[2]


def test_nothing_is_told_where_too_little_is_left_over_or_residuals_are_rounding():
    moving = CUBE[[0, 1, 2, 4]]
    noise = moving + np.random.default_rng(0).standard_normal((4, 3))
    assert np.isnan(fit_landmarks(moving[:3], noise[:3], model="rigid").surprise_p).all()
    assert np.isnan(fit_landmarks(CUBE, CUBE + 3.0, model="rigid").surprise_p).all()


def test_a_landmark_that_alone_determines_a_part_of_the_model_is_not_judged():
    flat = np.array([[0, y, x] for y in (-40.0, 0, 40) for x in (-40.0, 0, 40)])
    moving = np.vstack([flat, [60.0, 5, 5]])
    fixed = moving + np.random.default_rng(0).standard_normal(moving.shape)
    chance = fit_landmarks(moving, fixed, model="affine").surprise_p
    assert np.isnan(chance[-1])
    assert np.isfinite(chance[:-1]).all()
