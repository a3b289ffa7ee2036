"""The picker's controls do what its methods do, and say what they refuse."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets as ipw
import numpy as np
import pytest

from scalebridge import LandmarkPicker
from scalebridge.widgets.landmark_handles import handles
from scalebridge.widgets.live import LivePanel
from scalebridge.widgets.pair_rows import judged, pair_rows
from scalebridge.widgets.picker_fields import error_words
from scalebridge.widgets.seen import seen_of
from scalebridge.widgets.table_view import TableView

sys.path.insert(0, str(Path(__file__).parent))
from specimens import BEADS_UM, beads, fine_to_survey

NAMES = ("z_um", "y_um", "x_um")


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


def walk(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def button(view: Any, text: str) -> Any:
    (found,) = (w for w in walk(view) if isinstance(w, ipw.Button) and w.description == text)
    return found


def of(view: Any, kind: type) -> Any:
    return next(w for w in walk(view) if isinstance(w, kind))


def said(view: Any) -> str:
    return " ".join(w.value for w in walk(view) if isinstance(w, ipw.HTML))


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        yield ws


def picked(ws: Any, count: int = 8, wrong: int | None = None) -> LandmarkPicker:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
    rng = np.random.default_rng(1)
    for number, moving in enumerate(rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (count, 3))):
        fixed = fine_to_survey().apply(moving)[0] + rng.normal(0, 0.05, 3)
        fixed[1] += 2.0 if number == wrong else 0.0
        picker.add_pair(moving=named(moving), fixed=named(fixed))
    return picker


def test_the_table_switches_pairs_off_and_on_and_undo_takes_it_back(ws: Any) -> None:
    picker = picked(ws)
    view = picker.view()
    table = of(view, TableView)
    assert [row["id"] for row in table.rows] == [f"L{n}" for n in range(1, 9)]
    table._handle_custom_msg({"kind": "toggle", "row": "L3", "used": False}, [])
    assert not picker.pair("L3").active
    assert [row["used"] for row in table.rows] == [True, True, False, *[True] * 5]
    assert "excluded L3" in said(view)
    button(view, "undo").click()
    assert table.rows[2]["used"]


def test_a_row_that_is_clicked_brings_both_views_to_its_pair(ws: Any) -> None:
    picker = picked(ws)
    table = of(picker.view(), TableView)
    table._handle_custom_msg({"kind": "select", "row": "L4"}, [])
    assert picker.selected == table.selected == "L4"
    assert picker.fixed_view.cursor_um == picker.pair("L4").fixed


def test_a_mistaken_pair_is_vermilion_and_a_lonely_one_amber(ws: Any) -> None:
    picker = picked(ws, wrong=5)
    rows = {row.id: row for row in pair_rows(picker)}
    assert rows["L6"].state == "refused"
    assert "the same spot in both images?" in rows["L6"].cells["word"]
    assert rows["L6"].cells["surprise_p"] == "< 0.001"
    assert {row.state for name, row in rows.items() if name != "L6"} == {""}
    lonely = {"surprise_p": np.nan, "leverage": 0.98}
    assert judged(picker.pair("L1"), lonely, mean_leverage=0.4)[0] == "attention"
    picker.exclude("L6")
    rows = {row.id: row for row in pair_rows(picker)}
    assert (rows["L6"].state, rows["L6"].cells["word"]) == ("", "not used")
    assert rows["L6"].cells["surprise_p"] == "< 0.001"
    picker.include("L6")
    picker.exclude("L2")
    words = {row.id: row.cells["word"] for row in pair_rows(picker)}
    assert words["L2"] == "not used, though it agrees with the others"


def test_accepting_the_ghost_adds_a_pair_that_waits_for_somebody(ws: Any) -> None:
    picker = picked(ws)
    view = picker.view()
    picker.moving_view.cursor_um = named((0.0, 1.0, 2.0))
    button(view, "accept ghost").click()
    table = of(view, TableView)
    assert (table.rows[-1]["state"], table.rows[-1]["used"]) == ("information", False)
    table._handle_custom_msg({"kind": "toggle", "row": "L9", "used": True}, [])
    assert "tells the fit nothing new" in said(view)
    assert not button(view, "confirm").disabled
    button(view, "confirm").click()
    assert table.rows[-1]["used"]
    assert "stand exactly where the fit expected them" in said(view)
    assert button(view, "confirm").disabled


def test_snapping_shows_first_and_moves_on_the_second_press(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    view = picker.view()
    rough = named(BEADS_UM[1] + np.array([0.4, -0.5, 0.4]))
    picker.add_pair(moving=named((0, 0, 0)), fixed=rough, name="bead")
    button(view, "chosen pair").click()
    assert "no pair is chosen" in said(view)
    picker.look_at_pair("bead")
    picker.fixed_view.look_at(rough, width_um=30.0)
    next(
        w for w in walk(view) if isinstance(w, ipw.Dropdown) and w.description == "in"
    ).value = "fixed"
    assert button(view, "move there").disabled
    button(view, "chosen pair").click()
    assert picker.pair("bead").fixed == rough
    assert "to take it" in said(view)
    shown = [s for p in walk(view) if isinstance(p, LivePanel) for s in p.marks[0]["shapes"]]
    assert [s["text"] for s in shown if s.get("text") == "maximum"] == ["maximum"]
    button(view, "move there").click()
    moved = picker.pair("bead").fixed
    np.testing.assert_allclose([moved[n] for n in NAMES], BEADS_UM[1], atol=0.2)
    button(view, "undo").click()
    assert picker.pair("bead").fixed == rough


def test_what_is_dragged_is_moved_once_it_is_let_go(ws: Any) -> None:
    picker = picked(ws)
    view = picker.view()
    _, fixed = (w for w in walk(view) if isinstance(w, LivePanel))
    before = picker.pair("L2").fixed
    (at,) = (one["at_um"] for one in fixed.handles if seen_of(one["key"])[0] == "L2")
    assert list(at) == [before[name] for name in NAMES]
    goal = [at[0], at[1] + 0.5, at[2]]
    message = {"kind": "handle", "key": "L2", "at_um": goal}
    fixed._handle_custom_msg({**message, "done": False}, [])
    assert picker.pair("L2").fixed == before
    fixed._handle_custom_msg({**message, "done": True}, [])
    assert picker.pair("L2").fixed == named(goal)
    version = picker.pair("L2").version
    fixed._handle_custom_msg({**message, "done": True}, [])  # a click where it stands
    assert picker.pair("L2").version == version


def test_a_ghost_that_is_dragged_becomes_a_pair_placed_by_hand(ws: Any) -> None:
    picker = picked(ws)
    view = picker.view()
    picker.moving_view.cursor_um = named((0.0, 1.0, 2.0))
    _, fixed = (w for w in walk(view) if isinstance(w, LivePanel))
    (ghost,) = (one for one in handles(picker, "fixed") if one.color == "#56B4E9")
    goal = [ghost.at_um[0], ghost.at_um[1] + 0.2, ghost.at_um[2]]
    fixed._handle_custom_msg({"kind": "handle", "key": ghost.key, "at_um": goal, "done": True}, [])
    pair = picker.records()[-1]
    assert (pair.placed_by, pair.active) == ("person", True)
    assert pair.moving == picker.moving_view.cursor_um
    assert pair.fixed == named(goal)


def test_files_come_in_by_upload_and_go_out_by_name(ws: Any, tmp_path: Path) -> None:
    picker = picked(ws)
    view = picker.view()
    path = next(w for w in walk(view) if isinstance(w, ipw.Text) and w.description == "file")
    path.value = str(tmp_path / "out.mrk.json")
    button(view, "export").click()
    files = sorted(tmp_path.glob("out.*.mrk.json"))
    assert [file.name for file in files] == ["out.fixed.mrk.json", "out.moving.mrk.json"]
    for record in picker.records():
        picker.remove_pair(record.name)
    upload = of(view, ipw.FileUpload)
    upload.set_state({"value": [_uploaded(file) for file in files]})
    assert len(picker.records()) == 8
    assert "8 pairs of out.fixed.mrk.json and out.moving.mrk.json" in said(view)
    upload.set_state({"value": [_uploaded(files[0])]})
    assert "out.moving.mrk.json" in said(view)
    assert "is not there" in said(view)


def _uploaded(file: Path) -> dict[str, Any]:
    content = memoryview(file.read_bytes())
    return {
        "name": file.name,
        "type": "",
        "size": len(content),
        "content": content,
        "last_modified": 0,
    }


def test_what_was_said_stays_while_a_view_moves(ws: Any) -> None:
    picker = picked(ws)
    view = picker.view()
    table = of(view, TableView)
    table._handle_custom_msg({"kind": "toggle", "row": "L3", "used": False}, [])
    panel = of(view, LivePanel)
    panel._handle_custom_msg({"kind": "hello", "missing": []}, [])
    assert "excluded L3" in said(view)


def test_what_is_lacking_is_said_once(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    view = picker.view()
    assert said(view).count("landmark pairs or more") == 1
    assert of(view, TableView).empty.startswith("No pair yet: click the same spot on both sides")
    assert "needs 3 landmark pairs" in of(view, LivePanel).alt


def test_no_words_stand_between_the_pictures_and_the_buttons(ws: Any) -> None:
    parts = list(walk(picked(ws, 3).view()))
    before = parts[: parts.index(button(parts[0], "add pair"))]
    assert sum(isinstance(part, LivePanel) for part in before) == 2
    assert not [part for part in before if isinstance(part, ipw.HTML)]


def test_a_picker_tells_what_was_decided_and_whether_the_pairs_are_others_now(ws: Any) -> None:
    assert "accepted" not in said(picked(ws).view())
    LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid").accept()
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
    view = picker.view()
    when = f"{ws.transforms['fine_to_survey'].when:%Y-%m-%d %H:%M} UTC"
    assert f"fine_to_survey (rigid) accepted by tester, {when}" in said(view)
    assert "changed since" not in said(view)
    picker.model = "affine"
    assert "what is seen here is the affine fit" in said(view)
    picker.exclude("L2")
    assert "the pairs have changed since" in said(view)
    picker.refuse("two of them are the same bead")
    assert "refused by tester" in said(view)
    assert "two of them are the same bead" in said(view)
    assert "changed since" not in said(view)


def test_buttons_are_off_where_there_is_nothing_to_do(ws: Any) -> None:
    picked(ws)
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
    view = picker.view()
    remove, undo, redo = (button(view, name) for name in ("remove", "undo", "redo"))
    assert remove.disabled
    assert undo.disabled
    assert redo.disabled
    picker.selected = "L2"
    assert not remove.disabled
    remove.click()
    assert remove.disabled
    assert (undo.disabled, undo.tooltip) == (False, "undo: remove pair L2")
    undo.click()
    assert undo.disabled
    assert (redo.disabled, redo.tooltip) == (False, "redo: remove pair L2")


@pytest.mark.parametrize(("spacing_um", "unit"), [(0.2, "µm"), (0.02, "nm")])
def test_errors_keep_their_unit_however_large_they_are(spacing_um: float, unit: str) -> None:
    image = SimpleNamespace(spacing_um=(2 * spacing_um, spacing_um))
    picker = SimpleNamespace(images={"fixed": image})
    said = [error_words(picker, length) for length in (0.0204, 0.98, 1.02, 20.4)]
    assert [words.split()[1] for words in said] == [unit] * 4
