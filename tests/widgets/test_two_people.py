"""Two people at one specimen: what the other one did is seen, and not overwritten."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import pytest

from scalebridge import LandmarkPicker, SegmentationSliders, SliceExplorer, TargetPicker, Workspace
from scalebridge.app.content import Holder
from scalebridge.app.contents import _proposals
from scalebridge.errors import Conflict
from scalebridge.widgets.live import LivePanel
from scalebridge.widgets.views import Message
from scalebridge.workspace import migrate

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey

AT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
NAMES = ("z_um", "y_um", "x_um")


BOTH = pytest.mark.parametrize("people", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def people(request, tmp_path, monkeypatch) -> Iterator[tuple[Workspace, Workspace]]:
    """The same specimen, opened by Maria and by Noor."""
    beads(tmp_path).close()
    if getattr(request, "param", "sqlite") == "postgresql":
        monkeypatch.setenv("SCALEBRIDGE_RECORDS", request.getfixturevalue("postgres").address)
        clone(tmp_path / "beads")
        migrate(tmp_path / "beads", to="postgresql")
    opened = []
    for who in ("maria", "noor"):
        monkeypatch.setenv("SCALEBRIDGE_USER", who)
        opened.append(Workspace.open(tmp_path / "beads"))
    yield opened[0], opened[1]
    for ws in opened:
        ws.close()


def clone(folder: Path) -> None:
    """Give a copied workspace an id of its own: one database holds all of them."""
    import sqlite3
    import uuid

    text = (folder / "workspace.toml").read_text()
    old = next(line for line in text.splitlines() if line.startswith("id = ")).split('"')[1]
    new = uuid.uuid4().hex
    with sqlite3.connect(folder / "records.db") as connection:
        for table, column in (("workspaces", "id"), ("records", "workspace")):
            connection.execute(
                f"UPDATE scalebridge_{table} SET {column} = ? WHERE {column} = ?", (new, old)
            )
    (folder / "workspace.toml").write_text(text.replace(old, new))


def walk(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def said(view: Any) -> str:
    return " ".join(w.value for w in walk(view) if isinstance(w, ipw.HTML))


def panels(view: Any) -> list[LivePanel]:
    return [w for w in walk(view) if isinstance(w, LivePanel)]


def handle(panel: LivePanel, name: str) -> dict[str, Any]:
    return next(one for one in panel.handles if one["key"].partition("\t")[0] == name)


def drop(panel: LivePanel, shown: dict[str, Any], step: tuple[float, float, float]) -> None:
    goal = [a + b for a, b in zip(shown["at_um"], step, strict=True)]
    panel._handle_custom_msg(
        {"kind": "handle", "key": shown["key"], "at_um": goal, "done": True}, []
    )


@BOTH
def test_a_landmark_of_somebody_else_appears_without_a_restart(people):
    mine, theirs = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    view = picker.view()
    LandmarkPicker(theirs, moving="fine", fixed="survey").add_pair(moving=AT, fixed=AT, name="hers")
    assert [record.name for record in picker.records()] == ["hers"]
    assert list(picker.table()["who"]) == ["noor"]
    picker.moving_view.cursor_um = AT  # whatever is done next draws it
    assert handle(panels(view)[0], "hers")


@BOTH
def test_a_drag_of_what_somebody_else_has_moved_is_told_both_places_who_and_when(people):
    mine, theirs = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    picker.add_pair(moving=AT, fixed=AT, name="bead")
    view = picker.view()
    fixed = panels(view)[1]
    shown = handle(fixed, "bead")
    there = {**AT, "x_um": 7.25}
    other = LandmarkPicker(theirs, moving="fine", fixed="survey")
    other.move_pair("bead", fixed=there)
    drop(fixed, shown, (0.0, 0.5, 0.0))
    assert picker.pair("bead").fixed == there
    words = said(view)
    assert all(word in words for word in ("noor", "UTC", "7.25", "2.5", "version 2")), words
    drop(fixed, handle(fixed, "bead"), (0.0, 0.5, 0.0))  # now it was seen
    assert picker.pair("bead").fixed == {**there, "y_um": 2.5}
    assert picker.pair("bead").who == "maria"


def test_a_drag_that_is_told_twice_is_no_conflict(people):
    mine, _ = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    picker.add_pair(moving=AT, fixed=AT, name="bead")
    view = picker.view()
    fixed = panels(view)[1]
    shown = handle(fixed, "bead")
    for _ in range(2):
        drop(fixed, shown, (0.0, 0.5, 0.0))
    assert picker.pair("bead").version == 2
    assert "version" not in said(view)


def test_a_target_that_somebody_else_has_moved_is_not_moved_back(people):
    mine, theirs = people
    mine.targets.add(name="pit", frame="survey", position=AT, half_size=AT)
    picker = TargetPicker(mine, "survey", selected="pit")
    view = picker.view()
    panel = next(p for p in panels(view) if p.handles)
    middle, face = handle(panel, "middle"), handle(panel, "2 1")
    there = {**AT, "x_um": 9.5}
    theirs.targets.edit("pit", version=1, position=there)
    for stale in (middle, face):
        drop(panel, stale, (0.0, 0.0, 1.0))
        assert mine.targets["pit"].position == there
        assert "noor" in said(view)
    assert mine.targets["pit"].version == 2


@pytest.mark.parametrize("what", ["annotate", "unpin"])
def test_a_note_that_somebody_else_has_changed_is_not_overwritten_or_removed(people, what):
    mine, theirs = people
    explorer = SliceExplorer(mine, ["survey"])
    note = explorer.annotate("note", [AT], text="first")
    view = explorer.view()
    (panel,) = panels(view)
    (pin,) = panel.annotations
    theirs.notes.edit(note.id, version=1, text="hers")
    message = {"kind": "do", "what": what, "shape": "note", "points": [[1.0, 2.0, 3.0]]}
    panel._handle_custom_msg({**message, "key": pin["key"], "text": "mine"}, [])
    assert mine.notes[note.id].text == "hers"
    assert "noor" in said(view)
    (pin,) = panel.annotations
    assert pin["text"] == "hers"
    panel._handle_custom_msg({**message, "key": pin["key"], "text": "mine"}, [])
    assert [one.text for one in mine.notes] == (["mine"] if what == "annotate" else [])


def test_a_note_that_is_told_twice_is_pinned_once(people):
    mine, _ = people
    explorer = SliceExplorer(mine, ["survey"])
    (panel,) = panels(explorer.view())
    message = {"kind": "do", "what": "annotate", "shape": "note", "points": [[1.0, 2.0, 3.0]]}
    for _ in range(2):
        panel._handle_custom_msg({**message, "text": "a", "deed": "4f1c 1"}, [])
    assert len(mine.notes) == 1
    explorer.undo()
    assert len(mine.notes) == 0


@BOTH
def test_phases_that_somebody_else_has_saved_meanwhile_are_kept_until_they_were_seen(people):
    mine, theirs = people
    sliders = SegmentationSliders(mine, "survey")
    sliders.set_threshold(90)
    sliders.save("beads")
    other = SegmentationSliders(theirs, "survey", record="beads")
    other.set_threshold(110)
    other.save()
    sliders.set_threshold(100)
    with pytest.raises(Conflict, match="written by noor") as caught:
        sliders.save()
    assert (caught.value.mine["thresholds"], caught.value.theirs["thresholds"]) == ([100], [110])
    assert mine.segmentations["beads"].thresholds == [110]
    sliders.save()
    assert mine.segmentations["beads"].thresholds == [100]


def test_a_view_that_somebody_else_has_kept_meanwhile_is_not_replaced_unseen(people):
    mine, theirs = people
    explorer = SliceExplorer(mine, ["survey"])
    hers = SliceExplorer(theirs, ["survey"])
    hers.width_um = 7.0
    hers.bookmark("crack")
    explorer.width_um = 9.0
    with pytest.raises(Conflict, match="written by noor") as caught:
        explorer.bookmark("crack")
    assert (caught.value.mine["width_um"], caught.value.theirs["width_um"]) == (9.0, 7.0)
    assert mine.bookmarks["crack"].width_um == 7.0
    explorer.bookmark("crack")
    assert mine.bookmarks["crack"].width_um == 9.0


def test_a_proposal_that_somebody_else_has_decided_is_not_decided_again_unseen(people):
    mine, theirs = people
    proposed = mine.transforms.add(
        name="fine_to_survey",
        from_frame="fine",
        to_frame="survey",
        transform=fine_to_survey().to_dict(),
        status="proposed",
        method="known",
    )
    message = Message()
    line, update = _proposals(mine, message, Holder())
    update()
    theirs.transforms.edit(proposed.id, version=1, status="refused", note="turned over")
    (accept,) = (w for w in walk(line) if isinstance(w, ipw.Button) and w.description == "accept")
    accept.click()
    assert mine.transforms["fine_to_survey"].status == "refused"
    assert "noor" in message.widget.value
    assert line.layout.display == "none"
