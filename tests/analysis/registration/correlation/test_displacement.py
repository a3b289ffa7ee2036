"""Windows find where they went, and know how well."""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.registration.correlation import displacement_field

from .textures import noisy, shifted, texture

SHIFT = (0.3, -0.4, 0.5)
SIDE_BY_SIDE = int(os.environ.get("SCALEBRIDGE_DVC_WINDOWS", "3"))  # a side; 5 for validation


def follow(window_px, *, a_side=SIDE_BY_SIDE, snr=20.0, model="affine", memory=0.0, seed=1):
    rng = np.random.default_rng(seed)
    grey = texture((window_px * a_side + 4,) * 3, rng)
    images = [grey, shifted(grey, SHIFT)]
    for k, image in enumerate(images):
        noise = rng.normal(size=grey.shape)
        noise = gaussian_filter(noise, memory, mode="wrap") if memory else noise
        images[k] = image + noise / noise.std() / snr
    return displacement_field(
        *images, spacing_um=(1, 1, 1), window_px=window_px, step_px=window_px, model=model,
        zero_strain=False,
    )  # fmt: skip


@pytest.mark.parametrize("model", ["translation", "affine"])
def test_a_virtual_shift_is_found_within_its_bounds(model, reference):
    """Row 56: |bias| of 0.01 and scatter of 0.02 voxels at most, at 21 voxels and SNR 20."""
    found = follow(21, model=model)
    assert found.converged.all()
    off = found.u_um - SHIFT
    what, source = f"of a shift by 21³ windows, SNR 20, {model}, in voxels", "Fourier shift"
    bias, scatter = np.abs(off.mean(axis=0)).max(), off.std(axis=0).max()
    reference(f"greatest bias {what}", bias, 0, abs=0.002, source=source)
    reference(f"greatest scatter {what}", scatter, 0, abs=0.0025, source=source)


def test_scatter_falls_with_the_root_of_the_voxels_of_a_window(reference):
    """Row 57: (21 / 11) ** 1.5 within 30 %, and each within 30 % of sqrt(2) s / (sqrt(N) g)."""
    wide, narrow = (follow(w, a_side=a, model="translation") for w, a in ((21, 3), (11, 5)))
    sds = [np.sqrt(np.mean((f.u_um - SHIFT) ** 2)) for f in (wide, narrow)]
    what, wanted = "scatter of 11³ windows over that of 21³ ones", (21 / 11) ** 1.5
    reference(what, sds[1] / sds[0], wanted, rel=0.3, source="theory")
    slope = 1 / (np.sqrt(2) * 1.5)  # rms, of a texture of unit variance smoothed by 1.5 voxels
    for sd, w in zip(sds, (21, 11), strict=True):
        assert sd == pytest.approx(np.sqrt(2) / 20 / (w**1.5 * slope), rel=0.3)


@pytest.mark.parametrize(("snr", "memory"), [(20, 0.0), (3, 0.0), (20, 0.7)])
def test_stated_errors_are_those_that_are_made(snr, memory):
    """95 % intervals hold 88 to 99 % of 192 components, with white noise and with memory."""
    found = follow(15, a_side=4, snr=snr, memory=memory)
    z = ((found.u_um - SHIFT) / found.sigma_um)[found.converged]
    assert len(z) > 60
    assert 0.88 <= np.mean(np.abs(z) < 1.96) <= 0.99
    assert (found.inflation > 2) == (memory > 0)


def test_a_picture_is_correlated_by_the_same_code():
    rng = np.random.default_rng(3)
    grey = texture((140, 160), rng)
    found = displacement_field(
        noisy(grey, rng), noisy(shifted(grey, (-2.3, 3.6)), rng), spacing_um=(0.5, 2), window_px=21,
        zero_strain=False,
    )  # fmt: skip
    good = found.converged
    assert good.mean() > 0.9
    assert found.u_um[good].mean(axis=0) == pytest.approx([-1.15, 7.2], abs=0.01)
    z = ((found.u_um - [-1.15, 7.2]) / found.sigma_um)[good]
    assert 0.85 <= np.mean(np.abs(z) < 1.96) <= 0.99


