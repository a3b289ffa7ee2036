from __future__ import annotations

import math
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from scalebridge.errors import Conflict, NotFound, ReadOnly, RefusedRecord, WorkspaceError
from scalebridge.workspace import Workspace

POINT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
PAIR = {"moving_frame": "sem", "fixed_frame": "survey", "moving": POINT, "fixed": POINT}


def test_a_record_comes_back_with_who_when_and_version(ws, monkeypatch):
    before = datetime.now(UTC)
    ws.notes.add(text="polished", tags=["prep"])
    note = next(iter(ws.notes))
    assert (note.text, note.version, note.tags, note.who) == ("polished", 1, ("prep",), ws.who)
    assert before <= note.when <= datetime.now(UTC)


def test_the_person_is_named_by_scalebridge_then_jupyterhub_then_the_login(folder, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "hub")
    monkeypatch.setenv("SCALEBRIDGE_USER", "maria")
    assert Workspace.create(folder).who == "maria"
    monkeypatch.delenv("SCALEBRIDGE_USER")
    assert Workspace.open(folder).who == "hub"
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert Workspace.open(folder).who not in ("", "hub", "maria")


@pytest.mark.usefixtures("frames")
def test_tables_carry_units_and_say_x_before_y_before_z(ws):
    ws.landmarks.add(**PAIR)
    ws.targets.add(name="pit", frame="survey", position=POINT, half_size=POINT)
    columns = list(ws.landmarks.table().columns)
    assert columns[:9] == [
        "name",
        "moving_frame",
        "fixed_frame",
        "moving_x_um",
        "moving_y_um",
        "moving_z_um",
        "fixed_x_um",
        "fixed_y_um",
        "fixed_z_um",
    ]
    assert columns[-4:] == ["who", "when", "version", "id"]
    target = ws.targets.table().iloc[0]
    assert (target["x_um"], target["z_um"], target["half_size_y_um"]) == (3.0, 1.0, 2.0)


@pytest.mark.usefixtures("frames")
def test_an_empty_collection_has_the_columns_of_a_full_one(ws):
    empty = list(ws.landmarks.table().columns)
    ws.landmarks.add(**PAIR)
    assert empty == list(ws.landmarks.table().columns)


@pytest.mark.usefixtures("frames")
def test_a_stale_edit_raises_a_conflict_with_both_values_who_and_when(folder, ws, monkeypatch):
    ws.targets.add(name="pit", frame="survey", position=POINT)
    monkeypatch.setenv("SCALEBRIDGE_USER", "noor")
    with Workspace.open(folder) as other:
        other.targets.edit("pit", version=1, note="hers")
    with pytest.raises(Conflict, match="version 2, written by noor") as caught:
        ws.targets.edit("pit", version=1, note="mine")
    conflict = caught.value
    assert conflict.mine == {"note": "mine"}
    assert conflict.theirs == {"note": "hers"}
    assert conflict.who == "noor"
    assert datetime.now(UTC) - conflict.when < timedelta(minutes=1)
    assert ws.targets["pit"].note == "hers"


@pytest.mark.usefixtures("frames")
def test_an_edit_without_the_version_that_was_looked_at_is_refused(ws):
    ws.targets.add(name="pit", frame="survey", position=POINT)
    with pytest.raises(ValueError, match="nothing was changed"):
        ws.targets.edit("pit", version=None, note="blind")
    assert ws.targets["pit"].version == 1


@pytest.mark.usefixtures("frames")
def test_an_edit_of_a_record_that_was_removed_meanwhile_is_a_conflict(ws):
    ws.targets.add(name="pit", frame="survey", position=POINT)
    ws.targets.remove("pit")
    with pytest.raises(Conflict) as caught:
        ws.targets.edit("pit", version=1, note="mine")
    assert caught.value.theirs["removed"]


def test_a_retry_with_the_same_ids_is_no_duplicate(ws):
    identity, edit = uuid.uuid4().hex, uuid.uuid4().hex
    first = ws.notes.add(id=identity, text="once")
    assert ws.notes.add(id=identity, text="once") == first
    second = ws.notes.edit(identity, version=1, edit_id=edit, text="twice")
    state = ws.state
    assert ws.notes.edit(identity, version=1, edit_id=edit, text="twice") == second
    assert (len(ws.notes), ws.state, len(ws.history())) == (1, state, 2)


def test_an_id_that_stands_for_something_else_is_a_conflict(ws):
    ws.notes.add(id="n1", text="one")
    with pytest.raises(Conflict):
        ws.notes.add(id="n1", text="two")


