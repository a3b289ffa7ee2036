"""A thin-plate spline as a fit: its error is what leaving landmarks out, and redrawing, tells."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    SplineMap,
    ThinPlateSpline,
    errors_with_landmark,
    fit_landmarks,
    fit_spline,
    refuse_unsound,
    region_factor,
    transform_from_dict,
)
from scalebridge.errors import CovarianceUnavailable, Degenerate

RNG = np.random.default_rng(7)
MOVING = RNG.uniform(0, 100, (14, 3))
NOISE = RNG.normal(0, 1.0, (14, 3))


def bent(points):
    return points + 8 * np.sin(points[:, [1, 2, 0]] / 40)


def test_it_passes_through_landmarks_without_error_and_knows_the_way_back():
    fit = fit_spline(MOVING, bent(MOVING), smoothing=0)
    np.testing.assert_allclose(fit.transform.apply(MOVING), bent(MOVING), atol=1e-8)
    np.testing.assert_allclose(fit.transform.inverse_apply(bent(MOVING)), MOVING, atol=1e-6)
    assert fit.fre_um == 0
    assert (fit.leverage == 1).all()


def test_map_and_error_come_back_from_a_record():
    fit = fit_spline(MOVING, bent(MOVING) + NOISE)
    again = transform_from_dict(json.loads(json.dumps(fit.transform.to_dict())))
    places = np.array([[50.0, 50, 50], [20, 70, 30]])
    for name in ("apply", "inverse_apply", "covariance_at", "inverse_covariance_at"):
        ours, theirs = getattr(fit.transform, name)(places), getattr(again, name)(places)
        np.testing.assert_array_equal(ours, theirs)
    assert isinstance(again, SplineMap)
    assert (again.nu, again.sigma_source) == (30, "leave-one-out and bootstrap")
    refuse_unsound(again)
    drawn = [one.draw(places, 5, np.random.default_rng(0)) for one in (again, fit.transform)]
    np.testing.assert_array_equal(*drawn)
    with pytest.raises(ValueError, match="sigma_um of a thin-plate map needs 0 or more"):
        transform_from_dict(fit.transform.to_dict() | {"sigma_um": -1.0})


def test_leave_one_out_is_that_of_splines_without_each_landmark():
    fixed = bent(MOVING) + NOISE
    fit = fit_spline(MOVING, fixed, smoothing=0)
    spline = fit.transform.forward
    for index in (0, 5):
        keep = np.arange(len(MOVING)) != index
        others = ThinPlateSpline(MOVING[keep], fixed[keep])
        alone = others.apply(MOVING[[index]])[0]
        assert fit.loo_um[index] == pytest.approx(np.linalg.norm(alone - fixed[index]))
        np.testing.assert_allclose(
            spline.loo_influence[index][keep], others.influence(MOVING[[index]])[0], atol=1e-8
        )


def test_where_nothing_bends_it_predicts_the_error_of_a_new_landmark():
    rng = np.random.default_rng(0)
    new, predicted, seen = rng.uniform(0, 100, (50, 3)), [], []
    for _ in range(200):
        transform = fit_spline(MOVING, MOVING + rng.normal(0, 0.5, MOVING.shape)).transform
        assert transform.sigma_um < 0.9
        predicted.append(transform.covariance_at(new)[:, 0, 0] + transform.sigma_um**2)
        seen.append((transform.apply(new) - new + rng.normal(0, 0.5, new.shape)) ** 2)
    assert np.sqrt(np.mean(predicted)) == pytest.approx(np.sqrt(np.mean(seen)), rel=0.06)


@pytest.mark.parametrize("smoothing", [None, 0.0])
def test_the_predicted_error_is_that_of_a_bootstrap(smoothing):
    fit = fit_spline(MOVING, bent(MOVING) + NOISE, smoothing=smoothing)
    transform, spline = fit.transform, fit.transform.forward
    places = np.array([[50.0, 50, 50], [20, 70, 30], [95, 10, 60]])
    everywhere = np.vstack([places, MOVING])
    rng = np.random.default_rng(1)
    polynomial = np.linalg.qr(np.column_stack([np.ones(len(everywhere)), everywhere]))[0]
    off = np.eye(len(everywhere)) - polynomial @ polynomial.T
    values, vectors = np.linalg.eigh(off @ spline.kernel(everywhere, everywhere) @ off)
    root = vectors * np.sqrt(transform.bend_um2 * np.clip(values, 0, None))
    bends = np.einsum("ij,cjk->cik", root, rng.standard_normal((3000, len(everywhere), 3)))
    picked = bends[:, 3:] + transform.sigma_um * rng.standard_normal((3000, *MOVING.shape))
    refitted = spline.influence(places) @ picked
    spread = np.sqrt(np.mean(np.sum((refitted - bends[:, :3]) ** 2, axis=2), axis=0))
    np.testing.assert_allclose(fit.tre_at(places), spread, rtol=0.05)


def test_draws_have_the_covariance_and_move_neighbours_together():
    fit = fit_spline(MOVING, bent(MOVING) + NOISE)
    places = np.array([[50.0, 50, 50], [50, 50, 51], [0, 100, 0]])
    drawn = fit.transform.draw(places, 20000, np.random.default_rng(2)) - fit.transform.apply(
        places
    )
    size = fit.transform.nu / (fit.transform.nu - 2)  # of a t distribution
    np.testing.assert_allclose(
        np.einsum("cni,cni->n", drawn, drawn) / 20000, size * fit.tre_at(places) ** 2, rtol=0.05
    )
    together = np.corrcoef(drawn[:, :, 0].T)
    assert together[0, 1] > 0.95
    assert abs(together[0, 2]) < 0.6
    carried = fit.transform.draw(np.stack([places, places + 1]), 2, np.random.default_rng(2))
    assert carried.shape == (2, 3, 3)


@pytest.mark.parametrize("ndim", [2, 3])
def test_regions_of_95_percent_hold_92_or_more_where_bends_are_what_it_takes_them_for(ndim):
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(80):
        places = rng.uniform(0, 100, (40, ndim))
        field = ThinPlateSpline(places, places)
        polynomial = np.linalg.qr(np.column_stack([np.ones(40), places]))[0]
        off = np.eye(40) - polynomial @ polynomial.T
        values, vectors = np.linalg.eigh(off @ field.kernel(places, places) @ off)
        root = vectors * np.sqrt(4.0 * np.clip(values, 0, None))
        true = places + root @ rng.standard_normal((40, ndim))
        seen = true[:20] + rng.normal(0, 0.7, (20, ndim))
        transform = fit_spline(places[:20], seen).transform
        axes = slice(3 - ndim, 3)
        covariance = transform.covariance_at(places[20:])[:, axes, axes]
        miss = transform.apply(places[20:])[:, axes] - true[20:]
        square = np.einsum("ni,nij,nj->n", miss, np.linalg.inv(covariance), miss)
        hits.append(np.mean(square <= region_factor(ndim, nu=transform.nu)))
    assert 0.90 <= np.mean(hits) <= 0.96  # 92.2 and 93.2 % of 500: the ratio is estimated too


def test_the_way_back_has_the_error_divided_by_the_magnification():
    fit = fit_spline(MOVING, 10 * MOVING + NOISE)
    places = np.array([[40.0, 60, 50]])
    there, back = (
        fit.transform.covariance_at(places),
        fit.transform.inverse_covariance_at(fit.transform.apply(places)),
    )
    np.testing.assert_allclose(back, there / 100, rtol=0.15, atol=there[0, 0, 0] / 5000)


def test_a_spline_that_folds_says_so():
    moving = np.array([(y, x) for y in range(5) for x in range(5)], dtype=float)
    fixed = moving.copy()
    fixed[[11, 13]] = fixed[[13, 11]]
    warnings = fit_spline(moving, fixed, smoothing=0).warnings
    assert any("folds over" in text for text in warnings)


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
    with pytest.raises(CovarianceUnavailable, match="copied or generated"):
        fit_spline(MOVING, 2 * MOVING).transform.covariance_at(MOVING)
    assert np.isnan(fit.surprise_p).all()
    with pytest.raises(CovarianceUnavailable, match="what one more landmark changes"):
        errors_with_landmark(fit, MOVING[:1], MOVING[:1])
    assert fit_landmarks(MOVING, bent(MOVING), model="affine").loo_rms_um > fit.loo_rms_um