def test_brightness_and_contrast_do_not_matter():
    rng = np.random.default_rng(5)
    grey = texture((60, 60), rng)
    moved = shifted(grey, (0.4, 0.2))
    one, other = (
        displacement_field(grey, m, spacing_um=(1, 1), window_px=15, zero_strain=False)
        for m in (moved, 1000 + 30 * moved)
    )
    np.testing.assert_allclose(one.u_um, other.u_um, atol=2e-4)


def test_twice_the_voxel_doubles_displacements_and_errors():
    rng = np.random.default_rng(6)
    grey = texture((60, 60), rng)
    pair = noisy(grey, rng), noisy(shifted(grey, (0.4, 0.2)), rng)
    one, other = (
        displacement_field(*pair, spacing_um=(s, s), window_px=15, zero_strain=False)
        for s in (1, 2)
    )
    np.testing.assert_allclose(2 * one.u_um, other.u_um)
    np.testing.assert_allclose(2 * one.sigma_um, other.sigma_um)
    np.testing.assert_allclose(one.gradient, other.gradient)


def test_a_second_run_gives_the_same_bits():
    rng = np.random.default_rng(7)
    grey = texture((60, 60), rng)
    pair = noisy(grey, rng), noisy(shifted(grey, (0.4, 0.2)), rng)
    runs = [displacement_field(*pair, spacing_um=(1, 1), window_px=15) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].u_um, runs[1].u_um)
    assert runs[0].statement == runs[1].statement
    assert "Zero-strain test" in runs[0].statement


def test_windows_without_texture_and_outside_are_lost_in_words():
    rng = np.random.default_rng(8)
    grey = texture((90, 90), rng)
    grey[:30, :30] = 0
    mask = np.ones(grey.shape, bool)
    mask[60:, 60:] = False
    moved = np.roll(grey, (0, 12), axis=(0, 1))
    found = displacement_field(
        grey, moved, spacing_um=(1, 1), window_px=15, mask=mask, start_um=(0, 12), zero_strain=False
    )
    ends = dict(zip(map(tuple, found.position_um), found.end, strict=True))
    assert ends[min(ends)] == "shows no texture"
    assert {"masked", "left the image", "followed"} <= set(found.end)
    assert np.isnan(found.u_um[~found.converged]).all()
    assert np.abs(found.u_um[found.converged] - [0, 12]).max() < 1e-3
    assert "shows no texture" in found.statement


def test_noise_does_not_pull_towards_whole_voxels():
    """At SNR 3 the mean error stays within three of its standard errors and 0.01 voxels."""
    found = follow(15, a_side=5, snr=3, model="translation", seed=9)
    off = (found.u_um - SHIFT)[found.converged]
    assert np.abs(off.mean(axis=0)).max() < 0.01
    assert (np.abs(off.mean(axis=0)) < 3 * off.std(axis=0) / np.sqrt(len(off))).all()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"window_px": 20}, "odd number"),
        ({"window_px": 99}, "smallest side 40, got 99"),
        ({"spacing_um": (1, 1, 1)}, "2 lengths above 0"),
        ({"model": "rigid"}, "translation or affine"),
        ({"start_um": (1, 2, 3)}, "start_um needs shape"),
        ({"mask": np.ones((3, 3))}, r"mask needs the image's shape \(40, 40\)"),
        ({"step_px": 0}, "step_px needs 1 or more"),
    ],
)
def test_wrong_arguments_are_refused_in_words(wrong, words):
    grey = texture((40, 40), np.random.default_rng(0))
    given = {"spacing_um": (1, 1), "window_px": 11, "zero_strain": False} | wrong
    with pytest.raises(ValueError, match=words):
        displacement_field(grey, grey, **given)


def test_images_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        displacement_field(np.zeros((30, 30)), np.zeros((30, 31)), spacing_um=(1, 1))
