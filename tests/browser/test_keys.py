"""A person without a mouse, and one who cuts any plane without code, in JupyterLab."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from asking import click, named, opened, pixel_um, placed, press, python, settle, view
from driving import until
from specimens import BEADS_UM, beads, fine_to_survey, join_fine

PLANE = "[list(explorer.cursor_um.values()), *map(list, (explorer.across, explorer.down))]"


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    with beads(tmp_path_factory.mktemp("keys")) as ws:
        join_fine(ws)
        flat = named(BEADS_UM[0] - [6.0, 5.0, 5.0])
        ws.landmarks.add(
            moving_frame="view", fixed_frame="survey", moving=flat, fixed=named(BEADS_UM[0])
        )
        return ws.path


@pytest.fixture(scope="module")
def page(specimen, tmp_path_factory, server, chromium):
    """One notebook with an explorer, a landmark picker, sliders and a cell to ask Python in."""
    explorer = "explorer = SliceExplorer(ws, ['survey', 'fine'])\nexplorer"
    picker = "picker = LandmarkPicker(ws, moving='view', fixed='survey')\npicker"
    sliders = "sliders = SegmentationSliders(ws, 'survey', thresholds=(100.0,))\nsliders"
    with opened(specimen, [explorer, picker, sliders], tmp_path_factory, server, chromium) as page:
        yield page


@pytest.fixture
def canvas(page):
    """The explorer's first plane, whole and along z, with the focus."""
    canvas = page.locator(".jp-CodeCell").nth(1).locator(".sb-canvas").first
    assert until(lambda: canvas.get_attribute("data-view"), page)
    canvas.focus()
    for key in ("Escape", "1", "0"):
        page.keyboard.press(key)
    settle(page, canvas)
    return canvas


def test_three_clicks_on_three_slices_give_the_plane_through_them(page, canvas):
    press(page, "t")
    clicked = []
    for steps, place in ((0, (0.3, 0.3)), (3, (0.6, 0.4)), (-5, (0.4, 0.7))):
        press(page, *["Shift+PageUp" if steps > 0 else "Shift+PageDown"] * abs(steps))
        settle(page, canvas)
        clicked.append(click(canvas, *place))
    assert until(lambda: abs(view(canvas)["across"][0]) > 1e-3, page)
    settle(page, canvas)
    cursor, across, down = np.array(python(page, PLANE))
    np.testing.assert_allclose(cursor, clicked[0], atol=1.5 * pixel_um(canvas))
    normal = np.cross(across, down)
    wanted = np.cross(clicked[1] - clicked[0], clicked[2] - clicked[0])
    assert abs(wanted[0]) < 0.999 * np.linalg.norm(wanted)  # it is tilted
    assert abs(normal @ wanted) / np.linalg.norm(wanted) > math.cos(math.radians(1))
    np.testing.assert_allclose(view(canvas)["across"], across, atol=1e-12)


def test_three_points_on_a_line_are_refused_in_words(page, canvas):
    before = python(page, PLANE)
    canvas.focus()
    press(page, "t", "Space", *["Shift+ArrowRight"] * 2, "Space", *["Shift+ArrowRight"] * 2)
    press(page, "Space")
    assert until(lambda: page.get_by_text("three points that are not on a line").count(), page)
    assert python(page, PLANE)[1:] == before[1:]


def test_a_button_of_its_layer_goes_to_the_face_of_an_image(page, canvas):
    side = page.locator(".jp-CodeCell").nth(1).locator(".sb-side")
    side.locator(".sb-name", has_text="fine").click()
    side.get_by_role("button", name="its face").click()
    assert until(lambda: abs(view(canvas)["across"][0]) > 1e-3, page)
    side.locator(".sb-name", has_text="fine").click()
    cursor, across, down = np.array(python(page, PLANE))
    turn = fine_to_survey().matrix
    np.testing.assert_allclose([across, down], turn[:, :0:-1].T, atol=1e-6)
    own = fine_to_survey().inverse_apply(cursor[None])[0]
    np.testing.assert_allclose(own, [0, -0.05, -0.05], atol=1e-6)


def test_alt_and_arrows_turn_the_plane_about_the_crosshair(page, canvas):
    cursor = python(page, PLANE)[0]
    canvas.focus()
    press(page, "Alt+ArrowRight", "Alt+ArrowRight", "Alt+Shift+ArrowUp")
    after, across, down = python(page, PLANE)
    assert after == cursor
    assert across[2] == pytest.approx(math.cos(math.radians(4)), abs=1e-9)
    assert down[1] == pytest.approx(math.cos(math.radians(10)), abs=1e-9)
    assert "asking.ipynb" in page.url


def test_a_distance_is_measured_and_its_end_moved_without_a_mouse(page, canvas, specimen):
    def ends():
        with Workspace.open(specimen) as ws:
            return [np.array([placed(point) for point in one.points]) for one in ws.annotations]

    press(page, "d", "Space", *["Shift+ArrowRight"] * 6, "Space")
    assert until(lambda: len(ends()) == 1, page)
    pixel, (first, last) = pixel_um(canvas), ends()[0]
    np.testing.assert_allclose(last - first, [0, 0, 60 * pixel], rtol=1e-6)
    settle(page, canvas)
    press(page, "ArrowUp", "m", "Shift+ArrowDown", "Shift+ArrowDown", "ArrowRight", "Enter")
    assert until(lambda: not np.array_equal(ends()[0][1], last), page)
    moved = ends()[0]
    np.testing.assert_array_equal(moved[0], first)
    np.testing.assert_allclose(moved[1] - last, [0, 20 * pixel, pixel], rtol=1e-6, atol=1e-9)
    settle(page, canvas)
    press(page, "m", "Shift+ArrowDown", "Escape")
    page.wait_for_timeout(500)
    np.testing.assert_array_equal(ends()[0], moved)
    assert python(page, "explorer.annotation_table()['value'].tolist()") == [
        pytest.approx(np.linalg.norm(moved[1] - moved[0]))
    ]


