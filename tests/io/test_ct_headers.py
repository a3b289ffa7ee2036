"""CT volumes and stacks by the text beside them: VGI, SkyScan, Nikon, Xradia."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

from scalebridge.errors import ReadError

from .looking import look, pixels_of

VGI = """{{volume1}}
[representation]
size = 4 3 2
datatype = {kind}
bitsperelement = {bits}
[file1]
SkipHeader = 0
FileFormat = raw
Size = 4 3 2
Name = v.vol
Datatype = {kind}
BitsPerElement = {bits}
{{volumeprimitive12}}
[geometry]
resolution = 0.1 0.2 0.4
unit = {unit}
"""
VOLUME = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def write_vgi(folder, *, kind="float", bits=32, unit="mm", cut=0, **changes):
    text = VGI.format(kind=kind, bits=bits, unit=unit)
    for old, new in changes.items():
        text = text.replace(f"{old} = {old_value(text, old)}", f"{old} = {new}")
    (folder / "v.vgi").write_text(text)
    data = VOLUME.tobytes()
    (folder / "v.vol").write_bytes(data[: len(data) - cut])


def old_value(text, name):
    return next(line.split(" = ")[1] for line in text.splitlines() if line.startswith(name + " ="))


@pytest.mark.parametrize("name", ["v.vgi", "v.vol"])
def test_a_vgi_volume_opens_by_either_name_with_its_size_in_z_y_x(tmp_path, name):
    write_vgi(tmp_path)
    assert look(tmp_path / name).spacing_um == pytest.approx((400, 200, 100))
    np.testing.assert_array_equal(pixels_of(tmp_path / name), VOLUME)


def test_a_vgi_without_a_unit_is_uncalibrated(tmp_path):
    write_vgi(tmp_path, unit="")
    found = look(tmp_path / "v.vgi")
    assert found.spacing_um is None
    assert "no length" in found.spacing_source


@pytest.mark.parametrize(("change", "why"), [
    ({"cut": 4}, "takes 96 bytes"),
    ({"bits": 16, "kind": "unsigned integer"}, "takes 48 bytes"),
    ({"kind": "double"}, "expected a Datatype"),
    ({"Size": "4 3"}, "expected Size"),
    ({"Name": "../v.vol"}, "same folder"),
    ({"FileFormat": "jpeg"}, "expected a raw volume"),
])  # fmt: skip
def test_a_vgi_that_does_not_fit_its_volume_is_refused(tmp_path, change, why):
    write_vgi(tmp_path, **change)
    with pytest.raises(ReadError, match=why):
        look(tmp_path / "v.vgi")


def write_slices(folder, count=3, stem="s_rec"):
    for number in range(count):
        image = np.full((6, 8), number, np.uint8)
        tifffile.imwrite(folder / f"{stem}{number:04}.tif", image)


SKYSCAN = """[System]
Scanner=SkyScan1172
[Acquisition]
Number of Rows=6
Number of Columns=8
Image Pixel Size (um)=5.50
Rotation Step (deg)=0.400
{reconstruction}
"""
RECONSTRUCTION = """[Reconstruction]
Result Image Width (pixels)={width}
Result Image Height (pixels)=6
Pixel Size (um)=2.75
Section to Section Step=2
"""


def test_skyscan_slices_have_the_size_of_their_reconstruction(tmp_path):
    write_slices(tmp_path)
    text = SKYSCAN.format(reconstruction=RECONSTRUCTION.format(width=8))
    (tmp_path / "s_rec.log").write_text(text)
    found = look(tmp_path)
    assert (found.axes, found.shape) == ("zyx", (3, 6, 8))
    assert found.spacing_um == (5.5, 2.75, 2.75)


def test_skyscan_projections_are_no_slices(tmp_path):
    write_slices(tmp_path, stem="s")
    (tmp_path / "s.log").write_text(SKYSCAN.format(reconstruction=""))
    found = look(tmp_path)
    assert (found.axes, found.spacing_um) == ("tyx", (5.5, 5.5))
    assert found.metadata["step_deg"] == 0.4


def test_slices_that_were_resized_do_not_take_the_size_of_the_log(tmp_path):
    write_slices(tmp_path)
    text = SKYSCAN.format(reconstruction=RECONSTRUCTION.format(width=16))
    (tmp_path / "s_rec.log").write_text(text)
    found = look(tmp_path)
    assert found.spacing_um is None
    assert "cut or resized" in found.spacing_source


NIKON = """[XTekCT]
Name=p
VoxelsX={voxels}
VoxelsY=6
VoxelsZ=3
VoxelSizeX=0.02
VoxelSizeY=0.02
VoxelSizeZ=0.02
DetectorPixelsX={detector}
DetectorPixelsY=6
DetectorPixelSizeX=0.2
DetectorPixelSizeY=0.2
SrcToObject=100
SrcToDetector={far}
AngularStep=0.5
"""


@pytest.mark.parametrize(("voxels", "detector", "far", "axes", "um"), [
    (8, 99, 1000, "zyx", (20.0, 20.0, 20.0)),
    (99, 8, 1000, "tyx", (20.0, 20.0)),
    (99, 8, 50, "tyx", None),
    (99, 99, 1000, "zyx", None),
])  # fmt: skip
def test_nikon_images_are_what_the_log_has_the_pixels_of(tmp_path, voxels, detector, far, axes, um):
    write_slices(tmp_path, stem="p_")
    (tmp_path / "p.xtekct").write_text(NIKON.format(voxels=voxels, detector=detector, far=far))
    found = look(tmp_path)
    assert found.axes == axes
    assert found.spacing_um == (um and pytest.approx(um))


def test_xradia_projections_have_their_angles_and_no_geometry_from_placeholders(data):
    file = data / "xradia_xrm_txrm" / "txrm_test_chip_tomo.txrm"
    found, last = look(file), pixels_of(file)[6:]
    assert (found.axes, found.shape) == ("tyx", (7, 256, 256))
    assert found.spacing_um == pytest.approx((0.15578948, 0.15578948))
    settings = found.metadata["Xradia"]
    np.testing.assert_allclose(settings["angles_deg"][0], -45.018, atol=1e-3)
    np.testing.assert_allclose(np.diff(settings["angles_deg"]), 15, atol=0.02)
    assert settings["distances_mm"] is None
    assert any("placeholders" in words for words in found.warnings)
    np.testing.assert_array_equal(last[0, 0, :3], [3, 10, 10])


def test_a_radiograph_has_the_published_stage_and_angle(data):
    found = look(data / "xradia_xrm_txrm" / "test_chip00.xrm")
    assert found.stage["x_um"] == pytest.approx(715.3599853515625)
    assert found.stage["y_um"] == pytest.approx(-3761.9892578125)
    assert found.stage["rotation_deg"] == pytest.approx(-0.06000000238418579)


def test_a_reconstruction_has_cubic_voxels(data, tmp_path):
    file = tmp_path / "made.txm"
    shutil.copy(data / "xradia_xrm_txrm" / "txrm_test_chip_tomo.txrm", file)
    found = look(file)
    assert (found.axes, found.spacing_um) == ("zyx", pytest.approx((0.15578948,) * 3))


def test_an_xradia_file_cut_short_is_refused(data, tmp_path):
    raw = (data / "xradia_xrm_txrm" / "test_chip00.xrm").read_bytes()
    file = tmp_path / "cut.xrm"
    for part in (600, len(raw) // 3):
        file.write_bytes(raw[:part])
        with pytest.raises(ReadError, match="copy it again"):
            look(file)
