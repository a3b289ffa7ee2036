"""Files made to do harm: refused from their headers, in words, before anything is allocated.

Each is opened as a person's file would be. What it costs is measured: no answer takes ten seconds,
and the reading process never takes the gigabyte that it is allowed.
"""

from __future__ import annotations

import json
import os
import struct
import time
import zlib

import h5py
import numpy as np
import pytest
import tifffile

from scalebridge import Workspace
from scalebridge.errors import ReadError, ReadLimit, ScalebridgeError
from scalebridge.io import open_source

SECRET = "the content of another folder"


def opened_and_read(path):
    with open_source(path, seconds=10.0) as source:
        source.read(tuple(slice(0, 1) for _ in source.shape))
        return source.read()


def refused(path, *, error=ReadError):
    """Open a file and read a corner of it; the words in which that was refused."""
    began = time.monotonic()
    with pytest.raises(error) as told:
        opened_and_read(path)
    assert time.monotonic() - began < 20
    words = str(told.value)
    assert SECRET not in words
    assert len(words) > 40
    return words


def tiff(tags, pixels=b"\0" * 16):
    """One directory of a little-endian TIFF: (tag, type, count, value) rows, then pixels."""
    entries = b"".join(struct.pack("<HHII", *row) for row in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0\0\0\0" + pixels


def grey(width, height, *, compression=1, offset=200, count=16):
    return [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, compression),
        (262, 3, 1, 1), (273, 4, 1, offset), (277, 3, 1, 1), (278, 4, 1, height),
        (279, 4, 1, count),
    ]  # fmt: skip


def test_ten_billion_pixels_in_a_file_of_a_few_bytes(tmp_path):
    file = tmp_path / "vast.tif"
    for compression in (1, 8):
        file.write_bytes(tiff(grey(100_000, 100_000, compression=compression)))
        words = refused(file)
        assert "needs 10000000200 bytes" in words or "memory_mb" in words


def test_a_thousand_bytes_that_unpack_to_a_million_each(tmp_path):
    file = tmp_path / "bomb.tif"
    packed = zlib.compress(b"\0" * 10**9, 9)
    assert 10**9 / len(packed) > 1000
    rows = grey(100_000, 10_000, compression=8, offset=122, count=len(packed))
    file.write_bytes(tiff(rows, packed))
    assert "memory_mb" in refused(file, error=ReadLimit)


def test_directories_that_never_end(tmp_path):
    file = tmp_path / "circle.tif"
    data = bytearray(tiff(grey(4, 4)))
    data[8 + 2 + 9 * 12 : 8 + 2 + 9 * 12 + 4] = struct.pack("<I", 8)
    file.write_bytes(data)
    assert "circle" in refused(file)


@pytest.mark.parametrize("what", ["a bomb", "a file"])
def test_entities_of_xml(tmp_path, what):
    (tmp_path / "secret.txt").write_text(SECRET)
    bomb = "".join(
        f'<!ENTITY e{n} "{("&e" + str(n - 1) + ";") * 10 if n else "lol"}">' for n in range(10)
    )
    inner = bomb if what == "a bomb" else f'<!ENTITY e9 SYSTEM "file://{tmp_path}/secret.txt">'
    xml = (
        f'<?xml version="1.0"?><!DOCTYPE OME [{inner}]>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0" Name="&e9;">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" '
        'SizeC="1" SizeT="1" PhysicalSizeX="1"><TiffData/></Pixels></Image></OME>'
    )
    file = tmp_path / "bad.ome.tif"
    tifffile.imwrite(file, np.zeros((8, 8), np.uint8), description=xml, metadata=None)
    assert "DOCTYPE" in refused(file)


