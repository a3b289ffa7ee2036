"""The doctor finds what is not as it was recorded, and repairs without deleting data."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scalebridge.cli import app
from scalebridge.errors import NotFound, UnsafeWorkspace
from scalebridge.workspace import Workspace, examine

RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 60000, (40, 40, 40), dtype=np.uint16)
FIXTURE = Path(__file__).parent / "fixtures" / "format1"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Write one specimen; every test gets a copy."""
    place = tmp_path_factory.mktemp("made") / "specimen"
    with Workspace.create(place) as ws:
        for name in ("v", "w"):
            ws.images.write(
                name,
                shape=PIXELS.shape,
                dtype=PIXELS.dtype,
                axes="zyx",
                blocks=[(tuple(slice(0, n) for n in PIXELS.shape), PIXELS)],
                spacing_um=(1.0, 1.0, 1.0),
                spacing_source="made",
            )
        ws.frames.add(name="sem")
        position = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
        ws.targets.add(name="pit", frame="v", position=position)
    return place


@pytest.fixture
def specimen(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "specimen"))


@pytest.fixture
def ws(specimen):
    with Workspace.open(specimen) as workspace:
        yield workspace


def change(folder, statement):
    with closing(sqlite3.connect(folder / "records.db")) as connection:
        connection.execute(statement)
        connection.commit()


def found(folder, **options):
    diagnosis = examine(folder, **options)
    return diagnosis, diagnosis.table()


def test_a_sound_workspace_is_said_to_be_sound_and_stays_as_it_is(specimen):
    before = {path: path.read_bytes() for path in specimen.rglob("*") if path.is_file()}
    diagnosis, table = found(specimen, repair=True)
    assert diagnosis.sound
    assert len(table) == 0
    assert diagnosis.verdict() == "everything is as it was recorded"
    counts = diagnosis.counts().set_index("part")
    assert counts.loc["images", "looked_at"] == "6 files of 2 images"
    kept = ("images", "runs", "workspace.toml")
    after = {path: path.read_bytes() for path in specimen.rglob("*") if path.is_file()}
    assert {p: d for p, d in after.items() if p.relative_to(specimen).parts[0] in kept} == {
        p: d for p, d in before.items() if p.relative_to(specimen).parts[0] in kept
    }


def test_a_workspace_of_the_first_format_is_sound(tmp_path):
    shutil.copytree(FIXTURE, tmp_path / "old")
    diagnosis, table = found(tmp_path / "old")
    assert diagnosis.sound, table.to_string()


def test_damaged_chunks_are_named_and_not_repaired(specimen, ws):
    chunk = ws.images["v"].folder / "0" / "c" / "0" / "0" / "0"
    data = bytearray(chunk.read_bytes())
    data[50] ^= 1
    chunk.write_bytes(data)
    diagnosis, table = found(specimen, repair=True)
    assert not diagnosis.sound
    assert table["about"].tolist() == ["'v', level 0"]
    assert "restore the folder from a backup" in table["found"].item()
    assert chunk.read_bytes() == bytes(data)


def test_metadata_for_other_programs_are_written_again(specimen, ws):
    path = ws.images["v"].folder / "zarr.json"
    sound = path.read_bytes()
    path.unlink()
    diagnosis, table = found(specimen)
    assert (diagnosis.sound, table["kind"].tolist()) == (False, ["damaged"])
    assert "--repair" in diagnosis.verdict()
    diagnosis, table = found(specimen, repair=True)
    assert diagnosis.sound
    assert table["done"].tolist() == ["written again from the record"]
    assert path.read_bytes() == sound


def test_pixels_that_no_record_lists_are_moved_and_never_deleted(specimen, ws):
    orphan = specimen / "images" / "nobody.ome.zarr"
    shutil.copytree(ws.images["v"].folder, orphan)
    files = sorted(p.relative_to(orphan) for p in orphan.rglob("*"))
    diagnosis, table = found(specimen)
    assert (diagnosis.sound, table["kind"].tolist(), orphan.exists()) == (True, ["left over"], True)
    _, table = found(specimen, repair=True)
    moved = specimen / table["done"].item().removeprefix("moved to ")
    assert not orphan.exists()
    assert sorted(p.relative_to(moved) for p in moved.rglob("*")) == files
    assert len(found(specimen)[1]) == 0
    assert len(Workspace.open(specimen).images) == 2


def test_imports_that_died_and_their_locks_go_as_with_gc(specimen, ws):
    partial = specimen / "images" / ".partial-dead"
    (partial / "0").mkdir(parents=True)
    (partial / "0" / "zarr.json").write_text("{}")
    lock = specimen / "images" / ".dead.lock"
    lock.touch()
    _, table = found(specimen, repair=True)
    assert sorted(table["done"]) == ["deleted, as gc does", "removed"]
    assert not partial.exists()
    assert not lock.exists()
    assert len(ws.history(kind="cleanings")) == 1


def test_an_import_that_is_under_way_is_no_orphan(specimen, ws):
    from scalebridge.locks import locked

    partial = specimen / "images" / ".partial-alive"
    partial.mkdir()
    with locked(specimen / "images" / ".alive.lock", busy="x"):
        _diagnosis, table = found(specimen, repair=True)
        assert len(table) == 0
        assert partial.exists()


