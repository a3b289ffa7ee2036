"""Thin-plate splines: through the landmarks, and honest about the rest."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalebridge.analysis.registration import ThinPlateSpline, transform_from_dict
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


def test_covariance_and_inverse_are_refused_in_words():
    rng = np.random.default_rng(3)
    moving = rng.uniform(-50, 50, (10, 3))
    spline = ThinPlateSpline(moving, moving + rng.normal(0, 1, moving.shape))
    with pytest.raises(
        CovarianceUnavailable, match=r"passes through every landmark.*leave-one-out"
    ):
        spline.covariance_at(moving)
    with pytest.raises(ValueError, match="no exact inverse: fit a second spline"):
        spline.inverse_apply(moving)


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
