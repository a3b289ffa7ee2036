"""Checks that tell noise from a wrong surface, and images that are segmentations already."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.quantification import measure_phases, two_point_correlation
from scalebridge.analysis.quantification.chord_identity import chord_identity
from scalebridge.analysis.quantification.phase_quantities import phase_figures

ONE = (1.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def field() -> np.ndarray:
    made = gaussian_filter(np.random.default_rng(0).standard_normal((72,) * 3), 4, mode="wrap")
    return made / made.std()


def identity(phase: np.ndarray):
    found = phase_figures(phase, spacing_um=ONE, connectivity=26)
    return chord_identity(phase, found, spacing_um=ONE)


def test_speckles_of_noise_are_named_and_raise_no_alarm_of_a_wrong_surface(field) -> None:
    smooth = field > 0.5
    assert identity(smooth).passed is True
    rng = np.random.default_rng(1)
    for share in (0.01, 0.1):
        found = identity(smooth ^ (rng.random(smooth.shape) < share))
        assert found.passed is None
        assert "smooth, or remove small objects, if it is noise" in found.detail
    assert "% of the surface" in found.detail


def test_nothing_but_noise_still_fails() -> None:
    assert identity(np.random.default_rng(2).random((48,) * 3) < 0.3).passed is False


def test_plates_have_a_direction_and_are_not_judged() -> None:
    assert identity(np.indices((40,) * 3)[0] % 10 < 5).passed is None


def test_of_a_segmentation_nothing_is_taken_off_and_its_threshold_is_said_to_be_unknown(
    field,
) -> None:
    labels = field > 0.5
    image = np.where(labels, 255, 0).astype(np.uint8)
    keys = {"spacing_um": ONE, "names": ("rest", "phase"), "phase": "phase"}
    found = measure_phases(image, thresholds=(40,), threshold_uncertainty=0, **keys)
    fraction = found["phase.volume_fraction"]
    assert fraction.value == labels.mean()
    assert {name for name, size in fraction.parts.items() if size} == {"voxels"}
    said = [check for check in fraction.checks if check.name == "already segmented"]
    assert [check.passed for check in said] == [None]
    assert not [check for check in fraction.checks if check.name.startswith("threshold")]
    grey = gaussian_filter(image.astype(float), 1)
    other = measure_phases(grey, thresholds=(127.5,), threshold_uncertainty=1, **keys)
    names = [check.name for check in other["phase.volume_fraction"].checks]
    assert "already segmented" not in names


def test_sizes_of_the_rest_are_named_where_one_piece_crosses() -> None:
    image = np.zeros((40, 40, 40), np.uint8)
    image[:, 10:30, 10:30] = 255
    image[4:8, 2:6, 2:6] = 255
    found = measure_phases(
        image, thresholds=(100,), threshold_uncertainty=0, spacing_um=ONE, names=("a", "b"),
        phase="b",
    )  # fmt: skip
    assert "beside the piece that crosses" in found["b.mean_diameter"].name
    assert "beside" not in found["b.volume_fraction"].name


def test_objects_that_the_border_cuts_have_no_density() -> None:
    image = np.zeros((30, 30, 30), np.uint8)
    image[:8, 8:20, 8:20] = 255
    found = measure_phases(
        image, thresholds=(100,), threshold_uncertainty=0, spacing_um=ONE, names=("a", "b"),
        phase="b",
    )  # fmt: skip
    assert "b.object_density" not in {m.key for m in found}


def test_the_slope_for_smooth_surfaces_is_nearer_to_them(field) -> None:
    found = two_point_correlation(field > 0.4, spacing_um=ONE, periodic=True, reach_um=12)
    # a Gaussian kernel of 4 has the correlation exp(-r² / 64); Rice's formula for level sets
    truth = 2 / np.pi * np.sqrt(1 / 32) * np.exp(-(0.4**2) / 2)
    assert found.smooth_surface_per_um == pytest.approx(truth, rel=0.06)
    assert truth < found.smooth_surface_per_um < found.specific_surface_per_um
