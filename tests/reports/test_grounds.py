"""The provenance names what the numbers stand on, and counts the rest."""

from __future__ import annotations

import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import fit_landmarks
from scalebridge.reports.grounds import grounds
from scalebridge.reports.items import KeyNumber
from scalebridge.reports.page import render_report

from ..guides import coupons

POSITION = "targeting.pit.view.x_um"
FRACTION = "quantification.zoom.pore.volume_fraction"


@pytest.fixture
def ws(tmp_path):
    """A target of the zoom, to be looked up in the view; one landmark was edited since the fit."""
    with Workspace.open(coupons.coupon(tmp_path / "coupon")) as ws:
        for moving in ("zoom", "view"):
            pairs = ws.landmark_arrays(moving, coupons.SURVEY)
            fit = fit_landmarks(pairs.moving_um, pairs.fixed_um, model="rigid")
            ws.transforms.add(
                name=f"{moving}_to_survey",
                from_frame=moving,
                to_frame=coupons.SURVEY,
                transform=fit.transform.to_dict(),
                status="accepted",
                landmarks=[(r.id, r.version) for r in ws.landmarks if r.moving_frame == moving],
            )
        mark = next(record for record in ws.landmarks if record.moving_frame == "view")
        ws.landmarks.edit(mark.id, version=1, active=False)
        for name, cut in (("a first try", 900.0), ("pores", 1000.0)):
            ws.segmentations.add(name=name, image="zoom", thresholds=[cut])
        ws.measurements.add(key=FRACTION, value=0.1, unit="1", image="zoom", segmentation="pores")
        yield ws


def names(found):
    return {kind: [record.name for record in records] for kind, records in found.items()}


def test_a_number_of_an_image_stands_on_its_segmentation(ws):
    found = names(grounds([FRACTION], ws))
    assert (found["images"], found["segmentations"]) == (["zoom"], ["pores"])
    assert found["transforms"] == found["targets"] == found["landmarks"] == []


def test_a_position_stands_on_the_transforms_on_its_way_and_on_their_landmarks(ws):
    found = grounds([POSITION], ws)
    assert names(found)["targets"] == ["pit"]
    assert names(found)["transforms"] == ["zoom_to_survey", "view_to_survey"]
    assert names(found)["images"] == [coupons.SURVEY, "zoom", "view"]
    assert names(found)["segmentations"] == []
    assert len(found["landmarks"]) == 15
    assert {record.version for record in found["landmarks"]} == {1}  # as the fit saw them


def test_a_landmark_or_a_version_that_never_was_stops_no_report(ws):
    transform = ws.transforms["view_to_survey"]
    made_up = [("nobody", 1), (transform.landmarks[0][0], 99)]
    ws.transforms.edit(transform.id, version=1, landmarks=[*transform.landmarks, *made_up])
    assert len(grounds([POSITION], ws)["landmarks"]) == 15


def test_the_report_lists_them_and_counts_the_rest(ws, executed):
    notebook = executed([KeyNumber(FRACTION, "Pores", 0.1, unit="1")])
    html = render_report([notebook], ws)
    end = html[html.index('id="provenance"') :]
    assert "zoom: thresholds at 1000" in end
    assert "a first try" not in end
    assert "2 images, 2 frames, 2 segmentations, 1 target, 2 transforms, 15 landmarks" in end
