"""Files of real instruments, against what their makers and users published."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from scalebridge.io import Answers, describe, open_source, read_bigwarp, refusal, write_bigwarp


def test_fiberform_is_in_inches_and_therefore_uncalibrated_until_answered(data):
    file = data / "puma_fiberform" / "100_fiberform.tif"
    found = describe(file)
    assert found.spacing_um is None
    assert "'inch'" in found.spacing_source
    assert refusal(found) is not None
    with open_source(file, answers=Answers(spacing_um=(1.3, 1.3, 1.3))) as source:
        assert source.description.spacing_um == (1.3, 1.3, 1.3)
        assert (source.read() >= 90).mean() == pytest.approx(0.16714, abs=1e-9)


def test_the_battery_cell_has_no_voxel_size_and_takes_an_anisotropic_one(data):
    file = data / "battery_cell_xct" / "cell_vol.tif"
    found = describe(file)
    assert (found.shape, found.axes, found.spacing_um) == ((100, 728, 728), "zyx", None)
    answered = describe(file, answers=Answers(spacing_um=(150.0, 25.0, 25.0)))
    assert answered.spacing_um == (150.0, 25.0, 25.0)


@pytest.mark.parametrize(("name", "size_um", "tag"), [
    ("instrument_files/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_512pix.tif", 5.965 / 512, "ap_width"),
    ("instrument_files/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_1k.tif", 2.615, "ap_image_pixel_size"),
    ("sem_vendor_tiffs_odemis/zeiss_example_sem.tif", 0.5933, "ap_image_pixel_size"),
])  # fmt: skip
def test_zeiss_pixel_sizes_fit_the_field_width(data, name, size_um, tag):
    found = describe(data / name)
    assert found.spacing_um == pytest.approx((size_um, size_um))
    assert tag in found.spacing_source


def test_zeiss_slices_have_the_image_pixel_size_and_no_slice_distance(data):
    found = describe(data / "instrument_files/tiff_Zeiss_SEM/ZEISS_SEM_multipage.tif")
    assert found.partial_spacing_um == (None, pytest.approx(0.01233), pytest.approx(0.01233))
    assert "0.06 µm a slice" in found.spacing_source
    assert found.metadata["tilt_correction"]["on"] is True


def test_zeiss_stage_is_the_published_one(data):
    found = describe(data / "sem_vendor_tiffs_odemis/zeiss_example_sem.tif")
    assert (found.stage["x_um"], found.stage["y_um"]) == pytest.approx((48509.0, 48671.5))
    assert found.time == "2023-04-11T08:40:47"


def test_fei_pixel_stage_and_data_bar_are_the_published_ones(data):
    found = describe(data / "sem_vendor_tiffs_odemis/tfs_example.tif")
    assert found.spacing_um == pytest.approx((0.269792, 0.269792))
    assert (found.stage["x_um"], found.stage["y_um"]) == pytest.approx((133.417, -717.625))
    assert found.metadata["data_bar_rows"] == 1092 - 1024


def test_fei_camera_without_a_pixel_width_is_uncalibrated(data):
    folder = data / "instrument_files" / "tiff_FEI_Helios"
    assert describe(folder / "FEI-Helios-Ebeam-8bits.tif").spacing_um == pytest.approx(
        (3.3724,) * 2
    )
    assert describe(folder / "FEI-Helios-navcam.tif").spacing_um is None


def test_other_makers_inches_are_never_a_calibration(data):
    found = describe(data / "sem_vendor_tiffs_odemis" / "jeol_example_sem.tif")
    assert found.spacing_um is None
    assert "in inches" in found.spacing_source


def test_a_flat_mrc_without_a_size_along_z_keeps_its_pixel_size(data):
    found = describe(data / "instrument_files" / "HAADFscan.mrc")
    assert (found.axes, found.shape) == ("yx", (16, 16))
    assert found.spacing_um == pytest.approx((0.0056791,) * 2, rel=1e-4)


def test_platynereis_is_calibrated_and_its_landmarks_are_named(data, tmp_path):
    folder = data / "platynereis_xray_sbem"
    assert describe(folder / "xray-segmented-neuropil.ome.tif").spacing_um == (1.0, 1.0, 1.0)
    landmarks = read_bigwarp(folder / "big-warp-landmarks.csv")
    assert landmarks["name"].tolist() == [f"Pt-{i}" for i in range(5)]
    assert landmarks["fixed_z_um"].max() == pytest.approx(271.024, abs=1e-3)
    write_bigwarp(landmarks, tmp_path / "again.csv")
    original = (folder / "big-warp-landmarks.csv").read_text().split()
    assert (tmp_path / "again.csv").read_text().split() == original


def test_the_clem_pair_is_calibrated_with_imagejs_written_out_micro_sign(data):
    folder = data / "embl_clem_2d"
    assert describe(folder / "em.tif").spacing_um == pytest.approx((0.10032,) * 2, rel=1e-5)
    found = describe(folder / "fluo_red_green.tif")
    assert (found.axes, found.shape) == ("cyx", (2, 1003, 941))


def test_the_worm_is_a_folder_of_slices_without_a_scale(data):
    folder = data / "celegans_em_series"
    with open_source(folder) as source:
        assert source.shape == (21, 256, 256)
        assert source.description.spacing_um is None
        last = source.read((slice(20, 21), slice(0, 256), slice(0, 256)))[0]
    np.testing.assert_array_equal(last, tifffile.imread(folder / "c_elegans_em_z0020.tif"))


def test_everything_else_is_read_or_refused_in_words(data):
    from scalebridge.errors import ReadError

    files = [f for f in sorted(data.rglob("*")) if f.suffix.lower() in
             (".tif", ".tiff", ".h5", ".npy", ".npz", ".mrc", ".png", ".jpg", ".nxs")]  # fmt: skip
    refused: list[str] = []
    for file in files[::4]:
        try:
            describe(file)
        except ReadError as error:
            refused.append(str(error))
    assert all(words.count(" ") > 8 for words in refused)
    assert len(refused) < len(files[::4]) / 2
