"""Plans and lift-outs are records: who, when, from what, and superseded by the next one."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.errors import Conflict
from scalebridge.guides import plan_cut, record_verdicts, register_pair
from scalebridge.guides.cut_records import plan_doubts, record_plan
from scalebridge.guides.lifted_out import record_lift_out

from .coupons import SURVEY


@pytest.fixture
def planned(coupon):
    record_verdicts([register_pair(coupon, "view", SURVEY)], accept=True)
    record_verdicts([register_pair(coupon, "zoom", SURVEY)], accept=True)
    return coupon, plan_cut(coupon, "pit", to="view", surface=None)


def test_a_plan_is_kept_once_and_a_later_one_supersedes_it(planned):
    ws, plan = planned
    first = record_plan(ws, plan, note="laser, then polish")
    state = ws.state
    assert record_plan(ws, plan, note="laser, then polish").id == first.id
    assert ws.state == state  # a headless run repeats it
    assert (first.target, first.frame, first.status, first.who) == (
        "pit",
        "view",
        "planned",
        "tester",
    )
    assert plan_doubts(ws, first) == ()
    second = record_plan(ws, plan, note="polish only")
    first = ws.plans.get(first.id)
    assert (first.status, first.superseded_by) == ("superseded", second.name)
    assert "superseded by" in plan_doubts(ws, first)[0]
    with pytest.raises(Conflict):
        ws.plans.edit(first.id, version=1, status="done")
    with Workspace.open(ws.path, as_of=state) as then:
        assert then.plans.get(first.id).status == "planned"
    ws.plans.remove(second.id)
    assert ws.plans.restore(second.id).status == "planned"


def test_a_plan_whose_registration_or_target_changed_says_so(planned):
    ws, plan = planned
    record = record_plan(ws, plan)
    target = ws.targets.get("pit")
    ws.targets.rename("pit", "pit 2")
    record = ws.plans.get(record.id)
    assert record.target == "pit 2"  # names are carried on
    assert plan_doubts(ws, record) == ()
    place = {**target.position, "x_um": target.position["x_um"] + 1.0}
    ws.targets.edit(target.id, version=ws.targets.get("pit 2").version, position=place)
    (said,) = plan_doubts(ws, record)
    assert "rests on targets 'pit 2' as it was at version 1" in said
    edge = ws.transforms.get(plan.cut.way.edges[-1])
    ws.transforms.edit(edge.id, version=edge.version, status="refused")
    assert len(plan_doubts(ws, record)) == 2


def test_a_lift_out_is_an_edge_with_the_error_that_was_stated(tmp_path):
    rng = np.random.default_rng(0)
    with Workspace.create(tmp_path / "chunk") as ws:
        ws.frames.add(name="block")
        pivot = [10.0, 20.0, 30.0]
        record = record_lift_out(
            ws, before="block", after="grid", pivot_um=pivot, shift_um=[1.0, 2.0, 3.0],
            turn_deg=[90.0, 0.0, 0.0], shift_sigma_um=2.0, turn_sigma_deg=1.0,
        )  # fmt: skip
        assert record.status == "accepted"
        way = ws.graph().path("block", "grid")
        there = way.apply(np.array([pivot, [10.0, 20.0, 40.0]]))
        assert there[0] == pytest.approx([11.0, 22.0, 33.0])
        assert np.abs(there[1] - there[0]) == pytest.approx([0.0, 10.0, 0.0], abs=1e-9)
        far = np.array([[10.0, 20.0, 130.0]])
        sigma = np.sqrt(np.diagonal(way.covariance_at(far)[0]))
        drawn = way.draw(far, 4000, rng)[:, 0].std(axis=0)
        assert sigma == pytest.approx(drawn, rel=0.06)
        assert sigma.max() == pytest.approx(np.hypot(2.0, 100 * np.radians(1.0)), rel=0.01)
        ws.transforms.remove(record.id)
        assert not ws.graph().edges
        with pytest.raises(ValueError, match="turn_sigma_deg needs a value above 0, got 0"):
            record_lift_out(
                ws, before="block", after="grid", pivot_um=pivot, shift_sigma_um=1.0,
                turn_sigma_deg=0.0,
            )  # fmt: skip
