"""Files that RosettaSciIO unpacks: every image with the grid and place that its file states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalebridge.errors import ReadError
from scalebridge.io.answers import Answers
from scalebridge.io.registry import open_reading

from .looking import look, pixels_of

pytest.importorskip("rsciio")
BCF = "sem_eds_bruker_bcf"
EMD = "instrument_files/velox_EELS_EDS/example_velox_EELS_EDS.emd"
WDF = "raman_wdf_whitelight/renishaw_test_map2.wdf"


def test_the_published_stage_of_a_bruker_file_is_kept_in_micrometres(data):
    found = look(data / BCF / "30x30_instructively_packed_16bit_compressed.bcf")
    assert (found.entries, found.shape) == (("AsB", "EDX"), (30, 30))
    assert found.stage["x_um"] == pytest.approx(66940.81)
    assert found.stage["y_um"] == pytest.approx(54233.16)
    assert found.stage["z_um"] == pytest.approx(39194.77)
    assert found.spacing_um == pytest.approx((1.66740910949362, 1.66740910949362))


@pytest.mark.parametrize("entry", ["SEM", "EDX"])
def test_hitachis_pixels_are_no_length(data, entry):
    found = look(f"{data / BCF / 'Hitachi_TM3030Plus.bcf'}::{entry}")
    assert found.spacing_um is None
    assert "'pix', no length" in found.spacing_source
    assert found.shape[-2:] == (240, 320)


def test_the_pixel_size_of_a_map_is_not_that_of_a_larger_image(data):
    file = data / BCF / "bcf_v2_50x50px.bcf"
    assert look(file).entries == ("Ch 1", "Ch 1 2", "EDX")
    assert look(f"{file}::EDX").spacing_um == pytest.approx((0.01180808099, 0.01273058731))
    large = look(f"{file}::Ch 1 2")
    assert (large.shape, large.spacing_um) == ((825, 1100), None)
    assert "map's grid (50 x 50)" in large.spacing_source


def test_a_map_has_the_width_of_its_pixels_not_their_height_twice(data):
    found = look(f"{data / BCF / 'bcf-edx-ebsd.bcf'}::EDX")
    assert found.spacing_um == pytest.approx((0.4168974972, 0.4145152257))
    assert found.axes == "cyx"
    assert found.channel_names[0].endswith(" keV")


def test_raman_map_and_white_light_lie_in_one_stage_frame(data):
    raman = look(data / WDF)
    light = look(f"{data / WDF}::{raman.entries[1]}")
    assert raman.frame == light.frame == "stage"
    assert raman.spacing_um == pytest.approx((1.0, 1.0))
    assert raman.origin_um == pytest.approx((-105970.3, 4950.8), abs=0.01)
    assert (raman.modality, light.modality) == ("Raman", "LM")
    assert (light.axes, light.shape) == ("cyx", (3, 480, 752))
    for axis in (0, 1):  # the map lies inside the picture
        first = (raman.origin_um[axis] - light.origin_um[axis]) / light.spacing_um[axis]
        assert 0 < first < light.shape[axis + 1] - 20 / light.spacing_um[axis]


def test_a_depth_profile_is_no_image(data):
    with pytest.raises(ReadError, match="no image of an area"):
        open_reading(str(data / "raman_wdf_whitelight" / "renishaw_test_zscan.wdf"), Answers())


def test_two_grids_of_one_scan_keep_their_places(data):
    whole, part = look(data / EMD), look(f"{data / EMD}::Co")
    assert (whole.shape, part.shape) == ((128, 128), (16, 20))
    assert whole.spacing_um == part.spacing_um == pytest.approx((0.15865804,) * 2)
    inside = (np.array(part.origin_um) - whole.origin_um) / part.spacing_um
    np.testing.assert_allclose(inside, [0.3046875 * 128, 0.2265625 * 128], atol=1e-6)
    # the detector's frame of the same part says an offset of 0
    assert look(f"{data / EMD}::DF-S").origin_um == pytest.approx(part.origin_um)
    assert look(f"{data / EMD}::Fe-EELS").spacing_um is None


def test_spectra_of_a_part_of_the_scan_are_not_folded_into_the_rows_of_the_whole(data):
    pytest.importorskip("sparse")
    found = look(f"{data / EMD}::EDS spectra")
    assert (found.axes, found.shape) == ("cyx", (4096, 16, 20))
    assert found.origin_um == pytest.approx(look(f"{data / EMD}::Co").origin_um)
    counts = pixels_of(f"{data / EMD}::EDS spectra")
    assert counts.sum() == 11093
    assert (counts.sum(axis=0) > 0).all()
    assert look(f"{data / EMD}::EELS spectra").shape == (2048, 16, 20)


def test_gatan_and_digital_surf_lengths_are_the_published_ones(data):
    folder = data / "instrument_files"
    assert look(folder / "EELS_SI.dm4").spacing_um == pytest.approx((1.99207e-3,) * 2, rel=1e-5)
    assert look(folder / "EELS_SI.dm4").channel_names[:2] == ("300 eV", "301 eV")
    two = look(folder / "multi_signal.dm3")
    assert (two.shape, two.spacing_um) == ((512, 512), pytest.approx((1.77515782e-5,) * 2))
    assert any("1 spectra or profiles" in words for words in two.warnings)
    assert look(folder / "test_surface.sur").spacing_um == pytest.approx((0.08252198,) * 2)


@pytest.mark.parametrize("name", [
    f"{BCF}/test_TEM.bcf", WDF, "instrument_files/test_surface.sur",
    "instrument_files/test_dm_image_um_unit.dm3", "instrument_files/EELS_SI.dm4",
])  # fmt: skip
def test_a_file_cut_short_is_refused_in_words(data, tmp_path, name):
    raw = (data / name).read_bytes()
    file = tmp_path / Path(name).name
    file.write_bytes(raw[: len(raw) // 3])
    with pytest.raises(ReadError) as refused:
        pixels_of(file)
    assert str(refused.value).count(" ") > 8


def test_another_name_than_those_of_the_file_is_refused_with_them(data):
    with pytest.raises(ReadError, match=r"holds the images \['AsB', 'EDX'\], got 'BSE'"):
        look(f"{data / BCF / '30x30_instructively_packed_16bit_compressed.bcf'}::BSE")
