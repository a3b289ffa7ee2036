"""Pairs go out and come back; what does not belong to these images is refused as a whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge import LandmarkPicker

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey

NAMES = ("z_um", "y_um", "x_um")


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        yield ws


def picker_with(ws: Any, count: int = 5) -> LandmarkPicker:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    rng = np.random.default_rng(1)
    for moving in rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (count, 3)):
        fixed = fine_to_survey().apply(moving)[0] + rng.normal(0, 0.05, 3)
        picker.add_pair(moving=named(moving), fixed=named(fixed))
    return picker


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


def places(records: Any) -> list[Any]:
    return [
        [record.fields[side][n] for side in ("moving", "fixed") for n in NAMES]
        for record in records
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.bigwarp.csv", "a.mrk.json", "a.fcsv"])
def test_pairs_come_back_from_every_format_and_one_undo_takes_them_away(
    ws: Any, tmp_path: Path, name: str
) -> None:
    picker = picker_with(ws)
    picker.exclude("L2")
    before = picker.records()
    files = picker.export_pairs(tmp_path / name)
    for record in before:
        picker.remove_pair(record.name)
    assert picker.records() == []
    picker.import_pairs(files[0])
    after = picker.records()
    np.testing.assert_allclose(places(after), places(before), rtol=1e-14)
    assert [record.active for record in after] == [True, False, True, True, True]
    assert picker.undo() == "import 5 pairs"
    assert picker.records() == []
    assert picker.redo() == "import 5 pairs"
    assert len(picker.records()) == 5


def test_a_file_brought_in_again_writes_nothing(ws: Any, tmp_path: Path) -> None:
    picker = picker_with(ws)
    picker.export_pairs(tmp_path / "a.csv")
    state = ws.state
    picker.import_pairs(tmp_path / "a.csv")
    assert ws.state == state
    assert picker.undo() == "add pair L5"


def test_a_wrong_unit_shows_as_points_outside_and_writes_nothing(ws: Any, tmp_path: Path) -> None:
    picker = picker_with(ws)
    file = tmp_path / "a.csv"
    picker.export_pairs(file)
    file.write_text(file.read_text().replace("moving_x_um", "moving_x_mm"))
    empty = LandmarkPicker(ws, moving="fine", fixed="survey")
    for record in picker.records():
        picker.remove_pair(record.name)
    with pytest.raises(ValueError, match="outside fine, the moving image; nothing was written"):
        empty.import_pairs(file)
    assert empty.records() == []


def test_a_place_that_stands_elsewhere_is_refused_as_a_whole(ws: Any, tmp_path: Path) -> None:
    picker = picker_with(ws)
    picker.export_pairs(tmp_path / "a.csv")
    picker.remove_pair("L1")
    picker.move_pair("L4", moving=named((0, 0, 0)))
    with pytest.raises(ValueError, match=r"L4 of the file lies at .* but tester has it at"):
        picker.import_pairs(tmp_path / "a.csv")
    assert [record.name for record in picker.records()] == ["L2", "L3", "L4", "L5"]


def test_a_predicted_place_stays_one_in_a_table_and_goes_into_no_other_file(
    ws: Any, tmp_path: Path
) -> None:
    picker = picker_with(ws)
    picker.moving_view.cursor_um = named((0, 1, 2))
    picker.add_pair_at_ghost(name="G")
    (table,) = picker.export_pairs(tmp_path / "a.csv")
    moving, _ = picker.export_pairs(tmp_path / "a.mrk.json")
    picker.remove_pair("G")
    picker.import_pairs(table)
    assert picker.pair("G").placed_by == "prediction (fixed)"
    assert not picker.pair("G").active
    assert '"G"' not in moving.read_text()


def test_nothing_to_write_is_said(ws: Any, tmp_path: Path) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    with pytest.raises(ValueError, match="no pair to write: add one first"):
        picker.export_pairs(tmp_path / "a.csv")
