"""A backup is a state that existed, whoever writes meanwhile."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from typer.testing import CliRunner

from scalebridge.cli import app
from scalebridge.errors import DamagedImage, WorkspaceError
from scalebridge.workspace import Workspace, back_up, examine

from .test_bundle import assert_a_state_that_existed

PIXELS = np.random.default_rng(7).integers(0, 60000, (40, 40, 40), dtype=np.uint16)


def test_a_backup_taken_while_two_write_is_a_state_that_existed(folder, ws, add_image, tmp_path):
    add_image("first", PIXELS)
    stop = threading.Event()

    def write(number: int) -> None:
        with Workspace.open(folder) as mine:
            count = 0
            while not stop.is_set():
                with mine.transaction():
                    mine.notes.add(text=f"{number}.{count}")
                    mine.notes.add(text=f"{number}.{count}")
                if number and count % 5 == 0:
                    version = mine.images["first"].version
                    mine.images.edit("first", version=version, note=f"{count}")
                count += 1

    threads = [threading.Thread(target=write, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    try:
        done = [back_up(ws, tmp_path / f"backup-{number}") for number in range(3)]
        add_image("later", PIXELS)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for one in done:
        with Workspace.open(one.folder) as copy:
            assert copy.state == one.state
            assert_a_state_that_existed(copy)
            assert (copy.images["first"].array() == PIXELS).all()
            assert "later" not in copy.images
        diagnosis = examine(one.folder)
        assert diagnosis.sound, diagnosis.table().to_string()


def test_a_backup_takes_no_damage_over_and_leaves_nothing_then(ws, add_image, tmp_path):
    image = add_image("v", PIXELS)
    chunk = image.folder / "0" / "c" / "0" / "0" / "0"
    chunk.write_bytes(b"x" + chunk.read_bytes()[1:])
    with pytest.raises(DamagedImage, match="no backup was made"):
        back_up(ws, tmp_path / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["specimen"]


def test_what_a_backup_cannot_copy_is_refused_in_words(folder, ws, tmp_path):
    ws.notes.add(text="a")
    back_up(ws, tmp_path / "backup")
    with pytest.raises(WorkspaceError, match="exists: choose another"):
        back_up(ws, tmp_path / "backup")
    with (
        Workspace.open(folder, as_of=0) as old,
        pytest.raises(WorkspaceError, match="bundle write"),
    ):
        back_up(old, tmp_path / "old")
    url = f"sqlite:///{tmp_path / 'group.db'}"
    with (
        Workspace.create(tmp_path / "group", records=url) as group,
        pytest.raises(WorkspaceError, match="bundle write"),
    ):
        back_up(group, tmp_path / "other")


def test_the_command_line_backs_up(folder, ws, add_image, tmp_path):
    add_image("v", PIXELS)
    shown = CliRunner().invoke(app, ["backup", str(folder), str(tmp_path / "kept")])
    assert shown.exit_code == 0, shown.output
    assert "1 image," in shown.output
    assert (Workspace.open(tmp_path / "kept").images["v"].array() == PIXELS).all()
