"""Mean chords follow the surface where a medium has no direction, and say when they cannot."""

from __future__ import annotations

import math

import pytest

from scalebridge.analysis.quantification.measurement import (
    Check,
    Measurement,
    measurement_from_parts,
)
from scalebridge.guides.imaged_chords import chords_by_surface

NAN = math.nan


def chord(axis: str, value: float) -> Measurement:
    return Measurement(
        f"pore.mean_chord_{axis}", "chord", value, (NAN, NAN), NAN, "µm", "lines", {}
    )


def surface(value: float, *checks: Check, **parts: float) -> Measurement:
    return measurement_from_parts(
        key="quantification.scan.pore.surface_per_phase", name="surface", value=value, unit="1/µm",
        convention="Crofton", parts=parts, checks=checks, as_segmented=0.8 * value,
    )  # fmt: skip


def test_the_mean_over_the_axes_is_four_over_the_surface_with_its_relative_half_width() -> None:
    seen = [chord("x", 10.2), chord("y", 10.0), chord("z", 9.8), chord("w", 1.0)]
    found = chords_by_surface(seen[:3], [surface(0.5, imaging=0.04, crevices=0.03)], "pore")
    assert sum(1 / m.value for m in found) / 3 == pytest.approx(0.5 / 4)
    assert found[0].value / found[2].value == pytest.approx(10.2 / 9.8)
    for m, raw in zip(found, seen, strict=False):
        assert m.uncertainty == pytest.approx(0.1 * m.value)
        assert set(m.parts) == {"imaging", "crevices"}
        assert m.as_segmented == raw.value


def test_lengths_in_a_section_take_pi() -> None:
    found = chords_by_surface(
        [chord("x", 6.0), chord("y", 6.0)], [surface(0.5, imaging=0.1)], "pore"
    )
    assert [m.value for m in found] == pytest.approx([2 * math.pi] * 2)


def test_chords_of_a_medium_with_a_direction_stay_and_are_not_known() -> None:
    seen = [chord("x", 10.0), chord("y", 10.0), chord("z", 13.0)]
    assert chords_by_surface(seen, [surface(0.5, imaging=0.1)], "pore") == seen


def test_where_voxels_are_too_coarse_the_interval_is_given_and_the_value_stays() -> None:
    coarse = Check("resolution", False, "two voxels")
    (x, _, _) = chords_by_surface(
        [chord(axis, 10.0) for axis in "xyz"], [surface(0.5, coarse, imaging=0.5)], "pore"
    )
    assert (x.value, x.uncertainty, x.interval95) == (10.0, 10.0, (0.0, 20.0))


def test_a_surface_that_knows_nothing_of_blur_says_nothing_of_chords() -> None:
    seen = [chord(axis, 10.0) for axis in "xyz"]
    assert chords_by_surface(seen, [surface(0.5, voxels=0.1)], "pore") == seen
    assert chords_by_surface(seen, [], "pore") == seen
