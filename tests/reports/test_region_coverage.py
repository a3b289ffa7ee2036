"""95 % regions of chains and loops cover what they say; `make validate` counts 2000 repeats."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import fit_landmarks
from scalebridge.reports import region_coverage as room
from scalebridge.reports.region_coverage import region_cases, region_coverage

REPEATS = 100


@pytest.mark.parametrize("case", region_cases())
def test_regions_of_95_percent_cover_as_often_as_so_few_repeats_can_tell(case):
    row = region_coverage(repeats=REPEATS, cases=[case], seed=1).iloc[0]
    spread = np.sqrt(0.95 * 0.05 / REPEATS)
    assert 0.95 - 2.6 * spread <= row["coverage"] <= 1 - 1e-9
    assert row["square"] == pytest.approx(1, abs=0.25)
    if "loop" in case:
        assert row["false_alarm"] < 0.05


def test_the_transforms_that_are_counted_are_those_of_fit_landmarks():
    link, frames = room._Link("ac", "affine", room._CUBE), room._frames()
    counted = link.fitted(frames, np.random.default_rng(2)).transform
    moving = frames["a"].apply(room._CUBE)
    noise = room._NOISE_UM * np.random.default_rng(2).standard_normal(moving.shape)
    plain = fit_landmarks(moving, frames["c"].apply(room._CUBE) + noise, model="affine").transform
    assert counted.to_dict() == plain.to_dict()
