"""Blocks are found where they were put."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.registration.blocks import match_blocks

CENTRES = np.array([[60.0, 60.0], [60.0, 140.0], [140.0, 60.0], [140.4, 139.7]])


def _texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(200, 200))
    return ndimage.gaussian_filter(noise, 2.0)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.4), (5.5, 7.25), (-9.8, 3.1)])
def test_a_known_shift_is_found_to_a_tenth_of_a_pixel(shift: tuple[float, float]) -> None:
    template = _texture()
    image = ndimage.fourier_shift(np.fft.fftn(template), shift)
    found = match_blocks(template, np.fft.ifftn(image).real, centres_px=CENTRES)
    assert np.abs(found.places_px - CENTRES - shift).max() < 0.1
    assert found.score.min() > 0.9


def test_brightness_and_contrast_do_no_harm() -> None:
    template = _texture()
    plain = match_blocks(template, template, centres_px=CENTRES)
    other = match_blocks(template, 7.0 + 3.0 * template, centres_px=CENTRES)
    assert np.allclose(plain.places_px, other.places_px)


def test_a_stretch_about_a_block_leaves_its_centre() -> None:
    template = _texture()
    centre = np.array([100.0, 100.0])
    matrix = np.diag([1 / 1.02, 1 / 0.98])
    image = ndimage.affine_transform(template, matrix, offset=centre - matrix @ centre, order=3)
    found = match_blocks(template, image, centres_px=centre[None])
    assert np.abs(found.places_px - centre).max() < 0.15


def test_a_block_that_shows_nothing_or_left_the_search_is_not_placed() -> None:
    template = _texture()
    empty = template.copy()
    empty[:110, :110] = 5.0
    assert np.isnan(match_blocks(empty, template, centres_px=CENTRES[:1]).places_px).all()
    beyond = match_blocks(template, template, centres_px=[[3.0, 100.0]])
    assert np.isnan(beyond.score).all()


def test_centres_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"centres \(n, 2\), got"):
        match_blocks(_texture(), _texture(), centres_px=[60.0, 60.0])
