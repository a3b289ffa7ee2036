"""From the coupon's cut to the milling: depths along beams, trench, method, steps."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from scalebridge import Workspace
from scalebridge.analysis.distributions import student
from scalebridge.analysis.targeting import removal_rates
from scalebridge.guides import next_actions, plan_cut, plan_milling, record_verdicts, register_pair

from . import coupons
from .coupons import SURVEY, TARGET_UM, VIEW_SCALE, depth_um


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Everything decided once: nothing here changes it."""
    with Workspace.open(coupons.coupon(tmp_path_factory.mktemp("milling") / "coupon")) as ws:
        pairs = [("zoom", SURVEY), ("view", SURVEY)]
        record_verdicts([register_pair(ws, *pair) for pair in pairs], accept=True)
        # survey lengths, above the ramp's floor and on the side of -x
        ws.targets.add(name="neighbour", frame=SURVEY, position=_named((20.0, 44.0, 25.0)))
        yield ws


def _named(point):
    return dict(zip(("z_um", "y_um", "x_um"), point, strict=True))


@cache
def cut_in(ws, to):
    return plan_cut(ws, "pit", to=to, surface=ws.segmentations["metal"])


def milled(ws, to="view", **options):
    cut = cut_in(ws, to)
    wanted = {"material": "Al", "beam_angle_deg": 54, **options}
    return cut, plan_milling(ws, cut, surface=ws.segmentations["metal"], **wanted)


@pytest.mark.parametrize(("to", "scale"), [("view", VIEW_SCALE), (SURVEY, 1.0)])
def test_the_ion_beam_meets_the_target_at_its_depth(joined, to, scale):
    _, plan = milled(joined, to=to, beam_angle_deg=30)
    table = plan.approaches.set_index("approach")
    ion = table.loc["ion beam, along the surface's normal"]
    truth = depth_um(TARGET_UM) / scale
    assert ion["depth_um"] - ion["depth_pm95_um"] < truth < ion["depth_um"] + ion["depth_pm95_um"]
    assert ion["depth_pm95_um"] < 0.05 * truth
    assert "metal" in ion["in_the_way"]
    for side in ("+y", "-y", "+x", "-x"):
        slanted = table.loc[f"electron beam from {side}", "depth_um"]
        assert slanted == pytest.approx(truth / np.cos(np.radians(30)), rel=0.01)


def test_a_beam_that_leaves_the_image_before_the_surface_gives_no_depth(joined):
    _, plan = milled(joined)  # the survey is too narrow for 54° at this depth
    slanted = plan.approaches[plan.approaches["approach"].str.startswith("electron")]
    assert slanted["depth_um"].isna().all()
    assert slanted["statement"].str.contains("the depth is not known").all()


def test_the_face_holds_the_cut_and_its_bottom_is_seen(joined):
    cut, plan = milled(joined)
    half = cut.plan.cut_size_um / 2
    depth = next(m for m in cut.measurements if m.key.endswith("depth_um"))
    assert plan.trench.depth_um == pytest.approx(depth.value + half[0], rel=0.03)
    assert plan.trench.width_um == pytest.approx(2 * half[2], rel=0.05)
    longest = plan.trench.depth_um * np.tan(np.radians(54))
    assert plan.trench.length_um == pytest.approx(
        longest + depth.uncertainty * np.tan(np.radians(54)), rel=1e-6
    )
    assert plan.visibility
    assert plan.trench_table()["bottom_visible"][0]


def test_times_and_steps_come_from_the_rates(joined):
    _, plan = milled(joined)
    assert plan.choice.method == "gallium FIB"
    row = plan.methods.set_index("method").loc["gallium FIB"]
    assert row["median_h"] == pytest.approx(plan.trench.volume_um3 / (0.37 * 65) / 3600)
    assert plan.staged is not None
    assert plan.steps["method"].tolist() == ["gallium FIB"]
    assert plan.steps["probability_safe"][0] == 0.9  # the target's own
    assert plan.steps["margin_um"][0] > 0
    located = cut_in(joined, "view").located
    along = np.sqrt(located.covariance_um2[0, 1, 1])  # the face moves along y
    assert plan.steps["margin_um"][0] == pytest.approx(
        student.ppf(0.9, located.nu) * along, rel=0.02
    )


def test_a_re_registration_brings_the_last_face_nearer(joined):
    rates = removal_rates()
    plasma = rates[rates["method"] == "plasma FIB"].assign(material="Al", rate=0.8)
    rates = pd.concat([rates, plasma], ignore_index=True)
    options = {"rates": rates, "hours_free": 0.01, "closest_um": 1.0}
    _, blind = milled(joined, **options)
    _, seeing = milled(joined, later_sigma_um=0.02, **options)
    for plan in (blind, seeing):
        assert plan.steps["method"].tolist() == ["plasma FIB", "gallium FIB"]
    assert seeing.steps["stops_um"].iloc[-1] < blind.steps["stops_um"].iloc[-1]
    said = [words for words, _ in blind.findings]
    assert any("No re-registration after the coarse step is counted on" in one for one in said)
    assert not any("No re-registration" in one for one, _ in seeing.findings)


@pytest.mark.parametrize("material", [None, "kryptonite"])
def test_without_a_known_rate_there_is_a_trench_and_no_time(joined, material):
    _, plan = milled(joined, material=material)
    assert plan.trench.volume_um3 > 0
    assert plan.staged is None
    assert plan.steps.empty
    assert plan.methods["median_h"].isna().all()
    levels = [level for _, level in plan.findings]
    assert "look" in levels
    if material is None:
        assert any("The material is not stated" in words for words, _ in plan.findings)


def test_marks_and_targets_that_the_trench_takes_away_are_named(joined):
    _, plan = milled(joined, towards="-x")
    marks = {mark.name: mark for mark in joined.landmarks if mark.moving_frame == "view"}
    lost = plan.lost.set_index("kind")["name"]
    assert lost["target"] == "neighbour"
    gone = marks[lost["landmark"]].moving
    assert (gone["y_um"], gone["x_um"]) == pytest.approx((42, 8), abs=0.5)
    check = next(one for one in plan.checks if one.name.endswith("outside the trench"))
    assert check.passed is False
    assert "neighbour" in check.detail
    assert (check.detail, "look") in plan.findings
    assert "neighbour" not in set(milled(joined, towards="+x")[1].lost["name"])


def test_what_could_be_done_next_is_ranked_for_every_transform_on_the_way(joined):
    cut = cut_in(joined, "view")
    table = next_actions(joined, cut)
    assert set(table["registration"]) == set(cut.located.edges)
    assert table["gain_per_minute"].is_monotonic_decreasing
    assert table["probability_now"].nunique() == 1
    assert table["probability_now"][0] == pytest.approx(cut.contained.probability, abs=0.01)
    assert (table["error_after_um"] < table["error_now_um"]).all()
    assert table["action"][0].startswith("one more landmark near x, y, z")
    patient = next_actions(joined, cut, minutes={"landmark": 5000.0})
    assert not patient["action"][0].startswith("one more landmark")


def test_impossible_sides_are_refused(joined):
    with pytest.raises(ValueError, match=r"towards needs one of \+y, -y, \+x, -x, got 'up'"):
        milled(joined, towards="up")
