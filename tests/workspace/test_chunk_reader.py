"""Chunks read one by one are those that zarr reads, and are refused where zarr's are."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import zarr

from scalebridge.errors import DamagedImage
from scalebridge.workspace import Workspace
from scalebridge.workspace.chunk_reader import chunk_reader

RNG = np.random.default_rng(3)


def reader(array):
    read = chunk_reader(array)
    assert read is not None
    return read


def every_chunk(array):
    counts = [-(-n // c) for n, c in zip(array.shape, array.chunks, strict=True)]
    for index in itertools.product(*map(range, counts)):
        box = tuple(
            slice(k * c, min(n, (k + 1) * c))
            for k, c, n in zip(index, array.chunks, array.shape, strict=True)
        )
        yield index, box


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "float32", "float64"])
@pytest.mark.parametrize(("axes", "shape"), [("zyx", (70, 66, 30)), ("tcyx", (2, 3, 90, 70))])
def test_every_chunk_of_every_level_is_what_zarr_reads(add_image, dtype, axes, shape):
    values = (RNG.normal(size=shape) * 100).astype(dtype)
    image = add_image("v", values, axes=axes)
    for level in image.levels:
        read = reader(level.array)
        for index, box in every_chunk(level.array):
            chunk = read(index)
            assert (chunk.dtype, chunk.shape) == (level.array.dtype, level.array.chunks)
            expected = level.array[box]
            assert (chunk[tuple(slice(n) for n in expected.shape)] == expected).all()


def test_chunks_of_the_first_format_are_read_too(tmp_path):
    shutil.copytree(Path(__file__).parent / "fixtures" / "format1", tmp_path / "old")
    with Workspace.open(tmp_path / "old") as ws:
        read = reader(ws.images["cube"].levels[0].array)
        assert (read((0, 0, 0)) == np.arange(512).reshape(8, 8, 8)).all()


def test_what_zarr_refuses_is_refused(ws, add_image):
    image = add_image("v", RNG.integers(0, 60000, (20, 70, 66), dtype=np.uint16))
    chunk = image.folder / "0" / "c" / "0" / "0" / "0"
    sound = chunk.read_bytes()
    read = reader(ws.images["v"].levels[0].array)
    for position in RNG.integers(0, len(sound) * 8, 100):
        damaged = bytearray(sound)
        damaged[position // 8] ^= 1 << (position % 8)
        chunk.write_bytes(damaged)
        with pytest.raises(DamagedImage, match="crc32c"):
            read((0, 0, 0))
    for length in (0, 3, 4, 100):
        chunk.write_bytes(sound[:length])
        with pytest.raises(DamagedImage):
            read((0, 0, 0))
    chunk.write_bytes((chunk.parent / "1").read_bytes())
    with pytest.raises(DamagedImage, match="another whole one"):
        read((0, 0, 0))
    chunk.unlink()
    with pytest.raises(DamagedImage, match="got no file"):
        read((0, 0, 0))


def test_what_is_stored_otherwise_is_left_to_zarr(tmp_path):
    assert chunk_reader(np.zeros((3, 3))) is None
    assert chunk_reader(zarr.create_array(tmp_path / "a", shape=(4, 4), dtype="uint8")) is None


def test_a_chunk_that_states_another_size_is_refused_before_it_is_unpacked(tmp_path):
    """Its own checksum is right, as a stranger could make it."""
    shutil.copytree(Path(__file__).parent / "fixtures" / "format1", tmp_path / "old")
    with Workspace.open(tmp_path / "old") as ws:
        image = ws.images["cube"]
        path = image.folder / "0" / "c" / "0" / "0" / "0"
        data = bytearray(path.read_bytes()[:-4])
        data[4:8] = (2**31 - 1).to_bytes(4, "little")
        path.write_bytes(bytes(data) + google_crc32c.value(bytes(data)).to_bytes(4, "little"))
        with pytest.raises(DamagedImage, match="2147483647 bytes"):
            reader(image.levels[0].array)((0, 0, 0))
