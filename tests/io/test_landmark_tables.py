"""Landmarks in Slicer's and in plain files: right axes, right units, back again unchanged."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from scalebridge.errors import ReadError
from scalebridge.io import read_landmarks, read_markups, write_landmarks, write_markups

SLICER = """\
{"@schema": "https://example.org/markups-schema-v1.0.0.json#",
"markups": [{"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": [
    { "label": "F-1", "position": [-53.388409961685827, -73.33572796934868, 0.5] },
    { "label": "F-2", "position": [49.8682950191571, -88.55955, 1e-3], "description": "bright",
      "selected": false },
    { "label": "F-3", "position": [], "positionStatus": "undefined" }
]}]}
"""
FCSV = """\
# Markups fiducial file version = 4.13
# CoordinateSystem = LPS
# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID
0,-19.9067,13.9347,29.44297,0,0,0,1,1,1,0,F-1,,
1,-7.3939,-76.9499,17.55254,0,0,0,1,1,0,0,F-2,"rim, left",
"""


def pairs(count=20):
    rng = np.random.default_rng(0)
    columns = [f"{side}_{axis}_um" for side in ("moving", "fixed") for axis in "xyz"]
    table = pd.DataFrame(rng.normal(0, 1e3, (count, 6)), columns=columns)
    table.insert(0, "active", rng.random(count) > 0.3)
    table.insert(0, "name", [f'µ "{i}", a' for i in range(count)])
    return table.assign(note=[f"spot {i}" for i in range(count)])


def same(read, written):
    assert read["name"].tolist() == written["name"].tolist()
    assert read["active"].tolist() == written["active"].tolist()
    numbers = list(written.columns[2:8])
    np.testing.assert_allclose(read[numbers], written[numbers], rtol=1e-15)


def test_millimetres_of_slicer_are_micrometres_here_and_its_left_is_our_x(tmp_path):
    (tmp_path / "a.mrk.json").write_text(SLICER)
    table = read_markups(tmp_path / "a.mrk.json")
    assert table.loc[0, ["x_um", "y_um", "z_um"]].tolist() == pytest.approx(
        [-53388.409961685827, -73335.72796934868, 500.0]
    )
    assert table["active"].tolist() == [True, False, False]
    assert table["note"].tolist() == ["", "bright", ""]
    assert table.loc[2, ["x_um", "y_um", "z_um"]].isna().all()


def test_right_anterior_superior_is_the_same_place_with_other_signs(tmp_path):
    (tmp_path / "a.mrk.json").write_text(SLICER)
    lps = read_markups(tmp_path / "a.mrk.json").iloc[:2]
    for ending in (".mrk.json", ".fcsv"):
        for system in ("LPS", "RAS"):
            file = tmp_path / f"b{ending}"
            write_markups(lps, file, coordinate_system=system)
            assert system in file.read_text()
            again = read_markups(file)
            numbers = ["x_um", "y_um", "z_um"]
            np.testing.assert_allclose(again[numbers], lps[numbers], rtol=1e-15)
            assert again[["name", "active", "note"]].equals(lps[["name", "active", "note"]])
    ras = json.loads((tmp_path / "a.mrk.json").read_text().replace("LPS", "RAS"))
    (tmp_path / "c.mrk.json").write_text(json.dumps(ras))
    turned = read_markups(tmp_path / "c.mrk.json").iloc[:2]
    np.testing.assert_allclose(
        turned[["x_um", "y_um", "z_um"]], lps[["x_um", "y_um", "z_um"]] * [-1, -1, 1]
    )


def test_old_point_lists_are_read_with_their_descriptions(tmp_path):
    (tmp_path / "a.fcsv").write_text(FCSV)
    table = read_markups(tmp_path / "a.fcsv")
    assert table["name"].tolist() == ["F-1", "F-2"]
    assert table["x_um"].tolist() == pytest.approx([-19906.7, -7393.9])
    assert table["active"].tolist() == [True, False]
    assert table["note"].tolist() == ["", "rim, left"]
    (tmp_path / "a.fcsv").write_text(FCSV.replace("= LPS", "= 0"))  # of Slicer 4: RAS
    assert read_markups(tmp_path / "a.fcsv")["x_um"].tolist() == pytest.approx([19906.7, 7393.9])


@pytest.mark.parametrize("name", ["a.csv", "a.bigwarp.csv", "a.mrk.json", "a.fcsv"])
def test_pairs_are_the_same_after_a_way_through_any_format(tmp_path, name):
    written = pairs()
    files = write_landmarks(written, tmp_path / name)
    assert all(file.is_file() for file in files)
    read = read_landmarks(files[0])
    same(read, written)
    if name != "a.bigwarp.csv":
        assert read["note"].tolist() == written["note"].tolist()


def test_two_lists_are_matched_by_label_whatever_their_order(tmp_path):
    table = pairs(3).assign(name=["a", "b", "c"], active=True)
    moving, fixed = write_landmarks(table, tmp_path / "x.mrk.json")
    points = read_markups(fixed).iloc[[2, 0]]
    write_markups(points, tmp_path / "other.mrk.json")
    read = read_landmarks(moving, tmp_path / "other.mrk.json")
    assert read["name"].tolist() == ["a", "b", "c"]
    assert read["active"].tolist() == [True, False, True]
    np.testing.assert_allclose(read["fixed_x_um"][[0, 2]], table["fixed_x_um"][[0, 2]])
    assert np.isnan(read["fixed_x_um"][1])


def test_units_of_a_table_stand_in_its_header_and_are_converted(tmp_path):
    head = "Name,moving_x_nm,moving_y_nm,moving x [µm],fixed_x_mm,fixed_y_um,fixed z (um),used\n"
    (tmp_path / "a.csv").write_text(
        head.replace("moving x [µm]", "moving z [µm]") + "p,5,6,7,8,9,1,no\n"
    )
    row = read_landmarks(tmp_path / "a.csv").iloc[0]
    columns = [f"{side}_{axis}_um" for side in ("moving", "fixed") for axis in "xyz"]
    assert row[columns].tolist() == pytest.approx([5e-3, 6e-3, 7, 8e3, 9, 1])
    assert not row["active"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "name,moving_x,moving_y_um,fixed_x_um,fixed_y_um\n", "states no unit: call it"),
        ("a.csv", "name,moving_x_px,moving_y_um,fixed_x_um,fixed_y_um\n", "states the unit 'px'"),
        ("a.csv", "name,x_um,y_um\n", "is this a table of landmark pairs"),
        ("a.csv", "name,moving_x_um,moving_y_um,fixed_x_um,fixed_y_um\na,1,2,3,4 um\n", "line 2"),
        ("a.tif", "", "expected landmarks as"),
        ("a.moving.mrk.json", SLICER, "a.fixed.mrk.json is not there"),
    ],
)
def test_tables_that_leave_something_open_are_refused_in_words(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=said):
        read_landmarks(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.mrk.json", SLICER.replace("LPS", "IJK"), "LPS or RAS in .*got 'IJK'"),
        ("a.mrk.json", SLICER.replace('"LPS"', '"LPS", "coordinateUnits": "px"'), "got 'px'"),
        ("a.mrk.json", SLICER.replace("0.5]", "NaN]"), "three numbers for point 1"),
        ("a.mrk.json", '{"markups": []}', "expected one list of points"),
        ("a.mrk.json", "not json", "expected one list of points"),
        ("a.fcsv", FCSV.replace("# CoordinateSystem = LPS\n", ""), "left and right cannot be told"),
        ("a.fcsv", FCSV.replace("-19.9067", "left"), "three numbers for point 1"),
    ],
)
def test_point_lists_that_leave_something_open_are_refused_in_words(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=said):
        read_markups(tmp_path / name)


def test_labels_that_match_nothing_or_twice_are_refused(tmp_path):
    table = pairs(2).assign(name=["a", "b"], active=True)
    moving, fixed = write_landmarks(table, tmp_path / "x.mrk.json")
    fixed.write_text(fixed.read_text().replace('"label": "b"', '"label": "a"'))
    with pytest.raises(ReadError, match=r"every label once in .*x\.fixed\.mrk\.json, .*a twice"):
        read_landmarks(moving)
    fixed.write_text(fixed.read_text().replace('"label": "a"', '"label": "c"', 1))
    fixed.write_text(fixed.read_text().replace('"label": "a"', '"label": "d"', 1))
    with pytest.raises(ReadError, match="they have none in common"):
        read_landmarks(moving)
