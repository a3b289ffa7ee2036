"""The picked CLEM landmarks against the published alignment of the same pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import ndimage

from scalebridge.analysis.registration import LandmarkFit, choose_model, fit_landmarks
from scalebridge.analysis.registration.blocks import match_blocks
from scalebridge.io.bigwarp import read_bigwarp

LANDMARKS = Path(__file__).parents[2] / "notebooks" / "data" / "clem_landmarks.csv"
PIXEL_UM = 1 / 9.968102
HALF_PX = 24


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray]:
    table = read_bigwarp(LANDMARKS)
    return _yx(table, "moving"), _yx(table, "fixed")


@pytest.fixture(scope="module")
def published(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Places in the micrograph, and where the published alignment took them from [um]."""
    folder = data / "embl_clem_2d"
    em, green, aligned = (
        tifffile.imread(folder / f"{name}.tif") for name in ("em", "fluo_green", "aligned-ch1")
    )
    seen = ndimage.minimum_filter((em > 0) & (aligned > 0), 2 * HALF_PX + 1, mode="constant")
    y, x = np.mgrid[60:960:30, 60:900:30]
    places = np.column_stack([y.ravel(), x.ravel()])
    places = places[seen[places[:, 0], places[:, 1]]]
    found = match_blocks(aligned, green, centres_px=places, half_size_px=HALF_PX, search_px=18)
    sure = found.score > 0.9
    assert sure.mean() > 0.9
    return places[sure] * PIXEL_UM, found.places_px[sure] * PIXEL_UM


def _yx(table: pd.DataFrame, which: str) -> np.ndarray:
    return table[[f"{which}_y_um", f"{which}_x_um"]].to_numpy(float)


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(errors**2, axis=1))))


def _errors(fit: LandmarkFit, moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    mapped = fit.transform.apply(np.column_stack([np.zeros(len(moving)), moving]))
    return np.asarray(mapped)[:, 1:] - fixed


def test_the_landmarks_are_many_and_spread_over_the_common_area(
    pairs: tuple[np.ndarray, np.ndarray],
) -> None:
    moving, fixed = pairs
    assert len(moving) >= 12
    assert np.ptp(fixed, axis=0).min() > 60  # of about 70 x 90 um that both images show


def test_leave_one_out_chooses_affine_because_a_section_shrinks_unequally(
    pairs: tuple[np.ndarray, np.ndarray],
) -> None:
    assert choose_model(*pairs).model == "affine"
    loo = {m: _loo(fit_landmarks(*pairs, model=m)) for m in ("rigid", "similarity", "affine")}
    assert loo["affine"] < 0.15
    assert min(loo["rigid"], loo["similarity"]) > 0.5


def _loo(fit: LandmarkFit) -> float:
    return float(np.sqrt(np.nanmean(np.square(fit.loo_um))))


def test_the_fit_agrees_with_the_published_alignment_to_a_pixel_and_a_half(
    pairs: tuple[np.ndarray, np.ndarray], published: tuple[np.ndarray, np.ndarray]
) -> None:
    fixed, moving = published
    before = _rms(moving - fixed)
    after = _errors(fit_landmarks(*pairs, model="affine"), moving, fixed)
    assert before > 0.6
    assert _rms(after) < 0.15
    assert np.median(np.linalg.norm(after, axis=1)) < 0.1
    assert _rms(_errors(fit_landmarks(*pairs, model="rigid"), moving, fixed)) > 0.5
