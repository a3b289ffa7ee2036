"""Cuts are placed where they were made, and their errors hold."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.analysis.registration.stack import slice_positions
from scalebridge.errors import Degenerate

NOMINAL, JITTER, MEMORY = 0.2, 0.15, 5.0


def cuts(rng, count, *, stretch=1.0):
    """Positions whose thickness scatters by JITTER, pulled back over MEMORY slices."""
    left = np.exp(-1 / MEMORY)
    sd = JITTER * NOMINAL / np.sqrt(2 * (1 - left))
    errors = np.empty(count)
    errors[0] = sd * rng.standard_normal()
    for k in range(1, count):
        errors[k] = left * errors[k - 1] + sd * np.sqrt(1 - left**2) * rng.standard_normal()
    return stretch * NOMINAL * np.arange(count) + errors


def marked(rng, positions, marks, sigma):
    numbers = rng.uniform(0, len(positions) - 1, marks)
    known = np.interp(numbers, np.arange(len(positions)), positions)
    return numbers * NOMINAL, known + sigma * rng.standard_normal(marks)


@pytest.mark.parametrize(("marks", "sigma"), [(8, 0.02), (40, 0.05), (3, 0.3)])
def test_95_percent_intervals_hold_95_percent_of_the_cuts(marks, sigma):
    inside, stretches = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        truth = cuts(rng, 60, stretch=1.03)
        seen, known = marked(rng, truth, marks, sigma)
        if np.ptp(seen) < 20 * NOMINAL:
            continue
        found = slice_positions(seen, known, slices=60, nominal_um=NOMINAL, sigma_um=sigma)
        inside.append(np.abs(found.position_um - truth) < 1.96 * found.sigma_um)
        stretches.append(abs(found.stretch - 1.03) < 1.96 * found.stretch_sigma)
    assert 0.93 <= np.mean(inside) <= 0.97
    assert 0.90 <= np.mean(stretches) <= 0.99


def test_the_cuts_of_the_phantom_are_where_they_are_said_to_be():
    inside = []
    for seed in range(3):
        view = Session.begin(seed=seed, scale="small").views["fibsem"]
        truth, step = view.positions_um, view.spacing_um[0]
        rng = np.random.default_rng(seed)
        numbers = rng.uniform(0, len(truth) - 1, 20)
        known = np.interp(numbers, np.arange(len(truth)), truth) + 0.03 * rng.standard_normal(20)
        found = slice_positions(
            numbers * step, known, slices=len(truth), nominal_um=step, sigma_um=0.03
        )
        inside.append(np.abs(found.position_um - truth) < 1.96 * found.sigma_um)
        assert abs(found.stretch - 1) < 4 * found.stretch_sigma
    assert 0.88 <= np.mean(inside) <= 0.99


def test_many_good_marks_beat_the_nominal_thickness():
    rng = np.random.default_rng(1)
    truth = cuts(rng, 80)
    seen, known = marked(rng, truth, 120, 0.005)
    found = slice_positions(seen, known, slices=80, nominal_um=NOMINAL, sigma_um=0.005)
    nominal = NOMINAL * np.arange(80)
    assert np.std(found.position_um - truth) < 0.3 * np.std(nominal - truth)
    assert (np.diff(found.position_um) >= 0).all()
    assert "80 slices of nominally 0.2 µm" in found.statement


def test_twice_the_lengths_are_twice_the_positions_and_errors():
    args = np.array([0.0, 3, 9]), np.array([1.0, 4.1, 10.2])
    one = slice_positions(*args, slices=10, nominal_um=1.0, sigma_um=0.1)
    two = slice_positions(*(2 * a for a in args), slices=10, nominal_um=2.0, sigma_um=0.2)
    np.testing.assert_allclose(two.position_um, 2 * one.position_um)
    np.testing.assert_allclose(two.sigma_um, 2 * one.sigma_um)


def test_marks_in_one_slice_do_not_tell_the_thickness():
    with pytest.raises(Degenerate, match="different slices"):
        slice_positions([1.0, 1.0], [5.0, 5.1], slices=9, nominal_um=1.0, sigma_um=0.1)
    with pytest.raises(ValueError, match="as many finite places"):
        slice_positions([1.0, 2.0], [5.0], slices=9, nominal_um=1.0, sigma_um=0.1)
    with pytest.raises(ValueError, match="sigma_um needs lengths above 0"):
        slice_positions([1.0, 3.0], [5.0, 7.0], slices=9, nominal_um=1.0, sigma_um=0)
