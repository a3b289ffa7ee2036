"""Records move to PostgreSQL and back, equal row for row, or stay where they are."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from scalebridge.cli import app
from scalebridge.errors import Moved, WorkspaceError
from scalebridge.workspace import Workspace, migrate, migrating, moved_records
from scalebridge.workspace.engine import make_engine
from scalebridge.workspace.manifest import read_manifest
from scalebridge.workspace.rows import rows, workspaces

POINT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}


@pytest.fixture
def address(postgres, monkeypatch) -> str:
    monkeypatch.setenv("SCALEBRIDGE_RECORDS", postgres.address)
    return postgres.address


@pytest.fixture
def specimen(folder, monkeypatch) -> Path:
    """A workspace with every action, odd letters and numbers, and more rows than go at once."""
    monkeypatch.setattr(migrating, "_AT_ONCE", 10)
    with Workspace.create(folder) as ws:
        with ws.transaction():
            for name in ("sem", "survey", "µm 🔬"):
                ws.frames.add(name=name, tags=["ä", "\x00"])
        ws.targets.add(name="pit", frame="survey", position=POINT)
        ws.targets.edit("pit", version=1, note="nul \x00, quote ' and \\", edit_id="e 1")
        ws.targets.rename("pit", "crack")
        ws.targets.remove("crack")
        ws.targets.restore("crack")
        ws.runs.add(template="t", parameters={"big": 2**64 + 1, "x": 0.1}, status="running")
        with ws.transaction():
            for number in range(25):
                ws.notes.add(text=f"note {number}")
    return folder


def all_rows(url: str | sa.URL, workspace: str) -> list[tuple]:
    engine = make_engine(url)
    with engine.connect() as connection:
        query = sa.select(rows).where(rows.c.workspace == workspace)
        found = connection.execute(query.order_by(rows.c.state, rows.c.part)).all()
    engine.dispose()
    return [tuple(row) for row in found]


def own(folder: Path) -> str:
    return f"sqlite:///{folder / 'records.db'}"


def test_records_go_to_postgresql_and_back_equal_row_for_row(specimen, address, monkeypatch):
    identity = read_manifest(specimen).id
    before = all_rows(own(specimen), identity)
    done = migrate(specimen, to="postgresql")
    assert (done.records, done.state) == (len(before), 8)
    assert all_rows(address, identity) == before
    with Workspace.open(specimen) as ws:
        assert ws.records.engine.dialect.name == "postgresql"
        assert (ws.state, ws.targets["crack"].version) == (8, 5)
        assert [ws.history().iloc[-1]["action"], len(ws.history())] == ["add", len(before)]
        ws.notes.add(text="in the group")
    with Workspace.open(specimen, as_of=2) as then:
        assert then.targets["pit"].note == ""
    back = migrate(specimen, to="sqlite")
    assert (back.records, back.state) == (len(before) + 1, 9)
    assert all_rows(own(specimen), identity) == all_rows(address, identity)
    monkeypatch.delenv("SCALEBRIDGE_RECORDS")
    with Workspace.open(specimen) as ws:
        assert [note.text for note in ws.notes][-1] == "in the group"
        ws.notes.add(text="at home")


def test_they_may_go_there_again_with_what_was_written_since(specimen, address):
    for number, to in enumerate(["postgresql", "sqlite"] * 2):
        migrate(specimen, to=to)
        with Workspace.open(specimen) as ws:
            ws.notes.add(text=f"move {number}")
    identity = read_manifest(specimen).id
    assert len(all_rows(own(specimen), identity)) == len(all_rows(address, identity)) + 1


def test_a_program_that_still_has_the_old_place_open_writes_nothing_there(specimen, address):
    old = Workspace.open(specimen)
    migrate(specimen, to="postgresql")
    with pytest.raises(Moved, match=r"no longer kept in the SQLite file.*nothing was changed"):
        old.notes.add(text="lost?")
    with pytest.raises(Moved):
        _ = old.state
    there = Workspace.open(specimen)
    migrate(specimen, to="sqlite")
    with pytest.raises(Moved, match="no longer kept in the PostgreSQL database"):
        there.notes.add(text="lost?")
    old.notes.add(text="kept")
    assert Workspace.open(specimen).notes.table()["text"].iloc[-1] == "kept"


def test_a_goal_where_the_workspace_is_in_use_is_refused(specimen, address):
    identity = read_manifest(specimen).id
    migrate(specimen, to="postgresql")
    text = (specimen / "workspace.toml").read_text()
    (specimen / "workspace.toml").write_text(text.replace('"database"', '"sqlite"'))
    with sqlite3.connect(specimen / "records.db") as connection:  # as a backup brings it back
        connection.execute("UPDATE scalebridge_workspaces SET format = 1")
    with pytest.raises(WorkspaceError, match="in use there: nothing was moved"):
        migrate(specimen, to="postgresql")
    assert read_manifest(specimen).records == "sqlite"
    assert all_rows(own(specimen), identity) == all_rows(address, identity)


def test_a_goal_with_other_records_of_the_workspace_is_refused(specimen, address):
    migrate(specimen, to="postgresql")
    migrate(specimen, to="sqlite")
    engine = make_engine(address)
    mine = rows.c.workspace == read_manifest(specimen).id
    with engine.begin() as connection:
        connection.execute(sa.update(rows).where(mine, rows.c.state == 3).values(who="else"))
    engine.dispose()
    with pytest.raises(WorkspaceError, match=r"are not those of its first .* nothing was moved"):
        migrate(specimen, to="postgresql")
    with Workspace.open(specimen) as ws:
        ws.notes.add(text="still here")


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_records_that_are_there_already_stay(specimen, address, to):
    if to == "postgresql":
        migrate(specimen, to=to)
    with pytest.raises(WorkspaceError, match=f"in {to} already: nothing was moved"):
        migrate(specimen, to=to)


def test_a_database_that_is_away_leaves_everything_as_it_was(specimen):
    with pytest.raises(WorkspaceError, match="nothing was moved"):
        migrate(specimen, to="postgresql", records="postgresql://ada:love@127.0.0.1:1/scale")
    with pytest.raises(WorkspaceError, match="address of the database in SCALEBRIDGE_RECORDS"):
        migrate(specimen, to="postgresql")
    with Workspace.open(specimen) as ws:
        ws.notes.add(text="still here")


class Stop(BaseException):
    """A kill: nothing is tidied up."""


STEPS = ("_copy", "_flush", "set_live", "write_manifest")


@pytest.mark.parametrize("direction", ["postgresql", "sqlite"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2])
def test_stopped_at_any_step_the_named_place_has_everything(
    specimen, address, monkeypatch, direction, step, nth
):
    if direction == "sqlite":
        migrate(specimen, to="postgresql")
    before = [row for row in all_rows(_named(specimen, address), read_manifest(specimen).id)]
    real, calls = getattr(migrating, step), []

    def stop(*given, **more):
        done = real(*given, **more)
        calls.append(done)
        if len(calls) == nth:
            raise Stop
        return done

    with monkeypatch.context() as stopping:
        stopping.setattr(migrating, step, stop)
        try:
            migrate(specimen, to=direction)
        except Stop:
            pass
        else:
            assert nth == 2  # a step that comes once
    with Workspace.open(specimen) as ws:
        assert len(ws.history()) == len(before)
        ws.notes.add(text="goes on")
    live = [_is_live(url, read_manifest(specimen).id) for url in (own(specimen), address)]
    assert live.count(True) == 1
    kind = "postgresql" if read_manifest(specimen).records == "sqlite" else "sqlite"
    assert migrate(specimen, to=kind).records == len(before) + 1
    assert not (specimen / moved_records.NOTE).exists()


def _named(folder: Path, address: str) -> str:
    return own(folder) if read_manifest(folder).records == "sqlite" else address


def _is_live(url: str, workspace: str) -> bool:
    engine = make_engine(url)
    with engine.connect() as connection:
        query = sa.select(workspaces.c.format).where(workspaces.c.id == workspace)
        found = connection.execute(query).scalar_one_or_none()
    engine.dispose()
    return found is not None and found > 0


def test_the_command_moves_and_names_what_is_kept_without_the_password(
    specimen, address, postgres, monkeypatch
):
    said = CliRunner().invoke(app, ["migrate", str(specimen), "--to", "postgresql"])
    assert said.exit_code == 0, said.output
    assert "compared row for row" in said.output
    assert f"the PostgreSQL database specimens on 127.0.0.1:{postgres.port}" in said.output
    assert f"no longer written: the SQLite file {specimen / 'records.db'}" in said.output
    assert postgres.password not in said.output
    told = CliRunner().invoke(app, ["info", str(specimen)])
    assert "state   8" in told.output
    assert CliRunner().invoke(app, ["migrate", str(specimen), "--to", "mysql"]).exit_code == 1


def test_who_opens_or_moves_meanwhile_is_told_to_wait(specimen, address, monkeypatch):
    told: list[str] = []
    real = migrating.write_manifest

    def slow(*given):
        for act in (Workspace.open, lambda place: migrate(place, to="postgresql")):
            with pytest.raises(WorkspaceError) as caught:
                act(specimen)
            told.append(str(caught.value))
        real(*given)

    monkeypatch.setattr(migrating, "write_manifest", slow)
    migrate(specimen, to="postgresql")
    assert len(told) == 2
    assert all("being moved just now: wait" in words for words in told)
    assert Workspace.open(specimen).state == 8


def test_a_copy_of_the_folder_elsewhere_does_not_bring_the_old_place_back(
    specimen, address, tmp_path
):
    migrate(specimen, to="postgresql")
    shutil.copytree(specimen, tmp_path / "copy")
    migrate(specimen, to="sqlite")
    with pytest.raises(Moved, match="ask whoever did for its address"):
        Workspace.open(tmp_path / "copy")
