"""What a failed run wrote goes back; what anybody else wrote meanwhile stays."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalebridge.workspace import Workspace
from scalebridge.workspace.serving import VARIABLE
from scalebridge.workspace.taking_back import take_back

from .conftest import POINT

RUN = "1f3a"


@pytest.fixture
def run(folder, ws, monkeypatch):
    """The workspace as the kernel of a run has it open, beside the person's own."""
    monkeypatch.setenv(VARIABLE, RUN)
    with Workspace.open(folder) as kernel:
        monkeypatch.delenv(VARIABLE)
        yield kernel


@pytest.fixture
def ada(folder, ws, monkeypatch):
    monkeypatch.setenv("SCALEBRIDGE_USER", "ada")
    with Workspace.open(folder) as other:
        monkeypatch.setenv("SCALEBRIDGE_USER", "tester")
        yield other


def standing(ws):
    """Everything that stands, without who wrote which version of it."""
    return {
        record.id: (record.kind, record.name, record.tags, record.fields)
        for record in ws.records.latest()
        if not record.removed
    }


def specimen(ws, add_image):
    add_image("cube", np.arange(64, dtype="uint8").reshape(4, 4, 4))
    add_image("sem", np.zeros((4, 4, 4), "uint8"))
    for name in ("pit", "crack"):
        ws.targets.add(name=name, frame="cube", position=POINT)
    ws.landmarks.add(moving_frame="sem", fixed_frame="cube", moving=POINT, fixed=POINT)


def test_every_kind_of_write_goes_back_and_the_history_keeps_it(ws, run, add_image):
    specimen(ws, add_image)
    before, state = standing(ws), ws.state
    run.images.write(
        "mask",
        shape=(4, 4, 4),
        dtype="uint8",
        axes="zyx",
        blocks=[((slice(0, 4),) * 3, np.ones((4, 4, 4), "uint8"))],
        spacing_um=(1.0, 1.0, 1.0),
        spacing_source="made",
    )
    run.calibrate("cube", spacing_um=(2.0, 2.0, 2.0), source="a guess")
    run.segmentations.add(name="phases", image="mask", thresholds=[1.0])
    run.frames.tag("cube", "map")
    run.frames.rename("sem", "view")
    run.landmarks.edit("L1", version=run.landmarks["L1"].version, active=False)
    run.notes.add(text="half way")
    run.targets.remove("pit")
    run.targets.add(name="pit", frame="view", position=POINT)
    run.measurements.add(key="porosity", value=0.5, unit="1", run=RUN)
    written = ws.state

    taken = take_back(ws.images, RUN)
    assert standing(ws) == before
    assert taken.kept == ()
    assert "images 'mask': removed" in taken.undone
    assert "targets 'pit': back to version 1" in taken.undone
    assert ws.state == written + 1
    history = ws.history()
    assert set(history.loc[history["state"] == ws.state, "action"]) == {"take back"}
    ome = json.loads((ws.images["cube"].folder / "zarr.json").read_text())
    assert "2.0" not in json.dumps(ome["attributes"]["ome"]["multiscales"][0]["datasets"][0])
    with Workspace.open(ws.path, as_of=written) as old:
        assert old.images["mask"].array().all()
        assert old.targets["pit"].frame == "view"
    with Workspace.open(ws.path, as_of=state) as old:
        assert standing(old) == before


def test_what_another_person_changed_since_stays_and_is_named(ws, run, ada, add_image):
    specimen(ws, add_image)
    for name in ("pit", "crack"):
        run.targets.edit(name, version=1, note="by the run")
    ada.targets.edit("pit", version=2, note="by ada")
    ada.notes.add(text="by ada")
    taken = take_back(ws.images, RUN)
    assert [ws.targets[name].note for name in ("pit", "crack")] == ["by ada", ""]
    assert [note.text for note in ws.notes] == ["by ada"]
    assert taken.undone == ("targets 'crack': back to version 1",)
    (kept,) = taken.kept
    assert kept.startswith("targets 'pit': ada changed it since (edit, 20")


def test_a_change_over_another_persons_goes_back_to_hers(ws, run, ada, add_image):
    specimen(ws, add_image)
    run.targets.edit("pit", version=1, note="by the run")
    ada.targets.edit("pit", version=2, note="by ada")
    run.targets.edit("pit", version=3, note="by the run again")
    taken = take_back(ws.images, RUN)
    assert ws.targets["pit"].note == "by ada"
    assert taken.undone == ("targets 'pit': back to version 3",)
    assert len(taken.kept) == 1


def test_what_another_person_built_on_stays_under_it(ws, run, ada, add_image):
    specimen(ws, add_image)
    run.frames.add(name="stage")
    run.frames.rename("cube", "survey")
    ada.targets.add(name="hole", frame="stage", position=POINT)
    ada.targets.edit("pit", version=ada.targets["pit"].version, note="in the survey")
    taken = take_back(ws.images, RUN)
    assert {"stage", "survey"} <= {frame.name for frame in ws.frames}
    assert {record.frame for record in ws.targets} == {"stage", "survey"}
    assert ws.images["cube"].frame == "survey"  # the renaming stays whole
    assert "frames 'stage': targets 'hole' by ada builds on it" in taken.kept
    assert taken.undone == ()


def test_a_name_that_was_given_away_since_is_not_taken_from_its_new_owner(ws, run, ada, add_image):
    specimen(ws, add_image)
    run.targets.remove("pit")
    mine = ada.targets.add(name="pit", frame="sem", position=POINT)
    taken = take_back(ws.images, RUN)
    assert ws.targets["pit"].id == mine.id
    assert taken.kept == ("targets 'pit': ada has since given its name to another",)


def test_what_a_run_removed_comes_back_though_its_frame_was_renamed_since(ws, run, ada, add_image):
    specimen(ws, add_image)
    mine = run.targets.add(name="mine", frame="cube", position=POINT)
    run.targets.remove("pit")
    run.targets.remove("mine")
    ada.frames.rename("cube", "map")
    take_back(ws.images, RUN)
    assert {t.name: t.frame for t in ws.targets} == {"pit": "map", "crack": "map"}
    assert ws.targets.versions(mine.id)[-1].removed


def test_what_another_person_removed_stays_removed(ws, run, ada, add_image):
    specimen(ws, add_image)
    run.targets.tag("pit", "seen")
    ada.targets.remove("pit")
    ada.frames.rename("cube", "map")
    take_back(ws.images, RUN)
    assert [target.name for target in ws.targets] == ["crack"]


def test_a_run_that_wrote_nothing_leaves_no_state(ws, run, add_image):
    specimen(ws, add_image)
    state = ws.state
    assert take_back(ws.images, RUN).undone == ()
    assert ws.state == state


def test_taking_back_twice_changes_nothing_more(ws, run, add_image):
    specimen(ws, add_image)
    run.targets.edit("pit", version=1, note="by the run")
    take_back(ws.images, RUN)
    state = ws.state
    again = take_back(ws.images, RUN)
    assert (again.undone, again.kept, ws.state) == ((), (), state)


def test_what_is_taken_back_and_then_fails_to_commit_leaves_the_files_as_they_were(
    ws, run, add_image
):
    specimen(ws, add_image)
    run.calibrate("cube", spacing_um=(2.0, 2.0, 2.0), source="a guess")
    with pytest.raises(ZeroDivisionError):
        take_back_and_fail(ws)
    assert ws.images["cube"].spacing_um == (2, 2, 2)
    assert ws.images["cube"].verify()["damaged"].sum() == 0


def take_back_and_fail(ws):
    with ws.transaction():
        take_back(ws.images, RUN)
        _ = 1 / 0
