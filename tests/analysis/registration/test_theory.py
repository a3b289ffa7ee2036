"""Fiducial and target registration errors against closed forms and Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import confidence_region, fit_landmarks
from scalebridge.analysis.registration.estimate import closed_form, residuals
from scalebridge.analysis.registration.points import Pairs

from .constellations import BELOW, CUBE, SURFACE, TETRAHEDRON, turn, turn_2d

AWAY = np.array([[0.0, 0.0, 100.0]])  # x = 100
CENTRE = np.zeros((1, 3))
TRE2 = [
    (CUBE, "rigid", CENTRE, 0.375),
    (CUBE, "similarity", CENTRE, 0.375),
    (CUBE, "affine", CENTRE, 0.375),
    (CUBE, "rigid", AWAY, 0.875),
    (CUBE, "similarity", AWAY, 25 / 24),
    (CUBE, "affine", AWAY, 1.875),
    (TETRAHEDRON, "rigid", CENTRE, 0.75),
    (TETRAHEDRON, "rigid", AWAY, 1.75),
    (TETRAHEDRON, "similarity", AWAY, 25 / 12),
    (SURFACE, "rigid", BELOW, 0.85),
    (SURFACE, "similarity", BELOW, 0.9076),
]


@pytest.mark.parametrize(("landmarks", "model", "target", "expected"), TRE2)
def test_predicted_error_at_a_target_is_the_closed_form(
    landmarks, model, target, expected, reference
):
    fit = fit_landmarks(landmarks, landmarks, model=model, sigma_um=1.0)
    away = np.linalg.norm(target)
    what = f"squared target error, {model}, {len(landmarks)} landmarks, target {away:.4g} away"
    found, within = fit.tre_at(target)[0] ** 2, 1e-10
    reference(what, found, expected, rel=within, unit="σ²", source="Fitzpatrick et al. 1998")


def test_covariance_of_the_cube_and_of_the_surface_are_those_of_theory():
    cube = fit_landmarks(CUBE, CUBE, model="rigid", sigma_um=1.0).transform
    np.testing.assert_allclose(
        cube.covariance_at(AWAY)[0], np.diag([0.375, 0.375, 0.125]), atol=1e-10
    )
    surface = fit_landmarks(SURFACE, SURFACE, model="rigid", sigma_um=1.0).transform
    np.testing.assert_allclose(
        surface.covariance_at(BELOW)[0], np.diag([0.2, 0.36, 0.29]), atol=1e-10
    )


@pytest.mark.parametrize(
    ("model", "target_tre2"), [("rigid", 0.875), ("similarity", 25 / 24), ("affine", 1.875)]
)
def test_twenty_thousand_noisy_fits_scatter_as_predicted(model, target_tre2, reference):
    rng = np.random.default_rng(11)
    matrix, shift = turn(12), np.array([10.0, 20.0, 30.0])
    truth = CUBE @ matrix.T + shift
    squares, fre = np.empty(20_000), np.empty(20_000)
    for i in range(20_000):
        pairs = Pairs(CUBE, truth + rng.standard_normal(CUBE.shape), 3, 3)
        transform = closed_form(pairs, model)
        squares[i] = np.sum((transform.apply(AWAY) - (AWAY @ matrix.T + shift)) ** 2)
        fre[i] = np.mean(np.sum(residuals(pairs, transform) ** 2, axis=1))
    source, of = "Fitzpatrick et al. 1998", f"{model}, cube, mean of 20 000 fits"
    expected = 3 * (1 - transform.parameter_count / 24)
    reference(f"squared target error, {of}", squares.mean(), target_tre2, rel=0.03, source=source)
    reference(f"squared residual, {of}", fre.mean(), expected, rel=0.03, source=source)
    # the quality of the fit says nothing about the error at the target
    what = f"correlation of residual and target error, {model}, 5 000 fits"
    together = np.corrcoef(fre[:5000], squares[:5000])[0, 1]
    reference(what, together, 0, abs=0.05, source="Fitzpatrick 2009")


@pytest.mark.parametrize(("model", "parameters"), [("rigid", 3), ("similarity", 4), ("affine", 6)])
def test_residuals_of_pictures_shrink_with_the_parameters(model, parameters):
    rng = np.random.default_rng(13)
    square = np.array([[0, 0], [0, 80], [60, 0], [60, 80], [10, 40], [50, 30]], dtype=float)
    fre2 = []
    for _ in range(1500):
        fixed = square @ turn_2d(40).T + rng.standard_normal(square.shape)
        fre2.append(fit_landmarks(square, fixed, model=model).fre_um ** 2)
    assert np.mean(fre2) == pytest.approx(2 * (1 - parameters / 12), rel=0.05)


@pytest.mark.parametrize(
    ("landmarks", "model", "target", "known"),
    [
        (SURFACE, "rigid", BELOW, False),
        (TETRAHEDRON, "rigid", AWAY, False),
        (CUBE, "affine", AWAY, False),
        (CUBE, "similarity", AWAY, True),
    ],
)
def test_regions_of_95_percent_cover_in_93_to_97_percent_of_2000_repeats(
    landmarks, model, target, known, reference
):
    rng = np.random.default_rng(14)
    matrix = turn(15)
    truth, place = landmarks @ matrix.T, (target @ matrix.T)[0]
    covered = 0
    for _ in range(2000):
        noisy = truth + 0.5 * rng.standard_normal(landmarks.shape)
        sigma = 0.5 if known else None
        transform = fit_landmarks(landmarks, noisy, model=model, sigma_um=sigma).transform
        covariance = transform.covariance_at(target)[0]
        miss = transform.apply(target)[0] - place
        factor = confidence_region(covariance, nu=transform.nu).factor
        covered += miss @ np.linalg.solve(covariance, miss) <= factor
    told = "error known" if known else "error from residuals"
    what = f"share in 95 % regions, {model}, {len(landmarks)} landmarks, {told}"
    reference(what, covered / 2000, 0.95, abs=0.02, source="2 000 repeats")


def test_errors_of_both_images_and_of_single_landmarks_are_weighted_as_they_deserve():
    rng = np.random.default_rng(16)
    moving_sigma = rng.uniform(0.2, 1.5, CUBE.shape)
    fixed_sigma = rng.uniform(0.2, 1.5, len(CUBE))
    matrix = 1.3 * turn(17)
    truth, covered, squares, plain = AWAY @ matrix.T, 0, [], []
    for _ in range(300):
        moving = CUBE + moving_sigma * rng.standard_normal(CUBE.shape)
        fixed = CUBE @ matrix.T + fixed_sigma[:, None] * rng.standard_normal(CUBE.shape)
        fit = fit_landmarks(
            moving,
            fixed,
            model="similarity",
            sigma_moving_um=moving_sigma,
            sigma_fixed_um=fixed_sigma,
        )
        miss = (fit.transform.apply(AWAY) - truth)[0]
        covariance = fit.transform.covariance_at(AWAY)[0]
        covered += miss @ np.linalg.solve(covariance, miss) <= confidence_region(covariance).factor
        squares.append(miss @ miss)
        equal = fit_landmarks(moving, fixed, model="similarity").transform
        plain.append(np.sum((equal.apply(AWAY) - truth) ** 2))
    assert np.mean(squares) == pytest.approx(np.trace(covariance), rel=0.15)
    assert 0.91 <= covered / 300 <= 0.98
    assert np.mean(squares) < 0.95 * np.mean(plain)


def test_errors_of_the_moving_landmarks_do_not_shrink_the_scale():
    rng = np.random.default_rng(18)
    places = rng.uniform(-5, 5, (60, 3))
    scales: dict[str, list[float]] = {"weighted": [], "equal": []}
    for _ in range(60):
        moving = places + 1.2 * rng.standard_normal(places.shape)
        for name, sigmas in (("weighted", (1.2, 0.05)), ("equal", (None, None))):
            transform = fit_landmarks(
                moving,
                2.0 * places,
                model="affine",
                sigma_moving_um=sigmas[0],
                sigma_fixed_um=sigmas[1],
            ).transform
            scales[name].append(np.trace(transform.matrix) / 3)
    assert np.mean(scales["equal"]) < 1.75
    assert np.mean(scales["weighted"]) == pytest.approx(2.0, abs=0.04)


def test_without_stated_errors_the_size_comes_from_the_residuals():
    rng = np.random.default_rng(19)
    estimates = []
    for _ in range(400):
        fit = fit_landmarks(CUBE, CUBE + 0.7 * rng.standard_normal(CUBE.shape), model="rigid")
        assert (fit.transform.nu, fit.transform.sigma_source) == (18.0, "residuals")
        assert fit.transform.sigma_um is not None
        estimates.append(fit.transform.sigma_um**2)
    assert np.mean(estimates) == pytest.approx(0.49, rel=0.05)


def test_leave_one_out_is_the_error_of_a_fit_that_never_saw_the_landmark():
    rng = np.random.default_rng(20)
    fixed = CUBE @ turn(21).T + rng.standard_normal(CUBE.shape)
    fit = fit_landmarks(CUBE, fixed, model="similarity")
    others = np.arange(8) != 3
    without = fit_landmarks(CUBE[others], fixed[others], model="similarity").transform
    distance = np.linalg.norm(without.apply(CUBE[3]) - fixed[3])
    assert fit.loo_um[3] == pytest.approx(distance, rel=1e-12)
    assert fit.leverage.sum() == pytest.approx(7 / 3)
