from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.path import Path as Outline
from scipy.spatial import ConvexHull
from traitlets import TraitError

from scalebridge import Scene, SliceExplorer, Workspace
from scalebridge.analysis.registration import AffineTransform, confidence_region
from scalebridge.analysis.targeting import target_plan
from scalebridge.errors import Uncalibrated
from scalebridge.widgets import Camera, Volume, axis_plane
from scalebridge.widgets.camera import VIEWS
from scalebridge.widgets.compose import GROUND
from scalebridge.widgets.label_surfaces import Labelled, LabelSurfaces, surfaces_of
from scalebridge.widgets.scene import draw
from scalebridge.widgets.scene_picture import draw_names, scene_panel
from scalebridge.widgets.scene_view import can_serve, served
from scalebridge.widgets.slices3d import outline
from scalebridge.widgets.space import Space, Surface, ellipsoid
from scalebridge.widgets.stage import render
from scalebridge.widgets.volumes import affine_of

sys.path.insert(0, str(Path(__file__).parent))
from specimens import BEADS_UM, OFFSET_UM, beads, fine_to_survey, join_fine, write

WIDE = 320


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with beads(tmp_path_factory.mktemp("scene")) as ws:
        join_fine(ws)
        yield ws


def named(point: Any) -> dict[str, float]:
    return dict(zip(("z_um", "y_um", "x_um"), map(float, point), strict=True))


def pixels_of(scene: Scene) -> np.ndarray:
    """The picture alone, without words."""
    plane = scene.view_plane()
    return render(scene.space(), plane, width_px=WIDE, height_px=plane.height_px(WIDE)).astype(int)


def coloured(pixels: np.ndarray, least: int = 25) -> np.ndarray:
    return np.ptp(pixels, axis=2) > least


def within(points_px: np.ndarray, shape: tuple[int, ...], grown: float = 0.0) -> np.ndarray:
    """Pixels in the hull of some places, grown by some pixels."""
    hull = points_px[ConvexHull(points_px).vertices]
    rows, columns = np.indices(shape[:2])
    places = np.column_stack([columns.ravel(), rows.ravel()]) + 0.5
    # matplotlib grows outlines that run counter-clockwise and shrinks others
    return Outline(hull).contains_points(places, radius=grown).reshape(shape[:2])


def bare(scene: Scene) -> Scene:
    scene.boxes = scene.targets = scene.axes = scene.slices = False
    return scene


# -- the camera ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("view", "plane"), [("top", "xy"), ("front", "xz")])
def test_named_views_look_at_the_planes_of_these_names(view, plane):
    seen = axis_plane(plane, centre_um=(0, 0, 0), width_um=1, height_um=1)
    np.testing.assert_allclose(VIEWS[view].across, seen.across, atol=1e-12)
    np.testing.assert_allclose(VIEWS[view].down, seen.down, atol=1e-12)


@pytest.mark.parametrize("camera", [*VIEWS.values(), Camera(azimuth_deg=-130, elevation_deg=-35)])
def test_what_stands_at_a_place_is_drawn_where_the_plane_says_it_is(camera):
    place = np.array([3.0, -8.0, 11.0])
    vertices, faces = ellipsoid(place, (1.2, 1.2, 1.2), np.eye(3))
    ball = Surface(name="ball", vertices_um=vertices, faces=faces, color="#E69F00")
    plane = camera.plane(np.array([[-20, -20, -20], [20, 20, 20]]), focus_um=(0, 0, 0), aspect=0.8)
    pixels = render(Space(surfaces=(ball,)), plane, width_px=200, height_px=160).astype(int)
    rows, columns = np.nonzero(coloured(pixels))
    seen = plane.to_canvas(place, 200)[0]
    assert abs(columns.mean() + 0.5 - seen[0]) < 0.7
    assert abs(rows.mean() + 0.5 - seen[1]) < 0.7


