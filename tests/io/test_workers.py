"""One child reads many files: kept after clean ends only, and no file reaches another's answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import h5py
import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image

from scalebridge.errors import ReadError, ReadLimit
from scalebridge.io.answers import Answers
from scalebridge.io.frames import BrokenFrame
from scalebridge.io.leftovers import Before
from scalebridge.io.source import Source
from scalebridge.io.workers import Workers


@pytest.fixture
def workers():
    made = Workers()
    yield made
    made.end()


def opened(file, workers, **limits):
    return Source(str(file), answers=Answers(), workers=workers, **limits)


def value_of(file, workers, **limits):
    with opened(file, workers, **limits) as source:
        return int(source.read().max())


def tiffs(folder, count):
    for value in range(count):
        tifffile.imwrite(folder / f"{value}.tif", np.full((9, 8), value, np.uint8))
    return [folder / f"{value}.tif" for value in range(count)]


def test_twenty_files_are_read_by_one_child(tmp_path, workers):
    assert [value_of(file, workers) for file in tiffs(tmp_path, 20)] == list(range(20))
    assert workers.started == 1
    assert len(workers.idle) == 1


def test_a_file_that_is_refused_in_words_leaves_the_child_to_the_next(tmp_path, workers):
    (tmp_path / "bad.tif").write_bytes(b"II*\x00garbage that is no directory")
    for file in tiffs(tmp_path, 3):
        with pytest.raises(ReadError):
            value_of(tmp_path / "bad.tif", workers)
        assert value_of(file, workers) == int(file.stem)
    assert workers.started == 1


def test_two_files_that_are_open_at_once_have_two_children(tmp_path, workers):
    first, second = tiffs(tmp_path, 2)
    with opened(first, workers) as one, opened(second, workers) as other:
        assert (other.read().max(), one.read().max()) == (1, 0)
    assert workers.started == 2


def test_a_child_that_has_loaded_a_compiled_parser_serves_that_file_only_as_it_was(
    tmp_path, workers
):
    for value in (1, 2):
        with h5py.File(tmp_path / f"{value}.h5", "w") as made:
            made["image"] = np.full((9, 8), value, np.uint8)
    Image.fromarray(np.full((9, 8), 3, np.uint8)).save(tmp_path / "3.png")
    assert [value_of(tmp_path / "1.h5", workers) for _ in range(3)] == [1, 1, 1]
    assert workers.started == 1
    assert value_of(tmp_path / "2.h5", workers) == 2
    assert value_of(tmp_path / "3.png", workers) == 3
    assert workers.started == 3
    (tmp_path / "3.png").write_bytes((tmp_path / "3.png").read_bytes())
    assert value_of(tmp_path / "3.png", workers) == 3
    assert workers.started == 4


def test_limits_are_each_files_own(tmp_path, workers):
    [file] = tiffs(tmp_path, 1)
    np.save(tmp_path / "large.npy", np.ones((200, 512, 512), np.uint8))
    for _ in range(2):
        assert value_of(file, workers, memory_mb=200) == 0
        with pytest.raises(ReadLimit, match="allowed are 100 MB"):
            value_of(tmp_path / "large.npy", workers, memory_mb=100)
        assert value_of(tmp_path / "large.npy", workers, memory_mb=400) == 1
    assert workers.started == 1


def test_a_file_that_was_left_in_the_middle_takes_its_child_with_it(tmp_path, workers):
    [file] = tiffs(tmp_path, 1)
    source = opened(file, workers)
    source._worker.ask([[0, 9, 1], [0, 8, 1]])  # an answer that nobody fetches
    source.close()
    source.close()
    assert workers.idle == ()
    assert value_of(file, workers) == 0


def test_a_child_that_was_killed_between_two_files_is_replaced(tmp_path, workers):
    [file] = tiffs(tmp_path, 1)
    value_of(file, workers)
    psutil.Process(workers.idle[0]).kill()
    time.sleep(0.1)
    assert value_of(file, workers) == 0
    assert workers.started == 2


def test_a_child_that_waits_too_long_ends(tmp_path, monkeypatch):
    from scalebridge.io import workers as module

    monkeypatch.setattr(module, "_IDLE_S", 0.1)
    short = Workers()
    value_of(tiffs(tmp_path, 1)[0], short)
    deadline = time.monotonic() + 5
    while short.idle and time.monotonic() < deadline:
        time.sleep(0.02)
    assert short.idle == ()


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        ("kept = open(os.devnull)", "open files"),
        (
            "kept = threading.Thread(target=time.sleep, args=(9,), daemon=True); kept.start()",
            "threads",
        ),
        ("kept = bytearray(os.urandom(150 * 2**20))", "memory"),
        ("os.environ['HDF5_PLUGIN_PATH'] = '/somewhere'", "another environment"),
        ("os.chdir('/')", "another folder"),
        ("kept = subprocess.Popen(['sleep', '3'], stdout=-3)", "child processes"),
    ],
)
def test_what_a_file_leaves_behind_is_noticed(tmp_path, trace, words):
    code = (
        "import os, subprocess, threading, time\n"
        "from scalebridge.io.leftovers import Before\n"
        "before = Before.now()\n"
        "assert before.left_by('/no/such') == []\n"
        f"{trace}\n"
        "print(before.left_by('/no/such'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert words in run.stdout


def test_a_file_that_stays_mapped_is_noticed(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(5000))
    before = Before.now()
    kept = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert "open files" in before.left_by(str(tmp_path / "a.npy"))
    del kept


LEAVES = """
import json, sys
from scalebridge.io.frames import send_frame
out = sys.stdout.buffer
for line in sys.stdin.buffer:
    message = json.loads(line)
    if message == "close":
        send_frame(out, {"kind": "closed", "left": LEFT, "compiled": [], "file": file})
    else:
        file = FILE
        send_frame(out, {"kind": "error", "message": "expected more than this", "file": file})
