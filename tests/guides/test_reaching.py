"""The way to a target with what is stated, a surface that was measured again, and the files."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import TargetPicker, Workspace
from scalebridge.errors import DecisionNeeded, NotFound
from scalebridge.guides import (
    depth_surface,
    plan_cut,
    plan_milling,
    reach_target,
    record_verdicts,
    register_pair,
    view_pictures,
    write_cut_files,
)
from scalebridge.reports import write_sheet

from . import coupons
from .coupons import SURVEY, TARGET_UM, VIEW_SCALE, depth_um

ADDED_UM = 1.5  # above what the survey shows, in the view's lengths


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Both registrations accepted: nothing here changes it."""
    with Workspace.open(coupons.coupon(tmp_path_factory.mktemp("reach") / "coupon")) as ws:
        pairs = [("zoom", SURVEY), ("view", SURVEY)]
        record_verdicts([register_pair(ws, *pair) for pair in pairs], accept=True)
        ws.targets.add(name="point", frame="zoom", position=ws.targets["pit"].position)
        yield ws


@pytest.fixture(scope="module")
def staged(joined, tmp_path_factory):
    """The same with a stage and a surface that was measured again, both recorded."""
    folder = coupons.coupon(tmp_path_factory.mktemp("staged") / "coupon")
    with Workspace.open(folder) as ws:
        pairs = [("zoom", SURVEY), ("view", SURVEY)]
        record_verdicts([register_pair(ws, *pair) for pair in pairs], accept=True)
        ws.stages.add(
            name="helios", frame="view", unit="mm", handedness="left", between_beams_deg=40.0,
            tilt_deg=40.0, z_grows="inwards", repeatability_um=0.4, drift_um_per_min=0.05,
            scale_sigma=0.003,
        )  # fmt: skip
        corners = [(y, x) for y in (10.0, 70.0) for x in (10.0, 70.0)]
        points = [{"z_um": -ADDED_UM, "y_um": y, "x_um": x} for y, x in corners]
        ws.surfaces.add(name="heights", frame="view", points=points, sigma_um=0.2)
        ws.segmentations.tag("metal", "surface")
        yield ws


def test_what_nobody_has_stated_is_said_and_stops_nothing(joined):
    surface = joined.segmentations["metal"]
    cut = plan_cut(joined, "pit", to="view", surface=surface)
    reach = reach_target(joined, cut, surface=surface)
    assert reach.milling is None
    ((words, level),) = reach.findings
    assert level == "look"
    assert "angle between the beams is not known" in words
    ((name, rows, _),) = reach.tables()
    assert (name, rows["approach"].tolist()) == (
        "approaches",
        ["ion beam, along the surface's normal"],
    )
    assert rows["depth [µm]"][0] == pytest.approx(depth_um(TARGET_UM) / VIEW_SCALE, rel=0.05)


def test_an_angle_gives_a_trench_and_a_material_its_times_and_rates(joined):
    surface = joined.segmentations["metal"]
    cut = plan_cut(joined, "pit", to="view", surface=surface)
    bare = reach_target(joined, cut, surface=surface, beam_angle_deg=54)
    assert [name for name, _, _ in bare.tables()] == ["approaches", "trench", "methods"]
    told = reach_target(joined, cut, surface=surface, beam_angle_deg=54, material="Al")
    tables = {name: rows for name, rows, _ in told.tables()}
    assert list(tables) == ["approaches", "trench", "methods", "rates", "steps"]
    assert tables["rates"]["method"].tolist() == ["gallium FIB"]
    assert any("sees the face down to its bottom" in words for words, _ in told.findings)
    with pytest.raises(ValueError, match="towards needs one of"):
        reach_target(joined, cut, surface=surface, towards="up")


def test_a_point_has_no_cut_and_the_reason_is_told(joined):
    surface = joined.segmentations["metal"]
    cut = plan_cut(joined, "point", to="view", surface=surface, probability=0.9)
    assert cut.split_table()["part"].iloc[-1] == "all"
    reach = reach_target(joined, cut, surface=surface, beam_angle_deg=54)
    assert reach.findings
    with Workspace.open(joined.path) as ws:
        ws.targets.add(
            name="above", frame="zoom", half_size={"z_um": 2.0, "y_um": 2.0, "x_um": 2.0},
            position={**ws.targets["pit"].position, "z_um": -40.0},
        )  # fmt: skip
        above = plan_cut(ws, "above", to="view", surface=surface)
        (*_, (words, level)) = reach_target(ws, above, surface=surface, beam_angle_deg=54).findings
        ws.targets.remove("above")
    assert above.depths[0].interval95[1] < 0
    assert [check.passed for check in above.checks if check.name == "below the surface"] == [False]
    assert level == "look"
    assert "The way to above is not planned" in words


