"""Landmarks that people picked on real specimens."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from scalebridge.analysis.registration import choose_model, confidence_region, fit_landmarks
from scalebridge.errors import Degenerate

from .measured import SETS, bigwarp


def test_platynereis_refuses_the_affine_though_its_residuals_are_smallest(data, reference):
    moving, fixed = bigwarp(data / "platynereis_xray_sbem" / "big-warp-landmarks.csv")
    choice = choose_model(moving, fixed)
    table = choice.table.set_index("model")
    assert choice.model == "similarity"
    what, unit, source = "Platynereis, similarity:", "µm", "its landmarks, by hand"
    for name, column, value in (("residuals", "fre_um", 4.8), ("leave-one-out", "loo_um", 9.7)):
        ours = table.loc["similarity", column]
        reference(f"{what} {name}", ours, value, abs=0.05, unit=unit, source=source)
    assert table["fre_um"].idxmin() == "affine"
    assert table.loc["affine", "loo_max_um"] == pytest.approx(48.4, abs=0.1)
    assert table.loc["affine", "verdict"] == "refused"
    reason = table.loc["affine", "reason"]
    assert "its residuals are the smallest" in reason
    assert "up to 48.4 µm" in reason
    assert "nearly on a line (RMS spread 106 µm × 19.8 µm × 8.7 µm)" in reason
    stretch = np.linalg.svd(fit_landmarks(moving, fixed, model="affine").transform.matrix)[1]
    np.testing.assert_allclose(stretch, [1.22, 1.08, 0.69], atol=0.01)


def coverage(moving, fixed, count, *, known=False, draws=150):
    """Fit a few pairs, predict the others with their own error, count the hits."""
    rng = np.random.default_rng(count)
    hits = []
    for _ in range(draws):
        chosen = rng.permutation(len(moving))
        used, held = chosen[:count], chosen[count:]
        fit_few = partial(fit_landmarks, model="affine", allow_mirror=True)
        try:
            transform = fit_few(moving[used], fixed[used]).transform
        except Degenerate:
            continue
        assert transform.sigma_um is not None
        axes = slice(3 - transform.ndim_fixed, 3)
        covariance = transform.covariance_at(moving[held])[:, axes, axes]
        covariance = covariance + transform.sigma_um**2 * np.eye(transform.ndim_fixed)
        miss = transform.apply(moving[held])[:, axes] - fixed[held]
        square = np.einsum("ni,nij,nj->n", miss, np.linalg.inv(covariance), miss)
        factor = confidence_region(covariance[0], nu=None if known else transform.nu).factor
        hits.append(np.mean(square <= factor))
    assert len(hits) > 0.6 * draws
    return float(np.mean(hits))


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("count", [6, 10, 30])
def test_regions_predicted_from_a_few_measured_landmarks_cover_the_others(data, name, count):
    moving, fixed = SETS[name](data)
    assert 0.87 <= coverage(moving, fixed, count) <= 0.97


@pytest.mark.parametrize("name", SETS)
def test_chi_squared_regions_would_be_too_narrow(data, name):
    moving, fixed = SETS[name](data)
    assert coverage(moving, fixed, 6, known=True) < 0.89
