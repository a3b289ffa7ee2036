"""Staged cuts: each step keeps its distance as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import Stage, removal_rate, sigma_along, staged_plan

LASER = removal_rate("femtosecond laser", "stainless steel")
PLASMA = removal_rate("plasma FIB", "Si", current_nA=1000)
GALLIUM = removal_rate("gallium FIB", "Si", current_nA=65)
FACE = {"depth_um": 100.0, "width_um": 80.0, "angle_deg": 54.0}


def three(*, nu=None):
    return [
        Stage(LASER, 20, sigma_um=5, nu=nu),
        Stage(PLASMA, 5, sigma_um=1.2, set_up_min=60),
        Stage(GALLIUM, 1, sigma_um=0.3, set_up_min=30),
    ]


def test_steps_stop_nearer_and_nearer_and_share_the_way_between_them():
    plan = staged_plan(three(), probability=0.99, **FACE)
    table = plan.table()
    assert table["stops_um"].is_monotonic_decreasing
    assert table["stops_um"].to_numpy() == pytest.approx(
        table["stand_off_um"] + 2.3263 * np.array([5, 1.2, 0.3]), abs=1e-3
    )
    assert table["volume_um3"][0] == pytest.approx(plan.trench.volume_um3)
    slabs = -np.diff(table["stops_um"]) * 80 * 100
    assert table["volume_um3"][1:].to_numpy() == pytest.approx(slabs)
    assert plan.time.volume_um3 == pytest.approx(table["volume_um3"].sum())
    assert plan.time.median_h > table["median_h"].sum() * 0.8


@pytest.mark.parametrize("nu", [None, 6])
def test_the_volume_keeps_its_stand_off_as_often_as_the_plan_says(nu):
    plan = staged_plan(three(nu=nu), probability=0.9, **FACE)
    rng = np.random.default_rng(5)
    repeats, safe = 40_000, True
    for stage, step in zip(three(nu=nu), plan.steps, strict=True):
        error = rng.standard_normal(repeats) * stage.sigma_um
        if stage.nu:
            error *= np.sqrt(stage.nu / rng.chisquare(stage.nu, repeats))
        left = step.stops_um - error  # the volume lies nearer than planned by the error
        safe &= left > stage.stand_off_um
        assert np.mean(left > stage.stand_off_um) == pytest.approx(step.probability_safe, abs=0.01)
    assert np.mean(safe) == pytest.approx(plan.probability_safe, abs=0.01)


def test_without_a_new_registration_the_error_stays_and_all_steps_share_it():
    stages = [Stage(LASER, 20, sigma_um=3), Stage(GALLIUM, 1, sigma_um=3)]
    blind = staged_plan(stages, probability=0.9, reregister=False, **FACE)
    assert blind.probability_safe == pytest.approx(0.9, abs=0.005)
    assert blind.steps[-1].stops_um == pytest.approx(1 + 1.2816 * 3, abs=1e-3)
    seeing = staged_plan([stages[0], Stage(GALLIUM, 1, sigma_um=0.3)], probability=0.9, **FACE)
    assert seeing.steps[-1].stops_um < blind.steps[-1].stops_um / 2
    assert "register the face again" in seeing.steps[0].then
    with pytest.raises(ValueError, match="nothing is learnt between the steps"):
        staged_plan(three(), reregister=False, **FACE)


def test_a_step_that_gains_nothing_is_left_out_and_named():
    stages = [Stage(PLASMA, 5, sigma_um=1), Stage(LASER, 20, sigma_um=1), Stage(GALLIUM, 1, 0.3)]
    plan = staged_plan(stages, **FACE)
    assert plan.table()["method"].tolist() == ["plasma FIB", "gallium FIB"]
    assert "femtosecond laser is left out" in plan.dropped[0]


def test_few_degrees_of_freedom_stay_further_away_and_too_few_are_refused():
    near, far = (staged_plan(three(nu=nu), **FACE).steps[0].stops_um for nu in (None, 4))
    assert far > near + 5
    with pytest.raises(ValueError, match="too few to say how far it has to stay away"):
        staged_plan(three(nu=2), **FACE)


def test_the_error_along_the_way_adds_the_instrument():
    covariance = np.array([[4.0, 1.0, 0.0], [1.0, 9.0, 0.0], [0.0, 0.0, 1.0]])
    turned = sigma_along(covariance, (1, 1, 0), 2.0, 1.0)
    assert turned == pytest.approx(np.sqrt((4 + 9 + 2) / 2 + 5))


@pytest.mark.parametrize(
    ("stages", "options", "words"),
    [
        ([], {}, "stages needs at least one step"),
        ([Stage(LASER, 20, sigma_um=float("nan"))], {}, "not known leaves no plan"),
        ([Stage(LASER, 20, sigma_um=1)], {"probability": 0.2}, "from 0.5 to below 1"),
    ],
)
def test_plans_without_an_uncertainty_are_refused(stages, options, words):
    with pytest.raises(ValueError, match=words):
        staged_plan(stages, **options, **FACE)
