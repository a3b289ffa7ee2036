"""A known strain comes back, with an error that holds."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration.correlation import (
    displacement_field,
    repeat_scan,
    strain_of,
    zero_strain_test,
)
from scalebridge.errors import Degenerate

from .textures import noisy, shifted, texture, waves


def strained(gradient, shape, *, seed=0, snr=None, sigma=1.5):
    """An image, and the same once every point X has gone to (I + gradient) X about the middle."""
    rng = np.random.default_rng(seed)
    grey = waves(rng, 150, len(shape), sigma=sigma)
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).astype(float)
    middle = (np.array(shape) - 1) / 2
    back = (places - middle) @ np.linalg.inv(np.eye(len(shape)) + gradient).T + middle
    images = grey(places), grey(back)
    return images if snr is None else tuple(noisy(i, rng, snr=snr) for i in images)


def test_one_percent_of_strain_is_told_to_two_parts_in_ten_thousand():
    gradient = np.array([[0.01, 0.002, 0.0], [0.0, -0.004, 0.003], [0.001, 0.0, 0.0]])
    found = displacement_field(
        *strained(gradient, (48, 48, 48), snr=20), spacing_um=(1, 1, 1), window_px=15, step_px=8,
        zero_strain=False,
    )  # fmt: skip
    strain = strain_of(found)
    deformed = np.eye(3) + gradient
    truth = (deformed.T @ deformed - np.eye(3)) / 2
    np.testing.assert_allclose(np.nanmean(strain.tensor, axis=0), truth, atol=2e-4)
    assert np.nanmean(strain.dilatation) == pytest.approx(np.linalg.det(deformed) - 1, abs=4e-4)
    own = found.gradient[found.converged].mean(axis=0)
    np.testing.assert_allclose(own, gradient, atol=5e-4)


def test_a_turn_is_no_strain():
    angle = np.radians(2.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = displacement_field(
        *strained(turn - np.eye(2), (120, 120), sigma=2), spacing_um=(1, 1), window_px=21,
        zero_strain=False,
    )  # fmt: skip
    strain = strain_of(found)
    assert np.nanmax(np.abs(strain.tensor)) < 3e-4
    small = strain_of(found, measure="small")
    assert np.nanmean(small.tensor[:, 0, 0]) == pytest.approx(np.cos(angle) - 1, abs=1e-4)


def test_stated_errors_of_strain_hold_for_windows_that_overlap():
    """95 % intervals hold 88 to 99 % where nothing is strained."""
    inside = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        grey = texture((150, 150), rng)
        found = displacement_field(
            noisy(grey, rng), noisy(shifted(grey, (0.3, 0.4)), rng), spacing_um=(1, 1),
            window_px=15, step_px=8, zero_strain=False, search_px=2,
        )  # fmt: skip
        strain = strain_of(found)
        z = strain.tensor / strain.sigma
        inside.append(np.abs(z[np.isfinite(z)]) < 1.96)
        assert np.isfinite(strain.dilatation_sigma).any()
    assert 0.88 <= np.mean(np.concatenate(inside)) <= 0.99


def test_a_repeated_scan_prints_its_stretch_and_leaves_little():
    found = displacement_field(
        *strained(6e-4 * np.eye(3), (48, 48, 48), snr=20, seed=2), spacing_um=(5, 5, 5),
        window_px=15, step_px=8, zero_strain=False, search_px=2,
    )  # fmt: skip
    result = repeat_scan(found)
    assert abs(result.dilatation - 6e-4) < 3 * result.dilatation_sigma
    assert result.dilatation_sigma < 1e-4
    assert np.abs(result.mean_strain).max() < 5e-4
    assert "a stretch of +" in result.statement


def test_the_zero_strain_test_says_what_the_image_can_do():
    rng = np.random.default_rng(4)
    image = noisy(texture((130, 130), rng, sigma=2), rng)
    test = zero_strain_test(image, window_px=21)
    assert test.followed == test.windows > 8
    assert np.abs(test.bias_px).max() < 0.01
    assert (test.sd_px < 2.5 * test.theory_px).all()
    assert "bias and scatter y" in test.statement
    blank = zero_strain_test(np.zeros((130, 130)), window_px=21, noise=0.0)
    assert blank.followed == 0
    assert "too little texture" in blank.statement


def test_what_cannot_be_told_is_refused():
    grey = texture((50, 50), np.random.default_rng(0))
    found = displacement_field(grey, grey, spacing_um=(1, 1), window_px=21, zero_strain=False)
    with pytest.raises(ValueError, match="odd number of windows"):
        strain_of(found, gauge=2)
    with pytest.raises(ValueError, match="green-lagrange or small"):
        strain_of(found, measure="log")
    with pytest.raises(ValueError, match="zero-strain test needs 45 voxels a side"):
        zero_strain_test(grey[:40, :40], window_px=21)
    single = displacement_field(
        grey, grey, spacing_um=(1, 1), window_px=21, step_px=40, zero_strain=False
    )
    with pytest.raises(Degenerate, match="4 or more followed windows"):
        repeat_scan(single)
