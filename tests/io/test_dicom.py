"""DICOM series: order and distance come from positions."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from scalebridge.errors import ReadError

from .looking import look, pixels_of

STEP, THICK = 2.5, 4.0


def write_series(folder, heights=(0.0, STEP, 2 * STEP), *, spacing=r"0.5\0.25", uid="1.2.3",
                 place=True, first=0):  # fmt: skip
    """Slices whose grey value is their height; names in another order than positions."""
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number, height in enumerate(heights):
        image = sitk.GetImageFromArray(np.full((4, 6), int(height * 10), np.uint16))
        tags = {"0008|0060": "CT", "0020|000e": uid, "0020|000d": "1.2", "0018|0050": str(THICK),
                "0008|0018": f"{uid}.{number}", "0020|0013": str(number)}  # fmt: skip
        if spacing:
            tags["0028|0030"] = spacing
            image.SetSpacing([float(v) for v in reversed(spacing.split("\\"))])
        if place:
            tags |= {"0020|0032": rf"1\2\{height}", "0020|0037": r"1\0\0\0\1\0"}
            image.SetOrigin((1.0, 2.0))
        for key, value in tags.items():
            image.SetMetaData(key, value)
        writer.SetFileName(str(folder / f"{uid}_{len(heights) - number + first}.dcm"))
        writer.Execute(image)


def test_a_series_is_ordered_by_position_and_spaced_by_it_not_by_thickness(tmp_path):
    write_series(tmp_path)
    found, pixels = look(tmp_path), pixels_of(tmp_path)
    assert (found.format, found.axes, found.shape) == ("DICOM", "zyx", (3, 4, 6))
    assert found.spacing_um == pytest.approx((2500.0, 500.0, 250.0))
    assert pixels[:, 0, 0].tolist() == [0, 25, 50]
    assert found.origin_um == pytest.approx((0.0, 2000.0, 1000.0))
    assert found.modality == "CT"


def test_a_missing_slice_leaves_z_unknown(tmp_path):
    write_series(tmp_path, heights=(0.0, STEP, 3 * STEP))
    found = look(tmp_path)
    assert found.partial_spacing_um == (None, 500.0, 250.0)
    assert "missing" in found.spacing_source


@pytest.mark.parametrize(("tag", "known"), [
    (b"\x28\x00\x30\x00", (None, None, None)),
    (b"\x20\x00\x32\x00", (None, 500.0, 250.0)),
])  # fmt: skip
def test_without_pixel_spacing_or_positions_that_length_is_asked_for(tmp_path, tag, known):
    write_series(tmp_path)
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert data.count(tag) == 1
        file.write_bytes(data.replace(tag, tag[:3] + b"\x7f"))  # a tag that nobody knows
    assert look(tmp_path).partial_spacing_um == known


def test_two_series_of_a_folder_are_two_images(tmp_path):
    write_series(tmp_path, uid="1.2.3")
    write_series(tmp_path, uid="1.2.4", heights=(0.0, STEP))
    with pytest.raises(ReadError, match="holds 2 series"):
        look(tmp_path)
    found = look(f"{tmp_path}::1.2.4")
    assert found.shape == (2, 4, 6)
    assert found.entries == ("1.2.3", "1.2.4")


def test_a_slice_cut_short_is_refused(tmp_path):
    write_series(tmp_path, heights=(0.0,))
    file = next(tmp_path.iterdir())
    assert look(file).axes == "yx"
    file.write_bytes(file.read_bytes()[:400])
    with pytest.raises(ReadError, match="copy it again"):
        pixels_of(file)


def test_a_slice_that_is_dicom_by_its_name_only_is_refused_and_not_left_out(tmp_path):
    write_series(tmp_path)
    file = tmp_path / "1.2.3_2.dcm"  # the one in the middle
    data = bytearray(file.read_bytes())
    data[129] ^= 2
    file.write_bytes(data)
    with pytest.raises(ReadError, match="named like DICOM and is none"):
        look(tmp_path)
