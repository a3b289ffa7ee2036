"""Classes learned from scribbles, through the quantification template's logic."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import TrainableSegmentation, Workspace
from scalebridge.analysis.quantification.class_variation import LEARNED, measure_classes
from scalebridge.errors import DecisionNeeded
from scalebridge.guides import (
    answer_questions,
    audit_phases,
    phase_results,
    segmentation_widget,
    segmentations_to_measure,
    with_audits,
)
from scalebridge.guides.class_shares import _telling_block

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
sys.path.insert(0, str(Path(__file__).parents[1] / "analysis" / "segmentation"))
from scribbled import scribbles_on
from specimens import write

SPACING, SHAPE = (0.5, 0.5, 0.5), (48, 56, 64)


@pytest.fixture(scope="module")
def truth():
    field = gaussian_filter(np.random.default_rng(4).normal(size=SHAPE), 5, mode="wrap")
    return (field > 0.3 * field.std()).astype(np.uint8)


@pytest.fixture(scope="module")
def learned(truth, tmp_path_factory):
    """A workspace with a blurred and noisy image, learned from six scribbles a class."""
    rng = np.random.default_rng(5)
    grey = gaussian_filter(60.0 + 80.0 * truth, 0.8) + rng.normal(scale=8, size=SHAPE)
    with Workspace.create(tmp_path_factory.mktemp("trained") / "w") as ws:
        write(ws, "scan", grey.astype(np.float32), spacing_um=SPACING, origin_um=(1.5,) * 3)
        trainer = TrainableSegmentation(ws, "scan", trees=20)
        trainer.name_classes("matrix", "grain")
        drawn = scribbles_on(truth, SPACING)
        trainer.scribbles = tuple(stroke.to_dict() for stroke in drawn.strokes)
        trainer.save("grains")
        yield ws


@pytest.fixture(scope="module")
def result(learned):
    (settings,) = segmentations_to_measure(learned)
    return phase_results(learned, settings)


def test_what_is_measured_is_what_the_widget_applies(learned, result):
    widget = segmentation_widget(learned, result.settings)
    assert isinstance(widget, TrainableSegmentation)
    np.testing.assert_array_equal(result.found.labels, widget.apply("labels").array())


def test_the_interval_knows_of_other_scribbles_and_holds_the_truth(result, truth):
    fraction = next(m for m in result.measurements if m.key.endswith("volume_fraction"))
    assert fraction.parts["classes"] > 0
    low, high = fraction.interval95
    assert low <= truth.mean() <= high
    assert high - low < 0.2
    said = [check for check in fraction.checks if check.name == LEARNED]
    assert [check.passed for check in said] == [None]
    assert "other scribbles" in said[0].detail
    again = [check.name for check in result.checks if LEARNED in check.name]
    assert len(again) == 1


def test_answers_have_a_part_of_the_scribbles(learned, result):
    (answers,) = answer_questions(learned, [result], questions=["pore sizes"], block_voxels=32)
    thickness = next(m for m in answers.measurements if "local_thickness_mean" in m.key)
    assert thickness.parts["classes"] > 0
    assert "threshold" not in thickness.parts


def test_the_audit_sends_phantoms_through_the_same_classifier(learned, result):
    (audit,) = audit_phases(learned, [result], phantoms=2)
    assert audit.why_not == ""
    rows = {row.quantity: row for row in audit.audit}
    assert abs(rows["volume_fraction"].bias) < 0.2
    (told,) = with_audits([result], [audit])
    assert any(check.name == "audit" for m in told.measurements for check in m.checks)


def test_too_few_scribbles_are_said_and_no_interval_pretends(learned, truth):
    trainer = TrainableSegmentation(learned, "scan", trees=10)
    trainer.name_classes("matrix", "grain")
    drawn = scribbles_on(truth, SPACING, a_class=2)
    trainer.scribbles = tuple(stroke.to_dict() for stroke in drawn.strokes)
    trainer.save("few")
    (settings,) = segmentations_to_measure(learned, segmentation="few")
    few = phase_results(learned, settings)
    fraction = next(m for m in few.measurements if m.key.endswith("volume_fraction"))
    assert "classes" not in fraction.parts
    detail = next(check.detail for check in fraction.checks if check.name == LEARNED)
    assert "fewer than three scribbles" in detail
    (answers,) = answer_questions(learned, [few], questions=["transport"], block_voxels=16)
    assert answers.measurements


def test_a_stroke_that_was_erased_is_not_counted(learned, truth):
    trainer = TrainableSegmentation(learned, "scan", trees=10)
    trainer.name_classes("matrix", "grain")
    drawn = [stroke.to_dict() for stroke in scribbles_on(truth, SPACING, a_class=3).strokes]
    eraser = {**drawn[0], "label": None, "radius_um": 1.2}
    trainer.scribbles = (*drawn, eraser)
    trainer.save("erased")
    (settings,) = segmentations_to_measure(learned, segmentation="erased")
    found = phase_results(learned, settings)
    assert found.varied.strokes_a_class == 2
    assert found.varied.variants == ()


def test_a_class_that_nobody_scribbled_on_is_not_measured(learned, truth):
    trainer = TrainableSegmentation(learned, "scan", record="grains")
    trainer.name_classes("matrix", "grain", "crack")
    trainer.save("with cracks")
    (settings,) = segmentations_to_measure(learned, segmentation="with cracks")
    assert list(phase_results(learned, settings).diameters) == ["grain"]
    with pytest.raises(DecisionNeeded, match="nobody scribbled on crack"):
        phase_results(learned, settings, measured=["crack"])


def test_voxels_without_a_grey_value_are_told_and_stop_no_audit(learned, truth):
    grey = np.array(learned.images["scan"].array())
    grey[:, :8] = np.nan
    write(learned, "holes", grey, spacing_um=SPACING, origin_um=(1.5,) * 3)
    trainer = TrainableSegmentation(learned, "holes", trees=10)
    trainer.name_classes("matrix", "grain")
    drawn = scribbles_on(truth[:, 8:], SPACING).strokes
    moved = [stroke.to_dict() for stroke in drawn]
    for stroke in moved:
        stroke["points_um"] = [[z, y + 4.0, x] for z, y, x in stroke["points_um"]]
    trainer.scribbles = tuple(moved)
    trainer.save("with holes")
    (settings,) = segmentations_to_measure(learned, segmentation="with holes")
    found = phase_results(learned, settings)
    said = next(c for c in found.measurements[0].checks if c.name == "voxels without a grey value")
    assert said.passed is None
    assert f"{8 / 56:.2%}" in said.detail
    (audit,) = audit_phases(learned, [found], phantoms=2)
    assert audit.audit is not None or audit.why_not


def test_a_class_that_the_variants_say_nothing_of_has_no_interval():
    labels = np.zeros((32, 32, 32), np.uint8)
    labels[20:26, 20:26, 20:26] = 1
    box = (slice(0, 16),) * 3
    found = measure_classes(
        labels, [labels[box]] * 8, spacing_um=(1, 1, 1), names={1: "rare"}, box=box
    )
    assert not np.isfinite(found["rare.volume_fraction"].uncertainty)


def test_the_block_of_the_variants_has_the_rarest_class():
    labels = np.zeros((128, 128, 128), np.uint8)
    labels[5:15, 100:110, 5:15] = 1
    assert _telling_block(labels, None).slices[1].stop > 100


def test_classes_that_differ_by_texture_alone_have_no_audit(learned, result):
    from dataclasses import replace

    flat = np.full(SHAPE, 100.0, np.float32)
    flat += np.random.default_rng(0).normal(scale=5, size=SHAPE).astype(np.float32)
    seen = replace(result.varied.classified, source=flat)
    other = replace(result, varied=replace(result.varied, classified=seen))
    (audit,) = audit_phases(learned, [other], phantoms=2)
    assert audit.audit is None
    assert "texture" in audit.why_not
