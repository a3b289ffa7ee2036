"""An affine map is called inadequate where the specimen is bent, and not where picks scatter."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import fit_landmarks, judge_adequacy

from .measured import SETS


def test_a_bent_specimen_is_seen_and_scattered_picks_are_none():
    rng = np.random.default_rng(0)
    bent, straight = [], []
    for _ in range(20):
        places = rng.uniform(0, 100, (30, 2))
        noise = rng.normal(0, 1, places.shape)
        bow = places + 8 * np.sin(places[:, ::-1] / 20)
        bent.append(judge_adequacy(fit_landmarks(places, bow + noise, model="affine")))
        straight.append(judge_adequacy(fit_landmarks(places, places + noise, model="affine")))
    assert all(one.adequate is False for one in bent)
    assert all(one.adequate is not False for one in straight)
    assert sum(one.adequate is True for one in straight) >= 18
    assert "not adequate: residuals of neighbours are alike" in bent[0].statement
    assert "is adequate" in straight[0].statement


def test_few_landmarks_cannot_tell():
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 100, (9, 3))
    fit = fit_landmarks(places, places + rng.normal(0, 1, places.shape), model="affine")
    told = judge_adequacy(fit)
    assert told.adequate is None
    assert "9 landmarks are too few" in told.statement


@pytest.mark.parametrize(
    ("name", "adequate"),
    [("v14", False), ("v13", False), ("v11", False), ("lesions", None), ("kidney", True)],
)
def test_measured_landmarks(data, name, adequate):
    moving, fixed = SETS[name](data)
    told = judge_adequacy(fit_landmarks(moving, fixed, model="affine", allow_mirror=True))
    assert told.adequate is adequate
    if name == "v14":
        assert told.loo_um == pytest.approx(14502, abs=1)  # nanometres in the file
        assert told.loo_spline_um == pytest.approx(10690, abs=1)
        assert told.p == 0.001