def test_zoom_makes_a_micrometre_longer_and_turning_stops_overhead(ws):
    scene = Scene(ws, ["survey"])
    before = scene.view_plane().width_um
    scene.turn(azimuth_deg=200, elevation_deg=500, zoom=2)
    assert scene.camera.elevation_deg == 90
    assert scene.camera.azimuth_deg == pytest.approx(-128)
    scene.camera = Camera(zoom=2)
    assert scene.view_plane().width_um == pytest.approx(before / 2)


def test_a_focus_brings_an_image_to_the_middle(ws):
    scene = Scene(ws, ["survey", "fine"], focus="fine")
    corners = scene.explorer.world.corners_um(["fine"])
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    np.testing.assert_allclose(scene.view_plane().centre_um, middle)


# -- slices -------------------------------------------------------------------------------------


def test_a_slice_seen_from_above_has_the_very_colours_of_the_explorer(ws):
    scene = bare(Scene(ws, ["survey"], camera="top"))
    scene.slices, scene.explorer.linked = True, False
    scene.explorer.layer("survey").color_map = "viridis"
    plane = scene.view_plane()
    drawn = draw(scene.explorer.world.placed(scene.explorer.layers), plane, width_px=WIDE)
    inside = within(plane.to_canvas(scene.explorer.world.corners_um(), WIDE), drawn.shape, -3)
    assert inside.mean() > 0.4
    differ = np.abs(pixels_of(scene) - drawn).max(axis=2)
    assert np.quantile(differ[inside], 0.99) <= 4


def test_slices_end_where_the_images_end(ws):
    scene = bare(Scene(ws, ["survey"], camera="top"))
    scene.slices = True
    pixels = pixels_of(scene)
    hull = scene.view_plane().to_canvas(scene.explorer.world.corners_um(), WIDE)
    outside = ~within(hull, pixels.shape, 2)
    assert outside.sum() > 500
    assert np.abs(pixels[outside] - GROUND).max() <= 1


def test_a_plane_beside_the_box_cuts_nothing_and_a_tilted_one_a_hexagon():
    box = np.indices((2, 2, 2)).reshape(3, 8).T * 10.0
    beside = axis_plane("xy", centre_um=(11, 5, 5), width_um=99, height_um=99)
    assert len(outline(box, beside)) == 0
    down = np.array([1, 1, -2]) / 6**0.5  # z, y, x
    across = np.array([1, -1, 0]) / 2**0.5
    tilted = replace(beside, centre_um=(5.0, 5.0, 5.0), across=tuple(across), down=tuple(down))
    corners = outline(box, tilted)
    assert len(corners) == 6
    np.testing.assert_allclose(corners.sum(axis=1), 15, atol=1e-9)


def test_a_flat_image_stands_in_space_on_its_own_plane(ws):
    ws.transforms.add(
        name="view_to_survey",
        from_frame="view",
        to_frame="survey",
        transform=AffineTransform.exact(np.eye(3), offset_um=np.array([6.0, 5, 5])).to_dict(),
        status="accepted",
        method="known",
    )
    scene = bare(Scene(ws, ["survey", "view"]))
    scene.slices = scene.boxes = True
    scene.explorer.cursor_um = {"x_um": 15, "y_um": 15, "z_um": 6}
    box = next(box for box in scene.space().boxes if box.name == "view")
    np.testing.assert_allclose(np.unique(box.corners_um[:, 0]), [6.0])
    assert len(scene.space().sheets[0].polygons) == 2


# -- the two figures of the papers --------------------------------------------------------------


def test_a_rendered_volume_stands_over_one_grey_virtual_slice(ws):
    scene = bare(Scene(ws, ["survey"], camera=Camera(azimuth_deg=20, elevation_deg=40)))
    scene.slices, scene.explorer.linked = True, False
    scene.explorer.cursor_um = {"x_um": 18, "y_um": 15, "z_um": 11}
    scene.explorer.layer("survey").limits = (0.0, 255.0)
    scene.show_volume("survey", window=(90, 130), color_map="orange", limits=(20, 140))
    pixels, plane = pixels_of(scene), scene.view_plane()
    seen = plane.to_canvas(BEADS_UM, WIDE)
    height = pixels.shape[0]
    for column, row in seen:  # every bead is above the slice and in colour
        assert coloured(pixels)[int(row), int(column)], (column, row)
    near = np.zeros((height, WIDE), bool)
    rows, columns = np.indices((height, WIDE))
    for column, row in seen:
        near |= np.hypot(columns - column, rows - row) < 4 / plane.pixel_um(WIDE)
    assert not coloured(pixels)[~near].any()
    corners = scene.explorer.world.corners_um()
    slice_corners = corners[np.isclose(corners[:, 0], corners[:, 0].min())].copy()
    slice_corners[:, 0] = 11
    on_slice = within(plane.to_canvas(slice_corners, WIDE), pixels.shape, -3)
    assert np.abs(np.median(pixels[on_slice & ~near]) - 40) <= 3  # the specimen's grey value