def test_an_image_that_is_listed_while_the_folders_are_walked_is_not_cleaned_away(
    ws, add_image, monkeypatch
):
    """Its folder was seen, its record was read before it was listed, its lock is free again."""
    from scalebridge.workspace import cleaning

    locked = cleaning.is_locked
    made: list = []

    def slow(path):
        if not made and "early" in path.name:
            made.append(add_image("late", PIXELS, id="early"))
        return locked(path)

    (ws.path / "images" / "early.ome.zarr").mkdir(parents=True)
    (ws.path / "images" / "early.ome.zarr").rmdir()
    monkeypatch.setattr(cleaning, "is_locked", slow)
    real = Path.iterdir

    def walked(place):
        yield from real(place)
        if place == ws.path / "images":
            yield place / "early.ome.zarr"

    monkeypatch.setattr(Path, "iterdir", walked)
    assert len(ws.gc(dry_run=False)) == 0
    assert (ws.images["late"].array() == PIXELS).all()


def test_an_image_without_its_pixels_is_damage_unless_gc_said_so(specimen, ws):
    shutil.rmtree(ws.images["v"].folder)
    ws.images.remove("w")
    ws.gc(dry_run=False)
    _diagnosis, table = found(specimen)
    assert table.loc[table["kind"] == "damaged", "about"].tolist() == ["'v'"]
    assert "no such folder" in table["found"].iloc[0]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM scalebridge_records WHERE state = 3", "none of 3"),
        ("UPDATE scalebridge_records SET version = 3 WHERE kind = 'targets'", "versions 1 to 3"),
        ("UPDATE scalebridge_records SET body = '{' WHERE kind = 'targets'", "expected JSON"),
        (
            "UPDATE scalebridge_records SET body = replace(body, '1.0', 'NaN') "
            "WHERE kind = 'targets'",
            "NaN is no number",
        ),
        (
            "UPDATE scalebridge_records SET body = replace(body, 'frame', 'framme') "
            "WHERE kind = 'targets'",
            "framme",
        ),
        ("UPDATE scalebridge_records SET kind = 'spells' WHERE kind = 'targets'", "'spells'"),
        ("UPDATE scalebridge_records SET at = 'noon' WHERE kind = 'targets'", "time in UTC"),
        ("UPDATE scalebridge_records SET part = 7 WHERE kind = 'targets'", "rows from 0 on"),
        ("UPDATE scalebridge_workspaces SET state = 2", "rows up to state 2"),
        ("UPDATE scalebridge_workspaces SET state = 9", "none of 5, 6, 7, 8, 9"),
    ],
)
def test_rows_that_no_commit_left_are_told_in_words(specimen, ws, statement, words):
    ws.close()
    change(specimen, statement)
    diagnosis, table = found(specimen)
    assert not diagnosis.sound
    assert table["found"].str.contains(words, regex=False).any(), table.to_string()


def test_a_database_with_flipped_bytes_is_told_and_backups_are_named(specimen, ws):
    ws.close()
    path = specimen / "records.db"
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 3 + 600] = RNG.bytes(600)
    path.write_bytes(data)
    diagnosis, _ = found(specimen)
    assert not diagnosis.sound
    path.write_bytes(b"no database" * 1000)
    (specimen / "backups" / "2026").mkdir(parents=True)
    diagnosis, table = found(specimen)
    assert not diagnosis.sound
    assert "cannot be read" in table["found"].iloc[0]
    assert "2026" in table["found"].iloc[-1]


def test_notebooks_and_records_of_runs_are_compared(specimen, ws):
    run = ws.runs.add(template="10_survey", status="finished")
    ws.runs.edit(run.id, version=1, report=f"runs/{run.id}.ipynb")
    (specimen / "runs" / "stray.ipynb").write_text("{}")
    _diagnosis, table = found(specimen, repair=True)
    assert table["kind"].tolist() == ["damaged", "left over"]
    assert "is gone" in table["found"].iloc[0]
    assert (specimen / table["done"].iloc[1].removeprefix("moved to ")).read_text() == "{}"


def test_what_is_no_workspace_and_what_is_a_stranger_s_is_refused(tmp_path, specimen, ws):
    with pytest.raises(NotFound):
        examine(tmp_path / "nowhere")
    ws.close()
    change(specimen, "CREATE VIEW more AS SELECT 1")
    with pytest.raises(UnsafeWorkspace):
        examine(specimen)


def test_the_command_says_what_it_found_and_did(specimen, ws):
    shown = CliRunner().invoke(app, ["doctor", str(specimen)])
    assert shown.exit_code == 0
    assert "everything is as it was recorded" in shown.output
    (ws.images["v"].folder / "zarr.json").write_text("{}")
    shown = CliRunner().invoke(app, ["doctor", str(specimen)])
    assert shown.exit_code == 1
    assert "with --repair: written again from the record" in shown.output
    shown = CliRunner().invoke(app, ["doctor", str(specimen), "--repair"])
    assert shown.exit_code == 0
    assert "done: written again from the record" in shown.output


def test_a_part_of_a_workspace_may_lack_states_but_no_versions(specimen, ws):
    ws.close()
    change(specimen, "DELETE FROM scalebridge_records WHERE state = 3")
    (specimen / "bundle.json").write_text(json.dumps({"part": True}))
    assert examine(specimen).sound
