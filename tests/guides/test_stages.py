"""A fitted stage becomes a frame that targets are looked up in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge import Workspace
from scalebridge.analysis.targeting import StageAxes, fit_stage
from scalebridge.errors import RefusedRecord
from scalebridge.guides import plan_cut, record_stage, write_stage_positions
from scalebridge.guides.fiducials import views_of

MARKS = np.array([[0, 0, 0], [0, 0, 900], [0, 800, 0], [200, 700, 800.0]])


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "specimen") as made:
        made.frames.add(name="survey")
        made.targets.add(
            name="pit", frame="survey", position={"z_um": 60, "y_um": 300, "x_um": 400},
            half_size={"z_um": 5, "y_um": 5, "x_um": 5},
        )  # fmt: skip
        yield made


def test_a_left_handed_stage_in_millimetres_takes_the_target(ws, tmp_path):
    axes = StageAxes("mm", handedness="left", z_grows="outwards", tilt_deg=0.0)
    seen = pd.DataFrame({"x": MARKS[:, 2] + 5000, "y": MARKS[:, 1] - 800, "z": 9000 - MARKS[:, 0]})
    fit = fit_stage(MARKS, seen / 1000, axes=axes, sigma_um=0.5)
    name = record_stage(ws, "helios", fit, frame="survey", accept=True, repeatability_um=0.3)
    assert ws.transforms.get(name).status == "accepted"
    plan = plan_cut(ws, "pit", to="helios", surface=None)
    np.testing.assert_allclose(plan.plan.position_um, [8940, -500, 5400], atol=1e-6)
    parts = plan.split.table().set_index("part")
    assert parts.loc["stage", "sx_um"] == pytest.approx(0.3)
    text = write_stage_positions(ws, plan, tmp_path / "pit.nav").read_text("utf-8")
    assert "StageXYZ = 5400 -500 8940" in text
    before = ws.state
    with pytest.raises(RefusedRecord):
        record_stage(ws, "helios", fit, frame="survey")
    assert ws.state == before


@pytest.mark.parametrize(
    ("hand", "z_grows", "y_down"),
    [("left", "outwards", 1), ("right", "outwards", -1), ("right", "inwards", 1),
     ("left", "inwards", -1)],
)  # fmt: skip
def test_which_way_a_stage_runs_in_the_pictures_follows_from_its_axes(ws, hand, z_grows, y_down):
    ws.stages.add(name="s", frame="survey", unit="mm", handedness=hand, z_grows=z_grows)
    sem, fib = views_of(ws, "survey")
    assert (sem.angle_deg, fib.angle_deg) == (52.0, 0.0)
    np.testing.assert_allclose(fib.project([[0, 1, 1]]), [[1, y_down]], atol=1e-12)
    deeper = [[1 if z_grows == "inwards" else -1, 0, 0]]
    assert sem.project(deeper)[0, 1] == pytest.approx(np.sin(np.radians(52)))


def test_a_stage_whose_z_is_not_stated_is_seen_from_above_only(ws):
    ws.stages.add(name="s", frame="survey", unit="mm", handedness="left")
    assert [view.name for view in views_of(ws, "survey")] == ["from above"]
