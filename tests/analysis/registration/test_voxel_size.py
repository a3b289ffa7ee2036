"""The stated voxel size against the fitted one, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import compare_voxel_size, fit_landmarks
from scalebridge.errors import CovarianceUnavailable

from .constellations import CUBE, TETRAHEDRON, turn

PLACES = np.vstack([CUBE, TETRAHEDRON * 0.6])


@pytest.mark.parametrize("model", ["similarity", "affine"])
def test_the_chance_is_honest_where_the_voxel_size_is_right(model):
    rng = np.random.default_rng(0)
    chances, covered = [], []
    for _ in range(200):
        fixed = PLACES @ turn(2).T + rng.normal(0, 1, PLACES.shape)
        fit = fit_landmarks(PLACES, fixed, model=model)
        test = compare_voxel_size(fit.transform, nominal_um=2.0)
        chances.append(test.p)
        covered.append((test.interval95[:, 0] <= 1) & (test.interval95[:, 1] >= 1))
    assert 0.02 <= np.mean(np.array(chances) < 0.05) <= 0.09
    assert 0.92 <= np.mean(covered) <= 0.98


def test_one_wrong_axis_is_found_and_named():
    rng = np.random.default_rng(1)
    fixed = (PLACES * [1.05, 1, 1]) @ turn(2).T + rng.normal(0, 0.5, PLACES.shape)
    test = compare_voxel_size(
        fit_landmarks(PLACES, fixed, model="affine").transform, nominal_um=(5.0, 1.0, 1.0)
    )
    assert test.significant
    table = test.table().set_index("axis")
    assert table.loc["z", "p"] < 0.001 < table.loc[["y", "x"], "p"].min()
    assert table.loc["z", "fitted_um"] == pytest.approx(5.25, abs=0.03)
    assert list(table.index) == ["x", "y", "z"]
    assert "the stated voxel sizes disagree" in test.statement
    assert "µm (x, y, z) is stated" in test.statement


def test_what_is_not_known_of_the_nominal_size_counts():
    rng = np.random.default_rng(2)
    fixed = 1.01 * PLACES + rng.normal(0, 0.1, PLACES.shape)
    transform = fit_landmarks(PLACES, fixed, model="similarity").transform
    assert compare_voxel_size(transform, nominal_um=1.0).significant
    unsure = compare_voxel_size(transform, nominal_um=1.0, sigma_nominal=0.01)
    assert not unsure.significant
    assert "agree: scale all axes 1.01" in unsure.statement


def test_a_picture_has_two_axes():
    rng = np.random.default_rng(3)
    moving = rng.uniform(0, 100, (12, 2))
    lifted = np.column_stack([np.zeros(12), moving * [1.0, 1.1]]) @ turn(1).T
    fit = fit_landmarks(moving, lifted + rng.normal(0, 0.3, lifted.shape), model="affine")
    test = compare_voxel_size(fit.transform, nominal_um=(0.2, 0.2))
    assert test.axes == ("y", "x")
    np.testing.assert_allclose(test.scale, [1.0, 1.1], atol=0.02)
    assert test.p[1] < 0.01 < test.p[0]


def test_what_cannot_be_tested_is_refused():
    fit = fit_landmarks(PLACES, PLACES, model="rigid", sigma_um=1.0)
    with pytest.raises(ValueError, match="a rigid fit takes both voxel sizes as they are"):
        compare_voxel_size(fit.transform, nominal_um=1.0)
    exact = fit_landmarks(TETRAHEDRON, TETRAHEDRON, model="affine").transform
    with pytest.raises(CovarianceUnavailable, match="states no error"):
        compare_voxel_size(exact, nominal_um=1.0)
    free = fit_landmarks(PLACES, PLACES, model="affine", sigma_um=1.0).transform
    with pytest.raises(ValueError, match="nominal_um needs one value or 3 above 0"):
        compare_voxel_size(free, nominal_um=(1.0, 1.0))