def test_the_surface_that_counts_is_decided_by_its_tag_or_its_name(staged):
    assert depth_surface(staged, None).name == "metal"
    assert depth_surface(staged, "heights").kind == "surfaces"
    with pytest.raises(NotFound):
        depth_surface(staged, "nowhere")
    plan = plan_cut(staged, "pit", to="view", surface=staged.segmentations["metal"])
    assert any("heights" in note and "measured again" in note for note in plan.notes)
    staged.surfaces.tag("heights", "surface")
    try:
        assert depth_surface(staged, None).name == "heights"
        again = plan_cut(staged, "pit", to="view", surface=depth_surface(staged, None))
        rows = TargetPicker(staged, "zoom", into="view").plans().set_index("target")
    finally:
        staged.surfaces.tag("heights", drop=["surface"])
    truth = depth_um(TARGET_UM) / VIEW_SCALE + ADDED_UM
    assert again.depths[0].interval95[0] < truth < again.depths[0].interval95[1]
    assert rows.loc["pit", "depth_um"] == again.depths[0].value
    assert again.segmentation is None
    assert plan.segmentation == "metal"
    assert "heights" in again.depths[0].convention
    staged.surfaces.rename("heights", "metal")
    with pytest.raises(DecisionNeeded, match="metal is a segmentation and a surface"):
        depth_surface(staged, "metal")
    staged.surfaces.rename("metal", "heights")


def test_a_measured_surface_sets_how_deep_the_face_is(staged):
    scan, again = staged.segmentations["metal"], staged.surfaces["heights"]
    plans = [
        reach_target(staged, plan_cut(staged, "pit", to="view", surface=one), surface=one)
        for one in (scan, again)
    ]
    deeper = plans[1].milling.trench.depth_um - plans[0].milling.trench.depth_um
    assert deeper == pytest.approx(ADDED_UM, abs=0.4)
    assert any("measured again" in words for words, _ in plans[1].findings)
    assert all(plan.milling.trench.angle_deg == 40.0 for plan in plans)  # of the stage


def test_what_the_stage_misses_counts_once_in_the_first_step_and_again_after_a_registration(
    staged,
):
    surface = staged.segmentations["metal"]
    cut = plan_cut(staged, "pit", to="view", surface=surface, minutes=4.0)
    assert cut.split.parts["drift"][0, 0] == pytest.approx(0.2**2)
    missed = cut.cut.instrument.covariance_at(cut.located.points_um[:1])[0]
    np.testing.assert_allclose(
        cut.cut.exact.covariance_um2[0] + missed, cut.located.covariance_um2[0]
    )
    options = {
        "surface": surface, "material": "Si", "beam_angle_deg": 54, "only": ["plasma FIB",
        "gallium FIB"], "hours_free": 1e-4, "probability": 0.95,
    }  # fmt: skip
    seeing = plan_milling(staged, cut, later_sigma_um=0.1, **options)
    first, last = seeing.staged.steps
    along = cut.located.covariance_um2[0][1, 1]
    assert first.margin_um == pytest.approx(1.66 * np.sqrt(along), rel=0.05)
    assert last.margin_um == pytest.approx(1.645 * np.hypot(0.1, np.sqrt(missed[1, 1])), rel=0.03)


def test_the_picker_plans_for_the_stage_that_is_recorded_as_the_guide_does(staged):
    picker = TargetPicker(staged, "zoom", into="view")
    for minutes in (None, 8.0):
        surface = staged.segmentations["metal"]
        guide = plan_cut(staged, "pit", to="view", surface=surface, minutes=minutes).table
        row = picker.plans(minutes=minutes)
        assert row.to_dict("records") == guide.to_dict("records")
    still = picker.cut("pit").margin_um
    assert still == pytest.approx(picker.plans()["margin_um"][0])
    assert guide["margin_um"][0] > still


def test_everything_goes_into_one_folder_and_what_does_not_is_told(joined, staged, tmp_path):
    surface = joined.segmentations["metal"]
    plan = plan_cut(joined, "pit", to="view", surface=surface)
    files = write_cut_files(joined, plan, tmp_path / "bare")
    assert [path.suffix for path in files.written] == [".csv", ".json", ".stl", ".vtk"]
    (words,) = files.left_out
    assert words.startswith("target_pit.nav and target_pit.yaml not written: positions in view")
    pictures = view_pictures(joined, plan)
    assert pictures["from above"]["image"].shape == (80, 84)
    reach = reach_target(joined, plan, surface=surface)
    sheet = write_sheet(plan, files.sheet, pictures=pictures, reach=reach).read_text("utf-8")
    assert "The way there" in sheet
    assert "angle between the beams is not known" in sheet
    assert files.statement.startswith("Written to bare: target_pit.csv")
    there = plan_cut(staged, "pit", to="view", surface=staged.segmentations["metal"])
    files = write_cut_files(staged, there, tmp_path / "staged")
    assert not files.left_out
    assert {".nav", ".yaml"} < {path.suffix for path in files.written}
    assert view_pictures(staged, there) == {}
