"""Volumes with directions: what SimpleITK writes is the truth for what is read."""

from __future__ import annotations

import gzip
import struct

import mrcfile
import numpy as np
import pytest
import SimpleITK as sitk

from scalebridge.errors import ReadError
from scalebridge.io import Answers, describe, open_source

VOLUME = np.random.default_rng(0).integers(0, 4000, (5, 7, 11)).astype(np.int16)
SPACING = (0.003, 0.002, 0.001)  # z, y, x


def itk(direction=None, volume=VOLUME):
    image = sitk.GetImageFromArray(volume)
    image.SetSpacing(SPACING[::-1])
    image.SetOrigin((0.1, 0.2, 0.3))
    if direction is not None:
        image.SetDirection(np.asarray(direction, float).ravel().tolist())
    return image


def read(path, **answers):
    with open_source(path, answers=Answers(**answers)) as source:
        return source.description, source.read()


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd", "a.nii", "a.nii.gz"])
@pytest.mark.parametrize("packed", [False, True])
def test_pixels_size_and_origin_are_those_that_simpleitk_wrote(tmp_path, name, packed):
    image = itk()
    sitk.WriteImage(image, str(tmp_path / name), useCompression=packed)
    found, pixels = read(tmp_path / name, unit="mm")
    np.testing.assert_array_equal(pixels, VOLUME)
    assert found.axes == "zyx"
    assert found.spacing_um == pytest.approx((3.0, 2.0, 1.0), rel=1e-6)
    assert found.origin_um == pytest.approx((300.0, 200.0, 100.0), rel=1e-6)
    assert found.missing == ()


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
def test_lengths_without_a_unit_wait_for_one(tmp_path, name):
    sitk.WriteImage(itk(), str(tmp_path / name))
    found = describe(tmp_path / name)
    assert found.spacing_um is None
    assert "without a unit" in found.spacing_source
    assert "Answers(unit=" in found.spacing_source
    as_um = describe(tmp_path / name, answers=Answers(unit="um"))
    assert as_um.spacing_um == pytest.approx(SPACING)


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "a.nii"])
@pytest.mark.parametrize(
    ("signs", "flip"), [((1, 1, -1), "z"), ((1, -1, 1), "y"), ((-1, 1, 1), "x")]
)
def test_a_mirrored_volume_says_so_and_offers_the_flip(tmp_path, name, signs, flip):
    image = itk(np.diag(signs))
    sitk.WriteImage(image, str(tmp_path / name))
    found = describe(tmp_path / name, answers=Answers(unit="mm"))
    assert "flip" in found.missing
    assert found.flip_offered == flip


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "a.nii"])
def test_the_offered_flip_puts_voxels_where_simpleitk_sees_them(tmp_path, name):
    image = itk(np.diag((1, -1, 1)))
    sitk.WriteImage(image, str(tmp_path / name))
    found, pixels = read(tmp_path / name, unit="mm", flip="y")
    assert found.missing == ()
    index = (3, 5, 2)  # z, y, x
    place = np.array(found.origin_um) + np.array(index) * found.spacing_um
    world_mm = tuple(float(v) for v in place[::-1] / 1000)
    assert image[image.TransformPhysicalPointToIndex(world_mm)] == pixels[index]


