from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import SliceExplorer, TargetPicker, Workspace
from scalebridge.errors import NoPath, Uncalibrated
from scalebridge.widgets.layers import Layer
from scalebridge.widgets.picture import legend_of
from scalebridge.widgets.reading import reading_words
from scalebridge.widgets.scene import draw, sample_slab
from scalebridge.widgets.target_picture import target_page

sys.path.insert(0, str(Path(__file__).parent))
from specimens import BEADS_UM, beads, fine_to_survey, join_fine, write


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with beads(tmp_path_factory.mktemp("explorer")) as ws:
        join_fine(ws)
        yield ws


def named(point: Any) -> dict[str, float]:
    return dict(zip(("z_um", "y_um", "x_um"), map(float, point), strict=True))


def brightest(picture: np.ndarray) -> np.ndarray:
    """Centre of mass of light, right and down [px]."""
    light = picture.astype(float).sum(axis=2)
    light = np.clip(light - 0.5 * light.max(), 0, None)
    rows, columns = np.indices(light.shape)
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum() + 0.5


@pytest.mark.parametrize("orientation", ["xy", "xz", "yz"])
def test_bead_seen_by_two_images_falls_on_the_same_pixel(ws: Any, orientation: str) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"], orientation=orientation, aspect=1.0)
    explorer.look_at(named(BEADS_UM[0]), width_um=6.0)
    seen = []
    for name in ("survey", "fine"):
        layers = [explorer.layer(name)]
        picture = draw(explorer.world.placed(layers), explorer.plane(), width_px=200)
        seen.append(brightest(picture))
    pixel_um = 6.0 / 200
    np.testing.assert_allclose(seen[1], (100, 100), atol=0.05 / pixel_um)
    np.testing.assert_allclose(seen[0], (100, 100), atol=0.3 / pixel_um)


