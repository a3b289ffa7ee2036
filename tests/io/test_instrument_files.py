"""Files for instruments: read back, and never with a number that nobody knows."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from scalebridge.analysis.registration.milling_volume import MillingVolume
from scalebridge.io import write_boxes, write_fibsem_positions, write_nav

ITEMS = pd.DataFrame(
    {
        "label": ["pit_1", "pit-2"],
        "name": ["pit: one", 'the "second" µ'],
        "x_um": [-1234.5678, 1e-5],
        "y_um": [0.0, 99999.25],
        "z_um": [-3.0, 4.0],
        "rotation_deg": [180.0, -90.0],
        "tilt_deg": [52.0, 0.0],
        "note": ["95 % ellipsoid = 2 µm\nlook first", ""],
    }
)


def test_a_navigator_file_holds_every_item_with_its_position(tmp_path):
    text = write_nav(ITEMS, tmp_path / "targets.nav").read_text(encoding="utf-8")
    assert text.startswith("AdocVersion = 2.00\n\n[Item = pit_1]\n")
    items = re.split(r"^\[Item = (.+)\]$", text, flags=re.M)[1:]
    assert items[::2] == ["pit_1", "pit-2"]
    for body, row in zip(items[1::2], ITEMS.itertuples(), strict=True):
        fields = dict(line.split(" = ", 1) for line in body.strip().splitlines())
        assert [float(v) for v in fields["StageXYZ"].split()] == [row.x_um, row.y_um, row.z_um]
        assert (float(fields["PtsX"]), float(fields["PtsY"])) == (row.x_um, row.y_um)
        assert fields["Type"] == "0"
        assert "=" not in fields.get("Note", "")


def test_positions_are_read_back_in_metres_and_radians(tmp_path):
    yaml = pytest.importorskip("yaml")
    file = write_fibsem_positions(ITEMS, tmp_path / "positions.yaml")
    for read, row in zip(yaml.safe_load(file.read_text("utf-8")), ITEMS.itertuples(), strict=True):
        assert read["name"] == row.name
        there = [read[axis] * 1e6 for axis in "xyz"]
        np.testing.assert_allclose(there, [row.x_um, row.y_um, row.z_um], rtol=1e-11)
        assert np.degrees([read["r"], read["t"]]) == pytest.approx([row.rotation_deg, row.tilt_deg])
        assert read["coordinate_system"] == "RAW"


@pytest.mark.parametrize("column", ["x_um", "z_um", "tilt_deg", "rotation_deg"])
def test_a_number_that_nobody_knows_is_refused_and_nothing_is_written(tmp_path, column):
    unknown = ITEMS.assign(**{column: [1.0, np.nan]})
    with pytest.raises(ValueError, match=f'a known {column} for the "second" µ|a known {column}'):
        write_fibsem_positions(unknown, tmp_path / "positions.yaml")
    if column.endswith("_um"):
        with pytest.raises(ValueError, match=f"a known {column} for pit-2"):
            write_nav(unknown, tmp_path / "targets.nav")
    with pytest.raises(ValueError, match="a positions file needs columns"):
        write_fibsem_positions(ITEMS.drop(columns=column), tmp_path / "positions.yaml")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("label", ["pit 1", "pit.1", "größe", ""])
def test_labels_that_other_readers_lose_are_refused(tmp_path, label):
    with pytest.raises(ValueError, match="letters, digits, - and _ only"):
        write_nav(ITEMS.assign(label=["fine", label]), tmp_path / "targets.nav")


@pytest.mark.parametrize("ending", ["stl", "vtk", "vtp"])
def test_boxes_are_closed_and_as_large_as_they_should_be(tmp_path, ending):
    import pyvista as pv

    half = np.array([2.0, 3.0, 5.0])
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    boxes = {
        "volume of interest": MillingVolume([10, 20, 30], half).corners_um,
        "cut": MillingVolume([-40, 0, 30], 2 * half, axes=turn).corners_um,
        "turned": MillingVolume([-40, 60, 30], half, axes=-turn).corners_um,
    }
    mesh = pv.read(write_boxes(boxes, tmp_path / f"boxes.{ending}")).triangulate().clean()
    assert mesh.is_manifold
    assert mesh.volume == pytest.approx(8 * half.prod() * (1 + 8 + 1), rel=1e-5)
    low, high = np.reshape(mesh.bounds, (3, 2)).T
    every = np.vstack(list(boxes.values()))[:, ::-1]
    np.testing.assert_allclose(low, every.min(axis=0), rtol=1e-5)
    np.testing.assert_allclose(high, every.max(axis=0), rtol=1e-5)


def test_every_face_of_a_box_looks_outwards(tmp_path):
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    for axes in (np.eye(3), turn, -turn):
        corners = MillingVolume([0, 0, 0], [1, 2, 3], axes=axes).corners_um
        raw = write_boxes({"a": corners}, tmp_path / "a.stl", unit="mm").read_bytes()
        assert b"unit mm" in raw[:80]
        facets = np.frombuffer(raw[84:], np.dtype([("v", "<f4", (4, 3)), ("end", "u2")]))[
            "v"
        ].astype(float)
        assert len(facets) == 12
        assert (np.sum(facets[:, 0] * facets[:, 1:].mean(axis=1), axis=1) > 0).all()
        assert np.abs(facets[:, 1:]).max() < 0.01


def test_a_box_that_is_none_is_refused(tmp_path):
    corners = MillingVolume([0, 0, 0], [1, 1, 1]).corners_um
    with pytest.raises(ValueError, match="another order or no box"):
        write_boxes({"a": corners[[1, 0, 2, 3, 4, 5, 6, 7]]}, tmp_path / "a.stl")
    with pytest.raises(ValueError, match="with unknown numbers"):
        write_boxes({"a": corners * np.nan}, tmp_path / "a.stl")
