"""Images written for other programs, read back by their own libraries and by ours."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import tifffile

from scalebridge.errors import Uncalibrated
from scalebridge.io import write_volume
from scalebridge.io.answers import Answers

from .looking import look, pixels_of

SPACING, ORIGIN = (0.5, 0.25, 0.125), (-3.0, 2.0, 1.5)
KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


def volume(kind, ndim=3):
    rng = np.random.default_rng(0)
    return rng.integers(0, 120, (3, 4, 5)[3 - ndim :]).astype(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["nrrd", "mha"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_simpleitk_reads_what_was_written(tmp_path, kind, ending, ndim):
    made, file = volume(kind, ndim), tmp_path / f"a.{ending}"
    write_volume(made, file, spacing_um=SPACING[-ndim:], origin_um=ORIGIN[-ndim:])
    read = sitk.ReadImage(str(file))
    array = sitk.GetArrayFromImage(read)
    assert array.dtype == made.dtype
    np.testing.assert_array_equal(array, made)
    scale = 1 if ending == "nrrd" else 1e3  # MHA is in millimetres
    np.testing.assert_allclose(np.array(read.GetSpacing()[::-1]) * scale, SPACING[-ndim:])
    np.testing.assert_allclose(np.array(read.GetOrigin()[::-1]) * scale, ORIGIN[-ndim:])


@pytest.mark.parametrize(("ending", "answers"), [
    ("nrrd", None), ("mha", Answers(unit="mm")), ("ome.tif", None),
])  # fmt: skip
@pytest.mark.parametrize("ndim", [2, 3])
def test_what_was_written_is_read_the_same(tmp_path, ending, answers, ndim):
    made, file = volume("u2", ndim), tmp_path / f"a.{ending}"
    origin = None if ending == "ome.tif" else ORIGIN[-ndim:]
    write_volume(made, file, spacing_um=SPACING[-ndim:], origin_um=origin)
    found = look(file, answers)
    assert found.spacing_um == pytest.approx(SPACING[-ndim:])
    if origin is not None and found.origin_um is not None:
        assert found.origin_um == pytest.approx(origin)
    np.testing.assert_array_equal(pixels_of(file, answers), made)
    if ending == "mha":
        assert look(file).spacing_um is None  # nobody says millimetres in the header


@pytest.mark.parametrize("ndim", [2, 3])
def test_tifffile_reads_ome_with_micrometres(tmp_path, ndim):
    made = volume("f4", ndim)
    write_volume(made, tmp_path / "a.ome.tif", spacing_um=SPACING[-ndim:])
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tif:
        assert tif.is_ome
        np.testing.assert_array_equal(tif.asarray(), made)
        size = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (size["PhysicalSizeX"], size["PhysicalSizeXUnit"]) == (0.125, "µm")


def test_an_unknown_voxel_size_is_left_out_or_refused_never_one(tmp_path):
    write_volume(volume("u1"), tmp_path / "a.ome.tif", spacing_um=None)
    assert look(tmp_path / "a.ome.tif").spacing_um is None
    for name in ("a.nrrd", "a.mha"):
        with pytest.raises(Uncalibrated, match="without one its reader would take 1"):
            write_volume(volume("u1"), tmp_path / name, spacing_um=None)
    assert [file.name for file in tmp_path.iterdir()] == ["a.ome.tif"]


@pytest.mark.parametrize(("change", "why"), [
    ({"spacing_um": (1, 1)}, "needs 3 known numbers"),
    ({"spacing_um": (1, 0, 1)}, "positive lengths"),
    ({"spacing_um": (1, np.nan, 1)}, "known numbers"),
    ({"pixels": np.zeros((2, 2, 2, 2))}, "write each channel"),
    ({"pixels": np.zeros((2, 2, 2), complex)}, "convert them"),
    ({"path": "a.jpg"}, "expected .nrrd"),
    ({"path": "a.ome.tif", "origin_um": (1, 1, 1)}, "keeps no origin"),
])  # fmt: skip
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(tmp_path, change, why):
    given = {"pixels": volume("u1"), "path": "a.nrrd", "spacing_um": (1, 1, 1)} | change
    with pytest.raises(ValueError, match=why):
        write_volume(given.pop("pixels"), tmp_path / given.pop("path"), **given)
    assert not list(tmp_path.iterdir())


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    class Broken:
        shape, dtype = (3, 4, 5), np.dtype("u1")

        def __getitem__(self, place):
            if place == 2:
                raise OSError("the disk is gone")
            return np.zeros((4, 5), np.uint8)

        def __array__(self, dtype=None, copy=None):
            return np.zeros(self.shape, self.dtype)

    file = write_volume(volume("u1"), tmp_path / "a.nrrd", spacing_um=(1, 1, 1))
    before = file.read_bytes()
    with pytest.raises(OSError, match="the disk is gone"):
        write_volume(Broken(), file, spacing_um=(1, 1, 1))
    assert file.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
