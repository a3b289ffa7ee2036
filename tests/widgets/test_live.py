"""What the browser gets: coarse copies, patches, and answers to what a person did there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge import SegmentationSliders, SliceExplorer, Workspace
from scalebridge.widgets import coarse as coarse_module
from scalebridge.widgets.annotate import draw_mark
from scalebridge.widgets.coarse import coarse_copy, color_table, patch_of
from scalebridge.widgets.colors import rgb
from scalebridge.widgets.live import LivePanel, plane_of, view_of
from scalebridge.widgets.phase_panel import PhasePanel
from scalebridge.widgets.picture import position_words
from scalebridge.widgets.plane import axis_plane
from scalebridge.widgets.scene import sample_on
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, join_fine, write

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


def test_the_browser_moves_the_explorer_and_is_not_moved_back(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    assert panel.view_plane["by"] == "kernel"
    plane = explorer.plane()
    view = {**view_of(plane), "width_um": plane.width_um / 2}
    hear(panel, kind="view", by="window 1", view=view, cursor_um=[5.0, 4.0, 3.0])
    assert explorer.width_um == plane.width_um / 2
    assert explorer.cursor_um == {"z_um": 5.0, "y_um": 4.0, "x_um": 3.0}
    assert panel.view_plane["by"] == "window 1"
    explorer.layer("survey").opacity = 0.5
    panel.redraw()
    assert panel.view_plane["by"] == "window 1"  # the plane is where the window has it
    explorer.width_um = 7.0
    panel.redraw()
    assert (panel.view_plane["by"], panel.view_plane["width_um"]) == ("kernel", 7.0)


def test_a_turned_plane_is_oblique(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    view = {**view_of(explorer.plane()), "across": [0.6, 0.0, 0.8], "down": [0.0, 1.0, 0.0]}
    hear(panel, kind="view", by="w", view=view, cursor_um=list(explorer.cursor_um.values()))
    assert explorer.orientation == "oblique"
    assert explorer.plane().across == (0.6, 0.0, 0.8)


def test_what_the_browser_lacks_is_sent_once_and_small_copies_first(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel = panel_of(explorer)
    keys = [layer["key"] for layer in panel.layers]
    hear(panel, kind="hello", missing=keys)
    assert {content["key"] for content, _ in told} == set(keys)
    sizes = [len(buffers[0]) for _, buffers in told]
    assert sizes == sorted(sizes)
    told.clear()
    hear(panel, kind="hello", missing=[])
    assert told == []


def test_a_rest_is_answered_with_patches_and_its_number(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    explorer.layer("fine").visible = False
    panel = panel_of(explorer)
    panel._coarse = {key: coarse_copy(item, most_voxels=2000) for key, item in known(panel)}
    view = view_of(explorer.plane())
    hear(panel, kind="rest", sequence=3, view=view, width_px=5000, height_px=100)
    *patches, last = [content for content, _ in told]
    assert [patch["kind"] for patch in patches] == ["patch"]
    assert (patches[0]["width"], patches[0]["height"]) == (1200, 24)
    assert len(told[0][1][0]) == 1200 * 24 * 4
    assert last == {"kind": "rested", "sequence": 3}


def test_only_the_newest_request_is_answered(ws: Any, told: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    panel = panel_of(explorer)
    view = view_of(explorer.plane())

    async def in_a_kernel() -> None:
        for sequence in (1, 2, 3):
            hear(panel, kind="rest", sequence=sequence, view=view, width_px=300, height_px=200)
        assert panel._answer is not None
        await panel._answer

    asyncio.run(in_a_kernel())
    assert [one for one, _ in told if one["kind"] == "rested"] == [
        {"kind": "rested", "sequence": 3}
    ]


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
        assert panel._answer is not None
        await panel._answer

    asyncio.run(in_a_kernel())
    keys = [content.get("key") for content, _ in told]
    assert keys == [panel.layers[0]["key"], None]
    assert told[-1][0] == {"kind": "rested", "sequence": 1}
    assert "fine" in said.widget.value or "missing" in said.widget.value


def known(panel: LivePanel) -> Any:
    items = panel._explorer.world.placed(panel._explorer.layers)
    return zip(list(panel._coarse), items, strict=True)


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "nonsense"},
        {"kind": "rest", "sequence": 1, "view": {}, "width_px": 10, "height_px": 10},
        {"kind": "view", "by": "w", "view": {"across": [1, 0, 0]}, "cursor_um": [0, 0, 0]},
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
    ring, label = panel.marks["shapes"]
    assert (ring["kind"], len(ring["at"])) == ("line", 33)
    assert (label["kind"], label["text"], label["color"]) == ("text", "<b>", [1, 2, 3, 4])
    assert panel.marks["view"] == view_of(explorer.plane())
    assert np.mean(ring["at"][:-1], axis=0)[0] == pytest.approx(panel.marks["width_px"] / 2)


def test_a_browser_that_cannot_draw_gets_the_picture(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    panel = panel_of(explorer)
    assert panel.png == b""
    view = view_of(explorer.plane())
    cursor = list(explorer.cursor_um.values())
    hear(panel, kind="picture", width_px=300, view=view, cursor_um=cursor)
    assert panel.png.startswith(b"\x89PNG")


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
    image, phases = panel._drawn()
    width, height = 160, 120
    plane = sliders.explorer.plane(aspect=height / width)
    pixels = phases.patch(plane, width, height)
    assert pixels is not None
    rgba = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)
    table = np.frombuffer(phases.table[1], np.uint8).reshape(256, 4)
    slot = rgba[..., 0].astype(int)
    if not clean:
        assert phases.spec["volume"] == image.spec["key"]
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
    panel = panel_of(explorer, plane=lambda: explorer.planes()[1], turns=False)
    before = dict(explorer.centre_um)
    moved = {**view_of(xz), "centre_um": [xz.centre_um[0] + 2, 12.0, xz.centre_um[2] + 3]}
    hear(panel, kind="view", by="w", view=moved, cursor_um=list(cursor))
    assert explorer.orientation == "xy"
    assert explorer.centre_um == pytest.approx(
        {"z_um": before["z_um"] + 2, "y_um": before["y_um"], "x_um": before["x_um"] + 3}
    )
    assert explorer.planes()[0].centre_um[1] == pytest.approx(xy.centre_um[1])
    away = explorer.centre_um["y_um"] - 12.0
    assert away != 0
    closer = {**moved, "width_um": xz.width_um / 4}
    hear(panel, kind="view", by="w", view=closer, cursor_um=list(cursor))
    assert explorer.centre_um["y_um"] - 12.0 == pytest.approx(away / 4)
    turned = {**moved, "across": [0.6, 0.0, 0.8], "down": [0.8, 0.0, -0.6]}
    hear(panel, kind="view", by="w", view=turned, cursor_um=list(cursor))
    assert explorer.orientation == "xy"


def test_three_planes_stand_side_by_side_in_a_picture_too(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    one = explorer.snapshot(600)
    explorer.linked = True
    three = explorer.snapshot(600)
    assert three.width == one.width
    assert three.height < one.height
    explorer.orientation = "oblique"
    assert len(explorer.planes()) == 3
