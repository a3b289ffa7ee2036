from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.errors import DecisionNeeded, NotFound
from scalebridge.guides import phase_results, segmentation_widget, segmentations_to_measure


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "specimen") as workspace:
        grey = np.arange(64, dtype="u1").reshape(8, 8)
        for name in ("xrm", "fibsem"):
            workspace.images.write(
                name,
                shape=grey.shape,
                dtype=grey.dtype,
                axes="yx",
                blocks=[((slice(0, 8), slice(0, 8)), grey)],
                spacing_um=(1.0, 1.0),
                spacing_source="made",
            )
        for name, accepted in (("xrm_pores", True), ("fibsem_pores", False)):
            workspace.segmentations.add(
                name=name, image=name.split("_")[0], thresholds=[20.0], accepted=accepted
            )
        yield workspace


def test_an_image_that_is_not_there_is_named_with_those_that_are(ws):
    for thresholds in (None, [20.0]):
        with pytest.raises(NotFound, match="no record 'xrn'; it has: xrm, fibsem"):
            segmentations_to_measure(ws, image="xrn", thresholds=thresholds)


def test_an_image_without_a_decision_is_told_from_those_with_one(ws):
    with pytest.raises(DecisionNeeded, match="of fibsem is accepted; there are xrm_pores of xrm:"):
        segmentations_to_measure(ws, image="fibsem")
    assert [s.name for s in segmentations_to_measure(ws, image="xrm")] == ["xrm_pores"]
    assert [s.name for s in segmentations_to_measure(ws)] == ["xrm_pores"]


def test_parameters_that_contradict_each_other_are_refused(ws):
    with pytest.raises(ValueError, match="xrm_pores is of xrm, not of fibsem"):
        segmentations_to_measure(ws, segmentation="xrm_pores", image="fibsem")
    with pytest.raises(ValueError, match="'xrm_pores' has thresholds of its own"):
        segmentations_to_measure(ws, segmentation="xrm_pores", image="xrm", thresholds=[3.0])
    (same,) = segmentations_to_measure(ws, segmentation="xrm_pores", image="xrm")
    assert same.name == "xrm_pores"
    ws.segmentations.remove("xrm_pores")
    with pytest.raises(DecisionNeeded, match="of xrm is accepted, nor of another image: choose"):
        segmentations_to_measure(ws, image="xrm")


def test_a_phase_that_is_not_there_is_named_with_those_that_are(ws):
    (settings,) = segmentations_to_measure(
        ws, image="xrm", thresholds=[20.0], phases=["matrix", "pore"]
    )
    with pytest.raises(DecisionNeeded, match="asked for prose, its phases are matrix, pore"):
        phase_results(ws, settings, measured=["prose"])
    (settings,) = segmentations_to_measure(
        ws, image="xrm", thresholds=[20.0], phases=["air", "matrix"]
    )
    with pytest.raises(DecisionNeeded, match=r"all but matrix, air, .* its phases are air, matrix"):
        phase_results(ws, settings)


def disks() -> np.ndarray:
    y, x = np.mgrid[:96, :96]
    grey = np.full((96, 96), 80.0)
    for centre in ((20, 20), (60, 30), (40, 70), (75, 75)):
        grey[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < 64] = 160
    return (grey + np.random.default_rng(0).normal(0, 4, grey.shape)).astype("u1")


def test_a_threshold_that_nobody_has_judged_is_not_taken_for_exact_in_silence(ws):
    whole = (slice(0, 96), slice(0, 96))
    ws.images.write(
        "disks",
        shape=(96, 96),
        dtype=np.dtype("u1"),
        axes="yx",
        blocks=[(whole, disks())],
        spacing_um=(1.0, 1.0),
        spacing_source="made",
    )
    (settings,) = segmentations_to_measure(
        ws, image="disks", thresholds=[118.0], phases=["matrix", "disk"]
    )
    sliders = segmentation_widget(ws, settings)
    assert sliders.threshold_uncertainty == ()
    assert "no uncertainty is stated" in sliders.origin()
    told = {(c.name, c.passed) for c in phase_results(ws, settings).checks}
    warning = ("disks, disk: uncertainty of the thresholds", None)
    assert warning in told
    sliders.suggest()
    sliders.save("judged")
    (judged,) = segmentations_to_measure(ws, segmentation="judged")
    assert warning not in {(c.name, c.passed) for c in phase_results(ws, judged).checks}
