"""The image's own quality as one of the plain choices: from halves, or from the one image."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import Workspace
from scalebridge.errors import NotFound
from scalebridge.guides import (
    answer_questions,
    answer_table,
    phase_results,
    segmentations_to_measure,
)

SIDE, NOISE, SPACING = 64, 6.0, (0.5, 0.5, 0.5)


def put(ws: Workspace, name: str, grey: np.ndarray) -> None:
    whole = tuple(slice(0, n) for n in grey.shape)
    ws.images.write(
        name, shape=grey.shape, dtype=str(grey.dtype), axes="zyx", blocks=[(whole, grey)],
        spacing_um=SPACING, spacing_source="made",
    )  # fmt: skip


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A cylinder with air around it, twice, and once as a mask."""
    rng = np.random.default_rng(2)
    _, y, x = np.indices((SIDE,) * 3) - 31.5
    field = gaussian_filter(rng.standard_normal((SIDE,) * 3), 3)
    solid = (np.hypot(y, x) < 26) & (field > -1.0 * field.std())
    clean = gaussian_filter(np.where(solid, 160.0, 40.0), 1.0)
    folder: Path = tmp_path_factory.mktemp("quality") / "specimen"
    with Workspace.create(folder) as ws:
        for name in ("one", "two"):
            noisy = clean + rng.normal(0, NOISE, clean.shape)
            put(ws, name, np.clip(np.rint(noisy), 0, 255).astype("uint8"))
        put(ws, "mask", np.where(solid, 255, 0).astype("uint8"))
        yield ws


def answered(ws: Workspace, name: str, halves=None):
    question = ["image quality"]
    return answer_questions(ws, measured(ws, name), questions=question, halves=halves)


@cache
def measured(ws: Workspace, name: str):
    chosen = segmentations_to_measure(ws, image=name, thresholds=[100.0], phases=["air", "glass"])
    return [phase_results(ws, one) for one in chosen]


def test_two_halves_give_a_resolution_and_one_image_an_estimate_that_says_so(scanned) -> None:
    (one,) = answered(scanned, "one", halves=["one", "two"])
    found = {m.key.rsplit(".", 1)[1]: m for m in one.measurements}
    resolution = found["resolution_half_bit"]
    assert "one and two" in resolution.convention
    assert 0 < resolution.uncertainty < resolution.value
    assert resolution in one.key_measurements
    edge = found["edge_width"]
    assert edge.value == pytest.approx(2.563 * SPACING[0], abs=edge.uncertainty + 0.2)
    assert "no resolution by two halves" in edge.convention
    assert found["noise_0"].value == pytest.approx(NOISE, rel=0.1)
    assert found["noise_0"].unit == "grey value"
    assert found["contrast_to_noise_0"].value == pytest.approx(120 / NOISE, rel=0.15)
    assert abs(found["cupping"].value) < 0.05
    assert "shell_correlation" in one.tables
    table = answer_table([one])
    assert table["quantity"].str.contains("cupping of glass").any()
    assert not [check for check in one.checks if check.passed is False]


def test_without_halves_there_is_no_resolution(scanned) -> None:
    (one,) = answered(scanned, "one")
    keys = {m.key.rsplit(".", 1)[1] for m in one.measurements}
    assert "edge_width" in keys
    assert not [key for key in keys if key.startswith("resolution")]


def test_a_segmentation_has_no_quality_of_its_own(scanned) -> None:
    (one,) = answered(scanned, "mask")
    (only,) = one.measurements
    assert np.isnan(only.value)
    assert "segmented before it came here" in only.convention
    assert one.recordable == []


def test_halves_that_are_no_two_images_are_said(scanned) -> None:
    (one,) = answered(scanned, "one", halves=["one"])
    assert "halves needs the names of two images" in one.missing["image_quality"]
    (one,) = answered(scanned, "one", halves=["one", "one"])
    assert "independent noise" in one.missing["image_quality"]
    with pytest.raises(NotFound, match="three"):
        answered(scanned, "one", halves=["one", "three"])
