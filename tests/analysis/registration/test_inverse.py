"""A transform turned round keeps what is known about its error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scalebridge.analysis.registration import AffineTransform, fit_landmarks, inverted
from scalebridge.errors import Degenerate

from .constellations import CUBE, turn, turn_2d

POINTS = np.array([[10.0, -20, 30], [-60, 5, 0], [0, 0, 0]])


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_there_and_back_is_where_one_began_and_the_error_is_that_of_mapping_back(model):
    rng = np.random.default_rng(4)
    fixed = 1.3 * CUBE @ turn(3).T + [5, -7, 9] + rng.normal(size=CUBE.shape)
    fit = fit_landmarks(CUBE * (1.3 if model == "rigid" else 1), fixed, model=model)
    transform = fit.transform
    back = inverted(transform)
    mapped = transform.apply(POINTS)
    np.testing.assert_allclose(back.apply(mapped), POINTS, atol=1e-9)
    np.testing.assert_allclose(
        back.covariance_at(mapped), transform.inverse_covariance_at(mapped), rtol=1e-8, atol=1e-10
    )
    assert (back.nu, back.sigma_source) == (transform.nu, transform.sigma_source)
    assert back.sigma_um == pytest.approx(transform.sigma_um / transform.scale)


def test_flat_maps_turn_round_too_and_flat_into_space_is_refused():
    flat = CUBE[:5, 1:] + np.arange(5)[:, None]
    fit = fit_landmarks(flat, flat @ turn_2d(20).T + 3, model="similarity", sigma_um=0.5)
    back = inverted(fit.transform)
    there = fit.transform.apply(flat)
    np.testing.assert_allclose(back.apply(there)[:, 1:], flat, atol=1e-9)
    np.testing.assert_allclose(
        back.covariance_at(there), fit.transform.inverse_covariance_at(there), atol=1e-10
    )
    with pytest.raises(Degenerate, match="flat image into space"):
        inverted(replace(AffineTransform.exact(), ndim_moving=2, covariance=None))


def test_a_transform_without_error_has_none_when_turned_round():
    assert inverted(AffineTransform("rigid", turn(1), np.zeros(3), np.ones(3))).covariance is None
