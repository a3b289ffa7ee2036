"""Interfaces and triple lines as answers: what thresholds tell of them, and what they hide."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import Workspace
from scalebridge.guides import answer_questions, phase_results, segmentations_to_measure
from scalebridge.guides.answering import RIM

SIDE = 48


def labels_and_grey():
    """Pore, binder and grain: half of the grain touches pore, without binder between."""
    rng = np.random.default_rng(0)
    one, two = (gaussian_filter(rng.standard_normal((SIDE,) * 3), 4, mode="wrap") for _ in "ab")
    labels = np.where(one < 0, 0, np.where(two < 0, 1, 2)).astype("u1")
    blurred = gaussian_filter(np.array([40.0, 120.0, 200.0])[labels], 0.8)
    return labels, (blurred + rng.normal(0, 3, one.shape)).clip(0, 255).astype("u1")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What is said of the blurred image, and of its truth as an image of three grey values."""
    labels, grey = labels_and_grey()
    with Workspace.create(tmp_path_factory.mktemp("rims") / "specimen") as ws:
        for name, image in (("scan", grey), ("truth", 40 + 80 * labels)):
            ws.images.write(
                name, shape=image.shape, dtype="uint8", axes="zyx", spacing_um=(0.5,) * 3,
                blocks=[(tuple(slice(0, n) for n in image.shape), image)], spacing_source="made",
            )  # fmt: skip

        def said(name):
            chosen = segmentations_to_measure(
                ws, image=name, thresholds=[80.0, 160.0], threshold_uncertainty=[2.0, 2.0],
                phases=["pore", "binder", "grain"],
            )  # fmt: skip
            results = [phase_results(ws, one, measured=["grain"]) for one in chosen]
            shared = answer_questions(ws, results, questions=["surface"])[0]
            return {m.key.split(".", 2)[2]: m for m in shared.measurements}

        yield said("scan"), said("truth")


def test_rims_make_interfaces_of_thresholds_wrong_which_have_no_interval_and_say_so(answers):
    scan, truth = answers
    hidden, doubled = "pore and grain.interface_density", "pore and binder.interface_density"
    assert scan[hidden].value < 0.3 * truth[hidden].value
    assert scan[doubled].value > 1.5 * truth[doubled].value
    for m in scan.values():
        assert np.isnan(m.uncertainty)
        assert m.parts["voxels"] > 0
        assert RIM in m.checks


def test_of_labels_interfaces_and_lines_have_an_interval_and_one_for_the_material(answers) -> None:
    _, truth = answers
    assert set(truth) == {
        "pore and binder.interface_density", "pore and grain.interface_density",
        "binder and grain.interface_density", "pore, binder and grain.triple_line_density",
    }  # fmt: skip
    for m in truth.values():
        assert 0 < m.uncertainty < m.for_material < m.value
        assert RIM not in m.checks


def test_two_phases_have_an_interface_with_all_its_parts(tmp_path) -> None:
    _, grey = labels_and_grey()
    with Workspace.create(tmp_path / "specimen") as ws:
        ws.images.write(
            "scan", shape=grey.shape, dtype="uint8", axes="zyx", spacing_um=(0.5,) * 3,
            blocks=[(tuple(slice(0, n) for n in grey.shape), grey)], spacing_source="made",
        )  # fmt: skip
        chosen = segmentations_to_measure(
            ws, image="scan", thresholds=[80.0], threshold_uncertainty=[2.0],
            phases=["pore", "solid"],
        )  # fmt: skip
        results = [phase_results(ws, one, measured=["pore"]) for one in chosen]
        (m,) = answer_questions(ws, results, questions=["surface"])[0].measurements
        assert set(m.parts) == {"voxels", "threshold"}
        assert m.for_material > m.uncertainty
