"""Hysteresis and local thresholds, against scikit-image and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.filters import apply_hysteresis_threshold, threshold_local

from scalebridge.analysis.segmentation import (
    SegmentationRecipe,
    hysteresis_labels,
    levelled,
    segment,
)


def field(shape: tuple[int, ...], seed: int) -> np.ndarray:
    soft = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5)
    return 100 + 20 * soft / soft.std()


@pytest.mark.parametrize("shape", [(60, 70), (20, 24, 28)])
def test_hysteresis_is_that_of_scikit_image(shape) -> None:
    image = field(shape, 1)
    found = hysteresis_labels(image, low=(110,), high=(130,))
    expected = apply_hysteresis_threshold(image, 110, 130)
    assert 0 < expected.sum() < (image >= 110).sum()
    np.testing.assert_array_equal(found, expected)


def test_classes_of_a_hysteresis_lie_inside_each_other() -> None:
    image = field((24, 24, 24), 2)
    found = hysteresis_labels(image, low=(100, 115), high=(112, 127), connectivity=26)
    one = hysteresis_labels(image, low=(100,), high=(112,), connectivity=26)
    two = hysteresis_labels(image, low=(115,), high=(127,), connectivity=26)
    np.testing.assert_array_equal(found, one + two)
    assert not (two > one).any()


def test_a_rise_of_nothing_is_a_plain_threshold() -> None:
    image = field((30, 30), 3)
    made = SegmentationRecipe((95.0, 110.0), method="hysteresis", seed_rise=0.0)
    np.testing.assert_array_equal(
        segment(image, recipe=made), segment(image, thresholds=(95.0, 110.0))
    )


def test_the_higher_threshold_may_not_lie_below() -> None:
    with pytest.raises(ValueError, match="high needs one value a low one, none below it"):
        hysteresis_labels(field((5, 5), 1), low=(110,), high=(100,))


@pytest.mark.parametrize("kind", ["mean", "gaussian"])
@pytest.mark.parametrize("width", [3, 9, 15])
def test_surroundings_are_those_of_scikit_image(kind, width) -> None:
    image = field((40, 50), 4)
    found = levelled(image, window_um=width, spacing_um=(1, 1), shape=kind)
    expected = image - threshold_local(image, width, method=kind, mode="reflect")
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_window_is_as_wide_in_micrometres_along_every_axis() -> None:
    image = np.zeros((41, 41, 41), np.uint8)
    image[20, 20, 20] = 90
    found = levelled(image, window_um=9.0, spacing_um=(3.0, 1.0, 1.0)) < 0
    reach = [np.ptp(axis) // 2 for axis in np.nonzero(found)]
    assert reach == [1, 4, 4]


def test_brightness_that_drifts_is_taken_off() -> None:
    y, x = np.indices((120, 200))
    drift = 0.8 * x
    dots = ((y % 20 - 10) ** 2 + (x % 20 - 10) ** 2) <= 9
    image = 40 + drift + 30 * dots
    best = min(np.mean((image >= level) != dots) for level in np.arange(40, 230))
    assert best > 0.05  # no one threshold does it
    made = SegmentationRecipe((15.0,), method="local", window=41)
    found = segment(image, recipe=made)[21:-21, 21:-21]
    np.testing.assert_array_equal(found == 1, dots[21:-21, 21:-21])


def test_what_is_not_a_number_is_left_out_of_the_mean() -> None:
    image = np.full((9, 9), 50.0)
    image[4, 4] = np.nan
    found = levelled(image, window_um=3, spacing_um=(1, 1))
    assert np.isnan(found[4, 4])
    assert np.nanmax(np.abs(found)) < 1e-5


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="window_um needs a width of more than 0"):
        levelled(np.zeros((4, 4)), window_um=0, spacing_um=(1, 1))