def test_cut_face_of_the_fine_image_shows_its_own_axes(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    explorer.face_of("fine")
    points = explorer.plane().points(5, 4).reshape(-1, 3)
    own = explorer.world.to_frame(points, "fine")
    np.testing.assert_allclose(own[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(fine_to_survey().inverse_apply(points), own, atol=1e-6)


def test_plane_through_three_beads_shows_all_three(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    explorer.cut_through(*(named(bead) for bead in BEADS_UM[:3]))
    assert explorer.orientation == "oblique"
    np.testing.assert_allclose(explorer.plane().distance_um(BEADS_UM[:3]), 0, atol=1e-9)
    assert explorer.cursor_um == named(BEADS_UM[0])


def test_reading_gives_value_and_place_in_every_image(ws: Any) -> None:
    table = SliceExplorer(ws, ["survey", "fine"]).read(named(BEADS_UM[0])).set_index("layer")
    own = fine_to_survey().inverse_apply(BEADS_UM[:1])[0]
    columns = ["z_um", "y_um", "x_um"]
    np.testing.assert_allclose(table.loc["fine", columns].to_numpy(float), own, atol=1e-9)
    assert table.loc["fine", "value"] == pytest.approx(240, abs=4)
    assert table.loc["survey", "sx_um"] == 0


def test_snapshot_has_the_width_that_was_asked_for_and_is_the_same_twice(ws: Any) -> None:
    explorer = SliceExplorer(ws)
    assert [layer.image for layer in explorer.layers] == ["survey", "fine"]
    first, second = explorer.snapshot(width_px=640), explorer.snapshot(width_px=640)
    assert first.width == 640
    assert first.tobytes() == second.tobytes()


def test_display_carries_the_picture_beside_the_controls(ws: Any) -> None:
    bundle = SliceExplorer(ws, ["view"])._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "view" in bundle["text/plain"]


def test_unknown_keyword_is_an_error_with_a_hint(ws: Any) -> None:
    with pytest.raises(TypeError, match="did you mean orientation"):
        SliceExplorer(ws, ["view"], orientaton="xy")


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("width_um", 0.0),
        ("width_um", float("nan")),
        ("aspect", -1.0),
        ("orientation", "zx"),
        ("cursor_um", [1.0, 2.0, 3.0]),
        ("cursor_um", {"x_um": 1.0, "y_um": 2.0}),
        ("cursor_um", {"x_um": 1.0, "y_um": 2.0, "z_um": float("inf")}),
        ("time", 1),
        ("compare", "mix"),
        ("layers", ("survey",)),
    ],
)
def test_bad_value_is_refused_at_assignment_and_nothing_changes(
    ws: Any, trait: str, value: Any
) -> None:
    explorer = SliceExplorer(ws, ["survey"])
    before = getattr(explorer, trait)
    with pytest.raises(TraitError):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


@pytest.mark.parametrize(
    "change",
    [
        {"opacity": 1.5},
        {"limits": (3.0, 3.0)},
        {"color_map": "jet"},
        {"blending": "mix"},
        {"phases": ({"label": 0, "name": "pore", "color": "javascript:alert(1)"},)},
        {"slab_um": 0.0},
    ],
)
def test_layer_refuses_what_cannot_be_drawn(change: dict[str, Any]) -> None:
    with pytest.raises(TraitError):
        Layer(image="survey", **change)


def test_two_dimensional_world_may_omit_z(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["view"])
    explorer.cursor_um = {"x_um": 3.0, "y_um": 4.0}
    assert explorer.cursor_um == {"z_um": 0.0, "y_um": 4.0, "x_um": 3.0}


def test_image_that_nothing_connects_is_refused(ws: Any) -> None:
    with pytest.raises(NoPath, match="no accepted transforms connect"):
        SliceExplorer(ws, ["survey", "view"])


def test_uncalibrated_image_is_shown_alone_in_pixels_and_never_beside_others(ws: Any) -> None:
    write(ws, "unknown", np.zeros((8, 8), np.uint8), spacing_um=None)
    alone = SliceExplorer(ws, ["unknown"])
    assert alone.world.unit == "px"
    assert alone.snapshot(width_px=300).width == 300
    with pytest.raises(Uncalibrated, match="unknown has no voxel size"):
        SliceExplorer(ws, ["survey", "unknown"])
    ws.images.remove("unknown")


def test_checkerboard_shows_each_image_in_its_own_fields(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"], compare="checkerboard", aspect=1.0)
    explorer.look_at(named(BEADS_UM[0]), width_um=4.0)
    explorer.layer("survey").color_map = "blue"
    explorer.layer("fine").color_map = "orange"
    plane, placed = explorer.plane(), explorer.world.placed(explorer.layers)
    both = draw(placed, plane, width_px=160, how=explorer.rendering())
    for turn, shown in enumerate((placed[:1], placed)):
        alone = draw(shown, plane, width_px=160)
        rows, columns = np.indices((160, 160))
        own = (rows // 20 + columns // 20) % 2 == turn
        np.testing.assert_array_equal(both[own], alone[own])


def test_a_split_shows_the_uppermost_image_right_of_its_line(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"], compare="split", split=0.25, aspect=1.0)
    explorer.look_at(named(BEADS_UM[0]), width_um=4.0)
    explorer.layer("fine").color_map = "orange"
    plane, placed = explorer.plane(), explorer.world.placed(explorer.layers)
    both = draw(placed, plane, width_px=160, how=explorer.rendering())
    np.testing.assert_array_equal(both[:, :40], draw(placed[:1], plane, width_px=160)[:, :40])
    np.testing.assert_array_equal(both[:, 40:], draw(placed, plane, width_px=160)[:, 40:])
    explorer.compare = "flicker"
    still = draw(placed, plane, width_px=160, how=explorer.rendering())
    np.testing.assert_array_equal(still, draw(placed, plane, width_px=160))


def test_a_difference_is_black_where_two_images_agree(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"], compare="difference", aspect=1.0)
    explorer.look_at(named(BEADS_UM[0]), width_um=4.0)
    same = explorer.layers[0]
    explorer.layers = (same, Layer(image="survey", name="again"))
    plane, placed = explorer.plane(), explorer.world.placed(explorer.layers)
    assert draw(placed, plane, width_px=80, how=explorer.rendering()).max() == 0
    explorer.layers[1].opacity = 0.5
    half = draw(placed, plane, width_px=80, how=explorer.rendering())
    alone = draw(placed[:1], plane, width_px=80)
    assert np.abs(half.astype(float) - alone / 2).max() <= 1


@pytest.mark.parametrize(("slab", "reduce"), [("mean", np.mean), ("max", np.max), ("min", np.min)])
def test_a_slab_shows_what_lies_above_and_below(tmp_path: Path, slab: str, reduce: Any) -> None:
    values = np.random.default_rng(3).uniform(0, 1, (9, 12, 14)).astype(np.float32)
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "image", values, spacing_um=(2.0, 1.0, 1.0))
        explorer = SliceExplorer(ws, ["image"], slab_um=4.0, slab=slab, aspect=12 / 14)
        explorer.look_at({"z_um": 8.0, "y_um": 5.5, "x_um": 6.5}, width_um=14.0)
        (item,) = explorer.world.placed(explorer.layers)
        plane = explorer.plane()
        seen = sample_slab(item, plane, plane.points(14, 12), how=explorer.rendering())
        np.testing.assert_allclose(seen.values, reduce(values[3:6], axis=0), atol=1e-6)
        edge = plane.through((16.0, 0.0, 0.0))
        seen = sample_slab(item, edge, edge.points(14, 12), how=explorer.rendering())
        assert seen.inside.all()  # half of the slab lies outside, and does not count
        np.testing.assert_allclose(seen.values, reduce(values[7:], axis=0), atol=1e-6)


def test_a_layer_fades_with_the_width_of_the_view(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey"], aspect=1.0)
    explorer.look_at(named(BEADS_UM[0]), width_um=8.0)
    (item,), plane = explorer.world.placed(explorer.layers), explorer.plane()
    whole = draw([item], plane, width_px=60).astype(float)
    item.layer.widths_um = (None, 4 * 2**0.5)
    faded = draw([item], plane, width_px=60)
    assert np.abs(faded - (whole + np.array([14, 14, 16])) / 2).max() <= 1
    item.layer.widths_um = (16.0, None)
    assert (draw([item], plane, width_px=60) == [14, 14, 16]).all()
    with pytest.raises(TraitError, match="least and a larger"):
        item.layer.widths_um = (5.0, 2.0)


def test_channel_is_named_in_the_legend_and_read_from_its_own_plane(ws: Any) -> None:
    stack = np.stack([np.full((8, 8), value, np.uint16) for value in (100, 700)])
    write(ws, "map", stack, axes="cyx", spacing_um=(0.3, 0.3), channel_names=("Al", "Cu"))
    explorer = SliceExplorer(ws, ["map"])
    explorer.layer("map").channel = 1
    assert explorer.read()["value"].tolist() == [700.0]
    assert explorer.world.placed(explorer.layers)[0].title == "map: Cu"
    ws.images.remove("map")


def test_calibration_given_later_is_followed(ws: Any) -> None:
    write(ws, "later", np.zeros((8, 8), np.uint8), spacing_um=(1.0, 1.0))
    explorer = SliceExplorer(ws, ["later"])
    ws.calibrate("later", spacing_um=(2.0, 2.0), source="ruler")
    explorer.read()
    assert explorer.world.placed(explorer.layers)[0].levels[0].spacing_um == (2.0, 2.0)
    ws.images.remove("later")


def test_grey_values_of_16_bits_and_places_far_out_are_written_in_full(tmp_path: Path) -> None:
    grey = np.linspace(31234, 65535, 64 * 64).reshape(64, 64).astype("u2")
    with Workspace.create(tmp_path / "deep") as deep:
        write(deep, "mosaic", grey, spacing_um=(500.0, 500.0))
        explorer = SliceExplorer(deep, ["mosaic"])
        explorer.layers[0].limits = (31234.0, 65535.0)
        (ramp,) = legend_of(explorer.world.placed(explorer.layers))
        assert (ramp.low, ramp.high) == ("31234", "65535")
        picker = TargetPicker(deep, "mosaic")
        picker.place_target({"x_um": 12345.6, "y_um": 20.0})
        assert "x = 12345.6, y = 20" in target_page(picker, width_px=600).caption[-1]


def test_what_lies_at_the_cursor_is_said_with_how_well_it_is_known(ws: Any) -> None:
    explorer = SliceExplorer(ws, ["survey", "fine"])
    explorer.cursor_um = named(BEADS_UM[0])
    table = explorer.read()
    words = reading_words(table, explorer.cursor_um, frame=explorer.frame)
    assert words.startswith("x = ")
    assert " µm in survey: fine " in words  # the uppermost first
    fine, survey = words.split(": ")[1].split("; ")
    assert fine.split()[1] == f"{table['value'][1]:.5g}"
    assert "±" not in survey  # its own frame
    explorer.cursor_um = {"z_um": 1e4, "y_um": 0.0, "x_um": 0.0}
    nowhere = reading_words(explorer.read(), explorer.cursor_um, frame="survey")
    assert "no image covers this place" in nowhere
