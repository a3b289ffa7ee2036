"""The scene's page in a browser whose network is blocked: it draws, turns, and asks for nothing."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebridge import Scene
from scalebridge.widgets import Camera
from scalebridge.widgets.scene_page import axes_data, normals, scene_data, vtk_js
from scalebridge.widgets.scene_picture import apart
from scalebridge.widgets.space import Surface, ellipsoid

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, join_fine

JS = Path(__file__).parent / "js"
FLAGS = ("--no-sandbox", "--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist")


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    with beads(tmp_path_factory.mktemp("page")) as ws:
        join_fine(ws)
        yield ws


@pytest.fixture
def scene(ws):
    scene = Scene(ws, ["survey", "fine"], camera=Camera(azimuth_deg=25, elevation_deg=35))
    scene.explorer.linked = False
    scene.explorer.layer("survey").limits = (0.0, 100.0)
    scene.show_volume("fine", window=(20, 30), density=1.0, limits=(0, 90), color_map="orange")
    return scene


@pytest.fixture
def opened(scene, tmp_path, chromium):
    sync_api = pytest.importorskip("playwright.sync_api")
    path = scene.export_html(tmp_path / "scene.html")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 500, "height": 420})
        page.outside, page.faults = [], []
        page.on("pageerror", lambda error: page.faults.append(str(error)))

        def only_this(route: Any) -> None:
            if route.request.url == path.as_uri():
                return route.continue_()
            page.outside.append(route.request.url)
            return route.abort()

        page.route("**/*", only_this)
        page.goto(path.as_uri())
        page.wait_for_selector("#scene[data-drawn], #failed:not([hidden])", timeout=240_000)
        yield page
        browser.close()


def drawn(page: Any) -> np.ndarray:
    """What the browser shows of the scene."""
    picture = page.locator("#scene").screenshot(timeout=240_000)
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def test_the_page_draws_the_inset_where_it_stands_and_asks_for_nothing_outside(opened, scene):
    assert opened.locator("#failed").inner_text() == ""
    pixels = drawn(opened)
    height, width = pixels.shape[:2]
    plane = scene.camera.plane(
        scene.explorer.world.corners_um(),
        focus_um=scene.view_plane().centre_um,
        aspect=scene.aspect,
    )
    wide = max(plane.width_um, plane.height_um * width / height)
    middle = scene.explorer.world.corners_um(["fine"]).mean(axis=0) - plane.centre_um
    place = np.array([middle @ plane.across, middle @ plane.down]) * width / wide
    place += [width / 2, height / 2]
    orange = (pixels[..., 0] - pixels[..., 2]) > 40
    rows, columns = np.nonzero(orange)
    assert orange.sum() > 800
    assert np.hypot(columns.mean() - place[0], rows.mean() - place[1]) < 0.06 * width
    assert (pixels.sum(axis=2) > 100).mean() > 0.1  # the slice and its words
    assert opened.outside == []
    assert opened.faults == []


def test_a_drag_turns_the_scene_and_the_button_brings_the_first_view_back(opened):
    first = drawn(opened)
    box = opened.locator("#scene").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    opened.mouse.move(x, y)
    opened.mouse.down()
    opened.mouse.move(x + 120, y + 10, steps=4)
    opened.mouse.up()
    opened.wait_for_timeout(1500)
    turned = drawn(opened)
    assert (np.abs(turned - first).max(axis=2) > 40).mean() > 0.03
    opened.click("#home")
    opened.wait_for_timeout(1500)
    assert (np.abs(drawn(opened) - first).max(axis=2) > 40).mean() < 0.01


def test_the_page_says_what_is_seen_and_escapes_names(ws):
    scene = Scene(ws, ["survey"])
    page = scene.to_html(title="<script>alert(1)</script>")
    assert "<title>&lt;script&gt;" in page
    assert "survey, voxel" in page
    assert "http://" not in page.split("const packed")[0]
    assert "connect-src" not in page
    assert "default-src &#x27;none&#x27;" in page


def test_vtk_js_comes_with_panel():
    assert vtk_js().stat().st_size > 1_000_000


def test_positions_leave_for_the_browser_in_the_order_x_y_z(scene):
    data = scene_data(scene, scene.space())
    centre = scene.view_plane().centre_um
    assert data["camera"]["focus"] == pytest.approx(centre[::-1])
    block = scene.space().blocks[0]
    assert data["blocks"][0]["size"] == list(block.rgba.shape[2::-1])
    matrix = np.array(data["blocks"][0]["matrix"]).reshape(4, 4).T
    own = np.array([1.0, 2.0, 3.0])
    expected = block.matrix @ own + block.offset_um
    assert (matrix @ [*own[::-1], 1])[:3] == pytest.approx(expected[::-1])


def test_normals_point_out_of_a_ball():
    vertices, faces = ellipsoid((1, 2, 3), (2, 2, 2), np.eye(3))
    ball = Surface(name="", vertices_um=vertices, faces=faces, color="#ffffff")
    outwards = (vertices - (1, 2, 3)) / 2
    assert np.einsum("ij,ij->i", normals(ball), outwards).min() > 0.9


def test_each_axis_has_four_edges_and_ticks_at_round_numbers():
    corners = np.array([[0, 0, 0], [8, 30, 41]], float)
    axes = {axis["name"]: axis for axis in axes_data(corners)}
    assert [tick["words"] for tick in axes["x [µm]"]["ticks"]] == [
        "0",
        "5",
        "10",
        "15",
        "20",
        "25",
        "30",
        "35",
        "40",
    ]
    for axis in axes.values():
        ends = np.array(axis["ends"])
        assert ends.shape == (4, 2, 3)
        assert len(np.unique(ends.reshape(4, 6), axis=0)) == 4
        moved = np.abs(ends[:, 1] - ends[:, 0])
        assert (moved[:, axis["axis"]] > 0).all()
        assert (np.delete(moved, axis["axis"], axis=1) == 0).all()


def test_the_browser_spreads_names_as_python_does(tmp_path, node):
    wanted = [5.0, 5.0, 40.0, 39.0, -3.0, 49.5]
    script = tmp_path / "apart.mjs"
    source = Path(__file__).parents[2] / "src/widgets/js/scene_words.js"
    script.write_text(
        f"import {{ apart }} from {json.dumps(source.as_uri())};\n"
        f"console.log(JSON.stringify(apart({wanted}, 6, 0, 50)));\n"
    )
    said = subprocess.run([node, str(script)], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == pytest.approx(apart(wanted, gap=6, low=0, high=50))
