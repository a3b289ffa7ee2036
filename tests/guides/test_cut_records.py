"""Plans and lift-outs are records: who, when, from what, and superseded by the next one."""

from __future__ import annotations

import shutil

import nbformat
import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.errors import Conflict, DecisionNeeded
from scalebridge.guides import (
    accept_plan,
    plan_cut,
    plan_doubts,
    plan_findings,
    plan_milling,
    record_lift_out,
    record_plan,
    record_verdicts,
    register_pair,
)
from scalebridge.reports import run_template
from scalebridge.workspace.serving import VARIABLE
from scalebridge.workspace.taking_back import take_back

from . import coupons
from .coupons import SURVEY


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """The specimen with its registrations accepted, and a cut planned in it."""
    folder = coupons.coupon(tmp_path_factory.mktemp("plans") / "coupon")
    with Workspace.open(folder) as ws:
        for moving in ("view", "zoom"):
            record_verdicts([register_pair(ws, moving, SURVEY)], accept=True)
        return folder, plan_cut(ws, "pit", to="view", surface=None)


@pytest.fixture
def planned(decided, tmp_path):
    folder, plan = decided
    with Workspace.open(shutil.copytree(folder, tmp_path / "coupon")) as ws:
        yield ws, plan


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


def statuses(ws):
    return {one.name: one.status for one in ws.plans}


def test_a_proposal_waits_beside_the_accepted_plan_until_somebody_stands_behind_it(planned):
    ws, plan = planned
    first = record_plan(ws, plan, accept=False, note="laser")
    ((said, level),) = plan_findings(ws, "pit", "view")
    assert level == "information"
    assert said.startswith("pit plan 1 is proposed, nobody has accepted it: give the parameter")
    assert record_plan(ws, plan, accept=False).id == first.id  # without a note it says the same
    assert record_plan(ws, plan).id == first.id
    assert plan_findings(ws, "pit", "view") == ()
    record_plan(ws, plan, accept=False, note="plasma")
    record_plan(ws, plan, accept=False, note="polish")
    assert statuses(ws) == {
        "pit plan 1": "planned", "pit plan 2": "superseded", "pit plan 3": "proposed"
    }  # fmt: skip
    assert accept_plan(ws, "pit plan 3").status == "planned"
    assert statuses(ws)["pit plan 1"] == "superseded"
    assert ws.plans["pit plan 1"].superseded_by == "pit plan 3"
    with pytest.raises(DecisionNeeded, match="pit plan 1 is superseded by pit plan 3"):
        accept_plan(ws, "pit plan 1")


def test_an_abandoned_plan_is_not_proposed_again_but_can_be_accepted(planned):
    ws, plan = planned
    record = record_plan(ws, plan, accept=False)
    ws.plans.edit(record.id, version=record.version, status="abandoned")
    assert record_plan(ws, plan, accept=False).status == "abandoned"
    assert record_plan(ws, plan).status == "planned"
    assert statuses(ws) == {"pit plan 1": "planned"}


def test_a_plan_that_was_overtaken_is_told_and_proposed_anew(planned):
    ws, plan = planned
    record_plan(ws, plan)
    target = ws.targets["pit"]
    place = {**target.position, "x_um": target.position["x_um"] + 1.0}
    ws.targets.edit("pit", version=target.version, position=place)
    ((said, level),) = plan_findings(ws, "pit", "view")
    assert (level, said[:46]) == ("look", "pit plan 1 rests on targets 'pit' as it was at")
    with pytest.raises(DecisionNeeded, match="plan again"):
        accept_plan(ws, "pit plan 1")
    record_plan(ws, plan_cut(ws, "pit", to="view", surface=None), accept=False)
    assert statuses(ws) == {"pit plan 1": "planned", "pit plan 2": "proposed"}


def test_the_stages_of_the_milling_are_part_of_the_plan(planned):
    ws, _ = planned
    surface = ws.segmentations["metal"]
    plan = plan_cut(ws, "pit", to="view", surface=surface)
    milling = plan_milling(ws, plan, surface=surface, material="Al", beam_angle_deg=54)
    record = record_plan(ws, plan, milling, accept=False)
    assert len(record.stages) == len(milling.steps) > 0
    for stage, (_, step) in zip(record.stages, milling.steps.iterrows(), strict=True):
        assert stage["method"] == step["method"]
        assert stage["stops_um"] == pytest.approx(step["stops_um"], abs=1e-11)
    state = ws.state
    assert record_plan(ws, plan, milling, accept=False).id == record.id
    assert ws.state == state
    assert record_plan(ws, plan, accept=False).name == "pit plan 2"  # other stages


PLANS = """\
from scalebridge import Workspace
from scalebridge.guides import plan_cut, record_plan
with Workspace.open(workspace) as ws:
    plan = plan_cut(ws, "pit", to="view", surface=None)
    record_plan(ws, plan, note="in a run")
"""


def cells(folder, *sources):
    """Write a throw-away template."""
    parameters = "workspace: str  # folder of the specimen"
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    title = nbformat.v4.new_markdown_cell("# Plan")
    code = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=[title, tagged, *code]), folder / "10_plan.ipynb")
    return folder / "10_plan.ipynb"


def test_a_run_that_fails_takes_its_plan_back(planned, tmp_path):
    ws, plan = planned
    record_plan(ws, plan, note="by hand")
    result = run_template(cells(tmp_path, PLANS, "1 / 0"), ws.path, output=tmp_path / "out")
    assert result.failure.name == "ZeroDivisionError"
    (run,) = ws.runs
    assert sorted(run.taken_back) == [
        "plans 'pit plan 1': back to version 1", "plans 'pit plan 2': removed"
    ]  # fmt: skip
    assert statuses(ws) == {"pit plan 1": "planned"}
    assert ws.plans["pit plan 1"].superseded_by is None


def test_a_run_that_is_stopped_leaves_a_proposal_as_it_waited(planned, monkeypatch):
    ws, plan = planned
    record_plan(ws, plan, note="by hand")
    record_plan(ws, plan, accept=False, note="proposed")
    monkeypatch.setenv(VARIABLE, "1f3a")
    with Workspace.open(ws.path) as kernel:  # what a run's kernel has open until it is stopped
        accept_plan(kernel, "pit plan 2")
    monkeypatch.delenv(VARIABLE)
    assert statuses(ws) == {"pit plan 1": "superseded", "pit plan 2": "planned"}
    assert take_back(ws.images, "1f3a").kept == ()
    assert statuses(ws) == {"pit plan 1": "planned", "pit plan 2": "proposed"}


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