def test_a_fine_volume_is_inset_in_a_coarse_one_where_its_box_is(ws):
    scene = bare(Scene(ws, ["survey", "fine"], cut="fine"))
    scene.show_volume("survey", window=(20, 30), density=1.0, limits=(0, 90))
    scene.show_volume("fine", window=(20, 30), density=1.0, limits=(0, 90), color_map="orange")
    pixels, plane = pixels_of(scene), scene.view_plane()
    corners = scene.explorer.world.corners_um(["fine"])
    seen = plane.to_canvas(corners, WIDE)
    inside, outside = within(seen, pixels.shape, -3), ~within(seen, pixels.shape, 3)
    assert inside.sum() > 300
    assert coloured(pixels)[inside].mean() > 0.97
    assert coloured(pixels)[outside].mean() < 0.002
    block = within(
        plane.to_canvas(scene.explorer.world.corners_um(["survey"]), WIDE), pixels.shape, 3
    )
    grey = pixels[block & outside]
    assert (grey.max(axis=1) > 45).mean() > 0.6  # the coarse volume is there, but for its notch
    assert np.abs(pixels[~block & outside] - GROUND).max() <= 3


def test_the_inset_is_hidden_where_nothing_is_cut_open_but_the_coarse_volume_gives_way(ws):
    scene = bare(Scene(ws, ["survey", "fine"]))
    scene.show_volume("survey", window=(20, 30), density=1.0)
    whole = scene.space().blocks[0].rgba[..., 3].copy()
    scene.show_volume("fine")
    blocks = {block.name: block for block in scene.space().blocks}
    assert [block.name for block in scene.space().blocks] == ["survey", "fine"]
    given = (whole > 0) & (blocks["survey"].rgba[..., 3] == 0)
    index = np.argwhere(given)
    own = index * blocks["survey"].spacing_um + blocks["survey"].origin_um
    fine = scene.explorer.world.to_frame(own, "fine")
    assert len(index) > 100
    assert (np.abs(fine) <= 6.1).all()  # the fine image reaches 6 µm to every side


def test_cutting_open_leaves_out_what_lies_before_the_cursor(ws):
    scene = bare(Scene(ws, ["survey"], cut="cursor", camera="corner"))
    scene.explorer.cursor_um = {"x_um": 18, "y_um": 15, "z_um": 7}
    scene.show_volume("survey", window=(20, 30))
    block = scene.space().blocks[0]
    index = np.argwhere(block.rgba[1:-1, 1:-1, 1:-1, 3] == 0) + 1
    places = (index * block.spacing_um + block.origin_um) @ block.matrix.T + block.offset_um
    towards = -scene.camera.direction
    assert len(index) > 500
    assert (((places - [7, 15, 18]) * np.sign(towards)) > 0).all()


# -- volumes, surfaces, targets -----------------------------------------------------------------


def test_a_turned_volume_stands_where_its_transform_puts_it(ws):
    scene = bare(Scene(ws, ["survey", "fine"]))
    scene.show_volume("fine", window=(150, 200), density=1)
    block = scene.space().blocks[0]
    np.testing.assert_allclose(block.matrix, fine_to_survey().matrix, atol=1e-9)
    index = np.argwhere(block.rgba[..., 3] > 200)
    places = (index * block.spacing_um + block.origin_um) @ block.matrix.T + block.offset_um
    distance = np.linalg.norm(places[:, None] - BEADS_UM, axis=2).min(axis=1)
    assert len(index) > 20
    assert distance.max() < 1.2


