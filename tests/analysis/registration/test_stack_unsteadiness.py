"""A place in a stack shares the error of its slice, which no number of marks averages out."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import AffineTransform, fit_landmarks, region_factor
from scalebridge.analysis.registration.stack import slice_unsteadiness, with_unsteadiness
from scalebridge.errors import CovarianceUnavailable

NOMINAL, IMAGE, PICK = 0.3, (0.03, 0.02), 0.08
STEADY = slice_unsteadiness(NOMINAL, image_um=IMAGE)


def cuts(rng: np.random.Generator, count: int = 100) -> np.ndarray:
    """Errors of the cuts' places: 15 % of a thickness, pulled back to 37 % over five slices."""
    left = np.exp(-1 / 5)
    scatter = 0.15 * NOMINAL / np.sqrt(2 * (1 - left))
    errors = [scatter * rng.standard_normal()]
    for draw in rng.standard_normal(count - 1):
        errors.append(left * errors[-1] + scatter * np.sqrt(1 - left**2) * draw)
    return np.array(errors)


def test_thicknesses_that_scatter_so_much_put_cuts_so_far_off() -> None:
    rng = np.random.default_rng(0)
    errors = np.array([cuts(rng) for _ in range(2000)])
    assert np.diff(errors).std() == pytest.approx(0.15 * NOMINAL, rel=0.01)
    assert errors.std() == pytest.approx(np.sqrt(STEADY[0, 0]), rel=0.02)


def test_regions_of_single_places_hold_them_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    true = AffineTransform.exact(
        [[0, 1, 0.1], [1, 0.7, 0], [0, 0.1, -1.0]], offset_um=[9, 2, 3], allow_mirror=True
    )
    inside: list[bool] = []
    alone: list[bool] = []
    for _ in range(400):
        errors, image = cuts(rng), IMAGE * rng.standard_normal((100, 2))
        numbers = rng.integers(0, 100, 15)
        even = np.column_stack([numbers * NOMINAL, rng.uniform(0, 20, (15, 2))])
        seen = even + np.column_stack([errors[numbers], image[numbers]])
        there = true.apply(even)
        noisy = there[1:] + PICK * rng.standard_normal((14, 3))
        fit = fit_landmarks(seen[1:], noisy, model="affine", allow_mirror=True).transform
        miss = fit.apply(seen[:1])[0] - there[0]
        for kept, transform in ((inside, with_unsteadiness(fit, STEADY)), (alone, fit)):
            square = miss @ np.linalg.solve(transform.covariance_at(seen[:1])[0], miss)
            kept.append(square <= region_factor(3, nu=transform.nu))
    assert 0.92 <= np.mean(inside) <= 0.985
    assert np.mean(alone) < 0.85


def test_what_cannot_be_told_is_refused_in_words() -> None:
    corners = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9.0]])
    exact = fit_landmarks(corners, corners, model="affine").transform
    with pytest.raises(CovarianceUnavailable, match="has no covariance"):
        with_unsteadiness(exact, STEADY)
    with pytest.raises(ValueError, match="nominal_um needs a number above 0, got 0"):
        slice_unsteadiness(0)
    with pytest.raises(ValueError, match=r"got 0.15 and \(-1.0, 0.0\)"):
        slice_unsteadiness(0.3, image_um=(-1.0, 0.0))
