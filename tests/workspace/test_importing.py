from __future__ import annotations

import hashlib

import numpy as np
import pytest
import tifffile

from scalebridge.errors import ReadError, Uncalibrated
from scalebridge.io import Answers
from scalebridge.workspace.importing import name_of, sha256_of

RNG = np.random.default_rng(2)
VOLUME = RNG.integers(0, 60000, (30, 40, 50), dtype=np.uint16)


@pytest.fixture
def ome_tiff(tmp_path):
    path = tmp_path / "left hip.ome.tif"
    sizes = {f"PhysicalSize{axis}": size for axis, size in zip("ZYX", (2, 1, 1), strict=True)}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in "ZYX"}
    tifffile.imwrite(path, VOLUME, metadata={"axes": "ZYX", **sizes, **units})
    return path


def test_a_file_comes_in_with_its_voxel_size_and_where_it_came_from(ws, ome_tiff):
    image = ws.import_file(ome_tiff)
    assert image.name == "left hip"
    assert image.spacing_um == (2.0, 1.0, 1.0)
    assert "OME" in image.spacing_source
    assert (image.array() == VOLUME).all()
    assert image.source["sha256"] == hashlib.sha256(ome_tiff.read_bytes()).hexdigest()
    assert image.source["file"] == "left hip.ome.tif"
    assert "left hip" in ws.frames
    assert (image.version, ws.state) == (1, 1)


def test_a_file_without_voxel_size_comes_in_uncalibrated(ws, tmp_path):
    np.save(tmp_path / "bare.npy", VOLUME)
    image = ws.import_file(tmp_path / "bare.npy", answers=Answers(axes="zyx"))
    with pytest.raises(Uncalibrated, match="bare"):
        _ = image.spacing_um


def test_one_answer_serves_several_files(ws, tmp_path):
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", VOLUME)
    answers = Answers(axes="zyx", spacing_um=(3.0, 2.0, 1.0), modality="XRM")
    images = ws.import_files([tmp_path / "a.npy", tmp_path / "b.npy"], answers=answers)
    assert [image.name for image in images] == ["a", "b"]
    assert {image.spacing_um for image in images} == {(3.0, 2.0, 1.0)}
    assert images[0].source["answers"]["spacing_um"] == [3.0, 2.0, 1.0]


def test_a_file_that_is_no_image_is_refused_and_nothing_is_listed(ws, tmp_path):
    path = tmp_path / "broken.tif"
    path.write_bytes(b"II*\x00" + bytes(40))
    with pytest.raises(ReadError):
        ws.import_file(path)
    assert (len(ws.images), ws.state) == (0, 0)


def test_a_name_that_is_taken_is_refused_before_the_pixels_are_written(ws, ome_tiff):
    ws.import_file(ome_tiff)
    seen: list = []
    with pytest.raises(ValueError, match="already has 'left hip'"):
        ws.import_file(ome_tiff, progress=seen.append)
    assert seen == []


def test_names_lose_their_endings_but_not_their_numbers():
    assert name_of("a/scan 0.5 um.ome.tiff") == "scan 0.5 um"
    assert name_of("scan 0.5 um.tif") == "scan 0.5 um"
    assert name_of("stack 0.5um") == "stack 0.5um"
    assert name_of("x.nii.gz") == "x"
    assert name_of("b.h5::/data/raw") == "b data raw"


def test_the_sum_of_a_folder_changes_with_a_name_or_a_byte(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    first = sha256_of(tmp_path)
    (tmp_path / "a").write_bytes(b"2")
    second = sha256_of(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, second, sha256_of(tmp_path)}) == 3


def test_what_a_file_knows_of_its_voxel_size_is_kept_and_offered(ws, tmp_path):
    resolution, metadata = (4, 5), {"unit": "um", "axes": "ZYX"}
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, VOLUME, imagej=True, resolution=resolution, metadata=metadata)
    image = ws.import_file(path)
    assert not image.calibrated
    assert image.partial_spacing_um == (None, pytest.approx(0.2), pytest.approx(0.25))
    with pytest.raises(Uncalibrated, match=r"spacing_um=\(z, 0\.2, 0\.25\)"):
        _ = image.spacing_um
    with pytest.raises(ValueError, match=r"None keeps what is known: \(None, 0\.2, 0\.25\)"):
        ws.calibrate("stack", spacing_um=(None, None, None), source="guess")
    calibrated = ws.calibrate("stack", spacing_um=(0.7, None, None), source="the stage's log")
    assert calibrated.spacing_um == pytest.approx((0.7, 0.2, 0.25))


def test_the_file_s_own_origin_stays_beside_the_image(ws, tmp_path):
    header = (
        "NRRD0005\ntype: uint16\ndimension: 3\nspace: left-posterior-superior\nsizes: 50 40 30\n"
        "space directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (10,20,30)\n"
        'space units: "um" "um" "um"\nendian: little\nencoding: raw\n\n'
    )
    path = tmp_path / "placed.nrrd"
    path.write_bytes(header.encode() + VOLUME.astype("<u2").tobytes())
    image = ws.import_file(path)
    assert image.source["file_origin_um"] == [30.0, 20.0, 10.0]
    assert image.origin_um == (0.0, 0.0, 0.0)
