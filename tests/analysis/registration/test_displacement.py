"""Displacement fields: there, back, folds, errors, and SimpleITK as the witness."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from scalebridge.analysis.registration import (
    DisplacementField,
    field_from_sitk,
    from_sitk,
    refuse_unsound,
    to_sitk,
    transform_from_dict,
)
from scalebridge.errors import CovarianceUnavailable, Degenerate

SHAPE, SPACING, ORIGIN = (6, 7, 8), (2.0, 3.0, 4.0), (-1.0, 5.0, 10.0)


def bent(size=0.4, **error):
    rng = np.random.default_rng(0)
    values = rng.uniform(-size, size, (*SHAPE, 3))
    return DisplacementField(values, spacing_um=SPACING, origin_um=ORIGIN, **error)


def inside(count, rim=0.0):
    end = np.array(SPACING) * (np.array(SHAPE) - 1)
    return np.array(ORIGIN) + rim + (end - 2 * rim) * np.random.default_rng(1).random((count, 3))


def test_points_move_as_simpleitk_moves_them():
    field, points = bent(), inside(300)
    theirs = to_sitk(field)
    expected = [theirs.TransformPoint(point[::-1].tolist())[::-1] for point in points]
    np.testing.assert_allclose(field.apply(points), expected, atol=1e-12)
    again = field_from_sitk(theirs)
    np.testing.assert_array_equal(again.field_um, field.field_um)
    np.testing.assert_allclose(again.origin_um, ORIGIN)


def test_a_b_spline_is_sampled_on_a_grid():
    coarse = sitk.Image([20, 20, 20], sitk.sitkFloat32)
    spline = sitk.BSplineTransformInitializer(coarse, [3, 3, 3])
    rng = np.random.default_rng(2)
    spline.SetParameters(rng.uniform(-0.5, 0.5, len(spline.GetParameters())).tolist())
    with pytest.raises(ValueError, match="read one that bends with field_from_sitk"):
        from_sitk(spline)
    with pytest.raises(ValueError, match="has no grid of its own: give shape"):
        field_from_sitk(spline)
    field = field_from_sitk(spline, shape=(16, 16, 16), spacing_um=(1, 1, 1), sigma_um=0.1)
    for point in rng.integers(0, 15, (20, 3)).astype(float):
        expected = spline.TransformPoint(point[::-1].tolist())[::-1]
        np.testing.assert_allclose(field.apply(point)[0], expected, atol=1e-9)


def test_pictures_stay_in_their_plane():
    rng = np.random.default_rng(3)
    values = rng.uniform(-0.3, 0.3, (1, 9, 9, 3)) * [0, 1, 1]
    field = DisplacementField(values, spacing_um=(1, 1, 1), sigma_um=0.2)
    assert field.ndim_moving == 2
    points = rng.uniform(0, 8, (50, 2))
    theirs = to_sitk(field)
    expected = [theirs.TransformPoint(point[::-1].tolist())[::-1] for point in points]
    np.testing.assert_allclose(field.apply(points)[:, 1:], expected, atol=1e-12)
    assert field.jacobian_determinant().shape == (1, 8, 8)
    assert field.covariance_at([[4, 4]])[0].tolist() == np.diag([0, 0.2**2, 0.2**2]).tolist()
    np.testing.assert_array_equal(field_from_sitk(theirs).field_um, field.field_um)


def test_the_way_back_ends_where_the_way_there_began():
    field, points = bent(), inside(200, rim=0.5)
    there = field.apply(points)
    np.testing.assert_allclose(field.inverse_apply(there), points, atol=1e-7)


def test_the_slope_is_what_small_steps_show():
    field, points = bent(), inside(40, rim=0.5)
    for axis in range(3):
        step = 1e-7 * np.eye(3)[axis]
        seen = (field.apply(points + step) - field.apply(points - step)) / 2e-7
        np.testing.assert_allclose(field.gradient(points)[:, :, axis], seen, atol=1e-6)


def test_a_known_stretch_has_its_determinant_and_a_turned_layer_is_a_fold():
    z = np.arange(5.0)[:, None, None, None] * np.ones((5, 4, 4, 1))
    stretched = DisplacementField(0.5 * z * [1, 0, 0], spacing_um=(1, 1, 1))
    np.testing.assert_allclose(stretched.jacobian_determinant(), 1.5)
    assert stretched.folds() == 0
    values = np.zeros((5, 4, 4, 3))
    values[2:, ..., 0] = -1.5  # the third layer lies below the second
    folded = DisplacementField(values, spacing_um=(1, 1, 1))
    assert folded.folds() == 0.25
    with pytest.raises(Degenerate, match=r"folds in 0\.25 of its cells"):
        refuse_unsound(folded)
    with pytest.raises(Degenerate, match="the map folds"):
        folded.inverse_apply(folded.apply([[1.5, 1, 1]]))


def test_outside_the_grid_nothing_is_known():
    field = bent()
    with pytest.raises(ValueError, match="known on its grid only"):
        field.apply([[100.0, 6, 12]])
    with pytest.raises(Degenerate):
        field.inverse_apply([[100.0, 6, 12]])


def test_errors_are_carried_and_drawn():
    points = inside(3)
    with pytest.raises(CovarianceUnavailable, match="came without an error"):
        bent().covariance_at(points)
    full = np.diag([1.0, 4.0, 9.0]) + 0.5
    field = bent(covariance_um2=full, correlation_um=1e3)
    np.testing.assert_allclose(field.covariance_at(points), np.broadcast_to(full, (3, 3, 3)))
    drawn = field.draw(points, 20000, np.random.default_rng(4)) - field.apply(points)
    np.testing.assert_allclose(np.cov(drawn[:, 1].T), full, atol=0.25)
    np.testing.assert_allclose(drawn[:, 0], drawn[:, 1], atol=0.5)  # far within their distance
    with pytest.raises(CovarianceUnavailable, match="correlation_um"):
        bent(sigma_um=1.0).draw(points, 5, np.random.default_rng(4))
    rising = np.arange(6.0)[:, None, None] * np.ones(SHAPE)
    places = np.array([[1.0, 8.0, 14.0]])  # the first layer
    variance = bent(sigma_um=rising).covariance_at(places)[0, 0, 0]
    assert variance == pytest.approx(1.0)


def test_small_fields_survive_json_and_large_ones_are_images():
    field = bent(sigma_um=0.3, nu=12.0, correlation_um=50.0)
    again = transform_from_dict(json.loads(json.dumps(field.to_dict())))
    np.testing.assert_array_equal(again.apply(inside(9)), field.apply(inside(9)))
    assert (again.nu, again.correlation_um, float(again.sigma_um)) == (12.0, 50.0, 0.3)
    with pytest.raises(ValueError, match=r"up to 20,000 numbers, got 24,000: keep the field"):
        DisplacementField(np.zeros((20, 20, 20, 3)), spacing_um=(1, 1, 1)).to_dict()


def test_what_is_no_field_is_refused():
    with pytest.raises(ValueError, match=r"field_um needs shape \(z, y, x, 3\)"):
        DisplacementField(np.zeros((4, 4, 3)), spacing_um=(1, 1, 1))
    with pytest.raises(ValueError, match="NaN or infinity"):
        DisplacementField(np.full((4, 4, 4, 3), np.nan), spacing_um=(1, 1, 1))
    with pytest.raises(ValueError, match="give one of them"):
        bent(sigma_um=1.0, covariance_um2=np.eye(3))
    with pytest.raises(ValueError, match="sigma_um needs values of 0 or more"):
        bent(sigma_um=-1.0)
