"""The table of `make validate`: coverage and width of intervals whose honesty is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalebridge.reports import validation
from scalebridge.reports.validation_page import ALL, Comparison, coverage_table, validation_page


def drawn(key, *, seeds=400, stated=1.0, bias=0.0, unit="µm"):
    """Normal errors of size 1, and intervals that state another size."""
    errors = np.random.default_rng(3).standard_normal(seeds) + bias
    width = 1.96 * stated
    return [
        Comparison(seed, key, unit, 50 + error, 50 + error - width, 50 + error + width, 50.0)
        for seed, error in enumerate(errors)
    ]


def test_honest_intervals_cover_95_percent_and_have_a_ratio_of_2_9():
    row, together = coverage_table(drawn("honest")).to_dict("records")
    assert row["coverage"] == pytest.approx(0.95, abs=0.03)
    assert row["ratio"] == pytest.approx(1.96 / 0.6745, rel=0.1)
    assert row["ratio_low"] < 1.96 / 0.6745 < row["ratio_high"]
    assert row["rms"] == pytest.approx(1 / 1.96, rel=0.08)
    assert abs(row["bias"]) < 0.1
    assert together["ratio"] == pytest.approx(row["ratio"])


@pytest.mark.parametrize(
    ("stated", "bias", "met"),
    [(0.95, 0.0, True), (1.5, 0.0, False), (0.5, 0.0, False), (1, 2, False)],
)
def test_too_wide_too_narrow_and_biased_intervals_do_not_meet_the_criterion(stated, bias, met):
    row = coverage_table(drawn("number", stated=stated, bias=bias)).iloc[0]
    assert row["met"] == met


def test_a_number_that_was_not_measured_does_not_cover():
    nan = float("nan")
    missing = [Comparison(seed, "number", "1", nan, nan, nan, 1.0) for seed in range(100)]
    for row in coverage_table([*drawn("number", seeds=100), *missing]).to_dict("records"):
        assert row["seeds"] == 200
        assert row["coverage"] == pytest.approx(0.475, abs=0.03)
        assert np.isfinite(row["ratio"])


def test_an_interval_without_a_width_does_not_cover_among_all():
    exact = [Comparison(seed, "exact", "1", 2.0, 2.0, 2.0, 1.0) for seed in range(100)]
    together = coverage_table([*drawn("number", seeds=100), *exact]).iloc[-1]
    assert together["seeds"] == 200
    assert together["coverage"] == pytest.approx(0.475, abs=0.03)


def test_a_count_that_is_right_more_often_than_not_has_no_finite_ratio():
    counted = [Comparison(s, "count", "1", 10.0 + s % 2, 9.0, 12.0, 10.0) for s in range(41)]
    row = coverage_table(counted).iloc[0]
    assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (np.inf, 1.5, np.inf)
    assert "| inf (1.5 to inf) |" in validation_page({"small": counted})


def test_numbers_of_different_size_and_unit_are_pooled_in_half_widths():
    small = [
        Comparison(c.seed, "small", "1", c.value / 1e6, c.lower / 1e6, c.upper / 1e6, 50 / 1e6)
        for c in drawn("large")
    ]
    table = coverage_table([*drawn("large"), *small]).set_index("key")
    assert table.loc[ALL, "ratio"] == pytest.approx(table.loc["large", "ratio"])
    assert table.loc[ALL, "seeds"] == 800


def test_the_page_says_how_many_meet_the_criterion_and_names_those_that_do_not():
    wide = drawn("wide", stated=2.0)
    page = validation_page({"small": [*drawn("good", stated=0.95), *wide], "full": wide})
    assert "**1 of 2 key numbers meet the criterion.**" in page
    assert "**0 of 1 key numbers meet the criterion.**" in page
    assert "## Example specimens of scale `full`, seeds 0 to 399" in page
    assert "| `wide` | 400 | 100% |" in page
    assert [line.endswith("**no** |") for line in page.splitlines() if line.startswith("| `")] == [
        False,
        True,
        True,
    ]
    assert "Made by `make validate`" in page


def test_finished_seeds_are_read_and_only_the_missing_one_is_measured(tmp_path, monkeypatch):
    measured = []

    def measure(seed, *, scale):
        measured.append(seed)
        return drawn("number", seeds=1)

    monkeypatch.setattr(validation, "validate_seed", measure)
    first = validation.validate(seeds=range(3), scale="small", work=tmp_path)
    (tmp_path / "seed-small-001.json").unlink()
    assert validation.validate(seeds=range(3), scale="small", work=tmp_path) == first
    assert measured == [0, 1, 2, 1]
    assert json.loads((tmp_path / "seed-small-002.json").read_text())[0]["key"] == "number"
