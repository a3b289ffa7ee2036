"""Loops that do not close are red, and errors typed by hand are said beside every ±."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge import LandmarkPicker, Scene, SliceExplorer, TargetPicker
from scalebridge.analysis.registration import AffineTransform, fit_landmarks
from scalebridge.plots.theme import STATUS
from scalebridge.widgets.graph_words import loops_html
from scalebridge.widgets.landmark_words import ghost_html, standing_html, summary_html
from scalebridge.widgets.reading import reading_words
from scalebridge.widgets.target_picture import target_words
from scalebridge.widgets.target_view import refusal_html

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey

NAMES = ("z_um", "y_um", "x_um")
HAND = "localisation error typed by hand"
SPOTS = np.random.default_rng(1).uniform((-2.5, -5, -5), (2.5, 5, 5), (8, 3))
ASIDE_UM = np.array([0, 0, 5])
ERRORS = np.random.default_rng(2).normal(0, 0.1, SPOTS.shape)


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        yield ws


def picked(ws: Any, *, sigma_um: float | None = None) -> LandmarkPicker:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
    for moving, error in zip(SPOTS, ERRORS, strict=True):
        fixed = fine_to_survey().apply(moving)[0] + error
        picker.add_pair(moving=named(moving), fixed=named(fixed), fixed_sigma_um=sigma_um)
    return picker


def by_way_of_a_stage(ws: Any, off_um: float) -> None:
    """The way from fine to survey once more, by a third frame and this far off."""
    ws.frames.add(name="stage")
    true = fine_to_survey()
    there = fit_landmarks(SPOTS, SPOTS + ASIDE_UM, model="rigid", sigma_um=0.1).transform
    ends = true.apply(SPOTS) + np.array([0, 0, off_um])
    back = fit_landmarks(SPOTS + ASIDE_UM, ends, model="rigid", sigma_um=0.1).transform
    for name, one, other, fit in (
        ("fine_to_stage", "fine", "stage", there), ("stage_to_survey", "stage", "survey", back),
    ):  # fmt: skip
        ws.transforms.add(
            name=name, from_frame=one, to_frame=other, transform=fit.to_dict(),
            status="accepted", method="landmarks",
        )  # fmt: skip


def test_a_loop_that_the_fit_would_not_close_is_red_in_the_picker(ws: Any) -> None:
    picker = picked(ws)
    assert loops_html(picker) == ""
    by_way_of_a_stage(ws, off_um=4.0)
    told = standing_html(picker)
    assert "LOOP DOES NOT CLOSE" in told
    assert "the fit shown here" in told
    assert STATUS["refused"] in told
    picker.accept()
    assert "LOOP DOES NOT CLOSE" in standing_html(picker)
    refused = ws.transforms["stage_to_survey"]
    ws.transforms.edit(refused.id, version=refused.version, status="refused", note="slipped")
    assert "LOOP" not in standing_html(picker)


def test_a_target_that_is_told_by_way_of_an_open_loop_says_so_in_red(ws: Any) -> None:
    picked(ws).accept()
    ws.targets.add(name="pore", frame="survey", position=named((6, 12, 14)))
    targets = TargetPicker(ws, "survey", into="fine")
    assert refusal_html(targets) == ""
    by_way_of_a_stage(ws, off_um=4.0)
    told = refusal_html(targets)
    assert "LOOP DOES NOT CLOSE" in told
    assert STATUS["refused"] in told


def test_a_loop_within_its_errors_is_not_mentioned(ws: Any) -> None:
    picker = picked(ws)
    by_way_of_a_stage(ws, off_um=0.0)
    assert loops_html(picker) == ""


def test_pairs_that_changed_since_are_called_stale(ws: Any) -> None:
    picker = picked(ws)
    picker.accept()
    assert "stale" not in standing_html(picker)
    picker.exclude("L2")
    assert "stale: the pairs have changed since" in standing_html(picker)


def test_an_error_typed_by_hand_is_said_at_the_cursor_and_one_from_residuals_is_not(
    ws: Any,
) -> None:
    for sigma, typed in ((0.2, True), (None, False)):
        picker = picked(ws, sigma_um=sigma)
        picker.accept()
        explorer = SliceExplorer(ws, ["survey", "fine"])
        explorer.cursor_um = named(fine_to_survey().apply([[0.0, 0.0, 0.0]])[0])
        table = explorer.read()
        words = reading_words(table, explorer.cursor_um, frame="survey")
        assert "its place ±" in words
        assert (f"{HAND}: fine_to_survey" in words) is typed
        assert table["error_source"].tolist()[0] == ""
        for record in list(picker.records()):
            picker.remove_pair(record.name)


def test_it_is_said_of_ghost_target_scene_and_picture(ws: Any) -> None:
    ws.targets.add(name="pore", frame="survey", position=named((6, 12, 14)))
    picker = picked(ws, sigma_um=0.2)
    picker.target = "pore"
    picker.moving_view.cursor_um = named((0, 1, 2))
    assert HAND in ghost_html(picker)
    assert f"{HAND}</div>" in summary_html(picker)
    picker.accept()
    targets = TargetPicker(ws, "survey", into="fine")
    first, cut, *_ = target_words(targets, targets.target(), with_region=True)
    assert f"(± one standard uncertainty, {HAND}: fine_to_survey" in first
    assert f"lies in it with 95 %, {HAND}" in cut
    notes = Scene(ws, frame="fine").space().notes
    assert any(HAND in note for note in notes)


def test_exact_transforms_say_nothing_of_errors(ws: Any) -> None:
    ws.transforms.add(
        name="known", from_frame="fine", to_frame="survey", status="accepted", method="known",
        transform=AffineTransform.exact(offset_um=[1, 2, 3]).to_dict(),
    )  # fmt: skip
    explorer = SliceExplorer(ws, ["survey", "fine"])
    explorer.cursor_um = named((1.0, 2.0, 3.0))
    words = reading_words(explorer.read(), explorer.cursor_um, frame="survey")
    assert "±" not in words
    assert HAND not in words
