"""Errors of landmarks are told for each axis where landmarks, voxels or residuals call for it."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import fit_landmarks, region_factor
from scalebridge.analysis.registration.unlike_axes import why_by_axis

WIDE = np.array([120.0, 400, 400])
DEEP = np.array([1.0, 0.3, 0.3])  # error along z, y, x [um]


def drawn(rng, *, extent=WIDE, sigma=DEEP, count=12):
    moving = rng.uniform(-1, 1, (count, 3)) * extent
    return moving, moving + rng.normal(0, sigma, (count, 3))


def test_marks_on_a_surface_have_an_error_of_their_own_in_depth() -> None:
    moving, fixed = drawn(np.random.default_rng(0), extent=WIDE * [0.01, 1, 1])
    assert "one surface" in why_by_axis(fit_landmarks(moving, fixed, model="rigid"))


def test_long_voxels_and_unlike_residuals_are_named() -> None:
    moving, fixed = drawn(np.random.default_rng(1), sigma=np.array([2.0, 0.3, 0.3]), count=16)
    fit = fit_landmarks(moving, fixed, model="rigid")
    assert why_by_axis(fit).startswith("residuals along z are")
    assert "along y" in why_by_axis(fit, fixed_spacing_um=(1, 2, 1))


def test_too_few_marks_stated_errors_and_pictures_are_left_alone() -> None:
    moving, fixed = drawn(np.random.default_rng(2), extent=WIDE * [0.01, 1, 1])
    few = fit_landmarks(moving[:8], fixed[:8], model="rigid")
    stated = fit_landmarks(moving, fixed, model="rigid", sigma_um=0.3)
    flat = fit_landmarks(moving[:, 1:], fixed[:, 1:], model="rigid")
    assert [why_by_axis(fit) for fit in (few, stated, flat)] == ["", "", ""]


def test_alike_axes_are_rarely_told_apart() -> None:
    rng, told = np.random.default_rng(3), 0
    for _ in range(300):
        moving, fixed = drawn(rng, sigma=np.full(3, 0.3))
        told += bool(why_by_axis(fit_landmarks(moving, fixed, model="rigid")))
    assert told <= 9  # 1 % of 300, and three standard deviations


@pytest.mark.parametrize("by_rule", [False, True])
def test_regions_at_a_deep_target_hold_it_by_the_rule_alone(by_rule) -> None:
    rng, target, held, count = np.random.default_rng(4), np.array([[0.0, 40, -30]]), 0, 300
    for _ in range(count):
        moving, fixed = drawn(rng, extent=WIDE * [0.02, 1, 1])
        fit = fit_landmarks(moving, fixed, model="rigid")
        if by_rule and why_by_axis(fit):
            fit = fit_landmarks(moving, fixed, model="rigid", by_axis=True)
        off = fit.transform.apply(target)[0] - target[0]
        square = off @ np.linalg.solve(fit.transform.covariance_at(target)[0], off)
        held += square <= region_factor(3, level=0.95, nu=fit.transform.nu)
    # 0.95 ± three standard deviations; errors that are taken as alike hold 0.87
    assert (held >= 0.912 * count) == by_rule
