from __future__ import annotations

import json
import shutil
import threading
import time

import numpy as np
import pytest

from scalebridge.errors import DecisionNeeded, DiskFull, ImportCancelled, ReadError, ReadOnly
from scalebridge.io import Answers
from scalebridge.workspace import Workspace
from scalebridge.workspace.running_import import look

RNG = np.random.default_rng(8)
VOLUME = RNG.integers(0, 60000, (30, 40, 50), dtype=np.uint16)
ANSWERS = Answers(axes="zyx", spacing_um=(3.0, 2.0, 1.0))


def sparse_raw(folder, shape):
    """A file of any size that takes no disk."""
    path = folder / "big.raw"
    header = {"shape": list(shape), "dtype": "uint16", "spacing_um": [1, 1, 1]}
    path.with_suffix(".raw.json").write_text(json.dumps(header))
    with path.open("wb") as file:
        try:
            file.truncate(2 * int(np.prod(shape, dtype=object)))
        except OSError as error:
            pytest.skip(f"this disk has no sparse files of that size: {error}")
    return path


@pytest.fixture
def volume_file(tmp_path):
    np.save(tmp_path / "scan.npy", VOLUME)
    return tmp_path / "scan.npy"


def leftovers(ws):
    return [path.name for path in (ws.path / "images").iterdir()]


def test_the_first_picture_of_17_gb_is_there_within_10_seconds(tmp_path):
    path = sparse_raw(tmp_path, (2048, 2048, 2048))
    began = time.monotonic()
    preview = look(path)
    assert time.monotonic() - began < 10
    assert preview.image.shape[1:] == (512, 512)
    assert preview.description.file_bytes == 17_179_869_184


def test_the_picture_is_there_while_the_import_goes_on_and_the_pixels_are_the_file_s(
    ws, volume_file
):
    running = ws.begin_import(volume_file, answers=ANSWERS)
    assert running.preview.image.dtype == np.uint16
    assert set(np.unique(running.preview.image)) <= set(np.unique(VOLUME))
    image = running.result(timeout_s=60)
    assert (image.array() == VOLUME).all()
    assert running.state == "finished"
    plain = ws.import_file(volume_file, name="plain", answers=ANSWERS)
    assert image.source == plain.source
    assert image.spacing_um == plain.spacing_um == (3.0, 2.0, 1.0)
    assert running.progress.done == running.progress.total == VOLUME.size


def test_an_import_that_is_cancelled_leaves_nothing_and_says_so(ws, tmp_path):
    running = ws.begin_import(sparse_raw(tmp_path, (512, 1024, 1024)))
    began = time.monotonic()
    while running.progress.seconds_left is None and time.monotonic() - began < 30:
        time.sleep(0.02)
    assert running.state == "running"
    assert running.progress.disk_needed_bytes > 2**30
    assert "left, up to" in running.words()
    running.cancel()
    assert running.state == "cancelled"
    with pytest.raises(ImportCancelled, match="nothing is left of it"):
        running.result()
    assert leftovers(ws) == []
    assert (len(ws.images), ws.state, len(ws.gc())) == (0, 0, 0)


def test_an_import_goes_on_when_the_caller_closes_the_workspace(folder, volume_file):
    with Workspace.create(folder) as ws:
        running = ws.begin_import(volume_file, answers=ANSWERS)
    running.result(timeout_s=60)
    with Workspace.open(folder) as ws:
        assert (ws.images["scan"].array() == VOLUME).all()


def _never_kept(ws):
    ws.notes.add(text="never")
    ws.notes.add(text=None)


def test_the_caller_may_write_and_take_back_while_an_import_runs(ws, volume_file):
    running = ws.begin_import(volume_file, answers=ANSWERS)
    with pytest.raises(ValueError, match="text"), ws.transaction():
        _never_kept(ws)
    ws.notes.add(text="kept")
    running.result(timeout_s=60)
    assert [note.text for note in ws.notes] == ["kept"]
    assert "scan" in ws.images


def test_a_file_that_breaks_on_the_way_fails_the_result_and_leaves_nothing(ws, tmp_path):
    path = sparse_raw(tmp_path, (256, 1024, 1024))
    running = ws.begin_import(path)
    path.write_bytes(b"")  # somebody saves over it
    with pytest.raises((ReadError, OSError)):
        running.result(timeout_s=60)
    assert running.state == "failed"
    assert (leftovers(ws), len(ws.images)) == ([], 0)


def test_what_can_be_refused_is_refused_before_the_thread_begins(ws, folder, volume_file):
    ws.import_file(volume_file, answers=ANSWERS)
    with pytest.raises(ValueError, match="already has 'scan'"):
        ws.begin_import(volume_file, answers=ANSWERS)
    mirrored = Answers(axes="zyx", spacing_um=(1, 1, 1), handedness="left")
    for door in (ws.begin_import, ws.import_file):
        with pytest.raises(DecisionNeeded, match=r"mirrored .* flip='z' takes it back"):
            door(volume_file, name="other", answers=mirrored)
    with (
        Workspace.open(folder, as_of=ws.state) as replayed,
        pytest.raises(ReadOnly, match="as of state"),
    ):
        replayed.begin_import(volume_file, name="other", answers=ANSWERS)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("import ")]
    assert len(ws.images) == 1


def test_an_answered_mirror_image_comes_in_flipped_or_as_it_is(ws, volume_file):
    for flip, expected in (("z", VOLUME[::-1]), ("", VOLUME)):
        answers = Answers(axes="zyx", spacing_um=(1, 1, 1), handedness="left", flip=flip)
        image = ws.import_file(volume_file, name=f"flipped {flip}", answers=answers)
        assert (image.array() == expected).all()
        assert image.source["answers"]["flip"] == flip


def test_an_image_that_would_fill_the_disk_is_refused_with_both_numbers(ws, tmp_path):
    free = shutil.disk_usage(tmp_path).free
    path = sparse_raw(tmp_path, (1 + free // 2**21, 1024, 1024))
    for door in (ws.begin_import, ws.import_file):
        with pytest.raises(DiskFull, match=r"needs up to .* GB, .* GB are free") as refused:
            door(path)
        assert refused.value.needed_bytes > free
        assert refused.value.free_bytes == pytest.approx(free, rel=0.5)
    assert leftovers(ws) == []


def test_a_listener_that_fails_does_not_cost_the_import(ws, volume_file):
    heard = []

    def fail(running):
        heard.append(running.state)
        raise ConnectionError("the page was closed")

    running = ws.begin_import(volume_file, answers=ANSWERS)
    running.listen(fail)
    assert running.result(timeout_s=60).name == "scan"
    assert len(heard) <= 1
