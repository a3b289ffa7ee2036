"""Errors as covariances, and landmarks of which only some state one."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import fit_landmarks, region_factor

from .constellations import CUBE, TETRAHEDRON, turn

PLACES = np.vstack([CUBE, TETRAHEDRON * 0.6])
TARGET = np.array([[60.0, 20.0, 0.0]])


def test_full_covariances_weigh_as_the_axes_that_they_are_diagonal_in():
    rng = np.random.default_rng(0)
    own = turn(3)
    spread = own @ np.diag([4.0, 1.0, 0.25]) @ own.T
    fixed = PLACES @ turn(1).T + rng.multivariate_normal(np.zeros(3), spread, len(PLACES))
    full = fit_landmarks(
        PLACES, fixed, model="rigid", sigma_um=np.broadcast_to(spread, (len(PLACES), 3, 3))
    )
    turned = fit_landmarks(PLACES, fixed @ own, model="rigid", sigma_um=[[2.0, 1.0, 0.5]] * 12)
    np.testing.assert_allclose(
        full.transform.apply(TARGET) @ own, turned.transform.apply(TARGET), atol=1e-6
    )
    np.testing.assert_allclose(
        own.T @ full.transform.covariance_at(TARGET)[0] @ own,
        turned.transform.covariance_at(TARGET)[0],
        atol=1e-8,
    )


def test_full_covariances_of_a_picture_and_diagonal_ones_agree_with_standard_deviations():
    rng = np.random.default_rng(1)
    moving = rng.uniform(0, 50, (8, 2))
    fixed = moving + rng.normal(0, 1, moving.shape)
    sigma = rng.uniform(0.5, 2, (8, 2))
    for model in ("rigid", "affine"):
        one = fit_landmarks(moving, fixed, model=model, sigma_um=sigma).transform
        other = fit_landmarks(
            moving, fixed, model=model, sigma_um=sigma[:, :, None] ** 2 * np.eye(2)
        ).transform
        np.testing.assert_allclose(one.covariance, other.covariance)
        np.testing.assert_allclose(one.matrix, other.matrix)


def test_what_is_no_covariance_is_refused():
    with pytest.raises(ValueError, match=r"needs \(12, 3, 3\) covariances"):
        fit_landmarks(PLACES, PLACES, model="rigid", sigma_um=np.ones((12, 2, 2)))
    uneven = np.broadcast_to([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]], (12, 3, 3))
    with pytest.raises(ValueError, match="needs symmetric covariances"):
        fit_landmarks(PLACES, PLACES, model="rigid", sigma_um=uneven)
    with pytest.raises(ValueError, match="finite values of 0 or more"):
        fit_landmarks(PLACES, PLACES, model="rigid", sigma_um=np.nan)


def test_nothing_stated_and_nan_everywhere_are_the_same():
    rng = np.random.default_rng(2)
    fixed = PLACES + rng.normal(0, 1, PLACES.shape)
    plain = fit_landmarks(PLACES, fixed, model="similarity").transform
    missing = fit_landmarks(PLACES, fixed, model="similarity", sigma_um=[np.nan] * 12).transform
    np.testing.assert_array_equal(plain.covariance, missing.covariance)
    assert missing.sigma_source == "residuals"


@pytest.mark.parametrize("model", ["rigid", "affine"])
def test_stated_landmarks_keep_their_weight_and_the_others_tell_theirs(model):
    rng = np.random.default_rng(3)
    exact = np.arange(12) < 5
    true = np.where(exact, 0.2, 2.0)
    stated = np.where(exact, 0.2, np.nan)
    hits, variances, better = [], [], []
    for _ in range(120):
        fixed = PLACES @ turn(1).T + true[:, None] * rng.standard_normal(PLACES.shape)
        fit = fit_landmarks(PLACES, fixed, model=model, sigma_um=stated)
        plain = fit_landmarks(PLACES, fixed, model=model)
        transform = fit.transform
        assert transform.sigma_source == "stated and residuals"
        miss = (transform.apply(TARGET) - TARGET @ turn(1).T)[0]
        covariance = transform.covariance_at(TARGET)[0]
        square = miss @ np.linalg.inv(covariance) @ miss
        hits.append(square <= region_factor(3, nu=transform.nu))
        variances.append(fit.pairs.fixed_covariance_um2[-1, 0, 0])
        off = (plain.transform.apply(TARGET) - TARGET @ turn(1).T)[0]
        better.append(np.linalg.norm(miss) < np.linalg.norm(off))
    assert np.mean(variances) == pytest.approx(4.0, rel=0.1)
    assert 0.88 <= np.mean(hits) <= 0.99
    assert np.mean(better) > 0.7


def test_degrees_of_freedom_lie_between_those_of_the_residuals_and_infinity():
    rng = np.random.default_rng(4)
    fixed = PLACES + rng.normal(0, 1, PLACES.shape)
    alone = fit_landmarks(PLACES, fixed, model="rigid").transform.nu
    assert alone == 30
    for known in (1, 6, 11):
        stated = np.where(np.arange(12) < known, 1.0, np.nan)
        nu = fit_landmarks(PLACES, fixed, model="rigid", sigma_um=stated).transform.nu
        assert nu is not None
    few = np.where(np.arange(12) < 1, 1e6, np.nan)  # a landmark that counts for nothing
    nu = fit_landmarks(PLACES, fixed, model="rigid", sigma_um=few).transform.nu
    assert nu == pytest.approx(27, abs=0.1)


def test_too_few_to_tell_the_others_error_says_so():
    rng = np.random.default_rng(5)
    places = TETRAHEDRON
    fixed = places + rng.normal(0, 1, places.shape)
    fit = fit_landmarks(places, fixed, model="affine", sigma_um=[1.0, np.nan, np.nan, np.nan])
    assert any("stated for landmark 0 is not used" in text for text in fit.warnings)
    assert fit.transform.covariance is None
