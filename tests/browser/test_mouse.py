"""What a mouse does in the widgets, each gesture once in JupyterLab, and what Python has of it."""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scalebridge import SliceExplorer, Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from asking import click, named, opened, pixel_um, placed, press, python, settle, view
from driving import until
from specimens import BEADS_UM, beads, join_fine

EXPLORER, PICKER, SLIDERS, TARGETS, TRAINED = 1, 2, 3, 4, 5
AUTO = "explorer.layer('survey').limits == 'auto'"
COUNTED = (
    "[__import__('scalebridge.widgets.coarse', fromlist=['x'])"
    ".coarse_copy(explorer.world.placed(explorer.layers)[0]).histogram[k] for k in ('low', 'high')]"
)
LENS_PX, LENS_TIMES = 120, 4  # as `tools.js` has them
# Label images are written a plane at a time, as onto a slow disk.
SLOW_DISK = """
import time
from scalebridge.widgets import applied
applied._SLAB_VOXELS, slabs, pause_s = 1, applied._slabs, 0.8
def slowly(labels):
    for slab in slabs(labels):
        time.sleep(pause_s)
        yield slab
applied._slabs = slowly
"""


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    with beads(tmp_path_factory.mktemp("mouse")) as ws:
        join_fine(ws)
        flat = named(BEADS_UM[0] - [6.0, 5.0, 5.0])
        ws.landmarks.add(
            moving_frame="view", fixed_frame="survey", moving=flat, fixed=named(BEADS_UM[0])
        )
        half = named((2.0, 3.0, 4.0))
        ws.targets.add(name="T1", frame="survey", position=named((7.0, 15.0, 18.0)), half_size=half)
        return ws.path


@pytest.fixture(scope="module")
def page(specimen, tmp_path_factory, server, chromium):
    cells = [
        "explorer = SliceExplorer(ws, ['survey', 'fine'], crosshair=False)\nexplorer",
        "picker = LandmarkPicker(ws, moving='view', fixed='survey')\npicker",
        f"{SLOW_DISK}sliders = SegmentationSliders(ws, 'survey', thresholds=(100.0,))\nsliders",
        "targets = TargetPicker(ws, 'survey', selected='T1')\ntargets",
        "trained = TrainableSegmentation(ws, 'survey', trees=10)\n"
        "trained.name_classes('ground', 'bead')\n"
        f"trained.explorer.cursor_um = {named(BEADS_UM[0])}\ntrained",
    ]
    with opened(specimen, cells, tmp_path_factory, server, chromium) as page:
        yield page


def cell_of(page, number):
    return page.locator(".jp-CodeCell").nth(number)


def canvas_of(page, number, *, nth=0):
    canvas = cell_of(page, number).locator(".sb-plane canvas.sb-canvas").nth(nth)
    assert until(lambda: canvas.get_attribute("data-view"), page)
    canvas.scroll_into_view_if_needed()
    settle(page, canvas)
    return canvas


def undo(page, number):
    cell_of(page, number).locator("button", has_text="undo").first.click()


def spot(canvas, place):
    """Where a position of the specimen is seen, in pixels of the page."""
    box, seen = canvas.bounding_box(), view(canvas)
    away = np.asarray(place) - seen["centre_um"]
    u = away @ seen["across"] / seen["width_um"] + 0.5
    v = away @ seen["down"] / seen["width_um"] / seen["aspect"] + 0.5
    return box["x"] + u * box["width"], box["y"] + v * box["height"]


def drag(page, start, end, *, let_go=True):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    if let_go:
        page.mouse.up()


def pixels(canvas):
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.asarray(picture.convert("RGB"), float)


