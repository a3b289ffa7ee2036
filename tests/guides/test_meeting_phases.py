"""Interfaces and triple lines as answers: what thresholds tell of them, and what they hide."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import Workspace
from scalebridge.guides import answer_questions, phase_results, segmentations_to_measure
from scalebridge.guides.answering import RIM


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Pore, binder and grain: half of the grain touches pore, without binder between."""
    rng = np.random.default_rng(0)
    one, two = (gaussian_filter(rng.standard_normal((48,) * 3), 4, mode="wrap") for _ in range(2))
    labels = np.where(one < 0, 0, np.where(two < 0, 1, 2))
    grey = gaussian_filter(np.array([40.0, 120.0, 200.0])[labels], 0.8) + rng.normal(
        0, 3, one.shape
    )
    with Workspace.create(tmp_path_factory.mktemp("rims") / "specimen") as ws:
        ws.images.write(
            "scan", shape=grey.shape, dtype="uint8", axes="zyx", spacing_um=(0.5,) * 3,
            blocks=[(tuple(slice(0, n) for n in grey.shape), grey.clip(0, 255).astype("u1"))],
            spacing_source="made",
        )  # fmt: skip
        chosen = segmentations_to_measure(
            ws, image="scan", thresholds=[80.0, 160.0], threshold_uncertainty=[2.0, 2.0],
            phases=["pore", "binder", "grain"],
        )  # fmt: skip
        results = [phase_results(ws, one, measured=["grain"]) for one in chosen]
        shared = answer_questions(ws, results, questions=["surface"])[0]
        yield {m.key.split(".", 2)[2]: m for m in shared.measurements}


def test_neighbours_in_grey_value_have_an_interface_with_all_its_parts(answers) -> None:
    for pair in ("pore and binder", "binder and grain"):
        m = answers[f"{pair}.interface_density"]
        assert set(m.parts) == {"voxels", "threshold"}
        assert np.isfinite(m.uncertainty)
        assert m.sampling > 0
        assert m.for_material > m.uncertainty


def test_what_the_rim_of_the_middle_phase_hides_has_no_interval_and_says_so(answers) -> None:
    hidden = ("pore and grain.interface_density", "pore, binder and grain.triple_line_density")
    for key in hidden:
        assert np.isnan(answers[key].uncertainty)
        assert RIM in answers[key].checks
    assert answers[hidden[0]].value < 0.3 * answers["pore and binder.interface_density"].value
    assert not any(RIM in m.checks for key, m in answers.items() if key not in hidden)
