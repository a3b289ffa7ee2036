"""Times of cuts: medians, intervals that cover, and sums of steps."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import milling_time, ramped_trench, removal_rate, total_time

GALLIUM = removal_rate("gallium FIB", "Si", current_nA=65)
LASER = removal_rate("femtosecond laser", "PZT")


@pytest.mark.parametrize(("angle", "wanted_h"), [(54, 3.764), (52, 3.501)])
def test_the_time_of_the_textbook_trench_comes_out(angle, wanted_h, reference):
    trench = ramped_trench(30, 80, angle_deg=angle)
    found = milling_time(trench.volume_um3, rate=GALLIUM).median_h
    what = f"time of a ramped trench at {angle}°, Ga, Si, 65 nA"
    reference(what, found, wanted_h, rel=1e-3, unit="h", source="geometry")


def test_a_cube_of_100_um_takes_more_than_a_day():
    time = milling_time(1e6, rate=GALLIUM)
    assert time.median_h / 24 == pytest.approx(1.19, abs=0.005)
    assert time.statement.startswith("28 h (11 h to 3.2 d, 95 %)")


def test_the_interval_covers_a_rate_that_is_spread_as_stated():
    rng = np.random.default_rng(0)
    rates = GALLIUM.um3_per_s * np.exp(GALLIUM.sigma_ln * rng.standard_normal(20_000))
    for level in (0.5, 0.95):
        low, high = milling_time(1e5, rate=GALLIUM, level=level).interval_h
        true = 1e5 / rates / 3600
        assert np.mean((true >= low) & (true <= high)) == pytest.approx(level, abs=0.01)


def test_set_up_does_not_depend_on_the_rate():
    time = milling_time(0.0, rate=GALLIUM, set_up_min=90)
    assert (time.median_h, time.interval_h) == (1.5, (1.5, 1.5))


def test_steps_of_one_method_are_slow_together_and_of_two_methods_are_not():
    half = milling_time(5e5, rate=GALLIUM)
    whole = milling_time(1e6, rate=GALLIUM)
    both = total_time([half, half])
    assert both.median_h == pytest.approx(whole.median_h, rel=0.01)
    assert both.interval_h == pytest.approx(whole.interval_h, rel=0.02)
    other = removal_rate("gallium FIB", "SiO2", current_nA=65 * 0.15 / 0.19)
    mixed = total_time([half, milling_time(5e5, rate=other)])
    assert np.diff(mixed.interval_h) < 0.9 * np.diff(both.interval_h)


def test_a_sum_of_steps_covers_what_its_rates_allow():
    steps = [milling_time(1e5, rate=GALLIUM, set_up_min=30), milling_time(1e9, rate=LASER)]
    low, high = total_time(steps).interval_h
    rng = np.random.default_rng(9)
    draw = [np.exp(r.sigma_ln * rng.standard_normal(40_000)) for r in (GALLIUM, LASER)]
    true = 0.5 + 1e5 / (9.75 * draw[0]) / 3600 + 1e9 / (1.5e7 * draw[1]) / 3600
    assert np.mean((true >= low) & (true <= high)) == pytest.approx(0.95, abs=0.01)


def test_a_time_from_the_fastest_rate_ever_is_the_least():
    assert milling_time(1e9, rate=LASER).least
    assert "at least" in total_time([milling_time(1e9, rate=LASER)]).statement


def test_the_same_sum_comes_out_to_the_bit():
    steps = [milling_time(1e5, rate=GALLIUM), milling_time(1e9, rate=LASER)]
    assert total_time(steps, seed=4).interval_h == total_time(steps, seed=4).interval_h


@pytest.mark.parametrize("volume", [-1.0, np.nan, np.inf])
def test_impossible_volumes_are_refused(volume):
    with pytest.raises(ValueError, match="volume_um3 and set_up_min need finite values"):
        milling_time(volume, rate=GALLIUM)
    with pytest.raises(ValueError, match="level needs a probability"):
        milling_time(1.0, rate=GALLIUM, level=95)
    with pytest.raises(ValueError, match="needs single steps"):
        total_time([])
