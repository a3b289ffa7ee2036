"""Noise, contrast, saturation and sharpness of images made to measure."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from scalebridge.analysis.imaging import (
    edge_blur,
    image_quality,
    noise_sigma,
    technique_for,
    techniques,
)
from scalebridge.analysis.quantification.sphere_scene import sphere_scene


@pytest.fixture(scope="module")
def scene():
    return sphere_scene(
        shape=(72, 72, 72), spacing_um=(1, 1, 1), radii_um=(8, 14), fraction=0.25, gap_um=8, seed=2
    )


@pytest.mark.parametrize("blur", [1.0, 2.0])
@pytest.mark.parametrize("noise", [2, 15])
def test_the_edge_width_is_that_of_the_blur(scene, blur, noise) -> None:
    found = image_quality(scene.image(blur_um=blur, noise=noise, seed=1), spacing_um=(1, 1, 1))
    true = 2.563 * np.sqrt(blur**2 + 1 / 12)  # the width of the voxel is part of it
    assert found.edge_width_px == pytest.approx(true, rel=0.1)
    assert abs(found.edge_width_px - true) < 3 * found.edge_width_error_px
    assert found.contrast == pytest.approx(100, abs=2)
    assert found.contrast_to_noise == pytest.approx(100 / noise, rel=0.15)
    assert found.edge_width_um == pytest.approx(found.edge_width_px, rel=0.1)


def test_the_blur_of_flat_voxels_is_told_axis_by_axis() -> None:
    flat = sphere_scene(
        shape=(30, 90, 90), spacing_um=(3, 1, 1), radii_um=(14, 20), fraction=0.3, gap_um=10, seed=1
    )
    image = flat.image(blur_um=2.4, noise=3, seed=0)
    z, y, x = edge_blur(image, low=50, high=150).sigma_axes_px
    assert z == pytest.approx(np.sqrt(0.8**2 + 1 / 12), rel=0.25)  # few voxels a radius
    assert (y, x) == pytest.approx((2.42, 2.42), rel=0.1)


def test_noise_is_seen_through_structure(scene) -> None:
    for noise in (3.0, 12.0):
        image = scene.image(blur_um=1.5, noise=noise, seed=4)
        assert noise_sigma(image) == pytest.approx(noise, rel=0.05)
        assert noise_sigma(image[30]) == pytest.approx(noise, rel=0.1)


def test_saturation_is_the_share_at_the_end_that_piles_up(scene) -> None:
    image = scene.image(blur_um=1.0, noise=10, greys=(50, 250), seed=3)
    clipped = np.clip(image, 0, 255).astype(np.uint8)
    found = image_quality(clipped)
    assert found.saturated_high == pytest.approx(np.mean(clipped == 255), abs=1e-6)
    assert found.saturated_high > 0.02
    assert found.saturated_low == 0
    assert image_quality(np.round(image / 4).astype(np.uint8)).saturated_high == 0


def test_an_image_of_one_phase_has_noise_and_no_contrast() -> None:
    found = image_quality(np.random.default_rng(0).normal(100, 5, (128, 128)))
    assert found.noise == pytest.approx(5, rel=0.05)
    assert np.isnan(found.contrast)
    assert np.isnan(found.edge_width_px)
    assert image_quality(np.full((64, 64), 3.0)).noise == 0


def test_a_large_image_is_sampled_and_says_so() -> None:
    image = np.broadcast_to(np.arange(4000.0)[None, :] > 2000, (4000, 4000)) * 100.0
    assert image_quality(image).sampled_share < 0.3


def test_techniques_say_what_they_reach_and_where_that_is_from() -> None:
    table = techniques()
    assert (table["lower_um"] < table["upper_um"]).all()
    assert table["source"].str.len().gt(5).all()
    nano = table.set_index("name").loc["nano-XRM"]
    assert (nano["lower_um"], nano["upper_um"]) == (0.05, 65)
    assert technique_for("FIB-SEM").destructive
    assert technique_for("light").name == "light microscopy"


def _discs(blur_px: float, *, shading: float = 0.0, texture: float = 0.0, noise: float = 2.0):
    """Discs with edges of known blur, brighter to one corner, with a cloudy texture."""
    rng = np.random.default_rng(5)
    y, x = np.indices((360, 360)).astype(float)
    image = np.zeros(y.shape)
    for cy, cx in itertools.product((63, 173, 283), repeat=2):
        inside = 30 - np.hypot(y - cy - 0.3, x - cx + 0.2)
        image = np.maximum(image, 0.5 + 0.5 * erf(inside / blur_px / np.sqrt(2)))
    clouds = gaussian_filter(rng.normal(size=y.shape), 12)
    grey = 30 + (100 + texture * clouds / clouds.std()) * image
    grey *= 1 + shading * ((x + y) / 360 - 1)
    return grey + rng.normal(0, noise, y.shape)


@pytest.mark.parametrize("blur", [0.8, 1.5, 3.0, 6.0])
@pytest.mark.parametrize(("shading", "texture", "noise"), [(0, 0, 2), (0.5, 0, 2), (0.5, 12, 8)])
def test_the_edge_width_is_found_under_shading_and_texture(blur, shading, texture, noise) -> None:
    found = image_quality(_discs(blur, shading=shading, texture=texture, noise=noise))
    assert found.edge_width_px == pytest.approx(2.563 * blur, rel=0.08)
    assert abs(found.edge_width_px - 2.563 * blur) < 3 * found.edge_width_error_px


@pytest.mark.parametrize("what", ["ramp", "clouds"])
def test_where_no_edge_is_clear_there_is_no_width(what) -> None:
    rng = np.random.default_rng(2)
    y, x = np.indices((400, 400)).astype(float)
    clouds = 900 * gaussian_filter(rng.normal(size=y.shape), 6)
    image = {"ramp": x / 4, "clouds": clouds}[what] + rng.normal(0, 3, y.shape)
    found = image_quality(image)
    assert np.isfinite(found.contrast)
    assert np.isnan(found.edge_width_px)
    assert np.isnan(found.edge_width_um)