def test_a_line_of_a_histogram_is_dragged_to_a_contrast_and_undone(page):
    canvas, side = canvas_of(page, EXPLORER), cell_of(page, EXPLORER).locator(".sb-side")
    side.locator(".sb-name", has_text="survey").click()
    histogram = side.locator(".sb-layer-histogram")
    limits = "list(explorer.layer('survey').limits)"
    assert python(page, AUTO)
    before = pixels(canvas)
    marks = [
        float(word)
        for word in histogram.get_attribute("aria-label").split("lines at ")[1].split(", ")
    ]
    least, most = python(page, COUNTED)
    histogram.scroll_into_view_if_needed()
    box = histogram.bounding_box()
    middle = box["y"] + box["height"] / 2
    line = box["x"] + (marks[1] - least) / (most - least) * box["width"]
    drag(page, (line, middle), (line + 0.3 * box["width"], middle))
    assert until(lambda: np.abs(pixels(canvas) - before).mean() > 0.5, page)  # it is darker
    assert until(lambda: not python(page, AUTO), page)
    low, high = python(page, limits)
    assert low == pytest.approx(marks[0], rel=1e-3)
    assert high == pytest.approx(marks[1] + 0.3 * (most - least), abs=0.02 * (most - least))
    canvas.focus()
    press(page, "z")
    assert until(lambda: python(page, AUTO), page)
    side.locator(".sb-name", has_text="survey").click()
    assert until(lambda: abs(pixels(canvas).mean() / before.mean() - 1) < 0.01, page)


def test_the_split_is_dragged(page):
    canvas = canvas_of(page, EXPLORER)
    mode = cell_of(page, EXPLORER).locator(".sb-side select").first
    mode.select_option("split")
    assert until(lambda: canvas.get_attribute("data-how").startswith("split"), page)
    box = canvas.bounding_box()
    half = box["y"] + box["height"] / 2
    drag(page, (box["x"] + 0.5 * box["width"], half), (box["x"] + 0.25 * box["width"], half))
    assert until(lambda: python(page, "explorer.split") == pytest.approx(0.25, abs=0.01), page)
    mode.select_option("blend")


def test_flicker_shows_the_uppermost_layer_and_what_lies_below_in_turn(page):
    canvas = canvas_of(page, EXPLORER)
    mode = cell_of(page, EXPLORER).locator(".sb-side select").first
    mode.select_option("flicker")
    assert until(lambda: canvas.get_attribute("data-how").startswith("flicker"), page)
    settle(page, canvas)
    seen = set()
    for _ in range(12):
        seen.add(canvas.evaluate("canvas => canvas.toDataURL()"))
        page.wait_for_timeout(170)
    assert len(seen) == 2
    mode.select_option("blend")


def test_the_panel_fills_the_screen_and_comes_back(page):
    canvas = canvas_of(page, EXPLORER)
    small = canvas.bounding_box()["width"]
    canvas.focus()
    press(page, "f")
    assert until(lambda: page.evaluate("Boolean(document.fullscreenElement)"), page)
    assert until(lambda: canvas.bounding_box()["width"] != small, page)
    settle(page, canvas)
    canvas.focus()
    press(page, "f")
    assert until(lambda: not page.evaluate("Boolean(document.fullscreenElement)"), page)
    assert until(lambda: canvas.bounding_box()["width"] == small, page)


