"""Time points of a workspace registered to one of them: one proposal each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import Workspace
from scalebridge.errors import DecisionNeeded
from scalebridge.guides import accept_proposal, image_drift, register_images, register_time_points
from scalebridge.guides.registration import objections

from .textures import PIXEL_UM, put

NAMES = ("monday", "tuesday", "friday")
STEPS = np.array([[0, 0], [3, -2], [5, 4]])  # of the specimen, y, x [px]
OPTIONS = {"starts": 1}


def days():
    """A texture that drifts by whole pixels, and a pit that grows in it."""
    rng = np.random.default_rng(6)
    whole = sum(gaussian_filter(rng.normal(size=(150, 150)), s) * s for s in (2, 6)) * 40 + 120
    rows, columns = np.indices(whole.shape)
    pictures = []
    for day, (dy, dx) in enumerate(STEPS):
        pitted = np.where(np.hypot(rows - 70, columns - 85) < 8 + 4 * day, 30.0, whole)
        seen = pitted[20 - dy : 120 - dy, 20 - dx : 120 - dx] + rng.normal(0, 2, (100, 100))
        pictures.append(seen.clip(1, 254).astype(np.uint8))
    return pictures


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "specimen") as made:
        for name, picture in zip(NAMES, days(), strict=True):
            put(made, name, picture)
        put(made, "film", np.stack(days()), axes="tyx")
        yield made


def test_one_proposal_is_written_for_every_time_point_but_the_reference(ws):
    found = register_time_points(ws, NAMES, **OPTIONS)
    assert [one.name for one in found.proposals] == ["tuesday_to_monday", "friday_to_monday"]
    assert {(r.name, r.status) for r in ws.transforms} == {
        ("tuesday_to_monday", "proposed"),
        ("friday_to_monday", "proposed"),
    }
    record = ws.transforms["friday_to_monday"]
    assert record.method == "mutual information of a series, rigid"
    assert record.engine["time"] == 2
    assert 0.01 < record.engine["left_out"] == found.series.changing_share < 0.2
    table = found.table()
    assert table["image"].tolist() == list(NAMES)
    np.testing.assert_allclose(table[["dy_um", "dx_um"]], STEPS * PIXEL_UM, atol=0.05 * PIXEL_UM)
    for proposal in found.proposals:
        assert proposal.doubts == objections(ws, proposal) == ()
    assert found.statement.startswith("2 of 2 time points are registered to time 0")
    assert accept_proposal(ws, found.proposals[0]).status == "accepted"


def test_found_again_it_is_the_same_and_leaves_other_proposals_alone(ws):
    single = register_images(ws, moving="friday", fixed="monday", write=True)
    first = register_time_points(ws, NAMES, neighbours=False, **OPTIONS)
    assert ws.transforms["friday_to_monday"].method == single.record.method
    assert first.proposals[1].record.name == "friday_to_monday_series"
    accept_proposal(ws, first.proposals[1])
    again = register_time_points(ws, NAMES, neighbours=False, **OPTIONS)
    assert again.proposals[1].record.status == "accepted"
    one, other = first.proposals[1].transform, again.proposals[1].transform
    np.testing.assert_array_equal(one.covariance, other.covariance)
    assert len(ws.transforms) == 3


def test_what_the_series_doubts_stands_against_its_proposals(ws):
    found = register_time_points(
        ws, NAMES[::2], reference="friday", changing=None, write=False, **OPTIONS
    )
    assert len(ws.transforms) == 0
    (proposal,) = found.proposals
    assert (proposal.moving, proposal.fixed, proposal.record) == ("monday", "friday", None)
    doubtful = type(proposal)(**{**vars(proposal), "said": ("LOOP DOES NOT CLOSE: made",)})
    with pytest.raises(DecisionNeeded, match="LOOP DOES NOT CLOSE"):
        accept_proposal(ws, doubtful)


def test_the_drift_over_one_image_with_a_time_axis_is_told(ws):
    series = image_drift(ws, "film", **OPTIONS)
    np.testing.assert_allclose(
        series.drift[["dy_um", "dx_um"]], STEPS * PIXEL_UM, atol=0.05 * PIXEL_UM
    )
    assert len(ws.transforms) == 0


def test_what_cannot_be_meant_is_refused(ws):
    with pytest.raises(ValueError, match="frame of its own, got monday more than once"):
        register_time_points(ws, ["monday", "monday"])
    with pytest.raises(ValueError, match="reference needs one of monday, tuesday, got 'friday'"):
        register_time_points(ws, NAMES[:2], reference="friday")
    with pytest.raises(ValueError, match="monday needs an axis t, got yx"):
        image_drift(ws, "monday")
