"""Media that are like others: three numbers in, the same three out, at any voxel shape."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.quantification.level_set import level_set_area
from scalebridge.analysis.quantification.random_medium import (
    FieldShape,
    Medium,
    correlation_length_um,
    draw_field,
    field_for,
    length_of,
)


def drawn(medium: Medium, shape, spacing_um, seeds: int) -> np.ndarray:
    found, field = [], field_for(medium)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        values = draw_field(field, shape=shape, spacing_um=spacing_um, rng=rng)
        phase = values > medium.level
        found.append(
            (
                phase.mean(),
                level_set_area(values, level=medium.level, spacing_um=spacing_um),
                correlation_length_um(phase, spacing_um=spacing_um),
            )
        )
    return np.array(found)


@pytest.mark.parametrize(
    ("medium", "shape", "spacing_um"),
    [
        (Medium(0.4, 0.2, 4.0), (72, 72, 72), (1.0, 1.0, 1.0)),
        (Medium(0.25, 0.2, 2.6), (40, 80, 80), (1.6, 0.8, 0.8)),
        (Medium(0.3, 0.1, 8.0, 2), (400, 300), (0.75, 1.0)),
    ],
)
def test_a_drawn_medium_has_the_three_numbers_it_was_asked_for(medium, shape, spacing_um):
    found = drawn(medium, shape, spacing_um, seeds=5)
    wanted = (medium.volume_fraction, medium.specific_surface, medium.correlation_length_um)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(axis=0) - wanted) < 3 * error + np.multiply(0.02, wanted))
    assert np.all(error < 0.05 * np.array(wanted))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("shape", [-3.0, 0.0, 2.0])
def test_drawn_fields_are_correlated_as_they_say_and_smooth_between_voxels(ndim, shape):
    field = FieldShape(0.1, shape)
    size = (256, 256) if ndim == 2 else (64, 64, 64)
    rows = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        values = draw_field(field, shape=size, spacing_um=(1.0,) * ndim, rng=rng)
        rows.append([np.mean(values * np.roll(values, k, 0)) for k in (0, 1, 3, 6)])
    found = np.array(rows, float)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    wanted = field.correlation(np.array([0.0, 1.0, 3.0, 6.0]))
    assert np.all(np.abs(found.mean(axis=0) - wanted) < 4 * error + 0.003)
    slope = np.diff(values, axis=0).var()
    assert slope == pytest.approx(2 * (wanted[0] - wanted[1]), rel=0.1)


def test_the_correlation_length_is_met_by_wide_and_by_swinging_fields():
    plain = length_of(FieldShape(0.1, 0.0), level=0.3)
    assert length_of(FieldShape(0.1, 5.0), level=0.3) > 1.3 * plain
    assert length_of(FieldShape(0.1, -3.0), level=0.3) < plain


def test_less_correlation_than_its_surface_allows_gives_the_nearest_medium():
    field = field_for(Medium(0.5, 0.1, 1.0))
    nearest = length_of(field, level=0.0)
    assert field.shape < 0
    assert nearest > 1.0
    assert nearest < length_of(FieldShape(field.steepness, 0.0), level=0.0)


def test_the_steepness_of_a_correlation_is_the_one_that_was_asked_for():
    step = 1e-3
    for shape in (-2.0, 0.0, 3.0):
        field = FieldShape(0.3, shape)
        bend = (1 - field.correlation(np.array([step]))[0]) * 2 / step**2
        assert bend == pytest.approx(0.3, rel=1e-4)


def test_independent_voxels_are_correlated_over_less_than_one():
    noise = np.random.default_rng(0).random((48, 48, 48)) < 0.4
    found = correlation_length_um(noise, spacing_um=(2.0, 2.0, 2.0))
    assert found == pytest.approx(2 * (1 - np.exp(-1)), rel=0.02)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.0, 1.0, 1.0), "volume_fraction needs to lie between 0 and 1"),
        ((0.5, np.nan, 1.0), "specific_surface needs to be positive"),
        ((0.5, 1.0, -1.0), "correlation_length_um needs to be positive"),
        ((0.5, 1.0, 1.0, 4), "ndim needs to be 2 or 3"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(numbers, words):
    with pytest.raises(ValueError, match=words):
        Medium(*numbers)


def test_an_image_of_one_phase_has_no_correlation():
    with pytest.raises(ValueError, match="one phase only"):
        correlation_length_um(np.ones((20, 20), bool), spacing_um=(1.0, 1.0))
