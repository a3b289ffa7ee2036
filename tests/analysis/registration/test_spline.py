"""Thin-plate splines: through the landmarks, and honest about the rest."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    ThinPlateSpline,
    fit_landmarks,
    transform_from_dict,
)
from scalebridge.analysis.registration.points import lift
from scalebridge.errors import CovarianceUnavailable, Degenerate

from .constellations import LINE_2D


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_spline_passes_through_its_landmarks_and_keeps_a_linear_map(ndim):
    rng = np.random.default_rng(1)
    moving = rng.uniform(-5e5, 5e5, (20, ndim))
    bent = moving + rng.normal(0, 1e4, moving.shape)
    spline = ThinPlateSpline(moving, bent)
    np.testing.assert_allclose(spline.apply(moving)[:, 3 - ndim :], bent, atol=1e-4)
    matrix = rng.normal(0, 1, (ndim, ndim))
    straight = ThinPlateSpline(moving, moving @ matrix.T)
    points = rng.uniform(-9e5, 9e5, (6, ndim))
    np.testing.assert_allclose(straight.apply(points)[:, 3 - ndim :], points @ matrix.T, rtol=1e-6)


def test_leave_one_out_is_the_error_of_a_spline_that_never_saw_the_landmark():
    rng = np.random.default_rng(2)
    moving = rng.uniform(-50, 50, (14, 3))
    fixed = moving + rng.normal(0, 3, moving.shape)
    loo = ThinPlateSpline(moving, fixed).loo_um
    for k in range(len(moving)):
        others = np.arange(len(moving)) != k
        without = ThinPlateSpline(moving[others], fixed[others])
        assert loo[k] == pytest.approx(
            np.linalg.norm(without.apply(moving[k]) - fixed[k]), rel=1e-8
        )


def test_the_spline_alone_refuses_a_covariance_in_words():
    rng = np.random.default_rng(3)
    moving = rng.uniform(-50, 50, (10, 3))
    spline = ThinPlateSpline(moving, moving + rng.normal(0, 1, moving.shape))
    with pytest.raises(
        CovarianceUnavailable, match=r"passes through every landmark.*leave-one-out"
    ):
        spline.covariance_at(moving)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_way_back_ends_where_the_way_there_began(ndim, smoothing):
    rng = np.random.default_rng(8)
    moving = rng.uniform(-500, 500, (20, ndim))
    turned = moving @ np.linalg.qr(rng.normal(size=(ndim, ndim)))[0].T * 1.3
    spline = ThinPlateSpline(
        moving, turned + rng.normal(0, 20, turned.shape), allow_mirror=True, smoothing=smoothing
    )
    points = np.zeros((200, 3))
    points[:, 3 - ndim :] = rng.uniform(-450, 450, (200, ndim))
    there = spline.apply(points)
    np.testing.assert_allclose(spline.apply(spline.inverse_apply(there)), there, atol=1e-6)
    np.testing.assert_allclose(spline.inverse_apply(there), points, atol=1e-5)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_slope_is_what_small_steps_show(ndim):
    rng = np.random.default_rng(9)
    moving = rng.uniform(-50, 50, (15, ndim))
    spline = ThinPlateSpline(moving, moving + rng.normal(0, 5, moving.shape), smoothing=0.1)
    points = np.zeros((6, 3))
    points[:, 3 - ndim :] = rng.uniform(-50, 50, (6, ndim))
    step = 1e-4
    for axis in range(3 - ndim, 3):
        shift = step * np.eye(3)[axis]
        seen = (spline.apply(points + shift) - spline.apply(points - shift)) / (2 * step)
        np.testing.assert_allclose(spline.gradient(points)[:, :, axis], seen, atol=1e-6)
    assert (spline.gradient(moving)[:, 0, 0] == 1).all() or ndim == 3


def test_where_a_spline_folds_the_way_back_is_refused():
    moving = np.array([(y, x) for y in range(5) for x in range(5)], dtype=float)
    fixed = moving.copy()
    fixed[[11, 13]] = fixed[[13, 11]]  # two neighbours of the centre change places
    spline = ThinPlateSpline(moving, fixed)
    assert spline.determinant([[2.0, 2.0]])[0] < 0
    with pytest.raises(Degenerate, match="the map folds"):
        spline.inverse_apply(spline.apply([[2.0, 2.0]]))


def test_smoothing_goes_from_every_landmark_to_the_affine_map():
    rng = np.random.default_rng(10)
    moving = rng.uniform(-50, 50, (15, 3))
    fixed = moving @ rng.normal(size=(3, 3)).T + rng.normal(0, 2, moving.shape)
    affine = fit_landmarks(moving, fixed, model="affine", allow_mirror=True).transform
    stiff = ThinPlateSpline(moving, fixed, allow_mirror=True, smoothing=1e9)
    np.testing.assert_allclose(stiff.apply(moving / 2), affine.apply(moving / 2), atol=1e-5)
    left = [
        np.linalg.norm(
            ThinPlateSpline(moving, fixed, allow_mirror=True, smoothing=value).residuals_um
        )
        for value in (0.0, 0.1, 1.0, 10.0)
    ]
    assert left[0] == 0
    assert (np.diff(left) > 0).all()
    some = ThinPlateSpline(moving, fixed, allow_mirror=True, smoothing=0.3)
    np.testing.assert_allclose(lift(fixed) - some.apply(moving), some.residuals_um, atol=1e-8)
    assert 4 < 15 * some.leverage.mean() < 15


@pytest.mark.parametrize("smoothing", [0.05, 3.0])
def test_leave_one_out_holds_with_smoothing(smoothing):
    rng = np.random.default_rng(11)
    moving = rng.uniform(-50, 50, (12, 2))
    fixed = moving + rng.normal(0, 3, moving.shape)
    spline = ThinPlateSpline(moving, fixed, smoothing=smoothing)
    keep = np.arange(12) != 4
    # the unit of length, and with it the smoothing, must be that of all landmarks
    centred = moving - moving.mean(axis=0)
    others = moving[keep] - moving[keep].mean(axis=0)
    ratio = np.mean(centred**2) / np.mean(others**2)
    without = ThinPlateSpline(moving[keep], fixed[keep], smoothing=smoothing * ratio)
    miss = without.apply(moving[[4]])[0, 1:] - fixed[4]
    assert spline.loo_um[4] == pytest.approx(np.linalg.norm(miss), rel=1e-8)


def test_a_spline_survives_json():
    rng = np.random.default_rng(4)
    moving = rng.uniform(-50, 50, (10, 2))
    spline = ThinPlateSpline(moving, moving + rng.normal(0, 1, moving.shape))
    again = transform_from_dict(json.loads(json.dumps(spline.to_dict())))
    np.testing.assert_array_equal(again.apply(moving / 2), spline.apply(moving / 2))


def test_landmarks_on_a_line_and_doubled_landmarks_are_refused():
    with pytest.raises(Degenerate, match="on a line"):
        ThinPlateSpline(LINE_2D, LINE_2D)
    with pytest.raises(Degenerate, match="needs 5 landmarks or more, got 4"):
        ThinPlateSpline(np.eye(4)[:, :3], np.eye(4)[:, :3])


def test_mirrored_landmarks_are_refused_unless_a_mirror_is_allowed():
    rng = np.random.default_rng(6)
    moving = rng.uniform(-50, 50, (12, 3))
    mirrored = moving * [1, 1, -1] + rng.normal(0, 0.5, moving.shape)
    with pytest.raises(Degenerate, match=r"mirrored.*Flip the x axis"):
        ThinPlateSpline(moving, mirrored)
    spline = ThinPlateSpline(moving, mirrored, allow_mirror=True)
    again = transform_from_dict(json.loads(json.dumps(spline.to_dict())))
    np.testing.assert_array_equal(again.apply(moving), spline.apply(moving))
