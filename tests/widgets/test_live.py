"""What the browser gets: coarse copies, patches, and answers to what a person did there."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebridge import SegmentationSliders, SliceExplorer, Workspace
from scalebridge.errors import Unsaved
from scalebridge.widgets import coarse as coarse_module
from scalebridge.widgets import scene as scene_module
from scalebridge.widgets.annotate import draw_mark
from scalebridge.widgets.coarse import coarse_copy, color_table, patch_of
from scalebridge.widgets.colors import rgb
from scalebridge.widgets.drawn import Handle
from scalebridge.widgets.layers import Layer
from scalebridge.widgets.live import LivePanel
from scalebridge.widgets.looks import plane_of, view_of
from scalebridge.widgets.offline import offline_view
from scalebridge.widgets.phase_panel import PhasePanel
from scalebridge.widgets.picture import position_words
from scalebridge.widgets.plane import axis_plane
from scalebridge.widgets.scene import sample_on
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey, join_fine, write

SHAPE = (6, 20, 24)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        join_fine(ws)
        yield ws


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    sent: list[tuple[dict[str, Any], list[bytes]]] = []

    def send(_: Any, content: dict[str, Any], buffers: Any = None) -> None:
        sent.append((content, list(buffers or [])))

    monkeypatch.setattr(LivePanel, "send", send)
    return sent


def panel_of(explorer: SliceExplorer, **given: Any) -> LivePanel:
    return LivePanel(explorer, guard=Message().guard, **given)


def hear(panel: LivePanel, **content: Any) -> None:
    panel._handle_custom_msg(content, [])


def grey(kind: str) -> np.ndarray:
    values = np.random.default_rng(0).uniform(0, 1, SHAPE)
    if kind.startswith("f"):
        return (1e-3 * (values - 0.3)).astype(kind)
    return (values * np.iinfo(kind).max).astype(kind)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "int32"])
def test_grey_values_come_back_from_their_bytes(tmp_path: Path, kind: str) -> None:
    values = grey(kind)
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "image", values, spacing_um=(2.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["image"])
        (item,) = explorer.world.placed(explorer.layers)
        coarse = coarse_copy(item)
    raw = np.frombuffer(coarse.data, np.uint8).reshape(*coarse.shape, coarse.channels)
    whole = raw[..., 0].astype(float) if coarse.channels == 1 else raw.view("<u2")[..., 0]
    back = coarse.coding.offset + coarse.coding.gain * whole
    exact = kind in ("uint8", "uint16")
    assert np.abs(back - values).max() <= (0 if exact else 0.51 * coarse.coding.gain)
    assert coarse.coding.gain <= np.ptp(values.astype(float)) / 21000 or exact
    assert coarse.coding.wide == (kind != "uint8")


@pytest.mark.parametrize("narrow", [False, True])
def test_voxels_without_a_value_travel_as_such(tmp_path: Path, narrow: bool) -> None:
    values = np.random.default_rng(0).uniform(5, 9, SHAPE).astype(np.float32)
    holes = np.random.default_rng(1).uniform(size=SHAPE) < 0.3
    values[holes] = np.nan
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "image", values, spacing_um=(2.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["image"])
        coarse = coarse_copy(explorer.world.placed(explorer.layers)[0], narrow=narrow)
    raw = np.frombuffer(coarse.data, np.uint8)
    whole = (raw.view("<u2") if coarse.channels == 2 else raw).reshape(coarse.shape)
    np.testing.assert_array_equal(whole == 0, holes)
    back = coarse.coding.offset + coarse.coding.gain * whole.astype(float)
    assert np.abs(back - values)[~holes].max() <= 0.51 * coarse.coding.gain
    assert sum(coarse.histogram["counts"]) <= np.count_nonzero(~holes)
    assert coarse.histogram["low"] > 3


def test_what_the_coarse_level_averages_away_is_in_the_patch(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 1, (16, 64, 64)).astype(np.float32)
    values[::2, ::2, ::2] = 9.0
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "image", values, spacing_um=(1.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["image"])
        (item,) = explorer.world.placed(explorer.layers)
        coarse = coarse_copy(item)
        averaged = replace(coarse, coding=coarse_module._coding(values.clip(-1, 4), item), level=1)
        middle = (8.0, 31.0, 31.0)
        plane = axis_plane("xy", centre_um=middle, width_um=30, height_um=30)
        patch = patch_of(item, averaged, plane, width_px=60, height_px=60)
        seen = sample_on(item, plane, plane.points(60, 60))
    assert patch is not None
    pixels = np.frombuffer(patch, np.uint8).reshape(60, 60, 4)[..., :2].astype(float)
    back = averaged.coding.offset + averaged.coding.gain * (pixels[..., 0] + 256 * pixels[..., 1])
    assert seen.values.max() > 5  # where the coarse level ends at 4
    assert np.abs(back - seen.values).max() <= 0.51 * averaged.coding.gain


def test_a_large_image_travels_as_its_coarse_level(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    (item,) = explorer.world.placed(explorer.layers)
    whole, small = coarse_copy(item), coarse_copy(item, most_voxels=5000)
    assert whole.level == 0
    assert np.prod(small.shape) <= 5000
    extent = np.multiply(small.grid["spacing_um"], small.shape)
    assert extent == pytest.approx(np.multiply(whole.grid["spacing_um"], whole.shape), rel=0.25)
    assert whole.grid["low_um"] == small.grid["low_um"]
    assert whole.key != small.key
    assert coarse_copy(item).key == whole.key


def test_labels_have_the_colours_of_their_phases_and_hidden_ones_none(tmp_path: Path) -> None:
    labels = np.random.default_rng(1).integers(0, 5, SHAPE).astype(np.uint16)
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "phases", labels, spacing_um=(1.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["phases"])
        layer = explorer.layer("phases")
        layer.mode = "labels"
        layer.phases = ({"label": 3, "name": "pore", "color": "#123456"},)
        (item,) = explorer.world.placed(explorer.layers)
        coarse = coarse_copy(item)
        _, table = color_table(item.layer)
    colors = np.frombuffer(table, np.uint8).reshape(256, 4)
    drawn = colors[np.frombuffer(coarse.data, np.uint8).reshape(SHAPE)]
    assert (drawn[labels == 3] == (0x12, 0x34, 0x56, 255)).all()
    assert (drawn[labels != 3][:, 3] == 0).all()
    assert not coarse.smooth


def test_a_patch_holds_what_python_samples_and_nothing_outside(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    (item,) = explorer.world.placed(explorer.layers)
    coarse = coarse_copy(item, most_voxels=2000)
    assert coarse.level != 0
    corners = explorer.world.corners_um()
    width = 1.5 * float(np.ptp(corners[:, 2]))
    plane = axis_plane("xy", centre_um=corners.mean(axis=0), width_um=width, height_um=width)
    patch = patch_of(item, coarse, plane, width_px=150, height_px=150)
    assert patch is not None
    pixels = np.frombuffer(patch, np.uint8).reshape(150, 150, 4)
    seen = sample_on(item, plane, plane.points(150, 150))
    assert ((pixels[..., 3] > 0) == seen.inside).all()
    assert 0.2 < seen.inside.mean() < 0.9
    low, high = pixels[..., 0].astype(float), pixels[..., 1].astype(float)
    whole = low + 256 * high if coarse.coding.wide else low
    back = coarse.coding.offset + coarse.coding.gain * whole
    assert np.abs(back - seen.values)[seen.inside].max() <= 0.51 * coarse.coding.gain


def test_no_patch_is_sent_where_the_coarse_copy_is_as_fine_as_the_screen(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    (item,) = explorer.world.placed(explorer.layers)
    plane = explorer.plane()
    assert patch_of(item, coarse_copy(item), plane, width_px=2000, height_px=1500) is None


def look(panel: LivePanel, **changes: Any) -> dict[str, Any]:
    return {**{k: v for k, v in panel.look.items() if k != "by"}, **changes}


def test_the_browser_moves_the_explorer_and_is_not_moved_back(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    assert panel.look["by"] == "kernel"
    width = explorer.width_um
    seen = look(panel, width_um=width / 2, cursor_um=[5.0, 4.0, 3.0])
    hear(panel, kind="look", by="window 1", look=seen)
    assert explorer.width_um == width / 2
    assert explorer.cursor_um == {"z_um": 5.0, "y_um": 4.0, "x_um": 3.0}
    assert panel.look["by"] == "window 1"
    explorer.layer("survey").opacity = 0.5
    panel.redraw()
    assert panel.look["by"] == "window 1"  # the plane is where the window has it
    explorer.width_um = 7.0
    panel.redraw()
    assert (panel.look["by"], panel.look["width_um"]) == ("kernel", 7.0)


def test_a_turned_plane_is_oblique_and_a_named_one_has_its_name(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    seen = look(panel, across=[0.6, 0.0, 0.8], down=[0.0, 1.0, 0.0])
    hear(panel, kind="look", by="w", look=seen)
    assert explorer.orientation == "oblique"
    assert explorer.plane().across == (0.6, 0.0, 0.8)
    hear(panel, kind="look", by="w", look=look(panel, across=[0, 0, 1], down=[1, 0, 0]))
    assert explorer.orientation == "xz"
    fixed = panel_of(SliceExplorer(ws, ["survey"]), turns=False)
    hear(fixed, kind="look", by="w", look=seen)
    assert fixed._explorer.orientation == "xy"


def test_the_bar_sets_only_what_it_may(ws: Any) -> None:
    explorer, said = SliceExplorer(ws, ["survey", "fine"]), Message()
    panel = LivePanel(explorer, guard=said.guard)
    for name, value in (("linked", True), ("compare", "split"), ("split", 0.3), ("slab_um", 4.0)):
        hear(panel, kind="set", name=name, value=value)
        assert getattr(explorer, name) == value
    panel.redraw()
    assert (panel.planes, len(panel.marks)) == (3, 3)
    hear(panel, kind="set", name="ws", value=None)
    assert "a panel sets" in said.widget.value
    assert explorer.ws is ws


def test_what_a_person_pins_is_a_record_that_can_be_taken_back(ws: Any, told: Any) -> None:
    explorer, said = SliceExplorer(ws, ["survey"]), Message()
    panel = LivePanel(explorer, guard=said.guard)
    explorer.observe(panel.redraw_pins, names="revision")
    points = [[1.0, 2.0, 3.0], [1.0, 2.0, 7.0]]
    hear(panel, kind="do", what="annotate", shape="distance", points=points, text="gap")
    (pinned,) = panel.annotations
    assert (pinned["shape"], pinned["text"]) == ("distance", "gap")
    table = explorer.annotation_table()
    assert table[["value", "unit"]].to_numpy().tolist() == [[4.0, "µm"]]
    assert panel.history["undo"] == "pin distance"
    moved = [points[0], [1.0, 2.0, 9.0]]
    key = pinned["key"]
    hear(panel, kind="do", what="annotate", shape="distance", points=moved, key=key, text="gap")
    assert explorer.annotation_table()["value"].tolist() == [6.0]
    hear(panel, kind="do", what="undo")
    assert explorer.annotation_table()["value"].tolist() == [4.0]
    hear(panel, kind="do", what="undo")
    assert panel.annotations == []
    hear(panel, kind="do", what="annotate", shape="note", points=points[:1], text="<i>here</i>")
    assert [note.text for note in ws.notes] == ["<i>here</i>"]
    hear(panel, kind="do", what="annotate", shape="area", points=points)
    assert "area needs 3" in said.widget.value


def test_a_bookmark_is_flown_to(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"], orientation="yz")
    panel = panel_of(explorer)
    explorer.look_at({"z_um": 5, "y_um": 6, "x_um": 7}, width_um=3.0)
    hear(panel, kind="do", what="bookmark", name="here")
    explorer.orientation, explorer.width_um = "xy", 20.0
    panel.redraw()
    assert panel.bookmarks == ["here"]
    explorer.observe(panel.redraw, names="width_um")
    hear(panel, kind="do", what="fly", name="here")
    assert (explorer.orientation, explorer.width_um) == ("yz", 3.0)
    assert panel.look["by"] == "flight"
    assert [record.name for record in ws.bookmarks] == ["here"]
    hear(panel, kind="do", what="forget", name="here")
    assert explorer.bookmarks() == []


def test_what_is_dragged_is_told_with_its_key(ws: Any) -> None:
    seen = []
    panel = panel_of(
        SliceExplorer(ws, ["survey"]),
        handles=lambda: [Handle("top", (1.0, 2.0, 3.0), along=(1.0, 0.0, 0.0))],
        dragged=lambda *what: seen.append(what),
    )
    assert panel.handles[0]["at_um"] == (1.0, 2.0, 3.0)
    hear(panel, kind="handle", key="top", at_um=[4, 2, 3], done=True)
    assert seen == [("top", (4.0, 2.0, 3.0), True)]


def test_the_picture_is_printed_from_the_pyramid(ws: Any, told: Any) -> None:
    panel = panel_of(SliceExplorer(ws, ["survey"]))
    hear(panel, kind="do", what="print")
    ((content, buffers),) = told
    assert content == {"kind": "printed"}
    assert Image.open(io.BytesIO(buffers[0])).width == 2400


def test_what_the_browser_lacks_is_sent_once_and_small_copies_first(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel = panel_of(explorer)
    keys = [layer["volume"] for layer in panel.layers]
    hear(panel, kind="hello", missing=keys)
    assert {content["key"] for content, _ in told} == set(keys)
    sizes = [len(buffers[0]) for _, buffers in told]
    assert sizes == sorted(sizes)
    told.clear()
    hear(panel, kind="hello", missing=[])
    assert told == []


def test_a_panel_goes_through_the_time_points_of_a_film(tmp_path: Path, told: Any) -> None:
    frames = np.stack([np.full((4, 6, 8), 50 * moment, np.uint8) for moment in range(3)])
    with Workspace.create(tmp_path / "film") as ws:
        write(ws, "film", frames, axes="tzyx", spacing_um=(1.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["film"])
        said = Message()
        panel = LivePanel(explorer, guard=said.guard)
        assert (panel.time, panel.times) == (0, [f"time point {n}" for n in range(3)])
        first = panel.layers[0]["volume"]
        hear(panel, kind="set", name="time", value=2)
        panel.redraw()
        assert (explorer.time, panel.time) == (2, 2)
        assert panel.layers[0]["volume"] != first
        hear(panel, kind="set", name="time", value=3)
        assert explorer.time == 2
        assert "0 to 2, got 3" in said.widget.value
        alone = LivePanel(explorer, guard=Message().guard, bar=("view",))
        assert alone.times == []


def test_a_shorter_film_stands_at_its_last_time_point(tmp_path: Path, told: Any) -> None:
    def film(count: int) -> np.ndarray:
        return np.stack([np.full((4, 6, 8), 20 * moment, np.uint8) for moment in range(count)])

    with Workspace.create(tmp_path / "films") as ws:
        for name, count in (("long", 10), ("short", 3)):
            given = {"axes": "tzyx", "spacing_um": (1.0, 1.0, 1.0), "frame": "film"}
            write(ws, name, film(count), **given)
        write(ws, "still", film(1)[0], spacing_um=(1.0, 1.0, 1.0), frame="film")
        explorer = SliceExplorer(ws, ["long", "short", "still"])
        panel = panel_of(explorer)
        seen = []
        for moment in (2, 5, 9):
            hear(panel, kind="set", name="time", value=moment)
            seen.append([layer["volume"] for layer in panel.layers])
        long, short, still = (set(column) for column in zip(*seen, strict=True))
        assert (len(long), len(short), len(still)) == (3, 1, 1)
        assert explorer.snapshot(300).width == 300
        page = offline_view(explorer)
        assert page is not None
        assert len(page["moments"]) == 10
        assert len(page["volumes"]) == 10  # what is alike is there once


def test_a_copy_is_sent_although_another_time_point_is_seen_by_now(
    tmp_path: Path, told: Any
) -> None:
    frames = np.stack([np.full((4, 6, 8), 50 * moment, np.uint8) for moment in range(3)])
    with Workspace.create(tmp_path / "film") as ws:
        write(ws, "film", frames, axes="tzyx", spacing_um=(1.0, 1.0, 1.0))
        panel = panel_of(SliceExplorer(ws, ["film"]))
        hear(panel, kind="set", name="time", value=1)
        (row,) = panel.layers
        hear(panel, kind="set", name="time", value=2)
        hear(panel, kind="hello", missing=[row["volume"]])
        assert [content["key"] for content, _ in told] == [row["volume"]]


def test_a_rest_is_answered_with_patches_and_its_number(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    explorer.layer("fine").visible = False
    panel = panel_of(explorer)
    panel._coarse = {key: coarse_copy(item, most_voxels=2000) for key, item in known(panel)}
    view = view_of(explorer.plane())
    hear(panel, kind="rest", sequence=3, view=view, width_px=5000, height_px=100)
    (patch,) = [content for content, _ in told]
    assert (patch["kind"], patch["sequence"]) == ("patch", 3)
    assert patch["rested"]  # it is the last
    assert patch["whole"]
    assert (patch["width"], patch["height"]) == (1200, 24)
    assert patch["channels"] == 1
    beyond = (1200 * 24) // 8  # the view reaches past the image
    assert len(told[0][1][0]) == 1200 * 24 + beyond


def test_the_last_of_several_patches_says_that_it_is_the_last(
    ws: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coarse_module, "MOST_VOXELS", 2000)
    explorer = SliceExplorer(ws, ["survey", "fine"])
    explorer.look_at(explorer.cursor_um, width_um=12.0)
    panel = panel_of(explorer)
    view = view_of(explorer.plane())
    hear(panel, kind="rest", sequence=3, view=view, width_px=300, height_px=200)
    keys = [layer["key"] for layer in panel.layers]
    assert [(one["key"], one["rested"]) for one, _ in told] == [(keys[1], False), (keys[0], True)]


def test_only_the_newest_request_is_answered(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel = panel_of(explorer)
    view = view_of(explorer.plane())

    async def in_a_kernel() -> None:
        for sequence in (1, 2, 3):
            hear(panel, kind="rest", sequence=sequence, view=view, width_px=300, height_px=200)
        await panel._refining.answers[0]

    asyncio.run(in_a_kernel())
    assert [one for one, _ in told if one["kind"] == "rested"] == [
        {"kind": "rested", "by": "", "plane": 0, "sequence": 3, "whole": True}
    ]


def test_a_slice_ahead_is_made_unless_it_would_keep_the_kernel_from_other_things(
    ws: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coarse_module, "MOST_VOXELS", 2000)
    panel = panel_of(SliceExplorer(ws, ["survey"]))
    view = view_of(panel.seen_planes()[0])
    wide = {"view": view, "width_px": 300, "height_px": 200}
    hear(panel, kind="rest", sequence=1, ahead=True, **wide)
    hear(panel, kind="rest", sequence=2, **wide)
    assert [(one["sequence"], one["whole"]) for one, _ in told] == [(1, True), (2, True)]
    monkeypatch.setattr("scalebridge.widgets.refining._LONG_S", 0.0)
    hear(panel, kind="rest", sequence=3, ahead=True, **wide)
    hear(panel, kind="rest", sequence=4, **wide)
    assert [one["sequence"] for one, _ in told] == [1, 2, 4]


def test_a_slab_that_nobody_waits_for_any_more_is_not_sampled_to_its_end(
    ws: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coarse_module, "MOST_VOXELS", 2000)
    explorer = SliceExplorer(ws, ["survey"], slab_um=10.0)
    panel = panel_of(explorer)
    view, sampled = view_of(explorer.plane()), []

    def slowly(*given: Any, **more: Any) -> Any:
        sampled.append(time.monotonic())
        time.sleep(0.05)
        return sample_on(*given, **more)

    monkeypatch.setattr(scene_module, "sample_on", slowly)
    wide = {"view": view, "width_px": 300, "height_px": 200}

    async def in_a_kernel() -> int:
        hear(panel, kind="rest", sequence=1, **wide)
        first, turns = panel._refining.answers[0], 0
        while len(sampled) < 3:  # the kernel's loop goes on meanwhile
            await asyncio.sleep(0.005)
            turns += 1
        hear(panel, kind="rest", sequence=2, **wide)
        await asyncio.gather(first, panel._refining.answers[0])
        return turns

    assert asyncio.run(in_a_kernel()) > 5
    assert [one["sequence"] for one, _ in told if one["kind"] == "patch"] == [2]
    planes = len(explorer.rendering().depths_um(pixel_um=0.1, finest_um=1.0))
    assert planes + 3 <= len(sampled) < 2 * planes


def test_a_damaged_image_is_told_and_the_other_layers_are_still_sharp(
    ws: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coarse_module, "MOST_VOXELS", 2000)
    explorer, said = SliceExplorer(ws, ["survey", "fine"]), Message()
    explorer.look_at(explorer.cursor_um, width_um=12.0)
    panel = LivePanel(explorer, guard=said.guard)
    chunks = [path for path in (ws.path / "images").rglob("c/**/*") if path.is_file()]
    fine = ws.images["fine"].id
    for path in chunks:
        if fine in str(path):
            path.unlink()
    view = view_of(explorer.plane())

    async def in_a_kernel() -> None:
        hear(panel, kind="rest", sequence=1, view=view, width_px=300, height_px=200)
        await panel._refining.answers[0]

    asyncio.run(in_a_kernel())
    assert [(one["key"], one["rested"]) for one, _ in told] == [(panel.layers[0]["key"], True)]
    assert not told[0][0]["whole"]  # it is asked for again when one comes back
    assert "fine" in said.widget.value or "missing" in said.widget.value


def known(panel: LivePanel) -> Any:
    items = panel._explorer.world.placed(panel._explorer.layers)
    return zip(list(panel._coarse), items, strict=True)


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "nonsense"},
        {"kind": "rest", "sequence": 1, "view": {}, "width_px": 10, "height_px": 10},
        {"kind": "look", "by": "w", "look": {"across": [1, 0, 0], "down": [1, 0, 0]}},
        {"kind": "do", "what": "format the disk"},
        {"kind": "handle", "key": "x", "at_um": [0, 0, 0], "done": True},
        {"kind": "hello"},
    ],
)
def test_a_message_that_is_none_is_refused_in_words_and_changes_nothing(
    ws: Any, told: Any, message: dict[str, Any]
) -> None:
    explorer, said = SliceExplorer(ws, ["survey"]), Message()
    panel = LivePanel(explorer, guard=said.guard)
    before = explorer.plane()
    hear(panel, **message)
    assert said.widget.value
    assert explorer.plane() == before
    assert told == []


def edit(panel: LivePanel, name: str, drag: int, **changes: Any) -> None:
    hear(panel, kind="layer", name=name, changes=changes, drag=drag)


def test_what_is_changed_of_layers_is_undone_and_a_drag_is_one_step(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel, beside, layer = panel_of(explorer), panel_of(explorer), explorer.layer("fine")
    first = (layer.limits, layer.color_map)
    edit(panel, "fine", 1, color_map="magma")
    for high in (100.0, 120.0, 140.0):
        edit(panel, "fine", 2, limits=[10.0, high])
    hear(panel, kind="do", what="raise", name="fine")  # it is on top already
    assert panel.history == beside.history == {"undo": "fine: contrast", "redo": ""}
    hear(panel, kind="do", what="lower", name="fine")
    assert panel.history["undo"] == "fine: order"
    assert [one.name for one in explorer.layers] == ["fine", "survey"]
    hear(panel, kind="do", what="undo")
    assert [one.name for one in explorer.layers] == ["survey", "fine"]
    hear(panel, kind="do", what="undo")
    assert (layer.limits, layer.color_map) == (first[0], "magma")
    hear(panel, kind="do", what="undo")
    assert (layer.limits, layer.color_map) == first
    assert panel.history == {"undo": "", "redo": "fine: colours"}
    for _ in range(3):
        hear(panel, kind="do", what="redo")
    assert (layer.limits, layer.color_map) == ((10.0, 140.0), "magma")
    assert [one.name for one in explorer.layers] == ["fine", "survey"]


def test_two_drags_and_a_drag_of_two_layers_are_steps_of_their_own(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel, layer = panel_of(explorer), explorer.layer("fine")
    edit(panel, "fine", 1, opacity=0.5)
    edit(panel, "fine", 2, opacity=0.2)
    edit(panel, "survey", 2, opacity=0.2)
    hear(panel, kind="do", what="undo")
    hear(panel, kind="do", what="undo")
    assert (layer.opacity, explorer.layer("survey").opacity) == (0.5, 1.0)
    edit(panel, "fine", 1, opacity=0.4)  # the drag of step 1 goes on: what was undone is gone
    assert panel.history == {"undo": "fine: opacity", "redo": ""}
    hear(panel, kind="do", what="undo")
    assert layer.opacity == 1.0


def test_steps_of_a_layer_that_is_gone_do_not_stand_in_the_way(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel = panel_of(explorer)
    explorer.annotate("note", [explorer.cursor_um], text="before")
    hear(panel, kind="do", what="lower", name="fine")
    edit(panel, "fine", 1, opacity=0.5)
    explorer.layers = (explorer.layer("survey"), Layer(image="survey", name="again"))
    for _ in range(3):
        hear(panel, kind="do", what="undo")
    assert [one.name for one in explorer.layers] == ["survey", "again"]
    assert explorer.annotations() == []


def test_a_patch_is_of_the_slab_that_its_key_names(ws: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(coarse_module, "MOST_VOXELS", 2000)
    explorer = SliceExplorer(ws, ["survey"], slab_um=4.0)
    panel = panel_of(explorer)
    thin, plane = panel.drawn()[0], explorer.plane()
    wanted = thin.patch(plane, 90, 70)
    explorer.slab_um = 30.0
    thick = panel.drawn()[0]
    assert thin.spec["key"] != thick.spec["key"]
    assert thin.patch(plane, 90, 70) == wanted
    assert thick.patch(plane, 90, 70) != wanted


def test_a_plane_comes_back_from_the_browser_as_it_went(ws: Any) -> None:
    plane = SliceExplorer(ws, ["survey"], orientation="xz").plane()
    assert plane_of(view_of(plane)) == plane


def test_marks_travel_as_shapes_for_the_view_that_they_were_drawn_for(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])

    def draw(marks: Any, plane: Any) -> None:
        draw_mark(
            marks, plane.to_canvas(plane.centre_um, marks.size[0])[0], "<b>", color=(1, 2, 3, 4)
        )

    panel = panel_of(explorer, marks=draw)
    ring, label = panel.marks[0]["shapes"]
    assert (ring["kind"], len(ring["at"])) == ("line", 33)
    assert (label["kind"], label["text"], label["color"]) == ("text", "<b>", [1, 2, 3, 4])
    assert panel.marks[0]["view"] == view_of(explorer.plane())
    assert np.mean(ring["at"][:-1], axis=0)[0] == pytest.approx(panel.marks[0]["width_px"] / 2)


def test_a_browser_that_cannot_draw_gets_the_picture(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    view = view_of(explorer.plane())
    hear(panel, kind="picture", plane=0, sequence=4, width_px=300, height_px=200, view=view)
    ((content, buffers),) = told
    assert content == {"kind": "picture", "by": "", "plane": 0, "sequence": 4}
    assert buffers[0].startswith(b"\x89PNG")


def test_a_panel_is_opened_with_everything_that_drawing_needs(
    ws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[dict[str, Any]] = []

    def open_and_tell(self: Any) -> None:
        opened.append(self.get_state())
        whole(self)

    whole = LivePanel.open
    monkeypatch.setattr(LivePanel, "open", open_and_tell)
    panel = panel_of(SliceExplorer(ws, ["survey", "fine"]), title="here")
    (state,) = opened
    needed = ("look", "layers", "tables", "bounds_um", "reach", "marks", "slab", "history", "title")
    assert {name: state[name] for name in needed} == {n: panel.get_state()[n] for n in needed}
    assert all(state[name] for name in needed)


def test_nothing_heavy_is_kept_in_a_notebook_that_no_browser_has_seen(ws: Any) -> None:
    state = panel_of(SliceExplorer(ws, ["survey", "fine"])).get_state()
    sizes = {name: len(repr(value)) for name, value in state.items() if name[0] != "_"}
    assert sum(sizes.values()) < 40_000, sizes


@pytest.mark.parametrize("clean", [False, True])
def test_the_phases_that_the_browser_draws_are_those_of_the_preview(
    ws: Any, monkeypatch: pytest.MonkeyPatch, clean: bool
) -> None:
    monkeypatch.setattr(coarse_module, "MOST_VOXELS", 3000)
    sliders = SegmentationSliders(ws, "fine")
    sliders.set_threshold(70.0, 130.0)
    sliders.smoothing_px = 1.5 if clean else 0.0
    panel = PhasePanel(sliders, guard=Message().guard)
    image, phases = panel.drawn()
    width, height = 160, 120
    plane = sliders.explorer.plane(aspect=height / width)
    pixels = phases.patch(plane, width, height)
    assert pixels is not None
    rgba = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)
    table = np.frombuffer(phases.table[1], np.uint8).reshape(256, 4)
    slot = rgba[..., 0].astype(int)
    if not clean:
        assert phases.spec["volume"] == image.spec["volume"]
        slot = np.sum([slot >= level for level in phases.spec["thresholds"]], axis=0)
    labels = sliders.preview(width)[1]
    seen = sample_on(labels, plane, plane.points(width, height))
    named = {p["label"]: rgb(p["color"]) for p in sliders.drawn_phases()}
    assert len(named) == 2
    assert {label for label in np.unique(seen.values) if label in named} == set(named)
    for label, color in named.items():
        here = seen.inside & (seen.values == label)
        drawn = (table[slot] == (*color, 255)).all(axis=-1) & (rgba[..., 3] > 0)
        assert (drawn == here).all()


def test_a_browser_that_cannot_draw_gets_the_phases_in_its_picture(ws: Any, told: Any) -> None:
    sliders = SegmentationSliders(ws, "fine")
    panel = PhasePanel(sliders, guard=Message().guard)
    view = view_of(sliders.explorer.plane())

    def colored() -> float:
        told.clear()
        hear(panel, kind="picture", sequence=1, view=view, width_px=300, height_px=200)
        picture = Image.open(io.BytesIO(told[-1][1][0])).convert("RGB")
        return float(np.mean(np.ptp(np.asarray(picture).astype(int), axis=2) > 20))

    assert colored() < 0.01
    sliders.set_threshold(100.0)
    assert colored() > 0.02


def test_a_threshold_that_moves_sends_numbers_and_no_picture(ws: Any, told: Any) -> None:
    sliders = SegmentationSliders(ws, "fine")
    sliders.set_threshold(100.0)
    panel = PhasePanel(sliders, guard=Message().guard)
    before = panel.layers[1]
    sliders.set_threshold(110.0)
    panel.redraw()
    changed = {name for name, value in panel.layers[1].items() if value != before[name]}
    assert changed == {"thresholds"}
    assert told == []


def test_three_planes_go_through_the_cursor_and_each_moves_what_it_shows(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"], linked=True)
    explorer.cursor_um = {"z_um": 5.0, "y_um": 12.0, "x_um": 20.0}
    xy, xz, yz = explorer.planes()
    assert [position_words(plane)[:2] for plane in (xy, xz, yz)] == ["xy", "xz", "yz"]
    cursor = tuple(explorer.cursor_um.values())
    assert [float(plane.distance_um(cursor)[0]) for plane in (xy, xz, yz)] == [0, 0, 0]
    panel = panel_of(explorer)
    assert panel.planes == 3
    assert [sheet["view"] for sheet in panel.marks] == [view_of(p) for p in (xy, xz, yz)]


def test_three_planes_stand_side_by_side_in_a_picture_too(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    one = explorer.snapshot(600)
    explorer.linked = True
    three = explorer.snapshot(600)
    assert three.width == one.width
    assert three.height < one.height
    explorer.orientation = "oblique"
    assert len(explorer.planes()) == 3


def test_a_panel_closes_although_panels_own_comms_are_unknown(tmp_path: Path) -> None:
    import comm
    from comm.base_comm import BaseComm

    class Unknown(BaseComm):
        def publish_msg(self, *_: Any, **__: Any) -> None: ...

    with Workspace.create(tmp_path / "one") as ws:
        write(ws, "still", np.zeros((4, 6, 8), np.uint8), spacing_um=(1.0, 1.0, 1.0))
        panel: Any = panel_of(SliceExplorer(ws, ["still"]))
        unknown = Unknown(target_name="nobody", primary=False)
        panel.comm = unknown
        comm.get_comm_manager().comms.pop(unknown.comm_id, None)
        panel.close()
        assert panel.comm is None


def test_what_the_bar_sets_can_be_taken_back_and_a_drag_at_once(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    for name, value in (("linked", True), ("split", 0.3), ("split", 0.2), ("time", 0)):
        hear(panel, kind="set", name=name, value=value)
    assert (explorer.undo(), explorer.split) == ("place of the split", 0.5)
    assert panel.split == 0.5
    assert (explorer.undo(), explorer.linked, panel.planes) == ("planes", False, 1)
    assert panel.history == {"undo": "", "redo": "planes"}


def test_decisions_are_told_to_be_kept_refused_or_not_kept(
    ws: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer, said = SliceExplorer(ws, ["survey"]), Message()
    panel = LivePanel(explorer, guard=said.guard)
    note = {"kind": "do", "what": "annotate", "shape": "note", "points": [[0, 0, 0]], "text": "n"}
    hear(panel, **note, deed="a 1")
    hear(panel, **{**note, "points": []}, deed="a 2")

    def full(*_: Any, **__: Any) -> None:
        raise Unsaved("the disk is full")

    monkeypatch.setattr(explorer, "annotate", full)
    hear(panel, **note, deed="a 3")
    assert said.widget.value == ""  # it is said beside the picture
    done = [one for one, _ in told if one["kind"] == "done"]
    assert [(one["deed"], one["unsaved"]) for one in done] == [
        ("a 1", ""), ("a 2", ""), ("a 3", "the disk is full"),
    ]  # fmt: skip


def test_a_plane_through_three_points_and_a_layers_face_are_flown_to(ws: Any) -> None:
    explorer, said = SliceExplorer(ws, ["survey", "fine"]), Message()
    panel = LivePanel(explorer, guard=said.guard)
    points = [[6.0, 12.0, 14.0], [7.5, 17.0, 21.0], [5.0, 20.0, 11.0]]
    hear(panel, kind="do", what="cut", points=points)
    assert panel.look["by"] == "flight"
    assert panel.look["cursor_um"] == points[0]
    np.testing.assert_allclose(explorer.plane().distance_um(points), 0, atol=1e-9)
    before = dict(panel.look)
    hear(panel, kind="do", what="cut", points=[[1.0, y, y] for y in (2.0, 3.0, 1e4 / 3)])
    assert "not on a line, got (1.0, 2.0, 2.0)" in said.widget.value
    assert "(1.0, 3333.33, 3333.33)" in said.widget.value
    assert panel.look == before
    hear(panel, kind="do", what="face", name="fine")
    own = explorer.world.to_frame([panel.look["cursor_um"], panel.look["centre_um"]], "fine")
    np.testing.assert_allclose(own, [[0.0, -0.05, -0.05]] * 2, atol=1e-9)
    np.testing.assert_allclose(explorer.across, fine_to_survey().matrix[:, 2], atol=1e-6)
    hear(panel, kind="do", what="face", name="gone")
    assert "no layer is called" in said.widget.value


def test_a_panel_that_does_not_turn_is_not_turned_by_its_messages(ws: Any) -> None:
    points = [[6.0, 12.0, 14.0], [7.5, 17.0, 21.0], [5.0, 20.0, 11.0]]
    for explorer, turns in (
        (SliceExplorer(ws, ["survey"]), False),
        (SliceExplorer(ws, ["view"]), True),
    ):
        said = Message()
        panel = LivePanel(explorer, guard=said.guard, turns=turns)
        hear(panel, kind="do", what="cut", points=points)
        assert "is not turned" in said.widget.value
        hear(panel, kind="do", what="face", name=explorer.layers[0].name)
        assert explorer.orientation == "xy"
