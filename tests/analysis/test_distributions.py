"""The same quantiles and chances as scipy.stats gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scalebridge.analysis.distributions import chi2, f_distribution, norm, student

SHARES = np.array([1e-6, 0.025, 0.3, 0.5, 0.95, 0.975, 0.999, 1 - 1e-9])
VALUES = np.array([0.0, 1e-9, 0.3, 1.0, 4.7, 60.0, 1e4, np.inf])
FAMILIES = [
    (chi2, stats.chi2, [(1,), (2,), (3.5,), (200,)]),
    (f_distribution, stats.f, [(1, 1), (3, 2), (2, 5.5), (3, 1e9), (6, 40)]),
    (student, stats.t, [(1,), (2.5,), (7,), (1000,)]),
    (norm, stats.norm, [()]),
]


@pytest.mark.parametrize(("ours", "known", "shapes"), FAMILIES)
def test_they_are_those_of_scipy(ours, known, shapes):
    for shape in shapes:
        np.testing.assert_allclose(ours.ppf(SHARES, *shape), known.ppf(SHARES, *shape), rtol=1e-9)
        values = VALUES if known in (stats.chi2, stats.f) else np.r_[-VALUES[::-1], VALUES]
        for name in ("cdf", "sf"):
            got, expected = (getattr(one, name)(values, *shape) for one in (ours, known))
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-15)


def test_nothing_lies_below_a_square():
    for value in (-1e-17, -3.0):
        assert (chi2.sf(value, 3), chi2.cdf(value, 3)) == (1.0, 0.0)
        assert (f_distribution.sf(value, 3, 5), f_distribution.cdf(value, 3, 5)) == (1.0, 0.0)


def test_what_is_not_known_stays_unknown():
    for got in (chi2.sf(np.nan, 3), f_distribution.sf(np.nan, 3, 4), student.cdf(np.nan, 3)):
        assert np.isnan(got)
    assert np.isnan(f_distribution.sf(2.0, 3, 0))


def test_shapes_go_along_with_values():
    nu = np.array([2.0, 4.0, 8.0])
    np.testing.assert_allclose(chi2.ppf(0.9, nu), stats.chi2.ppf(0.9, nu))
    assert f_distribution.sf(np.ones((3, 2)), 2, 5).shape == (3, 2)
