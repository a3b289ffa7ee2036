"""A step's report runs beside the page: what it says, and that stopping it leaves nothing."""

from __future__ import annotations

import time

import pytest
from served import make_specimen

from scalebridge import Workspace
from scalebridge.app.report_run import ReportRun
from scalebridge.app.steps import last_run


@pytest.fixture
def folder(tmp_path):
    return make_specimen(tmp_path / "specimen")


def run_to_end(run, *, seconds=120):
    end = time.monotonic() + seconds
    while run.ended is None and time.monotonic() < end:
        time.sleep(0.1)
    return run.ended


def test_a_choice_that_nobody_made_ends_it_and_says_what_to_decide(folder, tmp_path):
    run = ReportRun(folder, "10_survey", output=tmp_path / "out", parameters={})
    assert run_to_end(run) == "undecided"
    assert "map" in run.words
    assert 0 < run.cell <= run.cells
    assert run.share < 1


def test_what_cannot_be_meant_is_refused_before_anything_runs(folder, tmp_path):
    run = ReportRun(folder, "10_survey", output=tmp_path / "out", parameters={"nonsense": 1})
    assert run_to_end(run) == "undecided"
    assert "nonsense" in run.words
    assert run.cells == 0
    with Workspace.open(folder) as ws:
        assert last_run(ws, "10_survey") is None


def test_one_that_is_stopped_is_recorded_as_failed_and_wrote_nothing(folder, tmp_path):
    parameters = {"map_image": "before"}
    run = ReportRun(folder, "10_survey", output=tmp_path / "out", parameters=parameters)
    end = time.monotonic() + 90
    while run.cell < 2 and run.ended is None and time.monotonic() < end:
        time.sleep(0.05)
    assert run.cell >= 2
    run.stop()
    assert run.ended == "stopped"
    with Workspace.open(folder) as ws:
        assert last_run(ws, "10_survey").status == "failed"
        assert not any(frame.tags for frame in ws.frames)
