"""A given milling volume: the probability that all corners of a volume of interest lie in it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from scalebridge.analysis.registration import AffineTransform, fit_landmarks
from scalebridge.analysis.registration.cut import box_containment, box_margin
from scalebridge.analysis.registration.instrument import InstrumentError
from scalebridge.analysis.registration.milling_volume import (
    MillingVolume,
    volume_containment,
    volume_margin,
)

TURN = Rotation.from_rotvec([0.3, -0.5, 0.2]).as_matrix()
COPLANAR = np.array([[0, 0, 0], [0, 0, 150], [0, 150, 0], [0, 150, 150], [0, 75, 75.0]])


def test_errors_that_shift_the_whole_volume_have_the_probability_of_the_closed_form():
    sigma, half, room, off = np.array([1.0, 2.0, 0.5]), 4.0, np.array([3.0, 3.0, 1.0]), 0.7
    expected = np.prod(norm.cdf((room - off) / sigma) - norm.cdf((-room - off) / sigma))
    way = AffineTransform.exact(TURN, offset_um=[10, 20, 30])
    volume = MillingVolume(
        way.apply([[0, 0, 0]])[0] - off * TURN.sum(axis=1), half + room, axes=TURN.T
    )
    told = volume_containment(
        way, [0, 0, 0], [half] * 3, volume, localisation_um2=np.diag(sigma**2)
    )
    assert told.probability == pytest.approx(expected, abs=4 * told.standard_error)
    assert told.margin_um == pytest.approx((room - off).min())


def test_all_corners_are_looked_at_as_where_the_cut_is_grown_around_the_volume():
    fit = fit_landmarks(COPLANAR, COPLANAR, model="rigid", sigma_um=1.0)
    centre, half = np.array([60.0, 75, 75]), np.full(3, 10.0)
    for margin in (1.5, 2.0, 3.0):
        grown = box_containment(fit.transform, centre, half, margin_um=margin)
        given = volume_containment(
            fit.transform, centre, half, MillingVolume(centre, half + margin)
        )
        assert given.probability == pytest.approx(grown.probability, abs=1e-9)
    wanted = box_margin(fit.transform, centre, half, probability=0.95)
    found = volume_margin(
        fit.transform, centre, half, MillingVolume(centre, half + 0.5), probability=0.95
    )
    assert found.margin_um == pytest.approx(wanted.margin_um - 0.5, abs=1e-9)


def test_the_margin_reaches_the_wanted_probability_and_a_volume_that_is_too_large_shrinks():
    instrument = InstrumentError(
        stage_um=0.8, drift_um_per_min=0.05, minutes=30, scale_sigma=0.01, from_um=[0, 400, 0]
    )
    way, half = AffineTransform.exact(), np.full(3, 5.0)
    volume = MillingVolume([0, 0, 0], half + 20.0)
    found = volume_margin(way, [0, 0, 0], half, volume, probability=0.9, instrument=instrument)
    assert found.margin_um < 0
    assert "smaller by" in found.statement
    fitted = MillingVolume([0, 0, 0], half + 20.0 + found.margin_um)
    again = volume_containment(way, [0, 0, 0], half, fitted, instrument=instrument, seed=1)
    assert again.probability == pytest.approx(0.9, abs=5 * again.standard_error)


def test_draws_of_the_instruments_error_have_its_covariance():
    error = InstrumentError(
        stage_um=[0.5, 1.0, 1.5], drift_um_per_min=0.02, minutes=50, scale_sigma=0.01,
        from_um=[0, 100, -50],
    )  # fmt: skip
    points = np.array([[30.0, 0, 20], [0, 100, -50]])
    rng = np.random.default_rng(1)
    drawn = error.draw(np.broadcast_to(points, (40_000, 2, 3)), rng)
    for k, covariance in enumerate(error.covariance_at(points)):
        np.testing.assert_allclose(np.cov(drawn[:, k].T), covariance, atol=0.06)
    np.testing.assert_allclose(error.parts_at(points)["scale"][1], 0)  # at the place it counts from


def test_a_volume_that_misses_says_by_how_much():
    volume = MillingVolume([0, 0, 0], [5, 5, 5], name="trench A")
    told = volume_containment(AffineTransform.exact(), [0, 0, 8], [1, 1, 1], volume)
    assert told.probability == 0.0
    assert told.margin_um == pytest.approx(-4.0)
    assert "trench A" in told.statement
    assert "a corner is predicted outside by" in told.statement


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stage_um": np.nan}, "stage_um needs finite values"),
        ({"scale_sigma": 0.01}, "scale_sigma needs from_um"),
        ({"minutes": [1, 2, 3]}, "minutes needs one value"),
    ],
)
def test_errors_that_nobody_knows_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        InstrumentError(**given)
    with pytest.raises(ValueError, match="three unit vectors at right angles"):
        MillingVolume([0, 0, 0], [1, 1, 1], axes=np.ones((3, 3)))


def test_with_too_few_degrees_of_freedom_nothing_is_stated():
    rng = np.random.default_rng(0)
    cube = np.array([[0, 0, 0], [0, 0, 90], [0, 80, 0], [70, 0, 0.0]])
    fit = fit_landmarks(cube, cube + rng.standard_normal(cube.shape), model="rigid")
    few = fit.transform.with_covariance(fit.transform.covariance, nu=2.0)
    volume = MillingVolume([20, 20, 20], [9, 9, 9])
    told = volume_containment(few, [20, 20, 20], [5, 5, 5], volume)
    margin = volume_margin(few, [20, 20, 20], [5, 5, 5], volume, probability=0.9)
    assert np.isnan([told.probability, margin.margin_um]).all()
    assert "too few to say: 2 degrees of freedom" in told.statement
    assert not told.stated