def test_a_volume_follows_its_layers_colours_unless_it_has_its_own(ws):
    scene = bare(Scene(ws, ["survey"]))
    scene.show_volume("survey")
    assert np.ptp(scene.space().blocks[0].rgba[..., :3], axis=-1).max() == 0
    scene.explorer.layer("survey").color_map = "magma"
    assert np.ptp(scene.space().blocks[0].rgba[..., :3], axis=-1).max() > 50


def test_a_large_volume_is_read_from_a_level_of_few_voxels(ws):
    scene = bare(Scene(ws, ["fine"]))
    scene.show_volume("fine", most_voxels=20_000)
    shape = np.array(scene.space().blocks[0].rgba.shape[:3]) - 2
    assert 2_000 < np.prod(shape) <= 20_000


def test_a_surface_encloses_its_label_where_it_is():
    axes = np.indices((40, 40, 40)) * np.array([0.5, 0.25, 0.25])[:, None, None, None]
    centre, radius = np.array([10.0, 5.0, 4.5]), 3.0
    ball = ((axes - centre[:, None, None, None]) ** 2).sum(axis=0) < radius**2
    phase = {"label": 7, "name": "pore", "color": "#56B4E9"}
    labelled = Labelled(ball * 7, np.array([0.5, 0.25, 0.25]), np.zeros(3), (phase,))
    (surface,) = surfaces_of(LabelSurfaces(source="x"), labelled, lambda points: points)
    assert (surface.name, surface.color) == ("pore", "#56B4E9")
    distance = np.linalg.norm(surface.vertices_um - centre, axis=1)
    assert np.abs(distance - radius).max() < 0.4  # less than a voxel along z
    a, b, c = (surface.vertices_um[surface.faces[:, n]] for n in range(3))
    volume = abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6
    assert volume == pytest.approx(
        4 / 3 * np.pi * radius**3, rel=0.06
    )  # the softened mask takes off 4 %


def test_phases_of_a_segmentation_are_shown_but_for_the_most_abundant(ws):
    ws.segmentations.add(
        name="beads",
        image="survey",
        method="thresholds",
        thresholds=[120.0],
        phases=[{"label": 0, "name": "matrix"}, {"label": 1, "name": "particle"}],
    )
    scene = bare(Scene(ws, ["survey"]))
    scene.show_surfaces("beads")
    (surface,) = scene.space().surfaces
    assert surface.name == "particle"
    distance = np.linalg.norm(surface.vertices_um[:, None] - BEADS_UM, axis=2).min(axis=1)
    assert distance.max() < 2.5
    ws.segmentations.add(
        name="opened",
        image="survey",
        method="thresholds",
        thresholds=[120.0],
        phases=[{"label": 0, "name": "matrix"}, {"label": 1, "name": "particle"}],
        parameters={"recipe": {"opening_radius": 5.0, "length_unit": "um"}},
    )
    scene.surfaces = ()
    scene.show_surfaces("opened", phases=("particle",))
    assert scene.space().surfaces == ()  # the whole recipe is done: no bead is as large as that
    scene.surfaces = ()
    scene.show_surfaces("beads", phases=("matrix",))
    assert [one.name for one in scene.space().surfaces] == ["matrix"]