def test_an_add_that_is_sent_twice_with_its_edit_id_alone_is_written_once(ws):
    first = ws.notes.add(edit_id="sent", text="once")
    assert ws.notes.add(edit_id="sent", text="once") == first
    ws.notes.edit(first.id, version=1, text="changed since")
    assert ws.notes.add(edit_id="sent", text="once") == first
    with pytest.raises(Conflict):
        ws.notes.add(edit_id="sent", text="another")
    assert len(ws.notes) == 1


def test_an_id_of_another_kind_of_record_is_a_conflict(ws):
    ws.frames.add(name="sem", id="shared", edit_id="sent")
    for taken in ({"id": "shared"}, {"edit_id": "sent"}):
        with pytest.raises(Conflict, match="frames 'sem' is at version 1"):
            ws.notes.add(text="one", **taken)
    assert (len(ws.notes), ws.state) == (0, 1)


@pytest.mark.parametrize("identity", ["../../etc", "", "a/b", "x" * 65])
def test_an_id_that_could_leave_the_folder_is_refused(ws, identity):
    with pytest.raises(ValueError, match="id needs"):
        ws.notes.add(id=identity, text="x")


def test_a_transaction_is_one_state_or_nothing(folder, ws):
    with ws.transaction():
        ws.notes.add(text="a")
        ws.notes.add(text="b")
    assert ws.state == 1
    with pytest.raises(ValueError, match="no field"):
        _write_a_good_and_a_bad_note(ws)
    assert (len(ws.notes), ws.state) == (2, 1)
    assert list(Workspace.open(folder, as_of=1).notes.table()["text"]) == ["a", "b"]


def _write_a_good_and_a_bad_note(ws):
    with ws.transaction():
        ws.notes.add(text="c")
        assert len(ws.notes) == 3
        ws.notes.add(txt="d")


@pytest.mark.usefixtures("frames")
def test_as_of_opens_any_earlier_state_by_number_time_and_text(folder, ws):
    ws.targets.add(name="pit", frame="survey", position=POINT, note="one")
    between = datetime.now(UTC)
    ws.targets.edit("pit", version=1, note="two")
    ws.targets.rename("pit", "crack")
    ws.targets.remove("crack")
    assert len(ws.targets) == 0
    for moment in (2, "2", between, between.isoformat(), between.replace(tzinfo=None).isoformat()):
        with Workspace.open(folder, as_of=moment) as old:
            assert (old.state, old.targets["pit"].note) == (2, "one")
    assert Workspace.open(folder, as_of=4).targets["crack"].note == "two"
    assert len(Workspace.open(folder, as_of=0).targets) == 0


def test_an_earlier_state_cannot_be_written(folder, ws):
    ws.notes.add(text="a")
    with Workspace.open(folder, as_of=1) as old:
        assert old.read_only
        with pytest.raises(ReadOnly, match="open it without as_of"):
            old.notes.add(text="b")
        with pytest.raises(ReadOnly):
            old.gc(dry_run=False)


@pytest.mark.parametrize("moment", [99, -1, "yesterday"])
def test_a_state_that_never_was_is_refused(folder, ws, moment):
    with pytest.raises((WorkspaceError, ValueError), match="as_of needs"):
        Workspace.open(folder, as_of=moment)


@pytest.mark.usefixtures("frames")
def test_history_says_who_did_what_when_with_which_version(ws):
    ws.targets.add(name="pit", frame="survey", position=POINT)
    ws.targets.edit("pit", version=1, note="deeper")
    ws.targets.rename("pit", "crack")
    ws.targets.tag("crack", "urgent")
    ws.targets.remove("crack")
    history = ws.history(kind="targets")
    assert list(history["action"]) == ["add", "edit", "rename", "tag", "remove"]
    assert list(history["version"]) == [1, 2, 3, 4, 5]
    assert list(history["changed"]) == ["", "note", "name: pit → crack", "tags", ""]
    assert set(history["who"]) == {ws.who}
    assert history["software"].str.startswith("scalebridge ").all()
    assert len(ws.history("pit")) == 5


@pytest.mark.usefixtures("frames")
def test_what_was_removed_can_be_restored(ws):
    ws.targets.add(name="pit", frame="survey", position=POINT)
    ws.targets.remove("pit")
    with pytest.raises(NotFound, match="no record 'pit'"):
        ws.targets.get("pit")
    ws.targets.restore("pit")
    assert ws.targets["pit"].version == 3