@pytest.mark.parametrize("name", ["../outside.tif", "/etc/passwd", "C:\\outside.tif"])
def test_an_ome_tiff_whose_pixels_are_in_another_folder(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    tifffile.imwrite(tmp_path / "outside.tif", np.full((8, 8), 7, np.uint8))
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" '
        'SizeC="1" SizeT="1" PhysicalSizeX="1"><TiffData IFD="0" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    file = inside / "asks.ome.tif"
    tifffile.imwrite(file, np.zeros((8, 8), np.uint8), description=xml, metadata=None)
    assert "outside.tif" in refused(file) or "passwd" in refused(file)


def test_an_hdf5_giant_that_is_nothing_but_its_fill_value(tmp_path):
    file = tmp_path / "giant.h5"
    with h5py.File(file, "w") as made:
        made.create_dataset(
            "giant", shape=(10**6, 10**6, 10**6), chunks=(2**10, 2**10, 2**10), dtype="u1",
            fillvalue=7,
        )  # fmt: skip
    assert file.stat().st_size < 10_000
    assert "memory_mb" in refused(file, error=ReadLimit)


def test_hdf5_that_keeps_its_pixels_or_its_groups_elsewhere(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    with h5py.File(outside / "other.h5", "w") as other:
        other["image"] = np.full((8, 8), 7, np.uint8)
    (outside / "raw.bin").write_bytes(SECRET.encode() * 4)
    inside = tmp_path / "inside"
    inside.mkdir()
    with h5py.File(inside / "link.h5", "w") as made:
        made["image"] = h5py.ExternalLink("../outside/other.h5", "image")
    refused(inside / "link.h5")
    with h5py.File(inside / "raw.h5", "w") as made:
        made.create_dataset("image", (8, 8), "u1", external=[(str(outside / "raw.bin"), 0, 64)])
    assert "raw.bin" in refused(inside / "raw.h5")
    layout = h5py.VirtualLayout(shape=(8, 8), dtype="u1")
    layout[:] = h5py.VirtualSource(str(outside / "other.h5"), "image", shape=(8, 8))
    with h5py.File(inside / "virtual.h5", "w") as made:
        made.create_virtual_dataset("image", layout)
    assert "other.h5" in refused(inside / "virtual.h5")


def zarr_folder(path, shape, chunks):
    level = path / "0"
    level.mkdir(parents=True)
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"[-len(shape) :]]
    scale = [{"type": "scale", "scale": [1.0] * len(shape)}]
    (path / "zarr.json").write_text(json.dumps({
        "zarr_format": 3, "node_type": "group",
        "attributes": {"ome": {"version": "0.5", "multiscales": [
            {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]},
        ]}},
    }))  # fmt: skip
    (level / "zarr.json").write_text(json.dumps({
        "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0, "codecs": [{"name": "bytes"}], "attributes": {},
    }))  # fmt: skip
    return path


def test_a_zarr_array_of_a_billion_billion_elements(tmp_path):
    folder = zarr_folder(tmp_path / "vast.ome.zarr", [10**6] * 3, [10**6] * 3)
    assert "memory_mb" in refused(folder, error=ReadLimit)
    small = zarr_folder(tmp_path / "small.ome.zarr", [10**6] * 3, [64] * 3)
    assert "memory_mb" in refused(small, error=ReadLimit)
    with Workspace.create(tmp_path / "specimen") as ws:
        thin = zarr_folder(tmp_path / "thin.ome.zarr", [10**6] * 3, [64] * 3)
        with pytest.raises(ScalebridgeError) as told:
            ws.import_file(thin)
        assert len(str(told.value)) > 40
        assert len(ws.images.table()) == 0


def test_a_chunk_that_is_a_link_to_another_folder(tmp_path):
    (tmp_path / "secret.bin").write_bytes(SECRET.encode().ljust(64))
    folder = zarr_folder(tmp_path / "asks.ome.zarr", [8, 8], [8, 8])
    (folder / "0" / "c" / "0").mkdir(parents=True)
    os.symlink(tmp_path / "secret.bin", folder / "0" / "c" / "0" / "0")
    assert "secret.bin, outside of its folder" in refused(folder)
    (folder / "0" / "c" / "0" / "0").unlink()
    for document in (folder / "0" / "zarr.json", folder / "zarr.json"):
        document.rename(tmp_path / "elsewhere.json")
        document.symlink_to(tmp_path / "elsewhere.json")
        assert "outside of its folder" in refused(folder)


def test_what_was_refused_changed_no_workspace(tmp_path):
    file = tmp_path / "vast.tif"
    file.write_bytes(tiff(grey(100_000, 100_000, compression=8)))
    with Workspace.create(tmp_path / "specimen") as ws:
        state = ws.state
        with pytest.raises(ReadError):
            ws.import_file(file)
        assert ws.state == state
        assert list((tmp_path / "specimen" / "images").iterdir()) == []