def test_the_picture_is_saved_at_print_size(page, specimen, tmp_path):
    canvas = canvas_of(page, EXPLORER)
    canvas.focus()
    with page.expect_download() as saving:
        press(page, "s")
    saving.value.save_as(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.width >= 2400
        printed = np.asarray(picture.convert("RGB"), float)
    with Workspace.open(specimen) as ws:
        explorer = SliceExplorer(ws, ["survey", "fine"], crosshair=False)
        state = python(page, "[explorer.cursor_um, explorer.width_um, explorer.aspect]")
        explorer.cursor_um, explorer.width_um, explorer.aspect = state
        told = np.asarray(explorer.snapshot(2400).convert("RGB"), float)
    assert printed.shape == told.shape
    assert np.abs(printed - told).mean() < 0.5


def test_a_lens_shows_four_times_larger_what_is_dragged(page):
    canvas = canvas_of(page, PICKER, nth=1)
    cell_of(page, PICKER).locator(".sb-table tbody tr").first.locator("td").nth(2).click()
    settle(page, canvas)
    before, box = pixels(canvas), canvas.bounding_box()
    ratio = before.shape[1] / box["width"]
    start = spot(canvas, BEADS_UM[0])
    end = (start[0] + 24, start[1] + 16)
    drag(page, start, end, let_go=False)
    page.wait_for_timeout(1000)
    held = pixels(canvas)
    right = (end[0] - box["x"]) / box["width"] < 0.5
    side = int(LENS_PX * ratio)
    corner = np.s_[:side, -side:] if right else np.s_[:side, :side]
    lens = held[corner]
    x, y = (np.array(end) - (box["x"], box["y"])) * ratio
    far = side // (2 * LENS_TIMES)  # of the lens's edge on the picture
    around = before[int(y) - far : int(y) + far, int(x) - far : int(x) + far]
    small = np.asarray(
        Image.fromarray(lens.astype(np.uint8)).resize(around.shape[1::-1], Image.Resampling.BOX),
        float,
    )
    apart = np.abs(small - around).mean(axis=2)
    assert np.median(apart) < 8  # the cross, the frame and marks on the picture differ
    assert np.abs(lens - before[corner]).mean() > 5
    page.mouse.up()
    assert until(lambda: cell_of(page, PICKER).get_by_text("moved L1").count(), page)
    undo(page, PICKER)
    moved = "[pair.fixed for pair in ws.landmarks][0]"
    assert until(lambda: np.allclose(placed(python(page, moved)), BEADS_UM[0]), page)


def test_a_point_snaps_to_the_bead_only_when_it_is_told_to(page):
    cell, canvas = cell_of(page, PICKER), canvas_of(page, PICKER, nth=1)
    beside = spot(canvas, BEADS_UM[0] + [0, 0.8, 0.7])
    page.mouse.click(*beside)
    clicked = placed(python(page, "picker.fixed_view.cursor_um"))
    cell.locator("select").filter(has_text="maximum").select_option("maximum")
    cell.locator("button", has_text="crosshair").click()
    assert until(lambda: cell.get_by_text("press 'move there' to take it").count(), page)
    assert placed(python(page, "picker.fixed_view.cursor_um")) == pytest.approx(clicked)
    cell.get_by_role("button", name="move there").click()
    assert until(lambda: cell.get_by_text("moved: ").count(), page)
    snapped = placed(python(page, "picker.fixed_view.cursor_um"))
    assert np.linalg.norm(snapped - BEADS_UM[0]) < 0.6 < np.linalg.norm(clicked - BEADS_UM[0])


def test_lasso_eraser_and_fill_correct_the_labels_and_are_undone(page):
    canvas = canvas_of(page, SLIDERS, nth=1)
    strokes = "[dict(stroke) for stroke in sliders.corrections]"
    box = canvas.bounding_box()

    def at(u, v):
        return box["x"] + u * box["width"], box["y"] + v * box["height"]

    canvas.focus()
    press(page, "q")
    page.mouse.move(*at(0.3, 0.3))
    page.mouse.down()
    for corner in ((0.5, 0.3), (0.5, 0.5), (0.3, 0.5), (0.3, 0.3)):
        page.mouse.move(*at(*corner), steps=5)
    page.mouse.up()
    assert until(lambda: len(python(page, strokes)) == 1, page)
    (lasso,) = python(page, strokes)
    seen = view(canvas)
    points = np.array(lasso["points_um"])
    assert lasso["tool"] == "lasso"
    wide = np.ptp(points @ np.array(seen["across"])), np.ptp(points @ np.array(seen["down"]))
    assert wide == pytest.approx(
        (0.2 * seen["width_um"], 0.2 * seen["width_um"] * seen["aspect"]), rel=0.05
    )
    canvas.focus()
    press(page, "e")
    click(canvas, 0.4, 0.4)
    press(page, "g")
    click(canvas, 0.8, 0.8)
    assert until(lambda: len(python(page, strokes)) == 3, page)
    _, erased, filled = python(page, strokes)
    assert (erased["tool"], erased["label"]) == ("brush", None)
    assert (filled["tool"], filled["label"]) == ("fill", lasso["label"])
    canvas.focus()
    press(page, "Escape", "z", "z", "z")
    assert until(lambda: python(page, strokes) == [], page)


def test_scribbles_become_classes_on_the_plane_and_a_record(page):
    scribbled, classes = (canvas_of(page, TRAINED, nth=nth) for nth in (0, 1))
    cell = cell_of(page, TRAINED)
    names = cell.locator(".sb-select").first
    bare = pixels(classes)
    scribbled.focus()
    press(page, "p")
    z, y, x = bead = BEADS_UM[0]
    for label, row, column in ((0, y + 8, x), (0, y + 13, x - 3), (1, y, x), (1, y, x)):
        names.select_option(index=label)
        drag(page, *(spot(scribbled, (z, row, column + way)) for way in (-0.4, 0.4)))
    assert until(lambda: cell.get_by_text("left-out strokes").count(), page), cell.inner_text()
    strokes = python(page, "[dict(stroke) for stroke in trained.scribbles]")
    assert [stroke["label"] for stroke in strokes] == [0, 0, 1, 1]
    assert {stroke["tool"] for stroke in strokes} == {"pen"}
    settle(page, classes)
    changed = np.abs(pixels(classes) - bare).max(axis=-1) > 20
    x, y = np.subtract(spot(classes, bead), [classes.bounding_box()[k] for k in "xy"])
    times = changed.shape[1] / classes.bounding_box()["width"]
    row, column = round(y * times), round(x * times)
    assert changed[row - 2 : row + 3, column - 2 : column + 3].any()
    cell.locator("button", has_text="save").click()
    assert until(lambda: cell.get_by_text("saved as survey_classes").count(), page)
    again = "TrainableSegmentation(ws, 'survey', record='survey_classes')"
    same = f"(lambda a: bool((a.source().shape == trained.source().shape) and a.saved))({again})"
    assert python(page, same)
    scribbled.focus()
    press(page, "Escape", "z", "z", "z", "z", "z")
    assert until(lambda: python(page, "len(trained.scribbles)") == 0, page)


def test_a_face_and_the_middle_of_a_targets_box_are_dragged(page, specimen):
    canvas = canvas_of(page, TARGETS)
    place, half = np.array([7.0, 15.0, 18.0]), np.array([2.0, 3.0, 4.0])
    pixel = pixel_um(canvas)

    def record():
        with Workspace.open(specimen) as ws:
            target = ws.targets["T1"]
            return placed(target.position), placed(target.half_size)

    start = spot(canvas, place + half * [0, 0, 1])
    drag(page, start, (start[0] + 20, start[1] + 3))
    assert until(lambda: not np.allclose(record()[1], half), page)
    np.testing.assert_allclose(record()[0], place)
    np.testing.assert_allclose(record()[1], half + 20 * pixel * np.array([0, 0, 1]), atol=2 * pixel)
    settle(page, canvas)
    start = spot(canvas, place)
    drag(page, start, (start[0] - 15, start[1] + 10))
    assert until(lambda: not np.allclose(record()[0], place), page)
    np.testing.assert_allclose(record()[0] - place, [0, 10 * pixel, -15 * pixel], atol=2 * pixel)
    undo(page, TARGETS)
    assert until(lambda: np.allclose(record()[0], place), page)
    undo(page, TARGETS)
    assert until(lambda: np.allclose(record(), (place, half)), page)


def test_applying_shows_how_far_it_is_and_is_cancelled_without_a_trace(page):
    cell = cell_of(page, SLIDERS)
    cell.locator("button", has_text=re.compile("^ ?save$")).click()
    apply, cancel = (cell.locator("button", has_text=name) for name in ("apply", "cancel"))
    bar = cell.locator(".widget-hprogress").last
    assert until(apply.is_enabled, page)
    names = "[image.name for image in ws.images]"
    before = python(page, names)
    apply.click()
    assert until(cancel.is_visible, page)
    assert until(lambda: cell.get_by_text("%").count(), page)
    assert bar.is_visible()
    assert apply.is_disabled()
    cancel.click()
    assert until(lambda: cell.get_by_text("cancelled").count(), page)
    assert not cancel.is_visible()
    assert python(page, names) == before
    assert python(page, "globals().update(pause_s=0)") is None
    apply.click()
    assert until(lambda: cell.get_by_text("labels written as").count(), page)
    (made,) = set(python(page, names)) - set(before)
    assert python(page, f"ws.images[{made!r}].labels")
