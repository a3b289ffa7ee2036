"""Jumps go, true slopes stay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import fourier_shift, gaussian_filter

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.analysis.registration.stack import remove_drift

SLOPE_PX = 0.3  # a slice, of columns that run obliquely through the stack


def stack(rng, *, count=40, jump=1.0, walk=0.0, geometry=0.0):
    """Columns that lean by SLOPE_PX a slice in x, pictured with jumps and a walk."""
    grain = gaussian_filter(rng.normal(size=(96, 96)), 2.5, mode="wrap")
    drift = jump * rng.standard_normal((count, 2))
    drift += np.cumsum(walk * rng.standard_normal((count, 2)), axis=0)
    whole = np.fft.fft2(grain / grain.std())
    slices = [
        np.fft.ifft2(fourier_shift(whole, [d[0] + geometry * k, d[1] + SLOPE_PX * k])).real
        + 0.1 * rng.standard_normal(grain.shape)
        for k, d in enumerate(drift)
    ]
    return np.array(slices), drift


def fast(values, longest=12.0):
    """High-pass by the same second differences, written another way."""
    n = len(values)
    d = np.zeros((n - 2, n))
    for k in range(n - 2):
        d[k, k : k + 3] = 1, -2, 1
    weight = 1 / (2 - 2 * np.cos(2 * np.pi / longest)) ** 2
    return values - np.linalg.solve(np.eye(n) + weight * d.T @ d, values)


def slope(values):
    return np.polyfit(np.arange(len(values)), values, 1)[0]


def test_a_true_slope_is_kept_within_two_percent():
    for seed in range(2):
        images, drift = stack(np.random.default_rng(seed))
        found = remove_drift(images, spacing_um=(0.5, 0.5))
        seen = (SLOPE_PX * np.arange(40) + drift[:, 1]) * 0.5
        upright = seen - found.shift_um[:, 1]
        assert slope(found.shift_um[:, 1]) == pytest.approx(0, abs=0.02 * SLOPE_PX * 0.5)
        assert slope(upright) - slope(drift[:, 1]) * 0.5 == pytest.approx(0.5 * SLOPE_PX, rel=0.02)


def test_jumps_are_taken_off():
    images, drift = stack(np.random.default_rng(1))
    found = remove_drift(images, spacing_um=(0.5, 0.5))
    truth = fast(drift) * 0.5
    assert np.std(found.shift_um - truth) < 0.05 * np.std(truth)
    assert "look alike" in found.statement
    steady = found.corrected(images)
    before, after = (np.abs(np.diff(s[:, 20:-20, 20:-20], axis=0)).mean() for s in (images, steady))
    assert after < 0.6 * before


def test_stated_errors_hold_for_the_part_that_is_taken_off():
    inside = []
    for seed in range(4):
        images, drift = stack(np.random.default_rng(seed), count=25, jump=0.7)
        found = remove_drift(images, spacing_um=(1, 1))
        inside.append(np.abs(found.shift_um - fast(drift)) < 1.96 * found.sigma_um)
    assert np.mean(inside) >= 0.88


def test_the_shift_of_a_tilted_face_is_geometry_and_no_drift():
    """A face at 54 degrees: cos(54) of a slice in y; the sum is left with nothing of it."""
    step = 1.5 * np.cos(np.radians(54))
    images, drift = stack(np.random.default_rng(2), geometry=step)
    found = remove_drift(images, spacing_um=(1, 1), geometry_um=(step, 0))
    total = (found.shift_um + found.slow_um)[:, 0]
    np.testing.assert_allclose(total - total[0], drift[:, 0] - drift[0, 0], atol=0.05)


def test_anchors_tell_slow_drift_from_slopes():
    images, drift = stack(np.random.default_rng(3), walk=0.3)

    numbers = [0, 10, 20, 30, 39]
    anchors = [[k, *drift[k], 0.05] for k in numbers]
    found = remove_drift(images, spacing_um=(1, 1), geometry_um=(0, SLOPE_PX), anchors=anchors)
    off = found.shift_um - drift
    assert np.abs(off).max() < 0.4
    assert np.mean(np.abs(off) < 1.96 * found.sigma_um) > 0.85
    assert found.anchored
    assert "told from slopes" in found.statement


def test_where_structures_change_faster_than_the_picture_jumps_nothing_is_made_worse():
    """The phantom's stack: jumps of a tenth of a pixel among slices that differ by more."""
    session = Session.begin(seed=0, scale="small")
    view = session.views["fibsem"]
    step = view.spacing_um[0] * np.cos(np.radians(view.angle_deg))
    found = remove_drift(
        session.take("fibsem").pixels[:30], spacing_um=view.spacing_um[1:], geometry_um=(-step, 0)
    )
    truth = fast(view.drift_um[:30])
    off = found.shift_um - truth
    assert (off.std(axis=0) < 1.1 * truth.std(axis=0)).all()
    assert np.mean(np.abs(off) < 1.96 * found.sigma_um) > 0.88
    assert "taken off" in found.statement


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"spacing_um": (1, 1, 1)}, "2 values"),
        ({"longest": 2}, "more than 2 slices"),
        ({"anchors": [[0, 1, 2]]}, r"shape \(m, 4\)"),
        ({"anchors": [[99, 0, 0, 1]]}, "slices from 0 to 4"),
    ],
)
def test_wrong_arguments_are_refused(wrong, words):
    images = np.random.default_rng(0).normal(size=(5, 40, 40))
    with pytest.raises(ValueError, match=words):
        remove_drift(images, **({"spacing_um": (1, 1)} | wrong))
    with pytest.raises(ValueError, match="4 or more finite slices"):
        remove_drift(images[:3], spacing_um=(1, 1))
