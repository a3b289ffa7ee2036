"""Noise that neighbours share makes a centroid less certain, and its error says so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate1d, gaussian_filter

from scalebridge.analysis.segmentation import refine_centre
from scalebridge.analysis.segmentation.noise_correlation import noise_correlation, spread_of_noise

KERNEL = np.array([0.25, 1.0, 0.25])  # as a reconstruction leaves it


def grain(rng: np.random.Generator, shape: tuple[int, ...], axes: tuple[int, ...]) -> np.ndarray:
    """Noise of unit scatter whose neighbours are alike along some axes."""
    noise = rng.standard_normal(shape)
    for axis in axes:
        noise = correlate1d(noise, KERNEL / np.sqrt(1.125), axis=axis, mode="wrap")
    return noise


def test_what_neighbours_share_is_told_by_axis_and_not_by_edges() -> None:
    rng = np.random.default_rng(0)
    noise = grain(rng, (60, 60, 60), (0, 2))
    noise[:, 20:30, 15:40] += 30.0
    found = noise_correlation(noise)
    assert found[0] == pytest.approx([0.5 / 1.125, 0.0625 / 1.125], abs=0.1)
    assert found[1] == pytest.approx([0, 0], abs=0.1)
    assert found[2] == pytest.approx([0.5 / 1.125, 0.0625 / 1.125], abs=0.1)


def test_objects_around_a_mark_are_no_noise() -> None:
    picture = 100 + 10 * grain(np.random.default_rng(4), (40, 40, 40), (0, 1, 2))
    plain = refine_centre(_ball(picture, (20, 20, 20)), (20, 20, 20), **MARK)
    crowded = picture.copy()
    for beside in ((28, 20, 20), (20, 28, 20), (20, 14, 14), (14, 24, 26)):
        crowded = _ball(crowded, beside, radius=1.8)
    found = refine_centre(_ball(crowded, (20, 20, 20)), (20, 20, 20), **MARK)
    assert np.mean(found.sigma_um) < 1.3 * np.mean(plain.sigma_um)


MARK = {"spacing_um": (1, 1, 1), "diameter_um": 8, "bright": True}


def _ball(picture: np.ndarray, centre: tuple[int, ...], radius: float = 4.0) -> np.ndarray:
    away = np.linalg.norm(np.moveaxis(np.indices(picture.shape), 0, -1) - centre, axis=-1)
    return picture + 40 * gaussian_filter(np.clip(radius + 0.5 - away, 0, 1), 0.7)


def test_whole_numbers_tell_it_as_well() -> None:
    noise = grain(np.random.default_rng(1), (300, 300), (1,))
    found = noise_correlation(np.rint(100 + 4 * noise).astype(np.uint8))
    assert found[1, 0] == pytest.approx(0.5 / 1.125, abs=0.05)
    assert found[0, 0] == pytest.approx(0, abs=0.05)


def test_a_sum_scatters_as_much_as_drawn_ones() -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(7, 6, 5)) + 1
    drawn = [np.sum(weights * grain(rng, weights.shape, (0, 1, 2))) for _ in range(4000)]
    alike = np.tile([0.5 / 1.125, 0.0625 / 1.125], (3, 1))
    # at the wrapped border neighbours are alike that the window does not know
    assert np.std(drawn) == pytest.approx(spread_of_noise(weights, alike), rel=0.15)


@pytest.mark.parametrize("axes", [(), (0, 1, 2)])
def test_centres_miss_by_as_much_as_they_state(axes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    errors, sigmas = [], []
    for _ in range(40):
        centre = 12.5 + rng.uniform(-0.5, 0.5, 3)
        away = np.linalg.norm(np.moveaxis(np.indices((26, 26, 26)), 0, -1) - centre, axis=-1)
        ball = gaussian_filter(np.clip(4.5 - away, 0, 1), 0.7)
        picture = 100 + 65 * ball + 10 * grain(rng, ball.shape, axes)
        found = refine_centre(picture, centre, spacing_um=(1, 1, 1), diameter_um=8)
        errors.append(np.array(found.position_um) - centre)
        sigmas.append(found.sigma_um)
    stated, missed = (np.sqrt(np.mean(np.square(v))) for v in (sigmas, errors))
    assert 0.75 < stated / missed < 1.4
