"""Thresholds and labels of images whose phases are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.segmentation import (
    otsu_thresholds,
    sample_blocks,
    segment,
    suggest_thresholds,
)


def balls(share: float, *, blur: float, noise: float, seed: int, size: int = 72) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grid = np.indices((size,) * 3)
    inside = np.zeros((size,) * 3, bool)
    while inside.mean() < share:
        centre = rng.uniform(0, size, 3)
        inside |= ((grid - centre.reshape(3, 1, 1, 1)) ** 2).sum(0) <= rng.uniform(6, 10) ** 2
    grey = 50 + 100 * gaussian_filter(inside.astype(float), blur)
    return grey + rng.normal(0, noise, inside.shape)


@pytest.mark.parametrize("share", [0.05, 0.15, 0.5])
@pytest.mark.parametrize("noise", [5, 20])
def test_the_threshold_is_half_way_whatever_the_shares_of_the_phases(share, noise) -> None:
    image = balls(share, blur=1.3, noise=noise, seed=1)
    found = suggest_thresholds(image)
    assert found.values[0] == pytest.approx(100, abs=1.0)
    assert found.class_means == pytest.approx((50, 150), abs=1.5)
    assert found.class_sigmas == pytest.approx((noise, noise), rel=0.1)


def test_the_threshold_lies_within_twice_its_uncertainty_nineteen_times_in_twenty() -> None:
    inside = []
    for seed in range(20):
        found = suggest_thresholds(balls(0.15, blur=1.3, noise=15, seed=seed, size=48))
        inside.append(abs(found.values[0] - 100) <= 2 * found.uncertainty[0])
    assert np.mean(inside) >= 0.8
    assert found.uncertainty[0] < 2


def test_otsu_is_drawn_to_the_larger_class_and_the_suggestion_is_not() -> None:
    image = balls(0.05, blur=1.3, noise=15, seed=2)
    assert abs(otsu_thresholds(image)[0] - 100) > 5
    assert abs(suggest_thresholds(image).values[0] - 100) < 1.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_every_type_of_image_gives_the_same_threshold(dtype) -> None:
    image = balls(0.2, blur=1.0, noise=5, seed=3, size=48)
    assert suggest_thresholds(image.astype(dtype)).values[0] == pytest.approx(99.7, abs=0.8)


def test_not_a_number_is_left_out() -> None:
    image = balls(0.2, blur=1.0, noise=5, seed=3, size=48)
    image[:3] = np.nan
    assert suggest_thresholds(image).values[0] == pytest.approx(100, abs=1)


def test_a_mask_keeps_what_is_around_the_specimen_out() -> None:
    image = balls(0.2, blur=1.0, noise=5, seed=4, size=48)
    mask = np.ones(image.shape, bool)
    mask[:16] = False
    image[:16] = 1000.0
    assert suggest_thresholds(image, mask=mask).values[0] == pytest.approx(100, abs=2)


def test_the_blurred_border_between_dark_and_bright_is_called_out_as_no_phase() -> None:
    found = suggest_thresholds(balls(0.3, blur=1.5, noise=2, seed=5), classes=3)
    assert any("class 1" in warning for warning in found.warnings)


def test_too_much_noise_is_called_out() -> None:
    found = suggest_thresholds(balls(0.3, blur=1.5, noise=90, seed=5))
    assert any("smooth before thresholding" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("image", "classes", "words"),
    [
        (np.ones((9, 9)), 2, "image needs two different grey values, got only 1"),
        (np.full((9, 9), np.nan), 2, "image needs finite grey values, got none"),
        (np.indices((9, 9))[0], 7, "classes needs 2 to 5, got 7"),
        (np.ones((3, 9, 9, 9)), 2, "image needs 2 axes"),
    ],
)
def test_images_without_phases_are_refused_in_words(image, classes, words) -> None:
    with pytest.raises(ValueError, match=words):
        suggest_thresholds(image, classes=classes)


def test_a_voxel_at_the_threshold_belongs_to_the_upper_class() -> None:
    image = np.array([[89, 90, 91, 149, 150]], np.uint8)
    assert segment(image, thresholds=(90, 150)).tolist() == [[0, 1, 1, 1, 2]]


def test_smoothing_in_slabs_is_smoothing_of_the_whole(monkeypatch) -> None:
    from scalebridge.analysis.segmentation import segment as public
    from scalebridge.analysis.segmentation.segment import __dict__ as module

    image = np.random.default_rng(0).normal(100, 20, (40, 30, 30)).astype(np.float32)
    whole = public(image, thresholds=(100,), smoothing_px=(1.5, 1.0, 1.0))
    monkeypatch.setitem(module, "_SLAB_VOXELS", 30 * 30 * 3)
    assert np.array_equal(public(image, thresholds=(100,), smoothing_px=(1.5, 1.0, 1.0)), whole)


def test_specks_go_to_the_class_around_them_and_what_is_large_stays() -> None:
    image = np.zeros((20, 20, 20))
    image[3:12, 3:12, 3:12] = 200
    image[15, 15, 15] = 200  # speck in the dark
    image[5, 5, 5] = 0  # hole in the bright
    image[8, 8, 8] = 100  # speck of the middle class in the bright
    labels = segment(image, thresholds=(50, 150), min_size_px=5)
    expected = np.zeros(image.shape, np.uint8)
    expected[3:12, 3:12, 3:12] = 2
    assert np.array_equal(labels, expected)


def test_enclosed_holes_are_filled_and_those_open_to_the_border_are_not() -> None:
    image = np.full((12, 12), 200)
    image[3:6, 3:6] = 0
    image[9:, 9:] = 0
    labels = segment(image, thresholds=(100,), fill_holes=True)
    assert labels[4, 4] == 1
    assert labels[10, 10] == 0


def test_a_large_image_is_sampled_in_blocks_that_do_not_overlap() -> None:
    image = np.arange(256 * 200 * 300, dtype=np.int32).reshape(256, 200, 300)
    blocks = list(sample_blocks(image, blocks=8))
    assert len(blocks) == 8
    assert all(block.shape == (64, 64, 64) for block in blocks)
    assert len(np.unique(np.concatenate([b.ravel() for b in blocks]))) == 8 * 64**3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"thresholds": ()}, "thresholds needs 1 to 254 values"),
        ({"thresholds": (np.nan,)}, "thresholds needs finite values"),
        ({"thresholds": (3, 2)}, "thresholds needs increasing values"),
        ({"thresholds": (1,), "smoothing_px": -1}, "smoothing_px needs finite values of 0 or more"),
        ({"thresholds": (1,), "min_size_px": -1}, "min_size_px needs a count of 0 or more"),
    ],
)
def test_bad_options_are_refused_in_words(options, words) -> None:
    with pytest.raises(ValueError, match=words):
        segment(np.zeros((4, 4)), **options)