def test_a_note_is_written_at_the_crosshair_and_the_keys_go_on(page, canvas):
    press(page, "n", "Space")
    page.keyboard.type("dark spot")
    press(page, "Enter")
    notes = "[note.text for note in ws.notes]"
    assert canvas.evaluate("canvas => canvas.matches(':focus')")
    assert python(page, notes) == ["dark spot"]
    canvas.focus()
    press(page, "z")
    assert until(lambda: python(page, notes) == [], page)


def test_brackets_move_the_split(page, canvas):
    side = page.locator(".jp-CodeCell").nth(1).locator(".sb-side")
    side.locator("select").first.select_option("split")
    assert until(lambda: canvas.get_attribute("data-how").startswith("split"), page)
    canvas.focus()
    press(page, *"]]]]]", "[")
    page.wait_for_timeout(400)
    assert python(page, "[explorer.compare, explorer.split]") == ["split", 0.58]
    canvas.focus()
    press(page, *"[[[")
    page.wait_for_timeout(400)
    assert python(page, "explorer.split") == 0.52
    side.locator("select").first.select_option("blend")


def test_a_landmark_is_taken_moved_and_dropped_by_keys(page, canvas, specimen):
    cell = page.locator(".jp-CodeCell").nth(2)
    cell.locator(".sb-table tbody tr").first.locator("td").nth(2).click()
    fixed = cell.locator(".sb-canvas").nth(1)
    settle(page, fixed)
    before = pixel_um(fixed)
    fixed.focus()
    press(page, "m", "Shift+ArrowLeft", "ArrowUp", "ArrowUp", "Enter")
    assert until(lambda: cell.get_by_text("moved L1 in the fixed image").count(), page)
    with Workspace.open(specimen) as ws:
        (pair,) = ws.landmarks
    shift = placed(pair.fixed) - BEADS_UM[0]
    np.testing.assert_allclose(shift, [0, -2 * before, -10 * before], rtol=1e-6, atol=1e-9)


def test_the_brush_dabs_at_the_crosshair(page, canvas):
    phases = page.locator(".jp-CodeCell").nth(3).locator(".sb-canvas").nth(1)
    settle(page, phases)
    phases.focus()
    press(page, "p", "Shift+ArrowRight", "Space")
    strokes = "[dict(stroke) for stroke in sliders.corrections]"
    assert until(lambda: len(python(page, strokes)) == 1, page)
    (stroke,) = python(page, strokes)
    cursor = python(page, "sliders.explorer.cursor_um")
    assert stroke["tool"] == "brush"
    assert stroke["points_um"][0] == pytest.approx(placed(cursor).tolist())


def test_a_lasso_goes_from_corner_to_corner(page, canvas):
    phases = page.locator(".jp-CodeCell").nth(3).locator(".sb-canvas").nth(1)
    settle(page, phases)
    phases.focus()
    strokes = "[dict(stroke) for stroke in sliders.corrections if stroke['tool'] == 'lasso']"
    press(page, "q", "Space", *["Shift+ArrowRight"] * 4, "Space", "ArrowUp", "Space", "Backspace")
    press(page, *["Shift+ArrowDown"] * 4, "Space", "Enter")
    assert until(lambda: len(python(page, strokes)) == 1, page)
    first, second, third = np.array(python(page, strokes)[0]["points_um"])
    pixel = pixel_um(phases)
    np.testing.assert_allclose(second - first, [0, 0, 40 * pixel], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(third - second, [0, 39 * pixel, 0], rtol=1e-6, atol=1e-9)
    phases.focus()
    press(page, "Space", "Escape", "z")  # a corner that is given up is no stroke
    assert until(lambda: python(page, strokes) == [], page)
    press(page, "Escape")


def test_the_cube_is_dragged_and_an_axis_of_it_clicked(page, canvas):
    cube = page.locator(".jp-CodeCell").nth(1).locator(".sb-cube")
    box = cube.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 30, middle[1] - 12, steps=4)
    page.mouse.up()
    azimuth, elevation = -0.6 - math.radians(30), 0.5 - math.radians(12)
    sine, cosine = math.sin(azimuth), math.cos(azimuth)
    arm = 0.31 * box["width"]  # a letter stands 0.62 of the longest side from the middle
    letters = {
        "yz": (arm * cosine, arm * math.sin(elevation) * sine),
        "xz": (-arm * sine, arm * math.sin(elevation) * cosine),
        "xy": (0, arm * math.cos(elevation)),
    }
    for plane, (right, below) in letters.items():
        page.mouse.click(middle[0] + right, middle[1] + below)
        assert until(lambda plane=plane: name_of(view(canvas)) == plane, page, seconds=10)
        assert python(page, "explorer.orientation") == plane


def name_of(seen):
    axes = {(2, 1): "xy", (2, 0): "xz", (1, 0): "yz"}
    return axes[tuple(int(np.argmax(np.abs(seen[name]))) for name in ("across", "down"))]
