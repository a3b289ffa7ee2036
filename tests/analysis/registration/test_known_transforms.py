"""A known transform in, the same transform out."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import MODELS, AffineTransform, fit_landmarks

from .constellations import CUBE, turn, turn_2d

SCALES = {"rigid": 1.0, "similarity": 1.7, "affine": 1.7}


def truth_for(model, seed=3):
    matrix = SCALES[model] * turn(seed)
    if model == "affine":
        matrix = matrix @ np.array([[1, 0.1, 0], [0, 0.8, 0.2], [0, 0, 1.1]])
    return matrix


@pytest.mark.parametrize("model", MODELS)
def test_exact_landmarks_give_the_transform_back(model):
    matrix, shift = truth_for(model), np.array([5.0, -70.0, 300.0])
    fit = fit_landmarks(CUBE, CUBE @ matrix.T + shift, model=model)
    np.testing.assert_allclose(fit.transform.matrix, matrix, atol=1e-12)
    np.testing.assert_allclose(
        fit.transform.apply(CUBE / 3), CUBE / 3 @ matrix.T + shift, atol=1e-9
    )
    assert fit.fre_um < 1e-9
    assert np.nanmax(fit.loo_um) < 1e-9


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("both", [False, True])
def test_weighted_fits_of_exact_landmarks_give_the_transform_back(model, both):
    matrix = truth_for(model)
    sigma = np.random.default_rng(0).uniform(0.5, 2, CUBE.shape)
    fit = fit_landmarks(
        CUBE,
        CUBE @ matrix.T,
        model=model,
        sigma_moving_um=sigma if both else None,
        sigma_fixed_um=sigma[::-1],
    )
    np.testing.assert_allclose(fit.transform.matrix, matrix, atol=1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_two_pictures_give_the_transform_back(model):
    rng = np.random.default_rng(1)
    moving = rng.uniform(-100, 100, (7, 2))
    matrix = SCALES[model] * turn_2d(33)
    if model == "affine":
        matrix = matrix @ np.array([[1, 0.3], [0, 0.7]])
    fit = fit_landmarks(moving, moving @ matrix.T + [10, 20], model=model)
    assert (fit.transform.ndim_moving, fit.transform.ndim_fixed) == (2, 2)
    np.testing.assert_allclose(fit.transform.matrix[1:, 1:], matrix, atol=1e-12)
    np.testing.assert_allclose(fit.transform.apply([[0.0, 0.0]]), [[0, 10, 20]], atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_picture_in_space_gives_the_transform_back(model):
    rng = np.random.default_rng(2)
    moving = rng.uniform(-100, 100, (6, 2))
    sides = SCALES[model] * turn(5)[:, 1:]
    if model == "affine":
        sides = sides @ np.array([[1, 0.3], [0, 0.7]])
    fit = fit_landmarks(moving, moving @ sides.T + [1, 2, 3], model=model)
    np.testing.assert_allclose(fit.transform.matrix[:, 1:], sides, atol=1e-12)
    assert np.linalg.det(fit.transform.matrix) > 0
    above = fit.transform.apply([[4.0, 0.0, 0.0]]) - fit.transform.apply([[0.0, 0.0, 0.0]])
    np.testing.assert_allclose(above @ sides, 0, atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dimensions", [(2, 2), (2, 3), (3, 3)])
def test_inverse_jacobian_and_json_belong_to_the_same_map(model, dimensions):
    rng = np.random.default_rng(4)
    moving = rng.uniform(-100, 100, (9, dimensions[0]))
    fixed = rng.normal(0, 1, (9, dimensions[1]))
    matrix = turn(6)[3 - dimensions[1] :, 3 - dimensions[0] :]
    if dimensions == (2, 2):
        matrix = turn_2d(20)
    transform = fit_landmarks(moving, fixed + moving @ matrix.T, model=model).transform
    points = rng.uniform(-80, 80, (5, 3))
    np.testing.assert_allclose(transform.inverse_apply(transform.apply(points)), points, atol=1e-9)

    jacobian = transform.jacobian(points)
    for column in range(transform.parameter_count):
        there, back = (nudged(transform, column, step) for step in (1e-6, -1e-6))
        slope = (there.apply(points) - back.apply(points)) / 2e-6
        np.testing.assert_allclose(jacobian[:, :, column], slope, atol=1e-5)

    again = AffineTransform.from_dict(transform.to_dict())
    assert (again.apply(points) == transform.apply(points)).all()
    assert (again.covariance_at(points) == transform.covariance_at(points)).all()
    assert again.nu == transform.nu


def nudged(transform, column, step):
    from scalebridge.analysis.registration.estimate import moved

    change = np.zeros(transform.parameter_count)
    change[column] = step
    return moved(transform, change)


def test_covariance_of_the_inverse_agrees_with_draws():
    rng = np.random.default_rng(7)
    fit = fit_landmarks(CUBE, 2 * CUBE @ turn(8).T, model="affine", sigma_um=0.5)
    point = np.array([[80.0, 10.0, -60.0]])
    matrices, offsets = fit.transform.draw(40_000, rng)
    drawn = np.linalg.solve(matrices, (point - offsets)[..., None])[..., 0]
    predicted = fit.transform.inverse_covariance_at(point)[0]
    np.testing.assert_allclose(np.cov(drawn.T), predicted, atol=0.03 * np.trace(predicted))


def test_simpleitk_maps_the_same_points_in_its_own_axis_order():
    from scalebridge.analysis.registration import from_sitk, to_sitk

    fit = fit_landmarks(CUBE, CUBE @ truth_for("affine").T + [1, 2, 3], model="affine")
    there = to_sitk(fit.transform)
    point = np.array([3.0, 20.0, -40.0])
    mapped = np.array(there.TransformPoint(tuple(point[::-1])))[::-1]
    np.testing.assert_allclose(mapped, fit.transform.apply(point)[0], atol=1e-9)
    np.testing.assert_allclose(from_sitk(there).apply(point), [mapped], atol=1e-9)
