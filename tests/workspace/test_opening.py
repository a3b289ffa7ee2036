from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scalebridge.errors import NewerFormat, WorkspaceError
from scalebridge.workspace import Workspace
from scalebridge.workspace.manifest import FORMAT, read_manifest, write_manifest
from scalebridge.workspace.records import Records
from scalebridge.workspace.upgrades import upgrade


def test_a_newer_format_is_refused_in_words_and_left_alone(folder, ws):
    path = folder / "workspace.toml"
    text = path.read_text().replace(f"format = {FORMAT}", f"format = {FORMAT + 1}")
    path.write_text(text)
    with pytest.raises(NewerFormat, match="install a newer Scalebridge"):
        Workspace.open(folder)
    assert path.read_text() == text


def test_records_of_another_workspace_are_refused_in_words(folder, ws):
    path = folder / "workspace.toml"
    path.write_text(path.read_text().replace(read_manifest(folder).id, "f" * 32))
    with pytest.raises(WorkspaceError, match="got those of another one"):
        Workspace.open(folder)


@pytest.mark.sqlite
def test_an_older_format_is_upgraded_after_a_backup(folder, ws):
    ws.notes.add(text="kept")

    def step(where: Path) -> None:
        with sqlite3.connect(where / "records.db") as connection:
            connection.execute("ALTER TABLE scalebridge_records ADD COLUMN colour TEXT")

    upgrade(folder, steps={FORMAT: step}, to=FORMAT + 1)
    assert "format = 2" in (folder / "workspace.toml").read_text()
    kept = next((folder / "backups").iterdir())
    assert read_manifest(kept).format == FORMAT
    with sqlite3.connect(kept / "records.db") as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(scalebridge_records)")}
        bodies = connection.execute("SELECT body FROM scalebridge_records").fetchall()
    assert "colour" not in columns
    assert "kept" in bodies[0][0]


@pytest.mark.sqlite
def test_an_upgrade_that_fails_brings_everything_back(folder, ws):
    ws.notes.add(text="kept")

    def step(where: Path) -> None:
        with sqlite3.connect(where / "records.db") as connection:
            connection.execute("DELETE FROM scalebridge_records")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        upgrade(folder, steps={FORMAT: step}, to=FORMAT + 1)
    assert [note.text for note in Workspace.open(folder).notes] == ["kept"]


@pytest.mark.sqlite
def test_a_format_without_a_way_is_refused(folder, ws):
    with pytest.raises(WorkspaceError, match="knows no way"):
        upgrade(folder, steps={}, to=FORMAT + 1)
    assert not (folder / "backups").exists()


@pytest.mark.parametrize("text", ["format = ", "format = 'one'", "format = 1\nid = 'x'", "\x00"])
def test_a_damaged_manifest_is_refused_in_words(folder, ws, text):
    (folder / "workspace.toml").write_text(text)
    with pytest.raises(WorkspaceError, match=r"workspace\.toml"):
        Workspace.open(folder)


def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    with pytest.raises(WorkspaceError, match=r"Workspace\.create"):
        Workspace.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="empty folder"):
        Workspace.create(tmp_path)


@pytest.mark.sqlite
def test_lost_and_damaged_records_are_refused_in_words(folder, ws):
    ws.close()
    (folder / "records.db").write_bytes(b"not a database" * 100)
    with pytest.raises(WorkspaceError, match="backup"):
        Workspace.open(folder)
    (folder / "records.db").unlink()
    with pytest.raises(WorkspaceError, match=r"expected records\.db"):
        Workspace.open(folder)


def test_names_with_quotes_and_backslashes_survive_the_manifest(folder, ws):
    manifest = read_manifest(folder)
    odd = type(manifest)(**{**vars(manifest), "name": 'a "b" \\ µ\n[x]'})
    write_manifest(folder, odd)
    assert read_manifest(folder) == odd


@pytest.mark.sqlite
def test_records_may_live_in_a_database_named_at_opening(folder, tmp_path):
    url = f"sqlite:///{tmp_path / 'group.db'}"
    with Workspace.create(folder, records=url) as ws:
        ws.notes.add(text="shared")
    with Workspace.create(tmp_path / "second", records=url) as other:
        assert len(other.notes) == 0
    with Workspace.open(folder, records=url) as ws:
        assert [note.text for note in ws.notes] == ["shared"]
    assert str(tmp_path / "group.db") not in (folder / "workspace.toml").read_text()
    with pytest.raises(WorkspaceError, match=r"records='postgresql.*or set SCALEBRIDGE_RECORDS"):
        Workspace.open(folder)


def test_opening_takes_milliseconds_of_work(folder, ws):
    with ws.transaction():
        for i in range(300):
            ws.notes.add(text=str(i))
    spent = []
    for _ in range(3):
        began = time.process_time()  # of this process: others on the machine take no part
        Workspace.open(folder).close()
        spent.append(time.process_time() - began)
    assert min(spent) < 0.1


_IMPORT_AND_HANG = """
import sys, time
import numpy as np
from scalebridge.workspace import Workspace
def blocks():
    yield (slice(0, 64), slice(0, 80), slice(0, 80)), np.ones((64, 80, 80), dtype=np.uint8)
    print("half", flush=True)
    time.sleep(60)
Workspace.open(sys.argv[1]).images.write(
    "v", shape=(128, 80, 80), dtype=np.uint8, axes="zyx", blocks=blocks(),
    spacing_um=None, spacing_source=None)
"""


def test_an_import_that_is_killed_is_never_listed_and_can_be_done_again(folder, ws, add_image):
    import numpy as np

    command = [sys.executable, "-c", _IMPORT_AND_HANG, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "half"
        assert len(ws.gc()) == 0
        with pytest.raises(WorkspaceError, match="another process is importing"):
            add_image("v", np.ones((4, 4, 4), dtype=np.uint8))
        child.kill()
    assert (len(ws.images), ws.state) == (0, 0)
    assert list(ws.gc(dry_run=False)["reason"]) == ["an import that did not finish"]
    assert add_image("v", np.ones((4, 4, 4), dtype=np.uint8)).array().all()


def test_a_writer_that_is_killed_leaves_no_half_transaction(folder, ws):
    script = (
        "import sys, os, signal\n"
        "from scalebridge.workspace import Workspace\n"
        "ws = Workspace.open(sys.argv[1])\n"
        "with ws.transaction():\n"
        "    ws.notes.add(text='half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=False)
    assert done.returncode == -9
    assert (len(ws.notes), ws.state) == (0, 0)
    ws.notes.add(text="whole")
    assert ws.state == 1


def test_reading_goes_on_while_a_transaction_is_open(folder, ws):
    ws.notes.add(text="a")
    with ws.transaction():
        ws.notes.add(text="b")
        assert len(Workspace.open(folder).notes) == 1
    assert len(Workspace.open(folder).notes) == 2


def test_records_know_no_state_of_another_thread(ws):
    assert isinstance(ws.records, Records)
    with ws.transaction():
        assert ws.records._open is not None
    assert ws.records._open is None
