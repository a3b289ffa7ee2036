"""The correction for blur and noise is taken only where the image looks like its model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, gaussian_laplace

from scalebridge.analysis.quantification import PhaseMeasurements, measure_phases
from scalebridge.analysis.quantification.model_fit import LARGEST_MISFIT, model_misfit
from scalebridge.analysis.quantification.rendering import Imaging
from scalebridge.analysis.quantification.sphere_scene import sphere_scene

NAME = "looks like uniform phases, blurred and noisy"


@pytest.fixture(scope="module")
def scene():
    return sphere_scene(
        shape=(56, 56, 56), spacing_um=(1, 1, 1), radii_um=(5, 9), fraction=0.2, gap_um=4, seed=2
    )


@pytest.fixture(scope="module")
def image(scene):
    return scene.image(blur_um=1.0, noise=8, seed=2)


def measured(image: np.ndarray) -> PhaseMeasurements:
    return measure_phases(
        image,
        thresholds=(100.0,),
        threshold_uncertainty=1.0,
        spacing_um=(1, 1, 1),
        names=("matrix", "sphere"),
        phase="sphere",
    )


def check_of(found: PhaseMeasurements):
    (check,) = (c for c in found["sphere.volume_fraction"].checks if c.name == NAME)
    return check


def test_blurred_noisy_spheres_look_like_their_model_and_are_corrected(scene, image) -> None:
    found = measured(image)
    fraction = found["sphere.volume_fraction"]
    assert check_of(found).passed is True
    assert fraction.value != fraction.as_segmented
    assert abs(fraction.value - scene.truth()["volume_fraction"]) < fraction.uncertainty


def test_fringes_as_of_phase_contrast_take_nothing_off(scene, image) -> None:
    fringes = -60 * gaussian_laplace(scene.image(blur_um=1.0, noise=0, seed=2), 2.0)
    found = measured(image + fringes)
    assert check_of(found).passed is None
    assert "Nothing is taken off" in check_of(found).detail
    for measurement in found:
        assert measurement.value == measurement.as_segmented


def test_shading_takes_nothing_off(image) -> None:
    shaded = image + np.linspace(-30, 30, image.shape[2])
    assert check_of(measured(shaded)).passed is None


def test_the_misfit_of_a_model_with_itself_is_small_and_of_another_is_the_overlap() -> None:
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[:, :, 20:] = 1
    rng = np.random.default_rng(5)
    imaging = Imaging((50.0, 150.0), (5.0, 5.0), (1.0, 1.0, 1.0), 0.0)
    grey = gaussian_filter(np.where(labels, 150.0, 50.0), 1.0) + rng.normal(0, 5, labels.shape)
    assert model_misfit(grey, labels, imaging=imaging) < 0.02
    third = np.where(np.arange(40)[:, None, None] < 10, 300.0, grey)
    assert model_misfit(third, labels, imaging=imaging) == pytest.approx(0.25, abs=0.02)
    inside = np.broadcast_to(np.arange(40)[:, None, None] >= 10, labels.shape)
    assert model_misfit(third, labels, imaging=imaging, mask=inside) < LARGEST_MISFIT / 4
