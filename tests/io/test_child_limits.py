"""The child may die in any way; the caller gets a ReadError and goes on."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import psutil
import pytest
import tifffile

from scalebridge.errors import ReadError, ReadLimit
from scalebridge.io import describe, open_source, preview
from scalebridge.io.answers import Answers
from scalebridge.io.source import Source
from scalebridge.io.workers import WORKERS, Workers

OTHERS: set[psutil.Process] = set()


@pytest.fixture(autouse=True)
def others():
    """Processes that other tests have left here, such as servers of multiprocessing."""
    WORKERS.end()
    OTHERS.clear()
    OTHERS.update(psutil.Process().children(recursive=True))


def children():
    """Those that this test has started."""
    return [child for child in psutil.Process().children(recursive=True) if child not in OTHERS]


def deflated_zeros(count):
    """Deflate so many zeros; a flushed block of zeros is the same wherever it stands."""
    packer = zlib.compressobj(9)
    block, rest = 2**20, count % 2**20
    head = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    if count < 64 * block:
        return zlib.compress(bytes(count), 9)
    end = packer.compress(bytes(rest)) + packer.flush()
    return head + again * (count // block - 1) + end


def write_bomb(file, *, side, rows_per_strip):
    """Write a deflated TIFF that declares side x side bytes, all zero, in about a thousandth."""
    strips = -(-side // rows_per_strip)
    strip = deflated_zeros(side * min(rows_per_strip, side))
    offset, directory = 8, 8 + len(strip)
    table = directory + 2 + 9 * 12 + 4
    entries = [
        (256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, strips, offset if strips == 1 else table), (277, 3, 1, 1),
        (278, 4, 1, rows_per_strip),
        (279, 4, strips, len(strip) if strips == 1 else table + 4 * strips),
    ]  # fmt: skip
    with open(file, "wb") as out:
        out.write(b"II*\x00" + struct.pack("<I", directory) + strip)
        out.write(struct.pack("<H", len(entries)))
        for entry in entries:
            out.write(struct.pack("<HHII", *entry))
        out.write(struct.pack("<I", 0))
        out.write(struct.pack(f"<{strips}I", *[offset] * strips))
        out.write(struct.pack(f"<{strips}I", *[len(strip)] * strips))


def test_a_two_megabyte_tiff_that_unpacks_to_two_gigabytes_at_once_is_refused(tmp_path):
    file = tmp_path / "bomb.tif"
    write_bomb(file, side=44_000, rows_per_strip=44_000)
    assert file.stat().st_size < 2.1e6
    with open_source(file, memory_mb=512) as source:
        assert source.description.nbytes > 1.9e9
        with pytest.raises(ReadLimit, match="allowed are 512 MB"):
            source.read((slice(0, 10), slice(0, 10)))


def test_the_same_picture_in_small_strips_is_streamed_under_the_limit(tmp_path):
    file = tmp_path / "bomb.tif"
    write_bomb(file, side=44_000, rows_per_strip=100)
    with open_source(file, memory_mb=256) as source:
        sums = [int(block.max()) for _, block in zip(range(6), _pixels(source), strict=False)]
    assert sums == [0] * 6


def _pixels(source):
    for _, block in source.blocks(block_mb=16):
        yield block


def test_a_strip_that_unpacks_to_more_than_it_declares_meets_the_limit(tmp_path):
    file = tmp_path / "liar.tif"
    write_bomb(file, side=30_000, rows_per_strip=30_000)
    data = bytearray(file.read_bytes())
    at = data.find(struct.pack("<HHI", 257, 4, 1))
    data[at + 8 : at + 12] = struct.pack("<I", 10)  # ten rows
    file.write_bytes(bytes(data))
    try:
        with open_source(file, memory_mb=200) as source:
            assert source.read().shape == (10, 30_000)
    except ReadError:
        pass
    assert psutil.Process().memory_info().rss < 3e9


def misbehaving(code, **limits):
    """Open a source whose child runs other code, for what files alone cannot make it do."""

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return Source("/a/file.tif", answers=Answers(), workers=Workers(start), **limits)


@pytest.mark.parametrize(("code", "error", "words"), [
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", ReadError, r"exit code -11"),
    ("import sys; print('boom', file=sys.stderr); sys.exit(3)", ReadError, r"exit code 3.*boom"),
    ("print('{}' * 100)", ReadError, "stopped its reader"),
    ("import time; time.sleep(60)", ReadLimit, r"longer than the 1 s"),
    ("b = bytearray(10**9); import time; b[::4096] = b'1' * len(b[::4096]); time.sleep(60)",
     ReadLimit, r"MB of memory, allowed were 300 MB"),
    ("import sys, struct; sys.stdout.buffer.write(struct.pack('>4sIQ', b'SBIO', 2**31, 0))",
     ReadError, "stopped its reader"),
])  # fmt: skip
def test_a_child_that_crashes_hangs_or_lies_becomes_a_read_error(code, error, words):
    begun = time.monotonic()
    with pytest.raises(error, match=words):
        misbehaving(code, memory_mb=300, seconds=1.0 if code.startswith("import time") else 20.0)
    assert time.monotonic() - begun < 30
    assert children() == []


def test_no_child_is_left_after_reading_or_after_an_error_but_the_one_that_waits(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8))
    with open_source(tmp_path / "a.tif") as source:
        source.read()
        assert len(children()) == 1
    (tmp_path / "b.tif").write_bytes(b"II*\x00garbage")
    with pytest.raises(ReadError):
        describe(tmp_path / "b.tif")
    assert [child.pid for child in children()] == list(WORKERS.idle)
    WORKERS.end()
    assert children() == []


def test_a_child_ends_when_its_caller_is_killed(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8))
    code = (
        "import sys, time; from scalebridge.io import open_source\n"
        f"source = open_source({str(tmp_path / 'a.tif')!r})\n"
        "print(source._worker.pid, flush=True); time.sleep(60)"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert caller.stdout is not None
    child = int(caller.stdout.readline())
    assert psutil.pid_exists(child)
    caller.kill()
    caller.wait()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(child)


def test_reading_works_without_a_main_module_and_beside_a_foreign_numpy(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 5), 3, np.uint8))
    (tmp_path / "tifffile.py").write_text("raise SystemExit('the foreign module was imported')")
    code = (
        "import sys; sys.path = [p for p in sys.path if p]\n"
        "from scalebridge.io import open_source\n"
        "with open_source('a.tif') as s: print(int(s.read().sum()))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.strip() == "60", run.stderr


def test_the_child_starts_without_the_heavy_libraries():
    code = (
        "import sys, scalebridge.io.child\n"
        "heavy = {'scipy', 'pandas', 'skimage', 'zarr', 'SimpleITK', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_child_cannot_write_files(tmp_path):
    code = (
        "from scalebridge.io.child import limit_memory\n"
        "limit_memory(2**30)\n"
        f"open({str(tmp_path / 'x')!r}, 'w').write('a' * 100000)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode != 0
    assert not (tmp_path / "x").exists() or os.path.getsize(tmp_path / "x") == 0


def write_sparse_raw(file, shape):
    import json

    with open(file, "wb") as out:
        out.truncate(int(np.prod(shape)) * 2)
        plane = shape[1] * shape[2] * 2
        for z in range(0, shape[0], 64):
            out.seek(z * plane)
            out.write(np.full(shape[2], z, "<u2").tobytes())
    header = {"shape": list(shape), "dtype": "uint16", "spacing_um": [1, 1, 1]}
    file.with_name(file.name + ".json").write_text(json.dumps(header))


def test_the_first_picture_of_a_17_gb_raw_file_comes_within_ten_seconds(tmp_path):
    file = tmp_path / "huge.raw"
    write_sparse_raw(file, (2048, 2048, 2048))
    assert file.stat().st_size > 17e9
    begun = time.monotonic()
    seen = preview(file)
    assert time.monotonic() - begun < 10
    assert seen.complete
    assert seen.image.shape == (32, 256, 256)
    assert seen.step == (64, 8, 8)


def test_the_first_picture_of_a_mapped_and_of_a_packed_tiff_is_every_nth_pixel(tmp_path):
    data = np.random.default_rng(0).integers(0, 9999, (40, 300, 520)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", data)
    tifffile.imwrite(tmp_path / "b.tif", data, compression="zlib")
    for name in ("a.tif", "b.tif"):
        seen = preview(tmp_path / name, max_side=128, max_planes=8)
        z, y, x = seen.step
        expected = data[list(seen.planes)][:, y // 2 :: y, x // 2 :: x]
        np.testing.assert_array_equal(seen.image, expected)
        assert (len(seen.planes), z, seen.complete) == (8, 5, True)


def test_a_preview_that_runs_out_of_time_shows_the_middle(tmp_path):
    np.save(
        tmp_path / "a.npy",
        np.broadcast_to(np.arange(30, dtype=np.uint8)[:, None, None], (30, 9, 9)),
    )
    seen = preview(tmp_path / "a.npy", max_planes=10, seconds=0.0)
    assert (seen.planes, seen.complete) == ((16,), False)
    assert set(np.unique(seen.image)) == {16}


def test_blocks_cover_every_pixel_once_in_slabs_of_the_wanted_depth(tmp_path):
    data = np.random.default_rng(0).integers(0, 9999, (2, 10, 30, 20)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, metadata={"axes": "CZYX"})
    with open_source(tmp_path / "a.ome.tif") as source:
        for options in ({"depth": 4}, {"block_mb": 0.002}, {}):
            seen = np.zeros(source.shape, int)
            for box, block in source.blocks(**options):
                seen[box] += 1
                np.testing.assert_array_equal(block, data[box])
            assert (seen == 1).all()
