from __future__ import annotations

import numpy as np
import pytest
import tifffile

from scalebridge.errors import ReadError
from scalebridge.io import Answers, describe, open_source

IMAGE = np.arange(12 * 16, dtype=np.uint16).reshape(12, 16)
VOLUME = np.arange(5 * 12 * 16, dtype=np.uint16).reshape(5, 12, 16)


def test_pixels_per_centimetre_are_a_calibration(tmp_path):
    file = tmp_path / "cm.tif"
    tifffile.imwrite(file, IMAGE, resolution=(20000, 10000), resolutionunit="CENTIMETER")
    found = describe(file)
    assert found.spacing_um == pytest.approx((1.0, 0.5))
    assert "centimetre" in found.spacing_source
    assert found.missing == ()


@pytest.mark.parametrize("dpi", [72, 300])
def test_a_printers_resolution_in_centimetres_is_no_calibration(tmp_path, dpi):
    file = tmp_path / "print.tif"
    per_cm = dpi / 2.54
    tifffile.imwrite(file, IMAGE, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER")
    assert describe(file).spacing_um is None
    assert f"{dpi} dots per inch" in describe(file).spacing_source


def test_pixels_per_inch_are_refused_as_a_calibration(tmp_path):
    file = tmp_path / "inch.tif"
    tifffile.imwrite(file, IMAGE, resolution=(50800, 50800), resolutionunit="INCH")
    found = describe(file)
    assert found.spacing_um is None
    assert "in inches (50800 per inch)" in found.spacing_source
    assert found.missing == ("voxel size",)


def test_imagej_inch_is_refused_as_a_calibration(tmp_path):
    file = tmp_path / "fiber.tif"
    tifffile.imwrite(
        file, VOLUME, imagej=True, resolution=(100, 100), metadata={"unit": "inch", "axes": "ZYX"}
    )
    found = describe(file)
    assert found.format == "ImageJ TIFF"
    assert found.spacing_um is None
    assert "'inch'" in found.spacing_source


def test_a_tiff_without_any_unit_is_uncalibrated_and_not_one(tmp_path):
    file = tmp_path / "bare.tif"
    tifffile.imwrite(file, VOLUME)
    assert describe(file).spacing_um is None
    assert describe(file).partial_spacing_um == (None, None, None)


@pytest.mark.parametrize(("unit", "scale"), [("micron", 1.0), ("nm", 1e-3), ("um", 1.0)])
def test_imagej_units_of_length_are_read(tmp_path, unit, scale):
    file = tmp_path / "ij.tif"
    metadata = {"unit": unit, "spacing": 3.0, "axes": "ZYX"}
    tifffile.imwrite(file, VOLUME, imagej=True, resolution=(4.0, 2.0), metadata=metadata)
    assert describe(file).spacing_um == pytest.approx((3 * scale, 0.5 * scale, 0.25 * scale))


def test_imagej_without_a_slice_distance_is_calibrated_in_the_plane_only(tmp_path):
    file = tmp_path / "ij.tif"
    metadata = {"unit": "um", "axes": "ZYX"}
    tifffile.imwrite(file, VOLUME, imagej=True, resolution=(4.0, 2.0), metadata=metadata)
    found = describe(file)
    assert found.spacing_um is None
    assert found.partial_spacing_um == (None, pytest.approx(0.5), pytest.approx(0.25))
    answered = describe(file, answers=Answers(spacing_um=(2.0, None, None)))
    assert answered.spacing_um == pytest.approx((2.0, 0.5, 0.25))


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_a_slice_distance_that_is_no_length_leaves_the_volume_uncalibrated(tmp_path, bad):
    file = tmp_path / "ij.tif"
    metadata = {"unit": "um", "spacing": bad, "axes": "ZYX"}
    tifffile.imwrite(file, VOLUME, imagej=True, resolution=(4.0, 2.0), metadata=metadata)
    assert describe(file).spacing_um is None


def _write_ome(file, data, axes, **extra):
    tifffile.imwrite(file, data, ome=True, metadata={"axes": axes, **extra})


def test_ome_physical_sizes_are_read_with_their_units(tmp_path):
    file = tmp_path / "a.ome.tif"
    _write_ome(
        file,
        VOLUME,
        "ZYX",
        PhysicalSizeX=120.0,
        PhysicalSizeXUnit="nm",
        PhysicalSizeY=0.2,
        PhysicalSizeYUnit="µm",
        PhysicalSizeZ=0.001,
        PhysicalSizeZUnit="mm",
        Channel={"Name": ["DAPI"]},
    )
    found = describe(file)
    assert found.format == "OME-TIFF"
    assert found.spacing_um == pytest.approx((1.0, 0.2, 0.12))


def test_ome_sizes_in_pixels_are_no_lengths(tmp_path):
    file = tmp_path / "a.ome.tif"
    sizes = {f"PhysicalSize{a}": 1.0 for a in "XYZ"} | {
        f"PhysicalSize{a}Unit": "pixel" for a in "XYZ"
    }
    _write_ome(file, VOLUME, "ZYX", **sizes)
    assert describe(file).spacing_um is None
    assert "'pixel', which is not a length" in describe(file).spacing_source


def test_ome_axes_come_out_as_t_c_z_y_x(tmp_path):
    data = np.arange(2 * 3 * 4 * 6 * 5, dtype=np.uint8).reshape(2, 3, 4, 6, 5)
    file = tmp_path / "a.ome.tif"
    _write_ome(file, data, "TZCYX", Channel={"Name": ["a", "b", "c", "d"]})
    with open_source(file) as source:
        assert (source.description.axes, source.shape) == ("tczyx", (2, 4, 3, 6, 5))
        assert source.description.channel_names == ("a", "b", "c", "d")
        np.testing.assert_array_equal(source.read(), data.transpose(0, 2, 1, 3, 4))


@pytest.mark.parametrize("other", ["other.ome.tif", "../../secret.tif", "/etc/passwd"])
def test_an_ome_tiff_that_refers_to_another_file_is_refused(tmp_path, other):
    block = f'<UUID FileName="{other}">urn:uuid:2222</UUID>'
    file = tmp_path / "a.ome.tif"
    _write_multifile(file, block)
    with pytest.raises(ReadError, match="refers to another file"):
        describe(file)


def test_a_renamed_ome_tiff_is_still_itself(tmp_path):
    file = tmp_path / "renamed.ome.tif"
    _write_multifile(file, '<UUID FileName="before.ome.tif">urn:uuid:1111</UUID>')
    assert describe(file).shape == IMAGE.shape


def _write_multifile(file, block):
    rows, columns = IMAGE.shape
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1111">'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" '
        f'SizeX="{columns}" SizeY="{rows}" SizeC="1" SizeZ="1" SizeT="1">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="1">'
        f"{block}</TiffData></Pixels></Image></OME>"
    )
    tifffile.imwrite(file, IMAGE, description=xml, metadata=None)


