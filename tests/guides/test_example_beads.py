"""Beads are found as what they are: balls of one size, round from any side."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.guides.example import BEAD_UM, beads_of, brightest, marks_of

TILT = 52.0
STEP = 1.25
CENTRES = np.array([[y, x] for y in (60.3, 150.6, 240.1) for x in (70.2, 170.7, 280.4)])


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Balls before a tilted surface, each with a brighter grain of the surface above it."""
    y, x = np.indices((300, 350)).astype(float)
    grey = np.full(y.shape, 100.0)
    for row, column in CENTRES:
        grey[((y - row + 16) / 7) ** 2 + ((x - column) / 20) ** 2 < 1] = 125.0
    for row, column in CENTRES:
        grey[np.hypot(y - row, x - column) < BEAD_UM / 2 / STEP] = 190.0
    return gaussian_filter(grey, 0.7) + 7 * np.random.default_rng(0).normal(size=grey.shape)


def misses(found, truth) -> np.ndarray:
    places = found[["y_um", "x_um"]].to_numpy()
    nearest = np.linalg.norm(places[:, None] - truth, axis=2).argmin(axis=1)
    assert sorted(nearest) == list(range(len(truth)))
    return places - truth[nearest]


def test_a_ball_is_round_in_a_picture_whose_rows_were_drawn_out(picture) -> None:
    corrected = (STEP / np.cos(np.radians(TILT)), STEP)
    truth = CENTRES * corrected
    off = misses(beads_of(picture, corrected, tilt_deg=TILT), truth)
    assert np.abs(off).max() < 0.3 * STEP
    drawn_out = marks_of(picture, corrected, diameter_um=BEAD_UM)
    drawn_out = drawn_out[drawn_out["contrast"] > 40]
    assert np.abs(misses(drawn_out, truth)).max() > 1.0  # as ellipses they were not understood


def test_places_are_in_the_frame_of_the_image(picture) -> None:
    corrected = (STEP / np.cos(np.radians(TILT)), STEP)
    here = beads_of(picture, corrected, tilt_deg=TILT)
    there = beads_of(picture, corrected, tilt_deg=TILT, origin_um=(100.0, -7.0))
    moved = there[["y_um", "x_um"]] - here[["y_um", "x_um"]]
    assert moved.to_numpy() == pytest.approx(np.tile([100.0, -7.0], (len(here), 1)))
    level = beads_of(picture, (STEP, STEP))
    stretch = here["sigma_y_um"].to_numpy() / level["sigma_y_um"].to_numpy()
    assert stretch == pytest.approx(1 / np.cos(np.radians(TILT)), rel=1e-3)


def test_smaller_spheres_inside_are_no_beads() -> None:
    z, y, x = np.indices((30, 50, 50)) * 5.0
    grey = np.where(z < 50, 10.0, 108.0)
    beads = [(36, 50 + 70 * i, 60 + 65 * j) for i in range(3) for j in range(3)]
    spheres = [(100, 80, 90), (105, 150, 170), (95, 190, 70)]
    for radius, centres in ((14, beads), (10, spheres)):
        for centre in centres:
            away = np.sqrt(sum((a - c) ** 2 for a, c in zip((z, y, x), centre, strict=True)))
            share = np.clip((radius - away) / 5 + 0.5, 0, 1)
            grey = grey + share * (236 - grey)
    grey = gaussian_filter(grey, 0.6) + np.random.default_rng(0).normal(size=grey.shape)
    found = beads_of(grey, (5.0, 5.0, 5.0))
    assert len(found) == len(beads)
    assert found["z_um"].to_numpy() == pytest.approx(36.0, abs=1.5)
    everything = marks_of(grey, (5.0, 5.0, 5.0), diameter_um=BEAD_UM)
    assert len(everything) > len(beads)


def test_where_nothing_but_marks_was_found_all_are_kept() -> None:
    import pandas as pd

    found = pd.DataFrame({"contrast": [75.0, 73, 72, 71, 70, 69, 65, 64, 57]})
    assert len(brightest(found, or_all=True)) == 9
    assert len(brightest(found)) == 8
