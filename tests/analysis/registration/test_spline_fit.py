"""A thin-plate spline as a fit: its error is what leaving landmarks out, and redrawing, tells."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    ThinPlateSpline,
    errors_with_landmark,
    fit_landmarks,
    fit_spline,
    transform_from_dict,
)
from scalebridge.errors import CovarianceUnavailable, Degenerate

RNG = np.random.default_rng(7)
MOVING = RNG.uniform(0, 100, (14, 3))
NOISE = RNG.normal(0, 1.0, (14, 3))


def bent(points):
    return points + 8 * np.sin(points[:, [1, 2, 0]] / 40)


def test_it_passes_through_every_landmark_and_knows_the_way_back():
    fit = fit_spline(MOVING, bent(MOVING))
    np.testing.assert_allclose(fit.transform.apply(MOVING), bent(MOVING), atol=1e-8)
    np.testing.assert_allclose(fit.transform.inverse_apply(bent(MOVING)), MOVING, atol=1e-8)
    again = transform_from_dict(fit.transform.to_dict())
    np.testing.assert_allclose(again.apply(MOVING), bent(MOVING), atol=1e-8)


def test_leave_one_out_is_that_of_splines_without_each_landmark():
    fixed = bent(MOVING) + NOISE
    fit = fit_spline(MOVING, fixed)
    spline = fit.transform.forward
    for index in (0, 5):
        keep = np.arange(len(MOVING)) != index
        others = ThinPlateSpline(MOVING[keep], fixed[keep])
        alone = others.apply(MOVING[[index]])[0]
        assert fit.loo_um[index] == pytest.approx(np.linalg.norm(alone - fixed[index]))
        np.testing.assert_allclose(
            spline.loo_influence[index][keep], others.influence(MOVING[[index]])[0], atol=1e-8
        )


def test_where_nothing_bends_it_finds_the_error_of_picking():
    rng = np.random.default_rng(0)
    found = [
        fit_spline(MOVING, MOVING + rng.normal(0, 0.5, MOVING.shape)).transform.sigma_um
        for _ in range(200)
    ]
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(0.5, rel=0.06)


def test_the_predicted_error_is_that_of_a_bootstrap_of_the_leave_one_out_errors():
    fit = fit_spline(MOVING, bent(MOVING) + NOISE)
    sigma = fit.transform.sigma_um
    places = np.array([[50.0, 50, 50], [20, 70, 30]])
    rng = np.random.default_rng(1)
    drawn = np.array(
        [
            ThinPlateSpline(
                MOVING, fit.pairs.fixed_um + sigma * rng.standard_normal(MOVING.shape)
            ).apply(places)
            for _ in range(1500)
        ]
    )
    spread = np.sqrt(np.sum(drawn.var(axis=0), axis=1))
    np.testing.assert_allclose(fit.tre_at(places), spread, rtol=0.06)
    at_landmarks = fit.tre_at(MOVING)
    np.testing.assert_allclose(at_landmarks, np.sqrt(3) * sigma)


def test_pictures_stay_in_their_plane():
    fit = fit_spline(MOVING[:, 1:], bent(MOVING)[:, 1:])
    covariance = fit.transform.covariance_at([[0.0, 20.0, 30.0]])[0]
    assert covariance[0].tolist() == [0, 0, 0]
    assert covariance[1, 1] == covariance[2, 2] > 0


def test_what_it_cannot_tell_is_refused_in_words():
    with pytest.raises(Degenerate, match="needs 6 or more, got 5"):
        fit_spline(MOVING[:5], MOVING[:5])
    with pytest.raises(Degenerate, match="a picture in a volume has no way back"):
        fit_spline(MOVING[:, 1:], MOVING)
    fit = fit_spline(MOVING, bent(MOVING))
    assert np.isnan(fit.surprise_p).all()
    with pytest.raises(CovarianceUnavailable, match="what one more landmark changes"):
        errors_with_landmark(fit, MOVING[:1], MOVING[:1])
    assert fit_landmarks(MOVING, bent(MOVING), model="affine").loo_rms_um > fit.loo_rms_um