def test_a_rotated_volume_is_not_mirrored_and_has_no_origin(tmp_path):
    c, s = np.cos(0.3), np.sin(0.3)
    turn = [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    for name in ("a.nrrd", "a.mha", "a.nii"):
        sitk.WriteImage(itk(turn), str(tmp_path / name))
        found = describe(tmp_path / name, answers=Answers(unit="mm"))
        assert found.missing == ()
        assert found.origin_um is None
        assert any("turned" in w for w in found.warnings)
        assert found.spacing_um == pytest.approx((3.0, 2.0, 1.0), rel=1e-5)


def test_mha_direction_is_read_by_columns_like_simpleitk(tmp_path):
    # A turn about z and a mirrored x: transposing the matrix would offer another flip.
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]) @ np.array(
        [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    )
    sitk.WriteImage(itk(turn), str(tmp_path / "a.mha"))
    sitk.WriteImage(itk(turn), str(tmp_path / "a.nrrd"))
    from scalebridge.io.answers import Answers as Plain
    from scalebridge.io.meta_image import open_meta_image
    from scalebridge.io.nrrd import open_nrrd

    for opened in (
        open_meta_image(str(tmp_path / "a.mha"), Plain()),
        open_nrrd(str(tmp_path / "a.nrrd"), Plain()),
    ):
        np.testing.assert_allclose(np.array(opened.direction), turn, atol=1e-9)


def test_a_half_turn_is_noted_and_not_called_mirrored(tmp_path):
    sitk.WriteImage(itk(np.diag((-1, -1, 1))), str(tmp_path / "a.nrrd"))
    found = describe(tmp_path / "a.nrrd", answers=Answers(unit="mm"))
    assert found.missing == ()
    assert any("half a turn" in w for w in found.warnings)


@pytest.mark.parametrize("kind", ["mhd", "nhdr"])
@pytest.mark.parametrize("name", ["../secret.raw", "/etc/passwd", "C:\\secret.raw", "link.raw"])
def test_a_header_that_names_a_file_outside_its_folder_is_refused(tmp_path, kind, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.raw").write_bytes(bytes(1000))
    (inside / "link.raw").symlink_to(tmp_path / "secret.raw")
    file = inside / f"a.{kind}"
    if kind == "mhd":
        text = "ObjectType = Image\nNDims = 2\nDimSize = 4 4\nElementType = MET_UCHAR\n"
        file.write_text(text + f"ElementDataFile = {name}\n")
    else:
        text = "NRRD0004\ntype: uchar\ndimension: 2\nsizes: 4 4\nencoding: raw\n"
        file.write_text(text + f"data file: {name}\n\n")
    with pytest.raises(ReadError, match="out of it are not followed"):
        describe(file)


def test_nrrd_units_and_channels_are_read(tmp_path):
    data = np.arange(4 * 3 * 5 * 2, dtype=">u2")
    text = (
        "NRRD0004\ntype: ushort\ndimension: 4\nsizes: 2 5 3 4\nencoding: raw\nendian: big\n"
        "kinds: list domain domain domain\nspace dimension: 3\n"
        'space units: "nm" "nm" "nm"\nspace directions: none (20,0,0) (0,20,0) (0,0,50)\n\n'
    )
    (tmp_path / "a.nrrd").write_bytes(text.encode() + data.tobytes())
    found, pixels = read(tmp_path / "a.nrrd")
    assert (found.axes, found.shape) == ("czyx", (2, 4, 3, 5))
    assert found.spacing_um == pytest.approx((0.05, 0.02, 0.02))
    np.testing.assert_array_equal(pixels, data.reshape(4, 3, 5, 2).transpose(3, 0, 1, 2))


@pytest.mark.parametrize("spacing", ["0 0 0", "nan nan nan", "-1 1 1"])
def test_mha_spacing_that_is_no_length_is_never_a_voxel_size(tmp_path, spacing):
    text = (
        "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
        f"ElementSpacing = {spacing}\nElementDataFile = LOCAL\n"
    )
    (tmp_path / "a.mha").write_bytes(text.encode() + bytes(8))
    assert describe(tmp_path / "a.mha", answers=Answers(unit="um")).spacing_um is None


def write_nifti(file, *, units, slope=1.0, pixdim=(1, 2.0, 3.0, 4.0, 1, 1, 1, 1)):
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, 4, 3, 2, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, 4, 16)
    struct.pack_into("<8f", head, 76, *pixdim)
    struct.pack_into("<fff", head, 108, 352.0, slope, 5.0 if slope != 1 else 0.0)
    head[123] = units
    head[344:348] = b"n+1\x00"
    data = np.arange(24, dtype="<i2")
    file.write_bytes(bytes(head) + data.tobytes())
    return data.reshape(2, 3, 4)


@pytest.mark.parametrize(("units", "scale"), [(1, 1e6), (2, 1e3), (3, 1.0)])
def test_nifti_units_of_length_are_read(tmp_path, units, scale):
    write_nifti(tmp_path / "a.nii", units=units, pixdim=(1, 0.002, 0.003, 0.004, 1, 1, 1, 1))
    expected = tuple(v * scale for v in (0.004, 0.003, 0.002))
    assert describe(tmp_path / "a.nii").spacing_um == pytest.approx(expected)


def test_nifti_without_a_unit_waits_for_one(tmp_path):
    write_nifti(tmp_path / "a.nii", units=0)
    assert describe(tmp_path / "a.nii").spacing_um is None
    assert describe(tmp_path / "a.nii", answers=Answers(unit="um")).spacing_um == (4.0, 3.0, 2.0)


def test_nifti_values_are_scaled_as_the_header_says(tmp_path):
    stored = write_nifti(tmp_path / "a.nii", units=3, slope=0.5)
    found, pixels = read(tmp_path / "a.nii")
    np.testing.assert_allclose(pixels, stored * 0.5 + 5.0)
    assert any("0.5 x stored + 5" in w for w in found.warnings)


def test_mrc_cell_size_in_angstrom_becomes_micrometres(tmp_path):
    data = np.random.default_rng(3).normal(size=(4, 6, 8)).astype(np.float32)
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(data)
        file.set_volume()
        file.voxel_size = (10.0, 20.0, 30.0)
    found, pixels = read(tmp_path / "a.mrc")
    assert found.spacing_um == pytest.approx((0.003, 0.002, 0.001))
    np.testing.assert_array_equal(pixels, data)


def test_mrc_with_a_zero_voxel_is_uncalibrated(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.zeros((4, 6, 8), np.int16))
        file.set_volume()
        file.voxel_size = 0.0
    found = describe(tmp_path / "a.mrc")
    assert found.spacing_um is None
    assert "it is zero" in found.spacing_source


def test_mrc_with_no_size_along_z_only_keeps_what_is_known_and_is_uncalibrated(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.zeros((4, 6, 8), np.int16))
        file.set_volume()
        file.voxel_size = (50.0, 50.0, 0.0)
    found = describe(tmp_path / "a.mrc")
    assert found.spacing_um is None
    assert found.partial_spacing_um == (None, pytest.approx(0.005), pytest.approx(0.005))


def test_a_packed_volume_is_streamed_forwards_and_again_from_the_start(tmp_path):
    sitk.WriteImage(itk(), str(tmp_path / "a.nii.gz"))
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[:4] == struct.pack("<i", 348)
    with open_source(tmp_path / "a.nii.gz") as source:
        assert source.sequential
        late = source.read((slice(4, 5), slice(0, 7), slice(0, 11)))
        early = source.read((slice(0, 5, 2), slice(1, 7, 2), slice(0, 11)))
    np.testing.assert_array_equal(late, VOLUME[4:])
    np.testing.assert_array_equal(early, VOLUME[::2, 1::2])