def test_a_layer_of_labels_stands_as_surfaces_and_as_a_volume_in_its_colours(tmp_path):
    labels = np.zeros((12, 14, 16), np.uint8)
    labels[3:7, 4:9, 5:11], labels[8:11, 9:12, 2:6] = 1, 2
    with Workspace.create(tmp_path / "ws") as ws:
        write(ws, "cells", labels, spacing_um=(2.0, 1.0, 1.0), labels=True)
        scene = bare(Scene(ws, ["cells"]))
        scene.explorer.layer("cells").phases = (
            {"label": 1, "name": "cell", "color": "#009E73"},
            {"label": 2, "name": "pore", "color": "#56B4E9"},
        )
        scene.show_surfaces("cells")
        scene.show_volume("cells", density=1.0)
        space = scene.space()
    cell, pore = space.surfaces
    assert (cell.name, pore.name) == ("cell", "pore")
    np.testing.assert_allclose(cell.vertices_um.min(axis=0), (5, 3.5, 4.5), atol=0.4)
    np.testing.assert_allclose(pore.vertices_um.max(axis=0), (21, 11.5, 5.5), atol=0.4)
    rgba = space.blocks[0].rgba[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(rgba[..., 3] > 0, labels > 0)
    assert tuple(rgba[4, 5, 6, :3]) == (0, 158, 115)


def test_a_way_that_bends_is_found_out_and_the_nearest_straight_one_taken(ws):
    levels = ws.images["survey"].levels
    matrix, offset, bends = affine_of(fine_to_survey().apply, levels)
    np.testing.assert_allclose(matrix, fine_to_survey().matrix, atol=1e-9)
    np.testing.assert_allclose(offset, OFFSET_UM, atol=1e-9)
    assert not bends
    matrix, _, bends = affine_of(lambda own: own + 1e-3 * own**2, levels)
    assert bends
    np.testing.assert_allclose(matrix, np.eye(3), atol=0.06)


def test_a_target_of_another_frame_stands_there_with_its_ellipsoid(ws):
    ws.targets.add(
        name="bead", frame="fine", position=named((0.5, 0.5, 0.5)), half_size=named((1, 1, 1))
    )
    scene = bare(Scene(ws, ["survey"]))
    scene.targets = True
    space = scene.space()
    (spot,) = [spot for spot in space.spots if spot.name == "bead"]
    expected = fine_to_survey().apply(np.array([[0.5, 0.5, 0.5]]))[0]
    np.testing.assert_allclose(spot.position_um, expected, atol=1e-9)
    corners = space.boxes[0].corners_um
    np.testing.assert_allclose(corners.mean(axis=0), expected, atol=1e-9)


def test_a_plan_stands_as_a_box_of_the_size_of_its_cut(ws):
    plan = target_plan((7, 15, 18), np.eye(3) * 0.04, half_size_um=(1, 2, 3), name="T1")
    scene = bare(Scene(ws, ["survey"]))
    scene.show_plan(plan, frame="survey")
    (box,) = scene.space().boxes
    np.testing.assert_allclose(np.ptp(box.corners_um, axis=0), plan.cut_size_um)
    np.testing.assert_allclose(box.corners_um.mean(axis=0), (7, 15, 18))
    assert (plan.cut_size_um > (2, 4, 6)).all()


def test_an_ellipsoid_has_the_semi_axes_of_its_region():
    covariance = np.array([[4.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    region = confidence_region(covariance)
    vertices, _ = ellipsoid((1, 2, 3), region.radii_um, region.axes)
    offset = vertices - (1, 2, 3)
    square = np.einsum("ij,jk,ik->i", offset, np.linalg.inv(covariance), offset)
    np.testing.assert_allclose(square, region.factor, rtol=1e-9)


# -- the widget ---------------------------------------------------------------------------------


def test_the_scene_of_an_explorer_follows_it(ws):
    explorer = SliceExplorer(ws, ["survey"])
    scene = bare(Scene.of(explorer))
    scene.slices = True
    before = pixels_of(scene)
    explorer.layer("survey").color_map = "viridis"
    explorer.cursor_um = {"x_um": 10, "y_um": 10, "z_um": 3}
    after = pixels_of(scene)
    assert not coloured(before).any()
    assert coloured(after).mean() > 0.1
    assert scene.explorer is explorer


def test_the_snapshot_is_a_page_with_legend_and_caption_of_the_width_asked_for(ws):
    scene = Scene(ws, ["survey", "fine"])
    picture = scene.snapshot(width_px=500)
    assert picture.width == 500
    bundle = scene._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"


def test_names_keep_apart_and_stay_in_the_picture(ws):
    from scalebridge.widgets.annotate import RecordedMarks

    scene = Scene(ws, ["survey", "fine"])
    plane = scene.view_plane()
    marks = RecordedMarks(WIDE, plane.height_px(WIDE))
    draw_names(marks, plane, scene.space(), size=12)
    texts = [shape for shape in marks.shapes if shape["kind"] == "text"]
    assert {"survey", "fine"} <= {shape["text"] for shape in texts}
    rows = sorted(shape["at"][0][1] for shape in texts)
    assert min(np.diff(rows)) >= 12


def test_bad_values_are_refused_in_words(ws):
    scene = Scene(ws, ["survey"])
    with pytest.raises(TraitError, match="camera needs a Camera or one of corner, top"):
        scene.camera = "upside"
    with pytest.raises(TraitError, match="volumes needs one of survey"):
        scene.show_volume("nothing")
    with pytest.raises(TraitError, match="cut needs one of survey"):
        scene.cut = "nothing"
    with pytest.raises(TraitError, match="a layer of labels or a segmentation"):
        scene.show_surfaces("nothing")
    with pytest.raises(TraitError, match="density needs more than 0"):
        Volume(image="survey", density=0)
    with pytest.raises(ValueError, match="elevation_deg needs -90 to 90, got 91"):
        Camera(elevation_deg=91)
    with pytest.raises(TypeError, match="Scene has no setting 'volume': did you mean volumes"):
        Scene(ws, ["survey"], volume=())


def test_an_image_without_voxel_size_has_no_scene(tmp_path):
    with Workspace.create(tmp_path / "ws") as ws:
        write(ws, "raw", np.zeros((4, 5, 6), np.uint8), spacing_um=None)
        with pytest.raises(Uncalibrated):
            Scene(ws, ["raw"])


def test_the_controls_turn_the_scene_and_show_its_picture(ws):
    scene = Scene(ws, ["survey"])
    view = scene.view()
    picture = _of_type(view, "Image")[0]
    before = picture.value
    sliders = {slider.description: slider for slider in _of_type(view, "FloatSlider")}
    sliders["turn [°]"].value = -60
    assert scene.camera.azimuth_deg == -60
    assert picture.value != before
    scene.camera = "top"
    assert sliders["from above [°]"].value == 90
    (views,) = [one for one in _of_type(view, "Dropdown") if one.description == "view"]
    assert views.value == "top"


def test_turning_through_the_kernel_names_the_extra_that_it_needs(ws, monkeypatch):
    monkeypatch.setattr("scalebridge.widgets.scene_view.find_spec", lambda _: None)
    assert not can_serve()
    with pytest.raises(ModuleNotFoundError, match=r"scalebridge\[scene\]"):
        served(Scene(ws, ["survey"]))


def _of_type(widget: Any, name: str) -> list[Any]:
    found = [widget] if type(widget).__name__ == name else []
    for child in getattr(widget, "children", ()):
        found += _of_type(child, name)
    return found


def test_the_panel_carries_axes_and_a_scale_bar_only_where_wanted(ws):
    scene = Scene(ws, ["survey"])
    with_axes = np.asarray(scene_panel(scene, scene.space(), width_px=WIDE))
    scene.axes = False
    without = np.asarray(scene_panel(scene, scene.space(), width_px=WIDE))
    assert (with_axes != without).any(axis=2)[-40:, :120].any()


def test_a_picture_on_a_machine_without_a_screen_is_drawn_without_a_word() -> None:
    code = "from scalebridge.plots.off_screen import off_screen_plotter as p; p().screenshot(None)"
    clean = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean)
    assert (said.returncode, said.stderr) == (0, "")


def test_what_is_shown_can_be_taken_back_and_the_camera_stays(ws: Any) -> None:
    scene = Scene(ws, ["survey"])
    scene.boxes = False
    scene.show_volume("survey")
    scene.camera = "front"
    assert (scene.undo(), scene.volumes, scene.boxes) == ("volumes", (), False)
    assert (scene.undo(), scene.boxes) == ("boxes", True)
    assert (scene.redo(), scene.boxes) == ("boxes", False)
    assert scene.camera == Scene(ws, ["survey"], camera="front").camera
