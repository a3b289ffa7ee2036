"""The uncertainty of a place, split into what it comes from."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import Edge, FramePath, fit_landmarks, region_factor
from scalebridge.analysis.registration.path import Step
from scalebridge.analysis.targeting import InstrumentError, split_uncertainty

MARKS = np.array([[0, 0, 0], [0, 0, 90], [0, 80, 0], [50, 40, 40], [20, 90, 90.0]])
TARGET = np.array([30.0, 50.0, 20.0])
INSTRUMENT = InstrumentError(
    stage_um=0.7, drift_um_per_min=0.01, minutes=60, scale_sigma=0.004, from_um=[0, 0, 0]
)


def chain(rng):
    first = fit_landmarks(MARKS, MARKS + rng.standard_normal(MARKS.shape), model="rigid")
    second = fit_landmarks(MARKS[:4], MARKS[:4] + 0.8 * rng.standard_normal((4, 3)), model="rigid")
    steps = (
        Step(Edge("a to b", "a", "b", first.transform)),
        Step(Edge("b to c", "b", "c", second.transform)),
    )
    return FramePath("a", steps)


def test_the_parts_add_up_and_every_cause_has_its_row():
    way = chain(np.random.default_rng(0))
    split = split_uncertainty(way, TARGET, localisation_um2=0.5 * np.eye(3), instrument=INSTRUMENT)
    table = split.table().set_index("part")
    assert list(table.index) == [
        "registration: a to b", "registration: b to c", "localisation", "stage", "drift", "scale",
        "all",
    ]  # fmt: skip
    assert table["share_of_variance"].drop("all").sum() == pytest.approx(1.0)
    squares = (table[["sx_um", "sy_um", "sz_um"]] ** 2).drop("all").sum()
    np.testing.assert_allclose(
        np.sqrt(squares), table.loc["all", ["sx_um", "sy_um", "sz_um"]].astype(float)
    )
    expected = (
        way.covariance_at(TARGET, 0.5 * np.eye(3))[0]
        + INSTRUMENT.covariance_at(way.apply(TARGET))[0]
    )
    np.testing.assert_allclose(split.covariance_um2, expected)
    small, large = (split.region(level).radii_um for level in (0.5, 0.95))
    factors = [region_factor(3, level=level, nu=split.nu) for level in (0.5, 0.95)]
    np.testing.assert_allclose(large / small, np.sqrt(factors[1] / factors[0]))


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_ellipsoid_of_all_parts_covers_the_place_as_often_as_it_claims(level):
    rng, inside, count = np.random.default_rng(7), [], 300
    for _ in range(count):
        way = chain(rng)
        localised = TARGET + np.sqrt(0.5) * rng.standard_normal(3)
        split = split_uncertainty(
            way, localised, localisation_um2=0.5 * np.eye(3), instrument=INSTRUMENT
        )
        missed = INSTRUMENT.draw(way.apply(TARGET)[None], rng)[0, 0]
        error = way.apply(localised)[0] + missed - TARGET
        limit = split.region(level).factor
        inside.append(error @ np.linalg.solve(split.covariance_um2, error) <= limit)
    spread = np.sqrt(level * (1 - level) / count)
    assert abs(np.mean(inside) - level) < 2.6 * spread