@pytest.mark.usefixtures("frames")
def test_a_frame_keeps_its_landmarks_when_it_is_renamed(ws):
    ws.landmarks.add(**PAIR)
    ws.frames.rename("sem", "sem view")
    assert ws.landmarks["L1"].moving_frame == "sem view"


@pytest.mark.usefixtures("frames")
def test_names_are_taken_once_a_scope(ws):
    ws.landmarks.add(name="A", **PAIR)
    with pytest.raises(ValueError, match="already has 'A'"):
        ws.landmarks.add(name="A", **PAIR)
    ws.landmarks.add(name="A", **{**PAIR, "moving_frame": "zoom"})
    with pytest.raises(ValueError, match="got 2: use an id"):
        ws.landmarks.get("A")


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\nb"])
def test_a_name_that_cannot_be_read_is_refused(ws, name):
    with pytest.raises(ValueError, match="printable letters"):
        ws.frames.add(name=name)


@pytest.mark.usefixtures("frames")
def test_landmarks_without_a_name_are_numbered(ws):
    names = [ws.landmarks.add(**PAIR).name for _ in range(3)]
    assert names == ["L1", "L2", "L3"]


@pytest.mark.usefixtures("frames")
def test_landmark_arrays_leave_the_excluded_out_and_come_in_z_y_x(ws):
    ws.landmarks.add(**PAIR)
    ws.landmarks.add(**{**PAIR, "fixed": {"x_um": 9, "y_um": 8, "z_um": 7}})
    ws.landmarks.edit("L1", version=1, active=False)
    moving, fixed, table = ws.landmark_arrays("sem", "survey")
    assert moving.tolist() == [[1.0, 2.0, 3.0]]
    assert fixed.tolist() == [[7.0, 8.0, 9.0]]
    assert list(table["name"]) == ["L2"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "no field 'colour'"),
        ({"position": {"x_um": 1.0, "y_um": 2.0}}, "add z_um"),
        ({"position": {**POINT, "x_um": math.nan}}, "finite"),
        ({"position": [1.0, 2.0, 3.0]}, "order='zyx' or order='xyz'"),
        ({"probability": 1.0}, "probability"),
        ({"probability": 0.0}, "probability"),
        ({"probability": -0.5}, "probability"),
        ({"probability": math.nan}, "probability"),
        ({"probability": math.inf}, "probability"),
        ({"half_size": {**POINT, "y_um": 0.0}}, "half_size.y_um"),
        ({"half_size": {**POINT, "y_um": -1.0}}, "half_size.y_um"),
        ({"half_size": {**POINT, "y_um": math.inf}}, "half_size.y_um"),
        ({"half_size": {"y_um": 1.0}}, "half_size"),
        ({"position": {**POINT, "z_um": -math.inf}}, "targets.position: positions need finite"),
        ({"position": {**POINT, "z_um": None}}, "targets.position"),
        ({"position": {**POINT, "z_um": "deep"}}, "targets.position: .*deep"),
        ({"position": object()}, "targets.position"),
    ],
)
@pytest.mark.usefixtures("frames")
def test_unknown_fields_nan_and_bare_arrays_are_refused(ws, changes, words):
    with pytest.raises(RefusedRecord, match=f"{words}.*; nothing was written"):
        ws.targets.add(**{"name": "pit", "frame": "survey", "position": POINT, **changes})
    assert len(ws.targets) == 0
    ws.targets.add(name="pit", frame="survey", position=POINT)
    with pytest.raises(RefusedRecord, match=f"{words}.*; targets 'pit' stays at version 1"):
        ws.targets.edit("pit", version=1, **changes)
    assert ws.targets["pit"].version == 1


@pytest.mark.usefixtures("frames")
def test_a_position_in_an_array_is_taken_with_its_order(ws):
    ws.targets.add(name="a", frame="survey", position=[1.0, 2.0, 3.0], order="xyz")
    assert ws.targets["a"].position == {"x_um": 1.0, "y_um": 2.0, "z_um": 3.0}


def test_writers_in_many_threads_never_share_a_state(folder, ws):
    def write(number: int) -> None:
        with Workspace.open(folder) as mine:
            for i in range(5):
                mine.notes.add(text=f"{number}.{i}")

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ws.history()["state"]) == list(range(1, 21))
    assert ws.state == 20


@pytest.mark.sqlite
def test_sqlite_is_set_to_keep_what_was_committed(ws):
    with ws.records.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "synchronous", "busy_timeout", "trusted_schema")
        }
    assert settings == {
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 30000,
        "trusted_schema": 0,
    }
