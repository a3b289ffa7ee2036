"""Classes learned from scribbles, from the stroke to the record, the labels and the page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import SegmentationSliders, TrainableSegmentation, Workspace
from scalebridge.analysis.segmentation import Stroke, Training, agreement
from scalebridge.analysis.segmentation.corrections import stroke_voxels
from scalebridge.errors import Conflict, DecisionNeeded, ReadOnly, UnusableRecord
from scalebridge.widgets.applied import apply_record
from scalebridge.widgets.phase_record import recipe_of
from scalebridge.widgets.scene import sample_on
from scalebridge.widgets.training_panels import ClassPanel, ScribblePanel
from scalebridge.widgets.training_record import training_now, training_of
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "analysis" / "segmentation"))
from scribbled import scribbles_on, textured
from specimens import write

SPACING = (1.0, 0.5, 0.5)


@pytest.fixture(scope="module")
def phantom() -> tuple[np.ndarray, np.ndarray]:
    image, truth = textured((20, 48, 64))
    return image, truth - 1


@pytest.fixture
def ws(tmp_path: Path, phantom: Any) -> Iterator[Any]:
    with Workspace.create(tmp_path / "w") as ws:
        write(ws, "image", phantom[0], spacing_um=SPACING, origin_um=(1.5, 1.5, 1.5))
        yield ws


@pytest.fixture
def trainer(ws: Any, phantom: Any) -> TrainableSegmentation:
    made = TrainableSegmentation(ws, "image", trees=20)
    made.name_classes("matrix", "bright", "striped")
    drawn = scribbles_on(phantom[1], SPACING)
    made.scribbles = tuple(stroke.to_dict() for stroke in drawn.strokes)
    return made


def test_what_is_saved_is_learned_again_and_applied_to_the_voxel(ws, trainer, phantom):
    trainer.save("textures")
    assert trainer.saved
    labels = trainer.apply()
    written = np.asarray(labels.array())
    assert agreement(written, phantom[1]).same > 0.85
    assert labels.metadata["segmentation"]["method"] == "trained"
    seen = trainer.seen_classes(trainer.classifier())
    start = np.round((np.array(seen.origin_um) - 1.5) / SPACING).astype(int)
    box = tuple(slice(a, a + n) for a, n in zip(start, seen.found.labels.shape, strict=True))
    np.testing.assert_array_equal(seen.found.labels, written[box])
    again = TrainableSegmentation(ws, "image", record="textures")
    assert again.saved
    assert again.settings() == trainer.settings()
    np.testing.assert_array_equal(again.apply("again").array(), written)


def test_small_pieces_are_merged_when_the_whole_is_labelled(ws, trainer):
    from skimage.measure import label

    trainer.save("textures")
    before = np.asarray(trainer.apply("raw").array())
    trainer.min_size_px = 40
    assert not trainer.saved
    trainer.save()
    after = np.asarray(trainer.apply("clean").array())

    def smallest(labels: np.ndarray) -> int:
        return int(np.bincount(label(labels, connectivity=1, background=-1).ravel())[1:].min())

    assert smallest(before) < 40 <= smallest(after)


def test_a_pen_marks_only_the_slice_that_was_seen(ws, trainer):
    trainer.scribbles = ()
    at = {"z_um": 6.5, "y_um": 8.0, "x_um": 9.0}
    trainer.add_stroke("pen", [at], label=1, radius_um=2.1)
    pen = trainer.scribbled().set_index("phase")["voxels"]["bright"]
    trainer.undo()
    trainer.add_stroke("brush", [at], label=1, radius_um=2.1)
    ball = trainer.scribbled().set_index("phase")["voxels"]["bright"]
    around = np.arange(-4, 5) * 0.5
    disk = int(np.count_nonzero(np.hypot(*np.meshgrid(around, around)) <= 2.1))
    assert pen == disk < ball


@pytest.mark.parametrize("normal", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.6, 0.0, 0.8)])
@pytest.mark.parametrize("offset_um", [0.0, 0.2, 0.5])
def test_a_thin_pen_between_slices_marks_what_the_line_goes_through(normal, offset_um):
    shape, spacing = (12, 14, 16), (1.0, 0.5, 0.5)
    across = np.cross(normal, (0.0, 0.3, 0.1))
    start = np.array((5.0, 3.0, 3.0)) + offset_um * np.array(normal)
    line = [start, start + 2.0 * across / np.linalg.norm(across)]
    stroke = Stroke(
        tool="pen", label=1, radius_um=0.01, normal=normal, points_um=tuple(map(tuple, line))
    )
    found = stroke_voxels(stroke, shape=shape, spacing_um=spacing, origin_um=(0, 0, 0))
    marked = {tuple(place) for place in found.tolist()}
    for share in np.linspace(0, 1, 41):
        at = (line[0] + share * (line[1] - line[0])) / spacing
        if np.all(np.abs(at - np.floor(at) - 0.5) > 0.02):  # not where voxels meet
            assert tuple(np.round(at).astype(int).tolist()) in marked
    away = np.abs((found * spacing - line[0]) @ np.array(normal))
    assert away.max() <= 0.5 * np.abs(normal) @ np.array(spacing) * (1 + 1e-6)


def test_one_class_is_no_choice_and_says_so(ws):
    trainer = TrainableSegmentation(ws, "image")
    at = {"z_um": 6.5, "y_um": 8.0, "x_um": 9.0}
    with pytest.raises(DecisionNeeded, match="two classes on image, got none"):
        trainer.save()
    trainer.add_stroke("pen", [at], label=1, radius_um=2.0)
    with pytest.raises(DecisionNeeded, match="got phase 1: scribble on the others"):
        trainer.classifier()
    with pytest.raises(ValueError, match="one of the phases, \\[0, 1\\], got 2"):
        trainer.add_stroke("pen", [at], label=2, radius_um=2.0)
    with pytest.raises(ValueError, match="got a fill"):
        trainer.add_stroke("fill", [at], label=1, radius_um=2.0)
    trainer.name_classes("a", "b", "c")
    trainer.add_stroke("pen", [at], label=2, radius_um=2.0)
    with pytest.raises(TraitError, match="class 2, which has scribbles"):
        trainer.name_classes("a", "b")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("scales_um", (2.0, 1.0), "increasing"),
        ("features", ("colour",), "some of intensity"),
        ("features", (), "got none"),
        ("trees", 0, "trees needs 1 to"),
        ("phases", ({"label": 0, "name": "a"},), "two classes or more"),
        ("opacity", 2.0, "0 to 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(trainer, name, value, words):
    with pytest.raises(TraitError, match=words):
        setattr(trainer, name, value)
    assert trainer.classifier()


def test_every_change_can_be_taken_back_and_a_save_gets_a_new_version(ws, trainer):
    before = trainer.settings()
    first = trainer.save("textures")
    trainer.add_stroke("pen", [{"z_um": 6.5, "y_um": 8, "x_um": 9}], label=0, radius_um=1.0)
    trainer.features = ("intensity", "gaussian")
    assert not trainer.saved
    assert trainer.save().version == first.version + 1
    assert [trainer.undo() for _ in range(3)] == ["save textures", "features", "scribble"]
    assert trainer.settings() == before
    assert trainer.saved  # the record says again what is seen
    assert trainer.redo() == "scribble"
    assert not trainer.saved


def test_what_another_person_saved_is_not_overwritten(ws, trainer, tmp_path, monkeypatch):
    trainer.save("textures")
    monkeypatch.setenv("SCALEBRIDGE_USER", "noor")
    with Workspace.open(tmp_path / "w") as theirs:
        other = TrainableSegmentation(theirs, "image", record="textures")
        other.trees = 30
        other.save()
    trainer.seed = 5
    with pytest.raises(Conflict, match="written by noor"):
        trainer.save()
    assert ws.segmentations["textures"].parameters["training"]["trees"] == 30


def test_a_record_that_cannot_be_learned_is_refused_in_words(ws, trainer):
    record = trainer.save("textures")
    training = record.parameters["training"]
    for damage, words in (
        ({"training": {**training, "trees": 10**9}}, "trees needs a whole number"),
        ({"training": {**training, "features": {}}}, "sigmas_um, kinds and intensity"),
        ({"training": {**training, "scribbles": [{"tool": "pen"}]}}, "a stroke needs"),
        ({}, "training"),
    ):
        kept = {k: v for k, v in record.parameters.items() if k != "training"}
        damaged = edited(ws, parameters={**kept, **damage})
        with pytest.raises(UnusableRecord, match=words):
            training_of(damaged)
    fewer = edited(ws, parameters=record.parameters, phases=record.phases[:2])
    with pytest.raises(UnusableRecord, match="scribbles of class 2, and 2 classes"):
        training_of(fewer)
    other_size = {**record.parameters, "spacing_um": [1, 1, 1]}
    moved = edited(ws, phases=record.phases, parameters=other_size)
    assert recipe_of(moved).thresholds == (0.5, 1.5)
    with pytest.raises(UnusableRecord, match="drawn at a voxel size of"):
        apply_record(ws.images, moved, name="never")
    assert "never" not in ws.images


def edited(ws: Any, **fields: Any) -> Any:
    record = ws.segmentations["textures"]
    return ws.segmentations.edit(record.id, version=record.version, **fields)


def test_each_kind_of_segmentation_names_the_widget_that_opens_it(ws, trainer):
    trainer.save("textures")
    with pytest.raises(ValueError, match="open it with TrainableSegmentation"):
        SegmentationSliders(ws, "image", record="textures")
    sliders = SegmentationSliders(ws, "image")
    sliders.set_threshold(115.0)
    sliders.save("parted")
    with pytest.raises(ValueError, match="open it with SegmentationSliders"):
        TrainableSegmentation(ws, "image", record="parted")


def test_a_class_whose_strokes_are_erased_or_outside_is_not_scribbled(ws, phantom):
    trainer = TrainableSegmentation(ws, "image")
    at = {"z_um": 6.5, "y_um": 8.0, "x_um": 9.0}
    trainer.add_stroke("pen", [at], label=0, radius_um=1.0)
    trainer.add_stroke("pen", [{**at, "y_um": 15.0}], label=1, radius_um=1.0)
    assert trainer.classes_scribbled() == (0, 1)
    trainer.add_stroke("pen", [{**at, "y_um": 15.0}], label=None, radius_um=2.0)
    assert trainer.scribbled()["strokes"].tolist() == [1, 0]
    with pytest.raises(DecisionNeeded, match="got phase 0"):
        trainer.save()
    trainer.add_stroke("pen", [{**at, "y_um": 900.0}], label=1, radius_um=2.0)
    with pytest.raises(DecisionNeeded, match="got phase 0"):
        trainer.save()
    assert trainer.snapshot(300)


def test_strokes_of_no_class_and_fills_are_refused_by_the_trait_too(trainer):
    stroke = dict(trainer.scribbles[0])
    for change, words in (
        ({"label": 7}, "class 7"),
        ({"label": -1}, "0 to 255"),
        ({"tool": "fill"}, "got a fill"),
    ):
        with pytest.raises(TraitError, match=words):
            trainer.scribbles = (*trainer.scribbles, {**stroke, **change})
    assert len(trainer.scribbles) == 18


def test_scribbles_on_voxels_of_another_size_are_not_opened(ws, trainer):
    trainer.save("textures")
    ws.calibrate("image", spacing_um=(2.0, 1.0, 1.0), source="a ruler")
    with pytest.raises(UnusableRecord, match="drawn at a voxel size of"):
        TrainableSegmentation(ws, "image", record="textures")


def test_what_is_learned_belongs_to_its_channel_and_moment(tmp_path, phantom):
    image, truth = phantom
    film = np.stack([image, image[::-1]])
    with Workspace.create(tmp_path / "film") as ws:
        write(ws, "film", film, axes="tzyx", spacing_um=SPACING, origin_um=(1.5, 1.5, 1.5))
        trainer = TrainableSegmentation(ws, "film", trees=5)
        trainer.name_classes("matrix", "bright", "striped")
        drawn = [stroke.to_dict() for stroke in scribbles_on(truth, SPACING).strokes]
        trainer.scribbles = tuple(drawn)
        panel = ClassPanel(trainer, guard=Message().quiet)
        classifier = trainer.classifier()
        first = trainer.seen_classes(classifier).found.labels.copy()
        key = panel.drawn()[1].spec["key"]
        trainer.explorer.time = 1
        assert panel.drawn()[1].spec["key"] != key
        assert not np.array_equal(trainer.seen_classes(classifier).found.labels, first)
        assert not trainer.is_current
        trainer.scribbles = (*drawn, *({**one, "time": 1} for one in drawn))
        record = trainer.save("both")
        assert len(record.parameters["training"]["scribbles"]) == 36
        assert training_now(record).strokes == trainer.training().strokes
        trainer.explorer.time = 0
        assert not trainer.saved
        assert len(TrainableSegmentation(ws, "film", record="both").scribbles) == 36


def test_what_is_learned_from_older_scribbles_does_not_take_the_place_of_newer(
    trainer, monkeypatch
):
    slow = Training.classifier

    def scribbled_on_meanwhile(training: Training, *given: Any, **named: Any) -> Any:
        made = slow(training, *given, **named)
        trainer.seed += 1
        return made

    monkeypatch.setattr(Training, "classifier", scribbled_on_meanwhile)
    assert trainer.classifier()
    assert trainer.learned is None
    monkeypatch.undo()
    assert trainer.classifier() is trainer.learned


def test_an_area_is_one_slice_deep_in_volumes_and_drawn_on_pictures(ws, trainer):
    corners = [(11.0, 5.0, 5.0), (11.0, 5.0, 12.0), (11.0, 12.0, 12.0), (11.0, 12.0, 5.0)]
    content = {"tool": "lasso", "label": 1, "radius_um": 3.0, "points": corners,
               "normal": [1.0, 0.0, 0.0]}  # fmt: skip
    trainer.scribbles = ()
    ScribblePanel(trainer, guard=Message().quiet)._stroke(content)
    assert trainer.scribbles[-1]["tool"] == "area"
    found = trainer._voxels().places
    assert len(set(found[:, 0])) == 1  # the plane lies half-way between two slices
    assert len(found) > 150
    write(ws, "flat", textured((60, 60))[0], spacing_um=(0.5, 0.5))
    flat = TrainableSegmentation(ws, "flat")
    ScribblePanel(flat, guard=Message().quiet)._stroke(content)
    assert len(flat._voxels()) > 150


def test_nothing_is_applied_to_a_workspace_as_it_was(ws, trainer, tmp_path):
    trainer.save("textures")
    with Workspace.open(tmp_path / "w", as_of=ws.state) as then:
        for widget in (
            TrainableSegmentation(then, "image", record="textures"),
            SegmentationSliders(then, "image", thresholds=(110.0,)),
        ):
            widget.set_trait("saved", True)
            widget.set_trait("name", "textures")
            with pytest.raises(ReadOnly):
                widget.begin_apply("sneaked")
    assert "sneaked" not in ws.images


def test_strokes_left_out_are_foretold_where_classes_differ_and_not_where_they_do_not(ws, phantom):
    trainer = TrainableSegmentation(ws, "image", trees=20)
    trainer.name_classes("matrix", "bright", "striped")
    drawn = scribbles_on(phantom[1], SPACING, a_class=8)
    trainer.scribbles = tuple(stroke.to_dict() for stroke in drawn.strokes)
    right = trainer.judge().right
    assert min(right.values()) > 0.6
    assert right[1] > 0.9
    trainer.features = ("intensity",)
    plain = trainer.judge().right
    assert plain[2] < 0.8 * right[2]  # stripes of the matrix's mean are not seen by a single voxel


def test_a_doubtful_place_lies_where_the_margin_is_small(trainer):
    place = trainer.go_to_doubt()
    seen = trainer.seen_classes(trainer.classifier())
    assert trainer.explorer.cursor_um == place
    index = (np.array(list(place.values())) - seen.origin_um) / np.array(SPACING)
    z, y, x = np.round(index).astype(int)
    y0, x0 = max(0, y - 2), max(0, x - 2)
    near = seen.found.margin[z, y0 : y + 3, x0 : x + 3].mean()
    assert near < np.quantile(seen.found.margin, 0.2)


def test_a_view_that_is_too_large_is_classified_in_its_middle(ws, monkeypatch):
    from scalebridge.widgets import class_preview

    monkeypatch.setattr(class_preview, "_MOST_S", 0.004)
    flat, truth = textured((400, 400))
    write(ws, "flat", flat, spacing_um=(0.5, 0.5), origin_um=(1.5, 1.5))
    trainer = TrainableSegmentation(ws, "flat", trees=5)
    trainer.name_classes("matrix", "bright", "striped")
    drawn = scribbles_on(truth - 1, (0.5, 0.5))
    trainer.scribbles = tuple(stroke.to_dict() for stroke in drawn.strokes)
    seen = trainer.seen_classes(trainer.classifier())
    assert 0.02 < seen.share < 0.5
    middle = np.array(seen.origin_um) + 0.25 * np.array(seen.found.labels.shape)
    np.testing.assert_allclose(middle, list(trainer.explorer.plane().centre_um)[1:], atol=0.6)
    assert "zoom in" in " ".join(trainer.view().children[0].children[1].value.split())


def test_the_panels_draw_scribbles_and_classes_and_take_strokes_one_voxel_deep(ws, trainer):
    said = Message()
    scribbled = ScribblePanel(trainer, guard=said.quiet)
    learned = ClassPanel(trainer, guard=said.quiet)
    assert [one.spec["name"] for one in scribbled.drawn()] == ["image", "scribbles"]
    assert [one.spec["name"] for one in learned.drawn()] == ["image"]
    trainer.classifier()
    assert [one.spec["name"] for one in learned.drawn()] == ["image", "classes"]
    before = len(trainer.scribbles)
    plane = trainer.explorer.plane()
    stroke = {
        "kind": "do", "what": "stroke", "tool": "brush", "label": 1, "radius_um": 1.0, "deed": 1,
        "points": [list(plane.centre_um)], "normal": list(plane.normal),
    }  # fmt: skip
    learned._heard(stroke)
    assert len(trainer.scribbles) == before + 1
    assert trainer.scribbles[-1]["tool"] == "pen"
    pixels = scribbled.drawn()[1].patch(plane, 120, plane.height_px(120))
    shown = np.frombuffer(pixels, np.uint8).reshape(-1, 120, 4)
    seen = sample_on(trainer.scribbles_placed(120), plane, plane.points(120, shown.shape[0]))
    drawn = np.count_nonzero((seen.values != 255) & seen.inside)
    assert drawn > 20
    learned._heard({"kind": "do", "what": "undo", "deed": 2})
    assert len(trainer.scribbles) == before


def test_a_page_that_is_looked_at_learns_behind_it(ws, trainer):
    import time

    view = trainer.view()
    table = view.children[2].children[0].children[2]
    assert "left-out" not in table.value
    panel = view.children[0].children[0].children[1]
    assert isinstance(panel, ClassPanel)
    panel._seen()
    for _ in range(600):
        if "left-out" in table.value:
            break
        time.sleep(0.1)
    assert trainer.is_current
    assert "left-out strokes named right" in table.value
    assert "classes" in [one["name"] for one in panel.layers]


def test_a_picture_shows_scribbles_and_classes(trainer):
    whole = np.asarray(trainer.snapshot(700).convert("RGB"), float)
    trainer.opacity = 0.0
    without = np.asarray(trainer.snapshot(700).convert("RGB"), float)
    assert whole.shape == without.shape
    changed = np.abs(whole - without).max(axis=-1) > 15
    left, right = np.array_split(changed[: len(changed) // 2], 2, axis=1)
    assert changed.mean() > 0.02  # classes are drawn, and with no opacity they are not
    assert right.any()
    assert left[:, : left.shape[1] // 2].mean() < 0.001  # scribbles stay as they are
