"""Which method fits: reasons in words, and nothing chosen whose time is not known."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import choose_method, removal_methods, removal_rates


def judged(**options):
    wanted = {"depth_um": 30, "width_um": 30, "material": "Si", "angle_deg": 54, **options}
    return choose_method(**wanted)


def test_a_small_shallow_face_is_for_gallium_alone():
    chosen = judged()
    assert chosen.method == "gallium FIB"
    row = chosen.table.set_index("method").loc["gallium FIB"]
    assert row["role"] == "alone"
    assert row["low_h"] < row["median_h"] < row["high_h"]
    assert row["median_h"] == pytest.approx(chosen.trench.volume_um3 / 9.75 / 3600)


def test_a_deep_face_is_begun_by_a_faster_method_and_finished_by_a_finer_one():
    chosen = judged(depth_um=120, width_um=100)
    assert (chosen.method, chosen.coarse) == ("gallium FIB", "plasma FIB")
    roles = chosen.table.set_index("method")["role"]
    assert roles["gallium FIB"] == "finish only"
    assert roles["plasma FIB"] == "coarse only"
    assert chosen.statement.startswith("begin with plasma FIB")
    assert "120 µm is deeper than the 50 µm that are usual" in chosen.statement


def test_beyond_the_reach_of_ion_beams_only_the_laser_begins():
    chosen = judged(depth_um=400, width_um=100, material="stainless steel")
    roles = chosen.table.set_index("method")["role"]
    assert roles["femtosecond laser"] == "coarse only"
    assert roles["plasma FIB"] == "no"
    assert chosen.coarse == "femtosecond laser"


def test_too_little_time_is_said():
    chosen = judged(hours_free=0.01)
    row = chosen.table.set_index("method").loc["gallium FIB"]
    assert row["role"] == "finish only"
    assert "longer than the 36 s that are free" in row["why"]


def test_a_coarser_finish_lets_plasma_do_it_alone():
    assert judged(depth_um=120, closest_um=5).method == "plasma FIB"


def test_polishing_has_its_reason_in_words():
    row = judged().table.set_index("method").loc["polishing"]
    assert row["role"] == "no"
    assert "removes the whole section down to one plane and not a place" in row["why"]
    assert np.isnan(row["median_h"])


def test_without_a_rate_there_is_no_time_and_no_choice_of_doing_it_alone():
    chosen = judged(material="unobtainium")
    assert chosen.durations == {}
    assert chosen.table["median_h"].isna().all()
    assert not (chosen.table["role"] == "alone").any()
    assert "no rate is known for unobtainium" in chosen.statement


def test_own_instruments_and_rates_count():
    methods, rates = removal_methods(), removal_rates()
    methods.loc[methods["method"] == "gallium FIB", "current_nA"] = 6.5
    slow = judged(methods=methods).durations["gallium FIB"]
    assert slow.median_h == pytest.approx(10 * judged().durations["gallium FIB"].median_h)
    rates.loc[(rates["method"] == "gallium FIB") & (rates["material"] == "Si"), "rate"] = 0.3
    quick = judged(rates=rates).durations["gallium FIB"]
    assert quick.median_h == pytest.approx(judged().durations["gallium FIB"].median_h / 2)


def test_only_the_instruments_that_there_are_are_judged():
    chosen = judged(only=["plasma FIB"])
    assert chosen.table["method"].tolist() == ["plasma FIB"]
    assert chosen.method is None
    assert "no method comes close enough, although plasma FIB can begin" in chosen.statement
    with pytest.raises(ValueError, match="only needs names among polishing"):
        judged(only=["hammer"])
