"""The workspace of the first format stays readable for ever; see ``fixtures/make_format1.py``."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from scalebridge.workspace import Workspace

FIXTURE = Path(__file__).parent / "fixtures" / "format1"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "format1")
    return tmp_path / "format1"


def test_the_first_format_opens_with_its_pixels_and_decisions(copy):
    with Workspace.open(copy) as ws:
        cube = ws.images["cube"]
        assert (cube.array() == np.arange(512).reshape(8, 8, 8)).all()
        assert (cube.spacing_um, cube.nominal_spacing_um) == ((2.02, 1.01, 1.01), (2, 1, 1))
        assert cube.metadata == {"dose": "NaN"}
        landmark = ws.landmarks["L1"]
        assert (landmark.active, landmark.note, landmark.tags) == (False, "slipped", ("first",))
        assert ws.segmentations["phases"].thresholds == [256.0]
        assert ws.measurements.table()["value"].tolist() == [0.5]
        assert [note.text for note in ws.notes] == ["µ-CT first"]
        assert ws.runs.table()["status"].tolist() == ["finished"]
        assert len(ws.targets) == 0
        assert set(ws.history()["who"]) == {"first"}


def test_the_first_formats_frames_are_still_joined(copy):
    with Workspace.open(copy) as ws:
        located = ws.locate([[1.0, 2.0, 3.0]], from_="sem", to="cube", order="zyx")
    assert located.points_um.tolist() == [[1.0, 2.0, 8.0]]


def test_earlier_states_of_the_first_format_open(copy):
    with Workspace.open(copy) as ws:
        last = ws.state
    with Workspace.open(copy, as_of=last - 2) as old:
        assert old.targets["pit"].position == {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
    with Workspace.open(copy, as_of=1) as old:
        assert old.images["cube"].spacing_um == (2, 1, 1)


def test_the_first_format_can_be_written_on(copy):
    with Workspace.open(copy) as ws:
        landmark = ws.landmarks["L1"]
        ws.landmarks.edit("L1", version=landmark.version, active=True)
        ws.targets.restore("crack")
        assert len(ws.landmark_arrays("sem", "cube").moving_um) == 1
        assert ws.targets["crack"].frame == "cube"


def test_the_fixture_stays_small():
    assert sum(file.stat().st_size for file in FIXTURE.rglob("*") if file.is_file()) < 200_000
