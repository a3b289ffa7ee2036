"""Headers beside SEM images, as TESCAN's and JEOL's programs write them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile

from .looking import look

HDR = """[MAIN]
Device=VEGA3
SerialNumber=VG9999
Date=2021-02-03
Time=04:05:06
PixelSizeX={size}
PixelSizeY={size}
ImageStripSize=4

[SEM]
Detector=BSE
StageX=1.5e-3
StageY=-2e-3
StageZ=10e-3
StageRotation=12.5
StageTilt=54.0
TiltCorrection=0.0
"""
TXT = """$CM_FORMAT JEOL-SEM
$CM_VERSION 1.0
$CM_SIGNAL_NAME SEI
$CM_INSTRUMENT 7600F
$CM_FULL_SIZE {full}
$$SM_MICRON_BAR {bar}
$$SM_MICRON_MARKER {marker}
"""


def write(folder, name="a.tif", shape=(24, 32)):
    file = folder / name
    tifffile.imwrite(file, np.zeros(shape, np.uint8), resolution=(254, 254), resolutionunit="INCH")
    return file


def test_a_tescan_header_beside_the_image_gives_size_stage_and_data_bar(tmp_path):
    file = write(tmp_path)
    (tmp_path / "a.hdr").write_text(HDR.format(size="5e-9"))
    found = look(file)
    assert found.format == "TESCAN SEM TIFF"
    assert found.spacing_um == pytest.approx((0.005, 0.005))
    assert found.stage == pytest.approx(
        {"x_um": 1500, "y_um": -2000, "z_um": 10000, "rotation_deg": 12.5, "tilt_deg": 54}
    )
    assert found.metadata["data_bar_rows"] == 4
    assert found.time == "2021-02-03T04:05:06"
    assert any("Answers(tilt_correction=54)" in words for words in found.warnings)


@pytest.mark.parametrize("size", ["0", "-1e-9", "nan", "five", "1e9"])
def test_a_tescan_size_that_is_none_leaves_the_image_uncalibrated(tmp_path, size):
    file = write(tmp_path)
    (tmp_path / "a.hdr").write_text(HDR.format(size=size))
    assert look(file).spacing_um is None


@pytest.mark.parametrize(("bar", "marker", "um"), [
    ("100", "1um", 0.01), ("146", "500nm", 0.5 / 146), ("50", "2 mm", 40.0),
])  # fmt: skip
def test_a_jeol_scale_bar_is_the_pixel_size_and_its_doubt_is_said(tmp_path, bar, marker, um):
    file = write(tmp_path)
    (tmp_path / "a.txt").write_text(TXT.format(full="32 20", bar=bar, marker=marker))
    found = look(file)
    assert (found.format, found.spacing_um) == ("JEOL SEM TIFF", pytest.approx((um, um)))
    assert any("whole pixels long" in words for words in found.warnings)


@pytest.mark.parametrize(("full", "bar", "marker", "why"), [
    ("64 48", "100", "1um", "resized or cut"),
    ("", "100", "1um", "no CM_FULL_SIZE"),
    ("32 24", "0", "1um", "'0'"),
    ("32 24", "100", "1", "None|'1'"),
    ("32 24", "100", "1 inch", "inch"),
    ("32 24", "100", "1.2.3um", "no length"),
])  # fmt: skip
def test_a_jeol_bar_that_does_not_fit_is_not_used(tmp_path, full, bar, marker, why):
    file = write(tmp_path)
    (tmp_path / "a.txt").write_text(TXT.format(full=full, bar=bar, marker=marker))
    found = look(file)
    assert found.spacing_um is None
    assert re.search(why, found.spacing_source)


def test_another_text_beside_an_image_is_no_header(tmp_path):
    file = write(tmp_path)
    (tmp_path / "a.txt").write_text("notes of the day: $5 spent")
    (tmp_path / "a.hdr").write_text("ENVI\nsamples=32")
    found = look(file)
    assert (found.format, found.spacing_um) == ("TIFF", None)
