"""The further counts of `make validate`: each at its smallest, kept, and written to the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scalebridge.reports import (
    edge_sightings,
    face_finds,
    slice_finds,
    surface_coverage,
    validation,
    validation_counts,
)
from scalebridge.reports import validation_sections as page
from scalebridge.reports.calibration_figure import calibration_figure
from scalebridge.reports.landmark_coverage import (
    LEVELS,
    calibration_curves,
    calibration_table,
    measured_landmarks,
)
from scalebridge.reports.slice_finds import find_section, slice_table
from scalebridge.reports.validation_counts import Counts, count_all

from .sightings import made

SMALLEST = Counts(repeats=2, draws=2, pairings=1, starts=1, captures=1, poses=2, edges=2, faces=1)
HEADINGS = [
    "## Points carried along transforms",
    "## Measured landmarks that took no part",
    "## Each measured landmark predicted by all others",
    "## Fiducials paired without a start",
    "## Oblique sections found in a volume",
    "## Faces of a cut, and how far they are from the feature",
    "## Tilted pictures of a surface",
    "## Every transform of the example",
    "## Boxes planned about the hidden feature",
]


@pytest.fixture
def quick(monkeypatch):
    """One set of landmarks, fiducials in space, and no search of a section."""

    def found(seed, distance):
        row = {"start": distance, "seed": seed, "end": "found", "aside_um": 0.01}
        return row | {"along_um": 0.02, "turn_deg": 0.03, "seconds": 4.0}

    monkeypatch.setattr(slice_finds, "find_section", found)
    monkeypatch.setattr(edge_sightings, "sight", made)
    told = {"error_um": 0.1, "half95_um": 0.2, "found_error_um": 0.2, "found_half95_um": 0.5}
    face = {"seed": 0, "away_um": 7.0, "found": True, "sigma_um": 0.1} | told
    monkeypatch.setattr(face_finds, "find_faces", lambda seed: [face, face])
    kinds = [dict(kind, dimensions=((3, 3),)) for kind in validation_counts._SCENES[:2]]
    monkeypatch.setattr(validation_counts, "_SCENES", tuple(kinds))
    monkeypatch.setattr(
        validation_counts.landmark_coverage,
        "measured_landmarks",
        lambda folder: {"v9.1": measured_landmarks(folder)["v9.1"]},
    )


def rows_of(section: list[str]) -> list[list[str]]:
    lines = [line for line in section if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_count_is_on_the_page_and_none_is_done_twice(quick, data, tmp_path, monkeypatch):
    work, docs = tmp_path / "work", tmp_path / "docs"
    docs.mkdir()
    first = count_all(SMALLEST, work=work, data=data, figures=docs, say=lambda words: None)
    assert [section[0] for section in first] == HEADINGS
    for section in first:
        widths = {line.count("|") for line in section if line.startswith("|")}
        assert len(widths) == 1, section[0]
        assert rows_of(section)
        assert "nan" not in "\n".join(section).lower()
    for figure, section in (("calibration.svg", first[1]), ("boxes.svg", first[-1])):
        assert (docs / figure).read_text(encoding="utf-8").startswith("<?xml")
        assert f"]({figure})" in "\n".join(section)

    def again(*_, **__):
        raise AssertionError("counted twice")

    for room, name in (
        (slice_finds, "find_section"),
        (edge_sightings, "sight"),
        (face_finds, "find_faces"),
        (surface_coverage, "surface_coverage"),
        (validation_counts.constellation_finds, "pairing_table"),
        (validation_counts.region_coverage, "region_coverage"),
        (validation_counts.landmark_coverage, "calibration_table"),
        (validation_counts.landmark_coverage, "calibration_curves"),
        (validation_counts.landmark_coverage, "left_out_table"),
    ):
        monkeypatch.setattr(room, name, again)
    told: list[str] = []
    assert count_all(SMALLEST, work=work, data=data, figures=docs, say=told.append) == first
    assert told


def test_the_command_writes_the_page_with_all_sections(quick, data, tmp_path, monkeypatch, capsys):
    known = [validation.Comparison(seed, "key", "1", 1.1, 0.8, 1.4, 1.0) for seed in range(2)]
    monkeypatch.setattr(validation, "validate_seed", lambda seed, *, scale: [known[seed]])
    monkeypatch.setenv("SCALEBRIDGE_USER", "tester")
    written = tmp_path / "docs" / "validation.md"
    smallest = [f"--{name}={getattr(SMALLEST, name)}" for name in validation.COUNTED]
    asked = [f"--output={written}", f"--work={tmp_path / 'work'}", f"--data={data}", "--seeds=2"]
    assert validation.main([*asked, *smallest, "--scale", "small"]) == 0
    text = written.read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[1:-2] == [*HEADINGS, "## Reference values"]
    assert text in capsys.readouterr().out
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (written.parent / link).exists()


def test_the_full_counts_are_those_that_are_promised():
    assert Counts() == Counts(
        repeats=2000,
        draws=150,
        pairings=40,
        starts=40,
        captures=10,
        poses=2000,
        edges=400,
        faces=25,
    )
    assert set(validation.COUNTED) == set(Counts.__dataclass_fields__)


def test_without_the_measured_landmarks_the_page_says_so(quick, tmp_path):
    sections = count_all(
        SMALLEST, work=tmp_path, data=None, figures=tmp_path, say=lambda words: None
    )
    assert "SCALEBRIDGE_DATA" in sections[1][-1]
    assert not (tmp_path / "calibration.svg").exists()


def test_a_search_that_was_refused_is_kept_and_counted(tmp_path, monkeypatch):
    def refused(seed, distance):
        row = {"start": distance, "seed": seed, "end": "refused"}
        return row | dict.fromkeys(("aside_um", "along_um", "turn_deg", "seconds"), float("nan"))

    monkeypatch.setattr(slice_finds, "find_section", refused)
    table = validation_counts.count_sections(2, captures=1, work=tmp_path, say=lambda words: None)
    assert table["refused"].tolist() == [2, 1, 1, 1]
    rows = rows_of(page.slice_section(table))
    assert rows[0][1:5] == ["2", "0 (0.0% to 65.8%)", "2", "0"]
    assert rows[0][5:] == ["", "", ""]
    assert len(list(tmp_path.glob("section-*.json"))) == 5


def test_sections_are_summed_by_how_far_their_starts_lay_off():
    row = {"start": "near", "aside_um": 0.1, "along_um": 0.2, "turn_deg": 0.1, "seconds": 3.0}
    rows = [row | {"seed": 0, "end": "found"}, row | {"seed": 1, "end": "wrong", "aside_um": 9.0}]
    (summed,) = slice_table(rows).to_dict("records")
    assert (summed["searches"], summed["found"], summed["wrong"]) == (2, 1, 1)
    assert summed["aside_um"] == 0.1


def test_a_section_is_searched_near_its_place():
    row = find_section(3, "up to 20 voxels and 10°", size=64, across=48)
    assert row["end"] == "found"
    assert json.loads(json.dumps(row)) == row


def test_the_curves_hold_the_share_of_the_table_and_grow(data: Path):
    sets = {"kidney": measured_landmarks(data)["kidney"]}
    curves = calibration_curves(sets, counts=(6, 30), draws=5)
    table = calibration_table(sets, models=["affine"], counts=(6, 30), draws=5)
    at = curves[np.isclose(curves["level"], 0.95)]
    assert at["coverage"].tolist() == pytest.approx(table["coverage"].tolist())
    for _, curve in curves.groupby("fitted"):
        assert (np.diff(curve["coverage"]) >= 0).all()


def test_the_figure_has_a_panel_a_count_and_is_the_same_for_the_same_numbers():
    rows = [
        {"landmarks": name, "fitted": count, "level": level, "coverage": level}
        for name in ("lesions", "v14") for count in (6, 10) for level in LEVELS
    ]  # fmt: skip
    drawn = calibration_figure(pd.DataFrame(rows))
    assert drawn == calibration_figure(pd.DataFrame(rows))
    assert drawn.count("landmarks fitted") == 2
    assert drawn.count("histology (BIRL)") == 1
    assert len(drawn) < 60_000
