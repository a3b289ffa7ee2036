"""EBSD maps: text, records and Oxford's HDF5, known in and the same out."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from scalebridge.errors import ReadError

from .looking import look, opened, pixels_of

ROWS, COLUMNS, STEP = 3, 4, 0.25


def write_ctf(file, *, rows=ROWS, step=STEP, mode="Grid", drop=0, swap=False):
    names = ["Phase", "X", "Y", "Euler1", "BC"]
    places = [(y, x) for y in range(ROWS) for x in range(COLUMNS)]
    if swap:
        places = [(y, x) for x in range(COLUMNS) for y in range(ROWS)]
    lines = [f"1\t{x * STEP}\t{y * STEP}\t{10 * y + x}.5\t{y * COLUMNS + x}" for y, x in places]
    head = ["Channel Text File", "Prj\tmade", f"JobMode\t{mode}", f"XCells\t{COLUMNS}",
            f"YCells\t{rows}", f"XStep\t{step}", f"YStep\t{step}", "Phases\t1"]  # fmt: skip
    file.write_text("\n".join([*head, "\t".join(names), *lines[: len(lines) - drop], ""]))


def write_ang(file, *, grid="SqrGrid", step=STEP):
    head = [f"# GRID: {grid}", f"# XSTEP: {step}", f"# YSTEP: {step}",
            f"# NCOLS_ODD: {COLUMNS}", f"# NCOLS_EVEN: {COLUMNS}", f"# NROWS: {ROWS}"]  # fmt: skip
    lines = [
        f" 0.1 0.2 0.3 {x * STEP} {y * STEP} {y * COLUMNS + x} 0.9 1 7 1.5"
        for y in range(ROWS)
        for x in range(COLUMNS)
    ]
    file.write_text("\n".join([*head, *lines, ""]))


def all_of(path):
    return look(path), pixels_of(path)


def test_a_ctf_is_one_image_with_a_channel_for_each_column(tmp_path):
    write_ctf(tmp_path / "a.ctf")
    found, pixels = all_of(tmp_path / "a.ctf")
    assert (found.format, found.axes, found.spacing_um) == ("EBSD CTF", "cyx", (STEP, STEP))
    assert found.channel_names == ("Phase", "X", "Y", "Euler1", "BC")
    np.testing.assert_array_equal(pixels[4], np.arange(12).reshape(ROWS, COLUMNS))
    assert pixels[3, 2, 1] == 21.5


def test_an_ang_is_one_image_with_a_channel_for_each_column(tmp_path):
    write_ang(tmp_path / "a.ang")
    found, pixels = all_of(tmp_path / "a.ang")
    assert (found.format, found.spacing_um) == ("EBSD ANG", (STEP, STEP))
    assert found.channel_names[5] == "image quality"
    np.testing.assert_array_equal(pixels[5], np.arange(12).reshape(ROWS, COLUMNS))


@pytest.mark.parametrize(("change", "why"), [
    ({"drop": 2}, "expected 12 points"),
    ({"rows": 900_000}, "more than its"),
    ({"mode": "Interactive"}, "JobMode"),
    ({"step": 0.3}, "do not follow the grid"),
    ({"swap": True}, "do not follow the grid"),
])  # fmt: skip
def test_a_ctf_that_contradicts_itself_is_refused(tmp_path, change, why):
    write_ctf(tmp_path / "a.ctf", **change)
    with pytest.raises(ReadError, match=why):
        look(tmp_path / "a.ctf")


def test_a_hexagonal_ang_is_refused_and_a_zero_step_is_asked_for(tmp_path):
    write_ang(tmp_path / "a.ang", grid="HexGrid")
    with pytest.raises(ReadError, match="hexagonal"):
        look(tmp_path / "a.ang")
    write_ang(tmp_path / "a.ang", step=0)
    assert look(tmp_path / "a.ang").spacing_um is None


CPR = """[General]
JobMode=RegularGrid
[Job]
xCells=4
yCells=3
GridDistX=0.25
GridDistY=0.5
[Fields]
Count=2
Field1=3
Field2=7
"""


def write_crc(folder, cpr=CPR, points=12):
    record = np.dtype([("phase", "u1"), ("euler", "<f4"), ("bc", "u1")])
    table = np.zeros(points, record)
    table["euler"], table["bc"] = np.arange(points) / 8, np.arange(points)
    (folder / "m.cpr").write_text(cpr)
    (folder / "m.crc").write_bytes(table.tobytes())


@pytest.mark.parametrize("name", ["m.cpr", "m.crc"])
def test_a_crc_opens_by_either_of_its_two_names(tmp_path, name):
    write_crc(tmp_path)
    found, pixels = all_of(tmp_path / name)
    assert found.channel_names == ("phase", "Euler 1", "band contrast")
    assert found.spacing_um == (0.5, 0.25)
    np.testing.assert_array_equal(pixels[2], np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(pixels[1], np.arange(12).reshape(3, 4) / 8)


@pytest.mark.parametrize(("old", "new", "why"), [
    ("xCells=4", "xCells=5", "has 72"),
    ("Field2=7", "Field2=99", "lists the field 99"),
    ("Field2=7", "Field2=3", "twice"),
    ("yCells=3", "yCells=-3", "positive whole number"),
    ("RegularGrid", "Interactive", "JobMode"),
])  # fmt: skip
def test_a_cpr_that_does_not_fit_its_crc_is_refused(tmp_path, old, new, why):
    write_crc(tmp_path, CPR.replace(old, new))
    with pytest.raises(ReadError, match=why):
        look(tmp_path / "m.cpr")


def test_the_measured_map_has_the_step_and_the_bands_of_its_phase(data):
    found, pixels = all_of(data / "defdap_ebsd_hrdic" / "testDataEBSD.crc")
    assert (found.shape, found.spacing_um) == ((10, 243, 359), (0.12, 0.12))
    euler = pixels[found.channel_names.index("Euler 2")]
    assert 0 <= euler.min() <= euler.max() <= np.pi
    assert pixels[found.channel_names.index("bands")].max() == 12


def write_h5oina(file, *, unit="um", cells=ROWS * COLUMNS):
    with h5py.File(file, "w") as out:
        out["Format Version"], out["Manufacturer"] = b"5.0", b"Oxford Instruments"
        for technique in ("EBSD", "EDS", "Electron Image"):
            header = out.create_group(f"1/{technique}/Header")
            header["X Cells"], header["Y Cells"] = np.int32([COLUMNS]), np.int32([ROWS])
            for axis in "XY":
                header[f"{axis} Step"] = np.array([STEP])
                header[f"{axis} Step"].attrs["Unit"] = unit
        stage = out.create_group("1/EBSD/Header/Stage Position")
        for name, value, its in (("X", 1.5, "mm"), ("Y", -2.0, "mm"), ("Tilt", 1.2, "rad")):
            stage[name] = np.array([value])
            stage[name].attrs["Unit"] = its
        out["1/EBSD/Data/Band Contrast"] = np.arange(cells, dtype=np.uint8)
        out["1/EBSD/Data/Euler"] = np.arange(3 * cells, dtype=np.float32).reshape(-1, 3)
        out["1/EDS/Data/Window Integral/Fe Ka1"] = np.ones(cells, np.float32)
        out["1/Electron Image/Data/SE/Image 1"] = np.zeros(cells, np.uint8)


def test_every_map_of_an_h5oina_is_an_image_with_its_step_and_stage(tmp_path):
    file = tmp_path / "a.h5oina"
    write_h5oina(file)
    found, pixels = all_of(file)
    assert found.entries == (
        "1/EBSD/Band Contrast", "1/EBSD/Euler", "1/EDS/Window Integral/Fe Ka1",
        "1/Electron Image/SE/Image 1",
    )  # fmt: skip
    np.testing.assert_array_equal(pixels, np.arange(12).reshape(ROWS, COLUMNS))
    assert found.spacing_um == (STEP, STEP)
    assert found.stage == pytest.approx({"x_um": 1500, "y_um": -2000, "tilt_deg": np.degrees(1.2)})
    euler = opened(f"{file}::1/EBSD/Euler")
    assert euler.description.axes == "cyx"
    box = euler.pixels.read((slice(1, 3), slice(1, 3, 2), slice(0, 4, 2)))
    whole = np.arange(36).reshape(ROWS, COLUMNS, 3).transpose(2, 0, 1)
    np.testing.assert_array_equal(box, whole[1:3, 1:3:2, 0:4:2])
    assert look(f"{file}::1/EDS/Window Integral/Fe Ka1").modality == "EDS"


@pytest.mark.parametrize("unit", ["", "inch", "px"])
def test_an_h5oina_step_without_a_length_is_asked_for(tmp_path, unit):
    write_h5oina(tmp_path / "a.h5oina", unit=unit)
    assert look(tmp_path / "a.h5oina").spacing_um is None
