"""Transforms and planned boxes of the example beside the truth: counted right, and a few seeds."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from scalebridge.reports import edge_coverage as ec
from scalebridge.reports import edge_sightings as es
from scalebridge.reports.edge_figure import edge_figure

from .sightings import made


@pytest.fixture(scope="module")
def sighting() -> dict:
    """Stack and map of one specimen as its instruments show them, the rest made."""
    seen, rest = es.sight_stack(3), made(3)
    return {**rest, **seen, "pairs": {**rest["pairs"], **seen["pairs"]}}


def test_transforms_through_honest_marks_hold_as_often_as_they_say() -> None:
    rows = [row for seed in range(5) for row in ec.judge_edges(made(seed))]
    table = ec.edge_table(rows).set_index("edge")
    assert table["inside"].between(table["low"], table["high"]).all()
    assert abs(table.loc[ec.ALL, "square"] - 1) < 4 * table.loc[ec.ALL, "square_sigma"]


def test_the_band_is_the_one_that_is_promised_for_400() -> None:
    assert ec.inside_band(400) == (367, 389)
    low, high = ec.promised_band(400, np.array([0.0, 0.5, 0.95, 1.0]))
    assert (400 * low).round().tolist() == [0, 180, 371, 400]
    assert (400 * high).round().tolist() == [0, 220, 388, 400]


@pytest.mark.parametrize(("dims", "nu"), [(3, 20.0), (2, 61.0), (3, np.inf)])
def test_the_expected_square_is_that_of_drawn_errors(dims: int, nu: float) -> None:
    rng = np.random.default_rng(0)
    squares = np.sum(rng.standard_normal((400_000, dims)) ** 2, axis=1)
    size = 1.0 if np.isinf(nu) else rng.chisquare(nu, 400_000) / nu
    assert np.mean(squares / size) == pytest.approx(ec.expected_square(dims, nu), rel=0.01)


def test_one_specimen_is_found_and_its_transforms_hold(sighting) -> None:
    assert json.loads(json.dumps(sighting)) == sighting
    rows = {row["edge"]: row for row in ec.judge_edges(sighting)}
    light, zoom, stack = (f"{es.LIGHT}_to_{es.MAP}", f"{es.ZOOM}_to_{es.MAP}", "fibsem_to_xrm_zoom")
    assert set(rows) == {light, zoom, stack, ec.EDS_EDGE}
    for row in rows.values():
        assert row["square"] < 5 * row["expected"]  # 1 of 1,000 honest ones is not
    sizes = {edge: row["error_um"] for edge, row in rows.items()}
    assert sizes[light] < 0.5
    assert sizes[zoom] < 1.2
    assert sizes[stack] < 0.4
    assert sizes[ec.EDS_EDGE] < 0.1


def test_boxes_of_one_specimen_are_planned_larger_for_more_certainty(sighting) -> None:
    rows = ec.judge_ways(sighting, draws=2000)
    assert [row["way"] for row in rows] == [
        "light_mosaic to eds_map", "xrm_zoom to eds_map", "found in xrm_zoom to eds_map",
    ]  # fmt: skip
    for row in rows:
        margins = [row[f"margin_{p:.0%}_um"] for p in ec.PROBABILITIES]
        assert (np.diff(margins) > 0).all()
        inside = [row["needed_um"] <= margin for margin in margins]
        assert inside == [row["needed"] <= p for p in ec.PROBABILITIES]


def test_a_wrong_truth_falls_outside_and_needs_a_larger_box(sighting) -> None:
    moved = json.loads(json.dumps(sighting))
    for along in (es.ZOOM, es.EDS, es.LIGHT):
        places = moved["truth"]["voi"][along]
        places[es.EDS] = [[z, y + 1.5, x] for z, y, x in places[es.EDS]]
        places[es.LIGHT] = [[z, y + 3.0, x] for z, y, x in places[es.LIGHT]]
    row = next(row for row in ec.judge_edges(moved) if row["edge"].startswith(es.LIGHT))
    assert not row["inside"]
    assert row["error_um"] == pytest.approx(3.0, abs=0.5)
    way = next(row for row in ec.judge_ways(moved, draws=2000) if row["way"].startswith(es.ZOOM))
    assert way["needed"] > 0.99
    assert way["needed_um"] > 1.0


def test_what_was_refused_is_left_out_and_counted_as_missing(sighting) -> None:
    poorer = json.loads(json.dumps(sighting))
    poorer["section"] = {"refused": "nothing stands out"}
    poorer["pairs"][f"{es.LIGHT}_to_{es.MAP}"] = {"refused": "no constellation"}
    rows = [*ec.judge_edges(sighting), *ec.judge_edges(poorer)]
    table = ec.edge_table(rows).set_index("edge")
    assert table.loc[ec.EDS_EDGE, "seeds"] == 1
    assert table.loc[f"{es.ZOOM}_to_{es.MAP}", "seeds"] == 2
    assert table.loc[ec.ALL, "seeds"] == len(rows) == 6
    assert ec.judge_ways(poorer, draws=100) == []


def test_honest_and_bold_promises_are_told_apart() -> None:
    margins = {f"margin_{p:.0%}_um": p for p in ec.PROBABILITIES}
    honest = (np.arange(400) + 0.5) / 400
    rows = [
        {"seed": seed, "way": way, "needed": value, "needed_um": value, **margins}
        for way, values in (("honest", honest), ("bold", honest**0.5))
        for seed, value in enumerate(values)
    ]
    table = ec.way_table(rows)
    kept = table["held"].between(table["low"], table["high"])
    assert kept[table["way"] == "honest"].all()
    assert not kept[(table["way"] == "bold") & (table["promised"] < 0.99)].any()


def test_the_figure_follows_a_light_or_dark_page_and_is_the_same_for_the_same_numbers() -> None:
    rows = pd.DataFrame({"way": ["a to b"] * 9 + ["a to c"] * 9, "needed": [*range(1, 10)] * 2})
    rows["needed"] /= 10
    drawn = edge_figure(rows)
    assert drawn == edge_figure(rows)
    assert "prefers-color-scheme: dark" in drawn
    assert "currentColor" in drawn
    assert "9 specimens" in drawn
    assert not re.search(r"fill: #ffffff[^>]*opacity: 1", drawn)
    assert len(drawn) < 60_000
