"""What was done to a specimen after its scan moves the surface and widens the depth."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.errors import RefusedRecord, UnusableRecord
from scalebridge.workspace.measured_surface import MeasuredSurface
from scalebridge.workspace.preparations import surface_shift


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "specimen") as made:
        made.frames.add(name="survey")
        made.frames.add(name="fib")
        twice = AffineTransform.exact(2 * np.eye(3), offset_um=[1, 2, 3])
        made.transforms.add(
            name="survey_to_fib", from_frame="survey", to_frame="fib", status="accepted",
            transform=twice.to_dict(),
        )  # fmt: skip
        yield made


def heights(z, *, step=100.0):
    return [{"z_um": z, "y_um": y, "x_um": x} for y in (0.0, step) for x in (0.0, step)]


def test_material_added_and_removed_adds_up_and_its_errors_in_quadrature(ws):
    ws.preparations.add(frame="survey", preparation="coating", added_um=0.02, sigma_um=0.003)
    ws.preparations.add(frame="survey", preparation="coating", added_um=0.03, sigma_um=0.004)
    ws.preparations.add(frame="survey", preparation="polishing", added_um=-4.0, sigma_um=0.5)
    ws.preparations.add(frame="fib", preparation="debris", added_um=9.0, sigma_um=3.0)
    shift = surface_shift(ws, "survey")
    assert shift.added_um == pytest.approx(-3.95)
    assert shift.parts == pytest.approx(
        {"coating": 1.96 * 0.005, "polishing": 1.96 * 0.5}, rel=1e-4
    )
    assert list(ws.preparations.table()["preparation"]) == [
        "coating",
        "coating",
        "polishing",
        "debris",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"preparation": "polishing", "added_um": 2.0, "sigma_um": 0.1},
            "polishing removes material",
        ),
        ({"preparation": "cap", "added_um": -2.0, "sigma_um": 0.1}, "cap adds material"),
        ({"preparation": "coating", "added_um": 2.0}, "preparations needs sigma_um"),
        ({"preparation": "sneezing", "added_um": 2.0, "sigma_um": 0.1}, "preparation"),
    ],
)
def test_a_preparation_that_cannot_be_is_refused(ws, given, message):
    with pytest.raises(RefusedRecord, match=message):
        ws.preparations.add(frame="survey", **given)


def test_the_depth_from_a_surface_that_was_measured_again_rests_on_it(ws):
    ws.surfaces.add(name="again", frame="fib", points=heights(-20.0), sigma_um=0.4)
    near = MeasuredSurface(ws, ws.surfaces["again"]).near(
        np.array([50.0, 20.0, 20.0]), frame="survey", to="fib"
    )
    assert near.depth_um == pytest.approx(2 * 50 + 1 + 20)
    middle = 0.4 / np.sqrt(4) * 1.96  # 43 and 42 of 50: next to the middle of four points
    assert near.parts["surface"] == pytest.approx(middle, rel=0.05)
    assert near.parts["target"] == near.parts["scale"] == 0.0


def test_a_place_that_the_new_surface_has_passed_lies_above_it_where_the_stage_tells_the_side(ws):
    ws.surfaces.add(name="again", frame="fib", points=heights(150.0), sigma_um=0.4)
    surface, place = MeasuredSurface(ws, ws.surfaces["again"]), np.array([50.0, 20.0, 20.0])
    way = {"frame": "survey", "to": "fib"}
    assert surface.near(place, **way).depth_um == pytest.approx(49.0)  # taken to lie below
    stage = ws.stages.add(
        name="helios", frame="fib", unit="mm", handedness="left", z_grows="inwards"
    )
    assert surface.near(place, **way).depth_um == pytest.approx(-49.0)
    ws.stages.edit("helios", version=stage.version, z_grows="outwards")
    assert surface.near(place, **way).depth_um == pytest.approx(49.0)


def test_only_what_was_done_after_the_measurement_counts(ws):
    ws.surfaces.add(name="again", frame="fib", points=heights(0.0), sigma_um=0.4, date="2026-05-02")
    surface, place = MeasuredSurface(ws, ws.surfaces["again"]), np.array([50.0, 20.0, 20.0])
    bare = surface.near(place, frame="survey", to="fib")
    ws.preparations.add(
        frame="fib", preparation="coating", added_um=5.0, sigma_um=1.0, date="2026-05-01"
    )
    assert surface.near(place, frame="survey", to="fib").depth_um == bare.depth_um
    ws.preparations.add(
        frame="fib", preparation="cap", added_um=2.0, sigma_um=0.5, date="2026-05-03"
    )
    capped = surface.near(place, frame="survey", to="fib")
    assert capped.depth_um == pytest.approx(bare.depth_um + 2.0)
    assert capped.pm95_um == pytest.approx(np.hypot(bare.pm95_um, 1.96 * 0.5), rel=1e-4)
    top = capped.plane.point_um
    assert top[0] == pytest.approx(bare.plane.point_um[0] - 2.0)  # outwards is towards small z
    ws.preparations.add(frame="fib", preparation="debris", added_um=1.0, sigma_um=1.0)
    with pytest.raises(UnusableRecord, match="got none for debris: give date="):
        surface.near(place, frame="survey", to="fib")


def test_three_heights_without_an_error_are_refused(ws):
    with pytest.raises(RefusedRecord, match="sigma_um needs a value with three points"):
        ws.surfaces.add(name="again", frame="fib", points=heights(0.0)[:3])


def test_a_stage_is_a_record(ws):
    ws.stages.add(name="helios", frame="fib", unit="mm", handedness="left", repeatability_um=0.5)
    assert ws.stages["helios"].between_beams_deg == 52.0
    with pytest.raises(RefusedRecord, match="stages needs handedness"):
        ws.stages.add(name="other", frame="fib", unit="mm")
