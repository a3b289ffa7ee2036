"""Files cut short or with flipped bits: a ReadError or the truth, never a crash, never a fantasy.

The readers are called here without the child, so that a thousand files take seconds; a few of
every format go through the child as well.
"""

from __future__ import annotations

import json
import math
import warnings
import zipfile
from types import SimpleNamespace

import h5py
import mrcfile
import numpy as np
import pytest
import SimpleITK as sitk
import tifffile

from scalebridge.errors import ReadError
from scalebridge.io import open_source
from scalebridge.io.answers import Answers
from scalebridge.io.describing import understand
from scalebridge.io.reading import Reading
from scalebridge.io.registry import open_reading

VOLUME = np.random.default_rng(0).integers(0, 200, (4, 16, 18)).astype(np.uint8)


def write_tiff(file):
    tifffile.imwrite(
        file,
        VOLUME,
        photometric="minisblack",
        resolution=(20000, 20000),
        resolutionunit="CENTIMETER",
    )


def write_packed_tiff(file):
    tifffile.imwrite(file, VOLUME, photometric="minisblack", compression="zlib", rowsperstrip=4)


def write_imagej(file):
    metadata = {"unit": "um", "spacing": 2.0, "axes": "ZYX"}
    tifffile.imwrite(file, VOLUME, imagej=True, resolution=(2, 2), metadata=metadata)


def write_ome(file):
    sizes = {f"PhysicalSize{a}": 0.5 for a in "XYZ"}
    tifffile.imwrite(file, VOLUME, ome=True, metadata={"axes": "ZYX", **sizes})


def write_itk(file, packed=False):
    image = sitk.GetImageFromArray(VOLUME)
    image.SetSpacing((1, 2, 3))
    sitk.WriteImage(image, str(file), useCompression=packed)


def write_mrc(file):
    with mrcfile.new(file) as out:
        out.set_data(VOLUME.astype(np.int16))
        out.voxel_size = 10.0


def write_hdf5(file):
    with h5py.File(file, "w") as out:
        made = out.create_dataset("raw", data=VOLUME, chunks=(2, 8, 9), compression="gzip")
        made.attrs["element_size_um"] = [1.0, 1.0, 1.0]


def write_raw(file):
    VOLUME.tofile(file)
    header = {"shape": list(VOLUME.shape), "dtype": "uint8", "spacing_um": [1, 1, 1]}
    file.with_name(file.name + ".json").write_text(json.dumps(header))


FORMATS = {
    "plain.tif": write_tiff,
    "packed.tif": write_packed_tiff,
    "imagej.tif": write_imagej,
    "a.ome.tif": write_ome,
    "a.nrrd": write_itk,
    "packed.nrrd": lambda file: write_itk(file, packed=True),
    "a.mha": write_itk,
    "packed.mha": lambda file: write_itk(file, packed=True),
    "a.nii": write_itk,
    "a.nii.gz": write_itk,
    "a.mrc": write_mrc,
    "a.h5": write_hdf5,
    "a.npy": lambda file: np.save(file, VOLUME),
    "a.npz": lambda file: np.savez_compressed(file, VOLUME),
    "a.raw": write_raw,
}
ANSWERS = Answers(unit="um")


def look(file):
    """Open, check and read a file in this process; return its description or the error."""
    reading = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reading = open_reading(str(file), ANSWERS)
            image = understand(reading, ANSWERS, path=str(file), file_bytes=0)
            if image.description.nbytes < 2**24:
                image.pixels.read(tuple(slice(0, n) for n in image.pixels.shape))
            return image.description
    except Exception as error:  # the child turns each of them into a ReadError
        return error
    finally:
        if reading is not None:
            reading.pixels.close()


def sane(description):
    return description.spacing_um is None or all(
        math.isfinite(v) and 1e-6 <= v <= 1e5 for v in description.spacing_um
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_short_anywhere_is_refused(tmp_path, name):
    file = tmp_path / name
    FORMATS[name](file)
    data = file.read_bytes()
    assert not isinstance(look(file), Exception)
    for cut in np.linspace(0, len(data) - 1, 25).astype(int):
        file.write_bytes(data[:cut])
        found = look(file)
        # the index of an archive or of the last chunk may be all that is missing
        whole = cut >= 0.9 * len(data) and not name.endswith((".raw", ".npy", ".mrc"))
        assert isinstance(found, Exception) or whole, f"{name} cut at {cut} of {len(data)}"


@pytest.mark.parametrize("name", FORMATS)
def test_flipped_bits_in_the_header_never_give_a_fantastic_voxel_size(tmp_path, name):
    file = tmp_path / name
    FORMATS[name](file)
    data = file.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(data)
        for place in rng.integers(0, min(len(data), 1200), 3):
            damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(damaged)
        found = look(file)
        assert isinstance(found, Exception) or sane(found)


@pytest.mark.parametrize("name", FORMATS)
def test_the_caller_survives_damaged_files_of_every_format(tmp_path, name):
    file = tmp_path / name
    FORMATS[name](file)
    data = file.read_bytes()
    rng = np.random.default_rng(2)
    for attempt in range(3):
        damaged = bytearray(data[: len(data) // 2] if attempt == 0 else data)
        for place in rng.integers(0, len(damaged), 40 if attempt else 0):
            damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(damaged)
        error = None
        try:
            with open_source(file, answers=ANSWERS, memory_mb=512, seconds=20) as source:
                if source.description.nbytes < 2**24:
                    source.read()
                assert sane(source.description)
        except ReadError as refused:
            error = refused
        assert (attempt > 0 and error is None) or len(str(error)) > 30


@pytest.mark.parametrize("name", ["a.nii.gz", "a.npz"])
def test_packed_pixels_whose_sum_is_wrong_are_refused_at_their_end(tmp_path, name):
    file = tmp_path / name
    FORMATS[name](file)
    data = bytearray(file.read_bytes())
    if name.endswith(".gz"):
        data[-8] ^= 1  # the sum of a gzip stream
    else:
        data[14] ^= 1  # the sum of an archive's member, here and in its index
        data[data.rindex(b"PK\x01\x02") + 16] ^= 1
    file.write_bytes(data)
    assert isinstance(look(file), ReadError | zipfile.BadZipFile)  # the child says it in words


def test_an_image_without_rows_is_refused():
    pixels = SimpleNamespace(shape=(0, 18), dtype=np.dtype("u1"), sequential=False)
    with pytest.raises(ReadError, match="at least two axes with one pixel"):
        understand(Reading(format="a", pixels=pixels, axes="yx"), ANSWERS, path="/a", file_bytes=0)


def test_an_ome_tiff_that_was_resized_keeps_no_voxel_size(tmp_path):
    file = tmp_path / "a.ome.tif"
    write_ome(file)
    file.write_bytes(file.read_bytes().replace(b'SizeX="18"', b'SizeX="36"'))
    found = look(file)
    assert (found.shape, found.spacing_um) == (VOLUME.shape, None)
    assert "SizeX 36, the pages have 18" in found.spacing_source
