from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

from scalebridge import TargetPicker, Workspace
from scalebridge.analysis.registration import AffineTransform, fit_landmarks
from scalebridge.analysis.registration.cut import box_margin
from scalebridge.errors import NoPath
from scalebridge.quantities import format_length
from scalebridge.widgets.annotate import RecordedMarks
from scalebridge.widgets.plane import axis_plane
from scalebridge.widgets.seen import seen_of
from scalebridge.widgets.target_cut import TargetCut
from scalebridge.widgets.target_depth import DepthLine, draw_depth
from scalebridge.widgets.target_handles import TargetHandles
from scalebridge.widgets.target_picture import (
    other_explorer,
    other_marks,
    own_marks,
    target_page,
)
from scalebridge.widgets.target_view import sensible_half_um

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey, join_fine, write

TURNED = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])  # z to x, y to z, x to y
HERE = {"z_um": 7.0, "y_um": 16.0, "x_um": 17.0}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        yield ws


def test_target_stands_in_the_workspace_at_once(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    record = picker.place_target(HERE, half_size=2.0, probability=0.9, name="pore", note="largest")
    with Workspace.open(ws.path) as other:
        standing = other.targets["pore"]
    assert standing.id == record.id
    assert standing.position == HERE
    assert standing.half_size == {"z_um": 2.0, "y_um": 2.0, "x_um": 2.0}
    assert standing.probability == 0.9
    assert picker.selected == "pore"


def test_a_target_keeps_its_own_error_until_it_is_placed_anew(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    own = {"z_um": 0.3, "y_um": 0.1, "x_um": 0.2}
    picker.place_target(HERE, sigma=own, name="pore")
    located = picker.locate(to="survey")
    assert np.sqrt(np.diag(located.covariance_um2[0])) == pytest.approx([0.3, 0.1, 0.2])
    assert picker.move_target("pore", {**HERE, "z_um": 9.0}).sigma is None
    picker.undo()
    assert picker.target("pore").sigma == own


def test_without_a_position_the_crosshair_is_the_target(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    picker.explorer.cursor_um = HERE
    assert picker.place_target().position == HERE
    assert picker.place_target().name == "T2"


def test_undo_and_redo_of_placing_moving_and_removing(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    picker.place_target(HERE, name="a")
    picker.move_target("a", {**HERE, "z_um": 9.0})
    picker.resize_target("a", {"x_um": 1.0, "y_um": 2.0, "z_um": 3.0})
    picker.remove_target("a")
    assert (picker.records(), picker.selected) == ([], "")
    picker.undo()
    assert picker.target("a").half_size["z_um"] == 3.0
    picker.undo()
    assert picker.target("a").half_size is None
    picker.undo()
    assert picker.target("a").position == HERE
    picker.undo()
    assert picker.records() == []
    picker.redo()
    picker.redo()
    assert picker.target("a").position["z_um"] == 9.0


def test_the_place_in_a_frame_without_an_image_is_told_too(ws: Any) -> None:
    join_fine(ws)
    ws.frames.add(name="mill")
    moved = AffineTransform.exact(np.eye(3), offset_um=np.array([0.0, 0.0, 100.0]))
    ways = {"from_frame": "survey", "to_frame": "mill", "transform": moved.to_dict()}
    ws.transforms.add(name="stage", status="accepted", method="stage", **ways)
    picker = TargetPicker(ws, "survey")
    picker.place_target(HERE)
    picker.into = "mill"
    told = target_page(picker, width_px=600).caption[-3:]
    assert "In mill: x = 117, y = 16, z = 7 µm" in told[0]
    assert told[1].startswith("Cut ")
    assert told[2].startswith("How well it is known: 95% ellipsoid")


def test_a_picker_that_shows_another_frame_opens_at_the_newest_target(ws: Any) -> None:
    join_fine(ws)
    assert TargetPicker(ws, "survey", into="fine").selected == ""
    first = TargetPicker(ws, "survey").place_target(HERE)
    second = TargetPicker(ws, "survey").place_target({**HERE, "x_um": 18.0})
    picker = TargetPicker(ws, "survey", into="fine")
    assert picker.selected == second.name
    assert TargetPicker(ws, "survey").selected == ""
    assert TargetPicker(ws, "survey", into="fine", selected=first.name).selected == first.name
    picker.selected = ""
    assert "choose one to see it in fine" in target_page(picker, width_px=600).caption[-1]


def test_a_target_shows_on_when_the_transform_to_the_other_frame_is_refused(ws: Any) -> None:
    join_fine(ws)
    picker = TargetPicker(ws, "survey")
    picker.place_target(HERE)
    picker.into = "fine"
    (joined,) = ws.transforms
    ws.transforms.edit(joined.id, version=joined.version, status="refused")
    page = target_page(picker, width_px=600)
    assert len(page.panels) == 1
    assert "no accepted transforms connect survey to fine" in page.caption[-1]
    assert picker._repr_mimebundle_()  # the controls open, too
    assert picker.into == "fine"


def test_place_in_another_frame_is_the_mapped_one(ws: Any) -> None:
    join_fine(ws)
    picker = TargetPicker(ws, "survey")
    picker.place_target(HERE)
    row = picker.where(to="fine").iloc[0]
    expected = fine_to_survey().inverse_apply([[7.0, 16.0, 17.0]])[0]
    np.testing.assert_allclose(row[["z_um", "y_um", "x_um"]].astype(float), expected, atol=1e-9)
    assert row["frame"] == "fine"
    assert row["statement"]


def test_frame_that_nothing_joins_is_refused_at_assignment(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    with pytest.raises(NoPath):
        picker.into = "fine"
    assert picker.into == ""


@pytest.mark.parametrize(
    ("half_size", "words"),
    [(0.0, "positive lengths"), ((1, 2, 3), "by name"), ({"x_um": 1.0}, "x_um, y_um and z_um")],
)
def test_impossible_volume_is_refused_and_nothing_is_written(
    ws: Any, half_size: Any, words: str
) -> None:
    picker = TargetPicker(ws, "survey")
    with pytest.raises(ValueError, match=words):
        picker.place_target(HERE, half_size=half_size)
    assert picker.records() == []


@pytest.mark.parametrize("probability", [0.0, 1.0, 1.5])
def test_impossible_probability_is_refused(ws: Any, probability: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        TargetPicker(ws, "survey").place_target(HERE, probability=probability)


def test_unknown_target_is_refused(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    with pytest.raises(TraitError, match="no target 'x'"):
        picker.selected = "x"


def test_picture_shows_the_target_here_and_there(ws: Any) -> None:
    join_fine(ws)
    picker = TargetPicker(ws, "survey")
    picker.place_target(HERE, half_size=1.0)
    alone = picker.snapshot(width_px=600)
    picker.into = "fine"
    both = picker.snapshot(width_px=600)
    assert alone.width == both.width == 600
    assert both.height < alone.height


def selected(ws: Any) -> TargetPicker:
    picker = TargetPicker(ws, "survey")
    picker.place_target(HERE, half_size=2.0, name="pore")
    return picker


def test_a_dragged_face_resizes_the_volume_when_it_is_let_go(ws: Any) -> None:
    picker = selected(ws)
    handles = TargetHandles(picker)
    found = {seen_of(handle.key)[0]: handle for handle in handles()}
    assert len(found) == 7
    assert found["2 1"].at_um == (7.0, 16.0, 19.0)
    assert found["2 1"].along == (0.0, 0.0, 1.0)
    handles.dragged("2 1", (7.0, 16.0, 22.5), False)
    assert picker.target().half_size["x_um"] == 2.0  # not written while it is dragged
    assert picker.drawn_target()[1].tolist() == [2.0, 2.0, 5.5]
    assert {seen_of(h.key)[0]: h for h in handles()}["2 -1"].at_um == (7.0, 16.0, 11.5)
    handles.dragged("2 1", (7.0, 16.0, 22.0), True)
    assert picker.target().half_size == {"z_um": 2.0, "y_um": 2.0, "x_um": 5.0}
    assert picker.draft == {}
    assert picker.target().position["x_um"] == 17.0  # the place stays in the middle of its box
    handles.dragged("2 1", (7.0, 16.0, 9.0), True)  # through the middle
    assert 0 < picker.target().half_size["x_um"] < 1e-3
    picker.undo()
    picker.undo()
    assert picker.target().half_size["x_um"] == 2.0


def test_a_dragged_middle_moves_the_target_and_not_the_view(ws: Any) -> None:
    picker = selected(ws)
    before = dict(picker.explorer.centre_um)
    TargetHandles(picker).dragged("middle", (8.0, 15.0, 14.0), True)
    assert picker.target().position == {"z_um": 8.0, "y_um": 15.0, "x_um": 14.0}
    assert picker.explorer.centre_um == before
    picker.selected = ""
    assert TargetHandles(picker)() == []


def test_the_cut_has_the_margin_of_the_transforms_and_follows_the_drag(ws: Any) -> None:
    picker = selected(ws)
    pairs = np.random.default_rng(1).uniform(4, 20, (12, 3))
    noise = np.random.default_rng(2).normal(0, 0.3, pairs.shape)
    fit = fit_landmarks(pairs, pairs @ TURNED + noise, model="affine")
    ws.frames.add(name="mill")
    ws.transforms.add(
        name="survey_to_mill", from_frame="survey", to_frame="mill",
        transform=fit.transform.to_dict(), status="accepted", method="landmarks",
    )  # fmt: skip
    cut = picker.cut(to="mill")
    way = ws.graph().path("survey", "mill")
    margin = box_margin(way, np.array([7.0, 16.0, 17.0]), np.full(3, 2.0), probability=0.95)
    assert cut.margin_um == margin.margin_um  # what the instrument gets
    picker.draft = {"name": "pore", "half": np.full(3, 2.0)}
    dragged = picker.cut(to="mill").margin_um
    assert dragged != cut.margin_um
    assert dragged == pytest.approx(cut.margin_um, rel=0.05)
    assert cut.centre_um == pytest.approx(fit.transform.apply([[7.0, 16.0, 17.0]])[0])
    assert np.isnan(cut.depth_um)
    assert "lies in it with 95 %" in cut.statement
    picker.draft = {"name": "pore", "half": np.array([2.0, 2.0, 6.0])}
    longer = picker.cut(to="mill").half_um - cut.half_um
    assert longer[1] == pytest.approx(4.0, abs=0.5)  # the volume's x is the mill's y
    assert np.abs(longer[[0, 2]]).max() < 0.5
    with pytest.raises(ValueError, match="needs to="):
        picker.cut()


def test_the_margin_counts_a_drift_once_the_minutes_are_said(ws: Any) -> None:
    picker = selected(ws)
    pairs = np.random.default_rng(1).uniform(4, 20, (12, 3))
    fit = fit_landmarks(pairs, pairs + 1, model="rigid", sigma_um=0.3)
    ws.frames.add(name="mill")
    ws.transforms.add(
        name="survey_to_mill", from_frame="survey", to_frame="mill",
        transform=fit.transform.to_dict(), status="accepted", method="landmarks",
    )  # fmt: skip
    picker.into = "mill"
    assert "stage, drift and scale of the instrument do not count" in picker.cut().statement
    ws.stages.add(
        name="helios", frame="mill", unit="mm", handedness="left",
        repeatability_um=0.2, drift_um_per_min=0.1,
    )  # fmt: skip
    bare = picker.cut()
    assert "the drift of helios does not count: nobody has stated the minutes" in bare.statement
    controls = picker.view()
    (entry,) = (w for w in _walk(controls) if "minutes" in getattr(w, "description", ""))
    entry.value = "30"
    assert picker.minutes == 30
    drifted = picker.cut()
    assert drifted.margin_um > bare.margin_um + 1
    assert "the drift" not in drifted.statement
    assert picker.plans()["margin_um"].tolist() == [drifted.margin_um]
    assert picker.plans(minutes=0)["margin_um"][0] < drifted.margin_um
    entry.value = "soon"
    assert entry.value == "30"
    entry.value = ""
    assert picker.minutes is None
    with pytest.raises(TraitError, match=r"minutes needs 0 or more \[min\], or None, got -1"):
        picker.minutes = -1


def _walk(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _walk(child)


def test_targets_are_written_for_the_instrument_with_undefined_depth_left_out(
    ws: Any, tmp_path: Path
) -> None:
    picker = TargetPicker(ws, "survey")
    with pytest.raises(ValueError, match="place one first"):
        picker.export_targets(tmp_path / "none.csv")
    picker.place_target(HERE, half_size=2.0, name="=pore")
    picker.place_target({**HERE, "z_um": 9.0}, name="pit")
    path = picker.export_targets(tmp_path / "targets.csv")
    rows = pd.read_csv(path).set_index("target")
    assert rows.loc["pit", ["x_um", "y_um", "z_um"]].tolist() == [17.0, 16.0, 9.0]
    assert rows.loc["=pore", "cut_x_um"] == pytest.approx(4.0)  # its own frame: no margin
    assert "depth_um" not in rows
    assert set(rows["frame"]) == {"survey"}
    with pytest.raises(ValueError, match=r"\.csv"):
        picker.export_targets(tmp_path / "targets.xlsx")
    assert picker.export_targets(path) == path  # an earlier one is replaced
    path.write_text("my,own\n1,2\n")
    with pytest.raises(ValueError, match="was kept"):
        picker.export_targets(path)
    assert path.read_text() == "my,own\n1,2\n"


def test_the_first_volume_offered_is_seen_well_and_a_round_number(ws: Any) -> None:
    assert [sensible_half_um(width) for width in (416.0, 20.0, 19.9, 1.0)] == [20.0, 1.0, 0.5, 0.05]


def deep(ws: Any, at: dict[str, float]) -> TargetPicker:
    """A target in a block whose rough surface lies at z = 4.5 µm."""
    z, y, x = np.indices((14, 30, 40))
    stands = {"spacing_um": (1, 1, 0.9), "origin_um": (0.5, 0.5, 0.5), "frame": "survey"}
    write(ws, "block", np.where(z >= 4 + (x + y) % 2, 200, 20).astype(np.uint8), **stands)
    phases = [{"name": "air"}, {"name": "block"}]
    ws.segmentations.add(
        name="skin", image="block", thresholds=[110.0], phases=phases, tags=["surface"]
    )
    picker = TargetPicker(ws, "survey", images=["survey"])
    picker.place_target(at)
    return picker


def drawn_depth(picker: TargetPicker, plane: Any, *, other: bool = False) -> list[dict[str, Any]]:
    """The green shapes of one side."""
    marks = RecordedMarks(400, 300)
    (other_marks if other else own_marks)(picker)(marks, plane)
    green = [0, 158, 115, 255]
    return [shape for shape in marks.shapes if shape["color"] == green]


@pytest.mark.parametrize("orientation", ["xz", "yz"])
def test_the_depth_is_a_line_to_the_surface_in_planes_that_hold_it(
    ws: Any, orientation: str
) -> None:
    picker = deep(ws, {**HERE, "z_um": 9.0})
    line = picker.depth_line()
    assert line is not None
    assert line.depth_um == pytest.approx(9.0 - line.foot_um[0], abs=1e-3)
    assert line.foot_um == pytest.approx([4.5, 16, 17], abs=0.1)
    picker.explorer.orientation = orientation
    picker.explorer.look_at(picker.target().position)
    plane = picker.explorer.plane()
    path, tick, words = drawn_depth(picker, plane)
    ends = np.array(path["at"])
    known = plane.to_canvas(np.array([line.place_um, line.foot_um]), 400)
    np.testing.assert_allclose(ends, known, atol=1e-6)
    long = np.hypot(*(ends[1] - ends[0])) * plane.pixel_um(400)
    assert long == pytest.approx(line.depth_um, rel=1e-6)
    assert words["text"] == f"{format_length(long)} deep"
    assert np.mean(tick["at"], axis=0) == pytest.approx(ends[1])


def test_no_depth_is_drawn_in_a_plane_along_the_surface_or_without_one(ws: Any) -> None:
    bare = TargetPicker(ws, "survey", images=["survey"])
    bare.place_target(HERE, name="first")
    bare.explorer.orientation = "xz"
    assert bare.depth_line() is None
    assert drawn_depth(bare, bare.explorer.plane()) == []
    picker = deep(ws, {**HERE, "z_um": 9.0})
    assert drawn_depth(picker, picker.explorer.plane()) == []  # xy


def test_a_depth_from_a_surface_without_scatter_is_told_without_an_interval() -> None:
    cut = TargetCut(np.zeros(3), np.ones(3), 0.1, 0.95, 3.25067, 8e-15)
    assert cut.statement.endswith("depth 3.251 µm")
    assert replace(cut, depth_pm95_um=0.12).statement.endswith("depth 3.25 ± 0.12 µm (± 95 %)")


def test_the_depth_is_dashed_where_the_surface_is_extrapolated(ws: Any) -> None:
    picker = deep(ws, {"z_um": 9.0, "y_um": 16.0, "x_um": 38.0})  # the block ends at 36 µm
    assert picker.depth_line().extrapolated
    picker.explorer.orientation = "xz"
    picker.explorer.fit()
    *dashed, _, _ = drawn_depth(picker, picker.explorer.plane())
    assert len(dashed) > 3
    lengths = [np.hypot(*np.diff(shape["at"], axis=0)[0]) for shape in dashed]
    assert max(lengths) < 10


def test_the_depth_is_drawn_in_the_frame_of_the_instrument_where_its_plane_holds_it(
    ws: Any,
) -> None:
    join_fine(ws)
    picker = deep(ws, {**HERE, "z_um": 6.0})
    picker.into = "fine"
    line = picker.depth_line()
    here = picker.depth_line(to="survey")
    assert line.depth_um == pytest.approx(here.depth_um, rel=1e-3)
    np.testing.assert_allclose(
        line.foot_um, fine_to_survey().inverse_apply(here.foot_um)[0], atol=1e-3
    )
    view = other_explorer(picker)
    assert view is not None
    assert drawn_depth(picker, view.plane(), other=True) == []  # xy, 66° off
    out = (line.foot_um - line.place_um) / line.depth_um
    beside = np.cross(out, [0.0, 1.0, 0.0])
    view.orientation, view.across = "oblique", tuple(beside / np.linalg.norm(beside))
    view.down = tuple(-out)
    *_, words = drawn_depth(picker, view.plane(), other=True)
    assert words["text"].endswith(" deep")


def test_a_depth_that_is_drawn_in_a_frame_of_another_scale_is_the_one_that_is_said() -> None:
    def line(length_um: float) -> DepthLine:
        place = np.array([20.0, 10.0, 10.0])
        return DepthLine(place, place - [length_um, 0.0, 0.0], length_um, 0.1, False)

    plane = axis_plane("xz", centre_um=(10.0, 10.0, 10.0), width_um=40.0, height_um=40.0)
    marks = RecordedMarks(400, 400)
    draw_depth(marks, plane, line(10.1), said=line(10.0))
    assert [one["text"] for one in marks.shapes if one["kind"] == "text"] == ["10 µm deep"]
