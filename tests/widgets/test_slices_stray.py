"""A picker's fit of a stack of slices: single places stray, and the reason says so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge import LandmarkPicker
from scalebridge.analysis.registration.stack import slice_unsteadiness

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey


def picked(ws: Any) -> LandmarkPicker:
    rng, there = np.random.default_rng(0), fine_to_survey()
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
    for place in rng.uniform(0.5, 3.0, (8, 3)):
        fixed = there.apply(place[None])[0] + rng.normal(0, 0.02, 3)
        picker.add_pair(moving=named(place), fixed=named(fixed))
    return picker


def named(place: np.ndarray) -> dict[str, float]:
    return dict(zip(("z_um", "y_um", "x_um"), place.tolist(), strict=True))


@pytest.mark.parametrize("sliced", ["fine", "survey"])
def test_a_place_in_a_stack_strays_with_its_slice_and_the_reason_says_so(
    tmp_path: Path, sliced: str
) -> None:
    with beads(tmp_path) as ws:
        plain = picked(ws).fit().transform
        image = ws.images[sliced]
        ws.images.edit(sliced, version=image.version, modality="FIB-SEM")
        picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
        found, step = picker.fit().transform, np.array(image.spacing_um)
        added = found.covariance_at(plain.centre_um) - plain.covariance_at(plain.centre_um)
        own = slice_unsteadiness(step[0], image_um=0.2 * step[1:])
        turn = plain.matrix if sliced == "fine" else np.eye(3)
        assert added[0] == pytest.approx(turn @ own @ turn.T, abs=1e-12)
        assert found.nu > plain.nu
        assert f"places of {sliced} stray with their slice" in picker.reason
        record = picker.accept()
        assert record.transform["covariance"][0] == pytest.approx(found.covariance[0].tolist())
