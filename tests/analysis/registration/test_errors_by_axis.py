"""Marks on a surface: their depth is found less well than their place along it."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import AffineTransform, fit_landmarks, region_factor
from scalebridge.analysis.registration.estimate import solve
from scalebridge.analysis.registration.information import with_error, with_error_by_axis
from scalebridge.analysis.registration.points import pair_up

SIGMA = np.array([0.30, 0.14, 0.14])  # z, y, x
GRID = np.array([[y, x] for y in (-160.0, 0, 160) for x in (-160.0, 0, 160)])
TARGET = np.array([[94.0, 10, -5]])
TRUE = AffineTransform.exact(
    [[0.9987, 0.0501, 0], [-0.0501, 0.9987, 0], [0, 0, 1]], offset_um=(5.0, -3.0, 8.0)
)


def pairs_of(rng: np.random.Generator, *, flat: bool):
    places = np.column_stack([np.zeros(9), GRID + rng.uniform(-30, 30, (9, 2))])
    noise = (SIGMA * rng.standard_normal((9, 3))) @ TRUE.matrix.T
    return (places[:, 1:] if flat else places), TRUE.apply(places) + noise


def coverage(give, *, flat: bool, repeats: int = 800) -> tuple[float, float]:
    rng = np.random.default_rng(5)
    inside, squares = [], []
    for _ in range(repeats):
        pairs = pair_up(*pairs_of(rng, flat=flat))
        transform = give(pairs, solve(pairs, "similarity" if flat else "rigid"))
        miss = (transform.apply(TARGET) - TRUE.apply(TARGET))[0]
        square = miss @ np.linalg.solve(transform.covariance_at(TARGET)[0], miss)
        inside.append(square <= region_factor(3, nu=transform.nu))
        squares.append(square / (3 * transform.nu / (transform.nu - 2)))
    return float(np.mean(inside)), float(np.mean(squares))


@pytest.mark.parametrize("flat", [True, False])
def test_regions_hold_as_they_say_where_one_axis_is_found_less_well(flat: bool) -> None:
    share, square = coverage(with_error_by_axis, flat=flat)
    assert 0.93 <= share <= 0.97
    assert square == pytest.approx(1, abs=0.12)
    alike, too_large = coverage(lambda p, t: with_error(p, t, "residuals"), flat=flat)
    assert alike < share - 0.01
    assert too_large > square + 0.05


def test_a_fit_takes_it_on_request() -> None:
    moving, fixed = pairs_of(np.random.default_rng(0), flat=False)
    alike = fit_landmarks(moving, fixed, model="rigid")
    apart = fit_landmarks(moving, fixed, model="rigid", by_axis=True)
    assert apart.transform.matrix.tolist() == alike.transform.matrix.tolist()
    assert apart.transform.nu < alike.transform.nu
    stated = fit_landmarks(moving, fixed, model="rigid", sigma_um=0.2, by_axis=True)
    assert stated.transform.nu is None
    few = fit_landmarks(moving[:4], fixed[:4], model="rigid", by_axis=True)
    assert few.transform.nu == 6  # too little left over on an axis: all alike
