"""Numbers beside their references: kept by the tests, shown on the page of validation."""

from __future__ import annotations

import pytest

from scalebridge.reports.reference_values import (
    ReferenceValue,
    keep_references,
    kept_references,
    reference_section,
)

NEAR = ReferenceValue("length of a slit", 1.0012, 1.0, 0.01, "µm", "theory")
FAR = ReferenceValue("Euler number of a torus", 1.0, 0.0, 0.0, "", "topology")


def test_what_was_kept_comes_back_in_the_order_of_the_tests(tmp_path):
    keep_references(tmp_path / "kept" / "b.json", [FAR])
    keep_references(tmp_path / "kept" / "a.json", [NEAR, FAR])
    assert kept_references(tmp_path / "kept") == [NEAR, FAR, FAR]
    assert kept_references(tmp_path / "nothing") == []


def test_the_section_shows_a_tenth_of_what_is_allowed_and_counts_who_agrees():
    lines = reference_section([NEAR, FAR])
    assert lines[2].startswith("**1 of 2 numbers agree")
    assert "| length of a slit | 1.001 µm | 1.000 µm | 0.0012 | 0.01 | theory |" in lines
    assert "| Euler number of a torus | 1 | 0 | 1 | none | topology |" in lines


def test_without_the_tests_the_section_says_so():
    assert "did not run" in reference_section([])[-1]


def test_the_fixture_fails_where_numbers_are_apart(reference, monkeypatch):
    monkeypatch.delenv("SCALEBRIDGE_REFERENCES", raising=False)
    reference("as it should be", 1.0, 1.0, source="here")
    with pytest.raises(AssertionError, match="needs to be within 0 of 2"):
        reference("as it should not be", 1.0, 2.0, source="here")
