"""The tags of SEM makers, written here as their programs write them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from scalebridge.io import Answers, describe, open_source


def write_zeiss(file, *, columns, rows, tags):
    """Write a SmartSEM TIFF: tag 34118 is text of key and ``label = value unit`` lines."""
    head = "\r\n".join(["0"] * 10)
    text = head + "\r\n" + "\r\n".join(f"{key}\r\n{line}" for key, line in tags.items()) + "\r\n"
    data = text.encode("cp1252") + b"\x00"
    image = np.arange(rows * columns, dtype=np.uint32).reshape(rows, columns) % 251
    tifffile.imwrite(
        file, image.astype(np.uint8), metadata=None, extratags=[(34118, 7, len(data), data, True)]
    )


def tags(*, image_size=None, size=None, width=None, store=None, **more):
    found = {
        "AP_IMAGE_PIXEL_SIZE": image_size and f"Image Pixel Size = {image_size}",
        "AP_PIXEL_SIZE": size and f"Pixel Size = {size}",
        "AP_WIDTH": width and f"Width = {width}",
        "DP_IMAGE_STORE": store and f"Store resolution = {store}",
        "AP_STAGE_AT_X": "Stage at X = 71.4538 mm",
        "AP_STAGE_AT_T": "Stage at T = 0.0 °",
        "SV_SERIAL_NUMBER": "Serial No. = Auriga 60-46-17",
        **more,
    }
    return {key: line for key, line in found.items() if line}


def test_zeiss_image_pixel_size_is_used_where_it_fits_the_field_width(tmp_path):
    file = tmp_path / "z.tif"
    both = tags(image_size="12.33 nm", size="24.65 nm", width="25.24 µm", store="2048 * 1536")
    write_zeiss(file, columns=2048, rows=16, tags=both)
    found = describe(file)
    assert found.format == "ZEISS SEM TIFF"
    assert found.spacing_um == pytest.approx((0.01233, 0.01233))
    assert "ap_image_pixel_size" in found.spacing_source
    assert any("ap_pixel_size (0.02465 µm) does not fit" in w for w in found.warnings)
    assert found.modality == "SEM"
    assert found.stage["x_um"] == pytest.approx(71453.8)
    assert found.instrument == "ZEISS Auriga 60-46-17"


def test_zeiss_pixel_size_of_the_screen_is_not_that_of_a_small_image(tmp_path):
    file = tmp_path / "z.tif"
    write_zeiss(file, columns=512, rows=16, tags=tags(size="5.825 nm", width="5.965 µm"))
    found = describe(file)
    assert found.spacing_um == pytest.approx((0.01165, 0.01165), rel=1e-3)
    assert "ap_width over 512 columns" in found.spacing_source


def test_zeiss_image_pixel_size_that_contradicts_the_field_width_is_not_used(tmp_path):
    file = tmp_path / "z.tif"
    swapped = tags(image_size="24.65 nm", size="12.33 nm", width="25.24 µm", store="2048 * 1536")
    write_zeiss(file, columns=2048, rows=16, tags=swapped)
    assert describe(file).spacing_um == pytest.approx((0.01233, 0.01233))
    assert "ap_pixel_size" in describe(file).spacing_source


def test_zeiss_tags_that_all_contradict_leave_the_image_uncalibrated(tmp_path):
    file = tmp_path / "z.tif"
    write_zeiss(
        file, columns=700, rows=16, tags=tags(image_size="9 nm", size="7 nm", width="25.24 µm")
    )
    assert describe(file).spacing_um is None
    assert "contradict each other" in describe(file).spacing_source


def test_zeiss_image_that_was_cropped_keeps_the_size_of_its_pixels(tmp_path):
    file = tmp_path / "z.tif"
    both = tags(image_size="12.33 nm", size="24.65 nm", width="25.24 µm", store="2048 * 1536")
    write_zeiss(file, columns=900, rows=16, tags=both)
    assert describe(file).spacing_um == pytest.approx((0.01233, 0.01233))
    assert any("cropped" in w for w in describe(file).warnings)


def test_a_tilted_view_offers_its_correction_and_the_answer_stretches_y(tmp_path):
    file = tmp_path / "z.tif"
    tilted = tags(image_size="10 nm", width="5.12 µm", AP_STAGE_AT_T="Stage at T = 60.0 °",
                  DP_TILT_CORRECTION="Tilt Corrn. = Off")  # fmt: skip
    write_zeiss(file, columns=512, rows=16, tags=tilted)
    assert any("Answers(tilt_correction=60)" in w for w in describe(file).warnings)
    corrected = describe(file, answers=Answers(tilt_correction=60.0))
    assert corrected.spacing_um == pytest.approx((0.02, 0.01))
    assert "tilt of 60°" in corrected.spacing_source


FEI = """[User]\r
Date=06/13/2016\r
[System]\r
SystemType=Helios NanoLab 660\r
Dnumber=9922607\r
[Beam]\r
Beam=EBeam\r
Scan=EScan\r
[EBeam]\r
TiltCorrectionIsOn={tilt}\r
TiltCorrectionAngle=0.9075712110370514\r
[EScan]\r
PixelWidth={size}\r
PixelHeight={size}\r
[Stage]\r
StageX=2.576e-05\r
StageY=-0.000194177\r
StageZ=0.007965\r
StageR=3.141592653589793\r
StageT=0.9075712110370514\r
[Image]\r
ResolutionX={scanned}\r
ResolutionY=40\r
[Detectors]\r
Name=ETD\r
[PrivateFei]\r
TimeOfCreation=13.06.2016 17:06:40\r
DatabarHeight=0\r
"""


def write_fei(file, *, size="3.3724e-06", scanned=64, tilt="no", code=34682):
    data = FEI.format(size=size, scanned=scanned, tilt=tilt).encode() + b"\x00"
    image = np.arange(46 * 64, dtype=np.uint16).reshape(46, 64)
    tifffile.imwrite(
        file,
        image,
        metadata=None,
        resolution=(64, 64),
        resolutionunit="INCH",
        extratags=[(code, 2, len(data), data, True)],
    )
    return image


@pytest.mark.parametrize("code", [34680, 34682])
def test_fei_pixel_width_beats_the_inches_of_the_tiff(tmp_path, code):
    file = tmp_path / "f.tif"
    image = write_fei(file, code=code)
    with open_source(file) as source:
        found = source.description
        np.testing.assert_array_equal(source.read(), image)
    assert found.format == "FEI SEM TIFF"
    assert found.spacing_um == pytest.approx((3.3724, 3.3724))
    assert found.time == "2016-06-13T17:06:40"
    assert found.stage["rotation_deg"] == pytest.approx(180)
    assert found.stage["tilt_deg"] == pytest.approx(52)
    assert found.channel_names == ("ETD",)


def test_fei_data_bar_is_counted_from_the_scanned_rows_even_if_the_tag_says_zero(tmp_path):
    file = tmp_path / "f.tif"
    write_fei(file)
    assert describe(file).metadata["data_bar_rows"] == 6
    assert any("last 6 rows are the data bar" in w for w in describe(file).warnings)


def test_fei_tilt_correction_is_reported(tmp_path):
    file = tmp_path / "f.tif"
    write_fei(file, tilt="yes")
    assert describe(file).metadata["tilt_correction"] == {
        "on": True,
        "angle_deg": pytest.approx(52),
    }
    write_fei(file)
    assert any("Answers(tilt_correction=52)" in w for w in describe(file).warnings)


@pytest.mark.parametrize(("size", "why"), [
    ("0", "PixelWidth along x: it is zero|no PixelWidth"),
    ("-3e-06", "negative"),
    ("nan", "NaN|not a number"),
    ("", "no PixelWidth"),
])  # fmt: skip
def test_fei_pixel_width_that_is_no_length_is_not_used(tmp_path, size, why):
    import re

    file = tmp_path / "f.tif"
    write_fei(file, size=size)
    assert describe(file).spacing_um is None
    assert re.search(why, describe(file).spacing_source)


def test_fei_image_that_was_resized_is_uncalibrated(tmp_path):
    file = tmp_path / "f.tif"
    write_fei(file, scanned=1024)
    assert describe(file).spacing_um is None
    assert "resized" in describe(file).spacing_source
