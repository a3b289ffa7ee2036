"""A bar of the histogram lights its objects, and nothing but them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import SizeBrush, Workspace
from scalebridge.errors import Uncalibrated
from scalebridge.widgets.size_bars import SizeBars, bars_svg, lit_bars
from scalebridge.widgets.size_brush_picture import here_words
from scalebridge.widgets.size_panel import SizePanel
from scalebridge.widgets.sized_objects import LIT, OTHER, UNCOUNTED
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import write

SPACING = (2.0, 1.0, 1.0)
ORIGIN = (10.0, 0.0, 5.0)
CUBES = {(2, 2, 2): 2, (2, 8, 2): 2, (2, 2, 10): 3, (2, 8, 12): 4, (8, 10, 10): 6}
CUT, SPECK = (slice(0, 3), slice(20, 24), slice(20, 24)), (10, 2, 20)


def phase() -> np.ndarray:
    """Five whole blocks of four sizes, one that the border cuts and a speck."""
    found = np.zeros((18, 28, 30), bool)
    for start, side in CUBES.items():
        found[tuple(slice(s, s + side) for s in start)] = True
    found[CUT] = True
    found[SPECK] = True
    return found


def diameter(side: int) -> float:
    return float(np.cbrt(6 / np.pi * side**3 * np.prod(SPACING)))


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with Workspace.create(tmp_path_factory.mktemp("brush") / "ws") as ws:
        grey = (200 - 120 * phase()).astype(np.uint8)
        write(ws, "rock", grey, spacing_um=SPACING, origin_um=ORIGIN)
        write(ws, "picture", grey[3], spacing_um=(1.0, 1.0))
        write(ws, "unknown", grey[3], spacing_um=None, spacing_source=None)
        yield ws


@pytest.fixture
def brush(ws: Any) -> SizeBrush:
    return SizeBrush(ws, "rock", phase(), name="pore", bins=6)


def test_the_objects_are_the_whole_ones_that_have_a_size(brush: SizeBrush) -> None:
    assert brush.diameters_um == pytest.approx([diameter(side) for side in (6, 4, 3, 2, 2)])
    assert len(brush.objects.table) == 7
    assert brush.words() == "5 objects, none lit"


def test_a_bar_lights_its_objects_and_no_others(brush: SizeBrush) -> None:
    brush.light(diameter(2))
    assert brush.lit()["equivalent_diameter_um"].tolist() == pytest.approx([diameter(2)] * 2)
    drawn = np.asarray(brush.drawn_objects.levels[0].array[:, :, :])
    expected = np.where(phase(), OTHER, 0)
    expected[CUT] = expected[SPECK] = UNCOUNTED
    for start, side in CUBES.items():
        if side == 2:
            expected[tuple(slice(s, s + side) for s in start)] = LIT
    assert np.array_equal(drawn, expected)


def test_every_object_belongs_to_exactly_one_bar(brush: SizeBrush) -> None:
    numbers: list[int] = []
    for low, high in zip(brush.edges_um[:-1], brush.edges_um[1:], strict=True):
        brush.light(float(np.sqrt(low * high)))
        numbers += brush.lit()["object"].tolist()
    assert sorted(numbers) == sorted(brush.objects.counted["object"])


def test_the_way_goes_from_the_largest_lit_object_on_and_round(brush: SizeBrush) -> None:
    with pytest.raises(ValueError, match="no object is lit: choose a bar"):
        brush.go_on()
    brush.light(0, 1e3)
    order = brush.lit()["object"].tolist()
    assert [brush.go_on() for _ in range(6)] == [*order, order[0]]
    assert brush.go_on(-1) == order[-1]
    row = brush.here()
    assert row is not None
    assert row["object"] == order[-1]
    middle = np.array([8 + 2.5, 10 + 2.5, 10 + 2.5]) * SPACING + ORIGIN
    brush.go_to(order[0])
    off = np.abs(np.array(list(brush.explorer.cursor_um.values())) - middle)
    assert np.all(off <= np.array(SPACING) / 2 + 1e-9)


def test_the_cursor_tells_the_object_and_whether_it_counts(brush: SizeBrush) -> None:
    def at(z: int, y: int, x: int) -> str:
        place = np.array((z, y, x)) * SPACING + ORIGIN
        brush.explorer.cursor_um = dict(zip(("z_um", "y_um", "x_um"), place, strict=True))
        return here_words(brush)

    assert at(15, 25, 2) == "no object at the cursor"
    assert at(9, 11, 11).endswith("at the cursor: 9.38 µm")
    assert "cut by the border and not counted" in at(1, 21, 21)
    assert "a speck that is not counted" in at(*SPECK)


def test_a_bent_object_is_gone_to_where_it_is(ws: Any) -> None:
    bent = np.zeros(phase().shape, bool)
    bent[4, 4:20, 4] = bent[4, 4, 4:20] = bent[4, 19, 4:20] = True
    brush = SizeBrush(ws, "rock", bent)
    brush.go_to(1)
    row = brush.here()
    assert row is not None
    assert row["object"] == 1


def test_what_is_lit_is_undone_step_by_step(brush: SizeBrush) -> None:
    brush.light(3.2)
    brush.light(5.0, 9.0)
    assert brush.undo() == "what is lit"
    assert brush.range_um is not None
    assert brush.range_um[0] <= 3.2 < brush.range_um[1]
    brush.undo()
    assert brush.range_um is None
    brush.redo()
    assert brush.range_um is not None


def test_a_picture_without_depth_is_brushed_too(ws: Any) -> None:
    brush = SizeBrush(ws, "picture", phase()[3])
    brush.light(0, 100)
    assert brush.lit()["area_um2"].tolist() == [16.0, 9.0]  # those of four pixels are specks
    assert brush.snapshot(400).size[0] == 400


def test_what_cannot_be_brushed_is_refused_in_words(ws: Any, brush: SizeBrush) -> None:
    with pytest.raises(ValueError, match=r"needs the grid of rock, \(18, 28, 30\), got \(2, 2\)"):
        SizeBrush(ws, "rock", np.ones((2, 2), bool))
    with pytest.raises(ValueError, match="needs a voxel that is in it"):
        SizeBrush(ws, "rock", np.zeros((18, 28, 30), bool))
    with pytest.raises(ValueError, match="lies whole in rock and is no speck, got none among 1"):
        SizeBrush(ws, "rock", np.ones((18, 28, 30), bool))
    with pytest.raises(Uncalibrated):
        SizeBrush(ws, "unknown", phase()[3])
    with pytest.raises(ValueError, match="needs to be that of an object in lit"):
        brush.go_to(99)
    with pytest.raises(TraitError, match="least and a larger largest size"):
        brush.range_um = (5.0, 2.0)
    with pytest.raises(TraitError, match="bins needs 2 to 60"):
        brush.bins = 1


def test_a_drag_in_the_browser_lights_whole_bars(brush: SizeBrush) -> None:
    bars = SizeBars(brush, guard=Message().guard)
    bars._hear({"kind": "brushed", "bars": [4, 2]})
    assert brush.range_um == pytest.approx((brush.edges_um[2], brush.edges_um[5]))
    bars.redraw()
    assert bars.lit == [2, 4] == lit_bars(brush)
    bars._hear({"kind": "brushed", "bars": [0, 99]})
    assert len(brush.lit()) == 5
    bars._hear({"kind": "brushed", "bars": []})
    assert brush.range_um is None
    assert lit_bars(brush) == []
    with pytest.raises(ValueError, match="hears which bars were brushed"):
        bars._hear({"kind": "brushed", "bars": [1]})


def test_the_bars_say_their_counts_and_where_the_cursor_is(brush: SizeBrush) -> None:
    brush.explorer.cursor_um = {"z_um": 10.0, "y_um": 0.0, "x_um": 5.0}
    assert "here:" not in bars_svg(brush)
    brush.go_to(int(brush.objects.counted["object"].iloc[0]))
    said = bars_svg(brush)
    assert "here: 9.38 µm" in said
    assert said.count("<rect") == 2 * brush.bins
    brush.name = "<b>pore</b>"
    assert "<b>" not in bars_svg(brush)


def test_the_browser_gets_the_labels_of_the_plane(brush: SizeBrush) -> None:
    brush.light(diameter(6))
    brush.go_on()
    panel = SizePanel(brush, guard=Message().quiet)
    _image, objects = panel.drawn()
    assert objects.spec["mode"] == "labels"
    assert objects.spec["volume"] == ""
    plane = brush.explorer.plane()
    pixels = np.frombuffer(objects.patch(plane, 60, 45) or b"", np.uint8).reshape(45, 60, 4)
    inside = pixels[..., 3] == 255
    assert set(np.unique(pixels[..., 0][inside])) == {0, LIT, UNCOUNTED}
    before = objects.spec["key"]
    brush.put_out()
    assert panel.drawn()[1].spec["key"] != before
