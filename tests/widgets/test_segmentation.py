from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import SegmentationSliders, Workspace
from scalebridge.analysis.segmentation import segment
from scalebridge.widgets.histogram_panel import HistogramPanel
from scalebridge.widgets.history import Drags
from scalebridge.widgets.scene import sample_on
from scalebridge.widgets.segmentation_view import color_words

sys.path.insert(0, str(Path(__file__).parent))
from specimens import write

SHAPE = (24, 40, 48)


def two_phases() -> np.ndarray:
    """Bright blocks in a dark matrix: 25 % of the volume, with noise."""
    rng = np.random.default_rng(5)
    grey = np.full(SHAPE, 60.0)
    grey[:, :20, :24] = 160.0
    return np.clip(grey + rng.normal(0, 8, SHAPE), 0, 255).astype(np.uint8)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with Workspace.create(tmp_path / "phases") as ws:
        write(ws, "volume", two_phases(), spacing_um=(0.5, 0.5, 0.5))
        yield ws


def test_saved_settings_stand_in_the_workspace(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume", smoothing_px=0.5, min_size_px=8, fill_holes=True)
    sliders.set_threshold(110, uncertainty=[1.5])
    sliders.name_phases("matrix", "particle")
    assert not sliders.saved
    record = sliders.save("particles", note="by eye")
    assert sliders.saved
    with Workspace.open(ws.path) as other:
        standing = other.segmentations["particles"]
    assert standing.fields == record.fields
    assert standing.thresholds == [110.0]
    assert standing.threshold_uncertainty == [1.5]
    assert standing.parameters["fill_holes"] is True
    assert [phase["name"] for phase in standing.phases] == ["matrix", "particle"]


def test_saved_settings_are_taken_up_again(ws: Any) -> None:
    first = SegmentationSliders(ws, "volume", smoothing_px=0.5, fill_holes=True)
    first.set_threshold(100, 140)
    first.save("three")
    again = SegmentationSliders(ws, "volume", record="three")
    assert again.saved
    assert again.settings() == {**first.settings(), "phases": first.named_phases()}
    again.smoothing_px = 1.0
    assert not again.saved


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_preview_is_what_the_headless_run_gets(ws: Any, smoothing: float) -> None:
    sliders = SegmentationSliders(ws, "volume", smoothing_px=smoothing)
    sliders.set_threshold(110)
    explorer = sliders.explorer
    explorer.look_at({"z_um": 6.0, "y_um": 10.0, "x_um": 12.0}, width_um=8.0)
    labels = segment(two_phases(), thresholds=(110,), smoothing_px=smoothing)
    width = 64
    points = explorer.plane().points(width, 48)
    seen = sample_on(sliders.preview(width)[1], explorer.plane(), points).values
    index = np.floor(points / 0.5 + 0.5).astype(int)
    np.testing.assert_array_equal(seen, labels[tuple(np.moveaxis(index, -1, 0))])


def test_suggestion_lies_between_the_phases_with_an_uncertainty(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.suggest()
    assert sliders.thresholds[0] == pytest.approx(110, abs=3)
    assert 0 < sliders.threshold_uncertainty[0] < 5
    shares = sliders.fractions().set_index("phase")
    assert shares["fraction"].iloc[1] == pytest.approx(0.25, abs=0.002)
    assert (shares["lower"] <= shares["fraction"]).all()
    assert sliders.note


def test_undo_and_redo_reach_settings_and_records(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.set_threshold(100)
    sliders.save("phases")
    sliders.set_threshold(120)
    sliders.save("phases")
    assert ws.segmentations["phases"].thresholds == [120.0]
    assert sliders.undo() == "save phases"
    assert ws.segmentations["phases"].thresholds == [100.0]
    assert not sliders.saved
    assert sliders.undo() == "set thresholds"
    assert sliders.thresholds == (100.0,)
    assert sliders.saved
    sliders.redo()
    sliders.redo()
    assert ws.segmentations["phases"].thresholds == [120.0]
    assert ws.segmentations["phases"].version == 4
    assert sliders.saved


def test_a_threshold_moved_by_hand_keeps_an_uncertainty_that_reaches_the_suggestion(
    ws: Any,
) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.suggest()
    (suggested,), (sigma,) = sliders.thresholds, sliders.threshold_uncertainty
    assert sliders.origin() == ""
    sliders.set_threshold(suggested + 12)
    assert sliders.threshold_uncertainty[0] == pytest.approx(np.hypot(sigma, 12 / np.sqrt(3)))
    assert 2 * sliders.threshold_uncertainty[0] > 12  # the 95 % band holds the suggestion
    assert "threshold 1 placed by hand" in sliders.origin()
    sliders.set_threshold(suggested + 30)
    sliders.set_threshold(suggested + 0.0)
    assert sliders.threshold_uncertainty == (sigma,)
    assert sliders.origin() == ""


def test_a_record_remembers_what_a_threshold_placed_by_hand_is_judged_by(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.suggest()
    reference = sliders.reference
    sliders.thresholds = (125.0,)  # as a trait: the same as by set_threshold
    record = sliders.save("by hand")
    moved = 125 - reference[0][0]
    assert record.threshold_uncertainty == [
        pytest.approx(np.hypot(reference[0][1], moved / 3**0.5))
    ]
    assert "placed by hand" in record.note
    again = SegmentationSliders(ws, "volume", record="by hand")
    assert again.saved
    assert again.origin() == sliders.origin()
    again.set_threshold(reference[0][0])
    assert again.threshold_uncertainty == (reference[0][1],)
    again.undo()
    assert again.thresholds == (125.0,)
    assert again.threshold_uncertainty == tuple(record.threshold_uncertainty)
    assert again.saved


def test_a_threshold_without_a_suggestion_says_that_no_uncertainty_is_stated(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.set_threshold(118)
    assert sliders.threshold_uncertainty == ()
    assert "no uncertainty is stated" in sliders.origin()
    sliders.threshold_uncertainty = (4.0,)
    assert sliders.origin() == ""
    sliders.set_threshold(100, 140)  # two are not judged by one
    assert sliders.threshold_uncertainty == ()


def test_words_about_a_suggestion_go_where_its_thresholds_go(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.suggest()
    said = sliders.note
    sliders.undo()
    assert (sliders.thresholds, sliders.note) == ((), "")
    sliders.redo()
    assert sliders.note == said
    sliders.save("suggested")
    assert SegmentationSliders(ws, "volume", record="suggested").save().note == said
    sliders.set_threshold(120, uncertainty=[3.0])
    assert sliders.save("stated").note == ""
    sliders.undo()
    sliders.undo()
    assert sliders.note == said
    sliders.set_threshold(90, 130)  # two: not those that were suggested
    record = sliders.save("two")
    assert said not in record.note
    assert "reference" not in record.parameters


def test_settings_that_are_held_together_are_one_step(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.suggest()
    suggested = sliders.settings()
    with sliders.hold_trait_notifications():
        sliders.thresholds, sliders.threshold_uncertainty = (100.0,), (9.0,)
    assert sliders.threshold_uncertainty == (9.0,)
    assert sliders.reference == ((100.0, 9.0),)
    assert sliders.undo() == "change thresholds and threshold_uncertainty"
    assert sliders.settings() == suggested


def test_a_setting_given_with_a_record_is_a_change_of_it(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.suggest()
    record = sliders.save("phases")
    moved = SegmentationSliders(ws, "volume", record="phases", thresholds=(120.0,))
    assert not moved.saved
    assert 2 * moved.threshold_uncertainty[0] > 120 - record.thresholds[0]
    moved.undo()
    assert moved.saved
    assert list(moved.thresholds) == record.thresholds


def test_slider_moves_can_be_undone_too(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.smoothing_px = 2.0
    sliders.smoothing_px = 3.0
    sliders.undo()
    assert sliders.smoothing_px == 2.0


def test_a_drag_is_one_step_however_often_it_is_told(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.set_threshold(90.0)
    panel = HistogramPanel(sliders, guard=lambda action: action)
    for drag, greys in ((1, (95.0, 100.0, 105.0, 105.0)), (2, (120.0, 130.0))):
        for grey in greys:
            panel._hear({"kind": "moved", "marks": [grey], "drag": drag})
    seen = [sliders.thresholds]
    for _ in range(2):
        sliders.undo()
        seen.append(sliders.thresholds)
    assert seen == [(130.0,), (105.0,), (90.0,)]
    sliders.redo()
    assert sliders.thresholds == (105.0,)
    panel._hear({"kind": "moved", "marks": [140.0], "drag": 1})
    sliders.undo()
    assert sliders.thresholds == (90.0,)


def test_a_click_on_the_histogram_sets_the_first_threshold(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    panel = HistogramPanel(sliders, guard=lambda action: action)
    panel._hear({"kind": "moved", "marks": [110.0], "drag": 0})
    assert sliders.thresholds == (110.0,)
    with pytest.raises(ValueError, match="hears moved thresholds"):
        panel._hear({"kind": "moved", "marks": [90.0, 110.0], "drag": 0})


def test_what_a_slider_tells_within_a_second_is_one_drag(monkeypatch: Any) -> None:
    now = [10.0]
    monkeypatch.setattr("scalebridge.widgets.history.time.monotonic", lambda: now[0])
    drags, marks = Drags(), []
    for wait in (0.0, 0.4, 0.9, 1.5, 0.2):
        now[0] += wait
        marks.append(drags.now())
    assert [mark - marks[0] for mark in marks] == [0, 0, 0, 1, 1]
    assert Drags().now() > marks[-1]  # sliders that are made anew begin another


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("thresholds", (120.0, 100.0)),
        ("thresholds", (float("nan"),)),
        ("thresholds", ("high",)),
        ("threshold_uncertainty", (-1.0,)),
        ("smoothing_px", -0.5),
        ("min_size_px", -1),
        ("opacity", 2.0),
        ("phases", ({"label": 0, "name": " "},)),
        ("phases", ({"label": 0, "name": "a"}, {"label": 0, "name": "b"})),
    ],
)
def test_bad_setting_is_refused_at_assignment(ws: Any, trait: str, value: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    before = getattr(sliders, trait)
    with pytest.raises(TraitError):
        setattr(sliders, trait, value)
    assert getattr(sliders, trait) == before


def test_saving_without_a_threshold_is_refused(ws: Any) -> None:
    with pytest.raises(ValueError, match="save needs a threshold"):
        SegmentationSliders(ws, "volume").save("empty")
    assert len(list(ws.segmentations)) == 0


def test_uncertainties_need_one_value_a_threshold(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume")
    sliders.set_threshold(100, uncertainty=[2.0])
    with pytest.raises(TraitError, match="needs 2 values, one a threshold, got 1"):
        sliders.set_threshold(90, 120, uncertainty=[1.0])
    assert (sliders.thresholds, sliders.threshold_uncertainty) == ((100.0,), (2.0,))


def test_a_record_with_one_uncertainty_for_all_thresholds_opens(ws: Any) -> None:
    fields = {"image": "volume", "thresholds": [90.0, 120.0], "threshold_uncertainty": [2.0]}
    ws.segmentations.add(name="from outside", accepted=True, **fields)
    sliders = SegmentationSliders(ws, "volume", record="from outside")
    assert sliders.threshold_uncertainty == (2.0, 2.0)
    assert sliders.origin() == ""


def test_picture_shows_the_phase_in_its_colour_only_where_it_is(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume", opacity=1.0)
    plain = np.asarray(sliders.snapshot(width_px=500))
    sliders.set_threshold(110)
    sliders.name_phases("matrix", "particle")
    shown = np.asarray(sliders.snapshot(width_px=500))
    orange = np.all(shown == (0xE6, 0x9F, 0x00), axis=-1).sum()
    assert orange > 0.2 * (500 * 0.4) ** 2 * 0.25
    assert np.all(plain == (0xE6, 0x9F, 0x00), axis=-1).sum() == 0


def test_naming_phases_tells_which_colours_their_names_have(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "volume", thresholds=(90.0, 130.0))
    before = [phase["color"] for phase in sliders.named_phases()]
    assert color_words(before, sliders.named_phases()) == ""
    sliders.name_phases("pore", "matrix", "inclusion")
    words = color_words(before, sliders.named_phases())
    assert "pore sky blue, matrix grey, not painted, inclusion orange" in words
    named = [phase["color"] for phase in sliders.named_phases()]
    sliders.name_phases("open pore", "matrix", "inclusions")
    assert color_words(named, sliders.named_phases()) == ""