@pytest.mark.parametrize("options", [
    {},
    {"compression": "zlib", "rowsperstrip": 5},
    {"compression": "lzw", "predictor": True, "tile": (16, 16)},
    {"byteorder": ">"},
    {"compression": "zlib", "byteorder": ">", "rowsperstrip": 1},
])  # fmt: skip
@pytest.mark.parametrize("step", [1, 3])
def test_any_box_of_any_layout_is_what_tifffile_reads(tmp_path, options, step):
    data = np.random.default_rng(1).integers(0, 60000, (4, 37, 43)).astype(np.uint16)
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, data, photometric="minisblack", **options)
    box = (slice(1, 4, step), slice(3, 30, step), slice(2, 41, step))
    with open_source(file) as source:
        np.testing.assert_array_equal(source.read(box), data[box])
        np.testing.assert_array_equal(source.read(), data)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_become_channels_in_front(tmp_path, planar):
    data = np.random.default_rng(2).integers(0, 255, (21, 18, 3)).astype(np.uint8)
    file = tmp_path / "rgb.tif"
    stored = data if planar == "contig" else np.ascontiguousarray(data.transpose(2, 0, 1))
    tifffile.imwrite(
        file, stored, photometric="rgb", planarconfig=planar, compression="zlib", rowsperstrip=4
    )
    with open_source(file) as source:
        assert source.description.axes == "cyx"
        assert source.description.channel_names == ("red", "green", "blue")
        np.testing.assert_array_equal(source.read(), data.transpose(2, 0, 1))
        box = (slice(1, 3), slice(5, 20, 2), slice(0, 9))
        np.testing.assert_array_equal(source.read(box), data.transpose(2, 0, 1)[box])


def test_the_second_image_of_a_file_is_reached_by_its_number(tmp_path):
    file = tmp_path / "two.tif"
    with tifffile.TiffWriter(file) as writer:
        writer.write(IMAGE)
        writer.write(VOLUME)
    assert "holds 2 images" in describe(file).warnings[-1]
    assert describe(f"{file}::1").shape == VOLUME.shape
    with pytest.raises(ReadError, match="holds 2 images"):
        describe(f"{file}::7")