"""


@pytest.mark.parametrize(
    ("left", "file", "kept"), [("[]", "message['file']", 1), ("['memory']", "message['file']", 0),
                               ("[]", "'another'", 0)],
)  # fmt: skip
def test_a_child_is_kept_only_if_it_says_that_nothing_is_left_and_speaks_of_this_file(
    left, file, kept
):
    code = LEAVES.replace("LEFT", left).replace("FILE", file)
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    lying = Workers(lambda: subprocess.Popen([sys.executable, "-c", code], **pipes))
    with pytest.raises(ReadError) as told:
        opened("/a/file.tif", lying)
    assert isinstance(told.value.__cause__, BrokenFrame) == (file == "'another'")
    assert len(lying.idle) == kept
    lying.end()


def test_a_child_in_the_middle_of_work_ends_when_its_caller_is_killed(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((8, 8)))
    code = (
        "import time; from scalebridge.io import open_source\n"
        f"source = open_source({str(tmp_path / 'a.npy')!r})\n"
        "source._worker.ask([[0, 8, 1], [0, 8, 1]])\n"
        "print(source._worker.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as caller:
        child = psutil.Process(int(caller.stdout.readline()))
        caller.kill()
        child.wait(timeout=10)


def test_the_child_that_waits_ends_with_its_caller(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8), np.uint8))
    code = (
        "from scalebridge.io import describe; from scalebridge.io.workers import WORKERS\n"
        f"describe({str(tmp_path / 'a.tif')!r}); print(WORKERS.idle[0])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not psutil.pid_exists(int(run.stdout))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_leaves_the_children_to_its_parent(tmp_path, workers):
    [file] = tiffs(tmp_path, 1)
    value_of(file, workers)
    child = os.fork()
    if child == 0:
        os._exit(len(workers.idle))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert value_of(file, workers) == 0
    assert workers.started == 1


def test_files_that_are_read_from_many_threads_keep_their_answers_apart(tmp_path, workers):
    found = {}

    def read(file):
        found[file] = [value_of(file, workers) for _ in range(5)]

    threads = [threading.Thread(target=read, args=(file,)) for file in tiffs(tmp_path, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {file: [int(file.stem)] * 5 for file in found}
    assert len(workers.idle) <= 2
