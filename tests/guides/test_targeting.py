"""Targets of the analytic coupon: where they are, how deep, and what is stated about it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scalebridge import TargetPicker
from scalebridge.analysis.targeting import InstrumentError
from scalebridge.errors import CovarianceUnavailable, DecisionNeeded, NoPath
from scalebridge.guides import (
    choose_instrument,
    cutting_frame,
    plan_cut,
    record_verdicts,
    register_pair,
    surface_segmentation,
    write_plan_boxes,
    write_plan_json,
    write_stage_positions,
)
from scalebridge.guides.fiducials import seen_fiducials
from scalebridge.reports import write_sheet
from scalebridge.workspace.stage_errors import stage_error

from .coupons import SURVEY, TARGET_UM, VIEW_SCALE, depth_um, surface_frame


@pytest.fixture
def joined(coupon):
    pairs = [("zoom", SURVEY), ("view", SURVEY)]
    record_verdicts([register_pair(coupon, *pair) for pair in pairs], accept=True)
    return coupon


def planned(ws, to, **options):
    return plan_cut(ws, "pit", to=to, surface=ws.segmentations["metal"], **options)


def in_view(point_um):
    origin, axes = surface_frame()
    return (point_um - origin) @ axes / VIEW_SCALE


@pytest.mark.parametrize(
    ("to", "truth_um", "scale"),
    [("view", in_view(TARGET_UM), VIEW_SCALE), (SURVEY, TARGET_UM, 1.0)],
)
def test_the_target_and_its_depth_lie_in_their_stated_intervals(joined, to, truth_um, scale):
    plan = planned(joined, to)
    *places, depth = plan.measurements
    assert [m.key for m in places] == [f"targeting.pit.{to}.{axis}_um" for axis in "xyz"]
    for measured, truth in zip(places, truth_um[::-1], strict=True):
        assert measured.interval95[0] < truth < measured.interval95[1]
    assert depth.interval95[0] < depth_um(TARGET_UM) / scale < depth.interval95[1]
    assert depth.uncertainty < 0.02 * depth.value
    assert plan.table.loc[0, "depth_um"] == depth.value


def test_what_carries_surface_and_target_alike_does_not_blur_the_depth(joined):
    there = planned(joined, "view").measurements[-1]
    here = planned(joined, SURVEY).measurements[-1]
    assert here.parts["scale"] == 0.0
    assert there.parts["target"] == pytest.approx(here.parts["target"] / VIEW_SCALE, rel=0.01)
    z = next(m for m in planned(joined, "view").measurements if m.key.endswith("z_um"))
    # the target's place has the whole error of both transforms, its depth has not
    assert there.parts["target"] < 0.7 * z.parts["registration"]


def test_the_targets_own_error_counts_in_place_depth_and_margin(joined):
    given, own = planned(joined, "view"), 3.0
    pit = joined.targets["pit"]
    sigma = dict.fromkeys(("z_um", "y_um", "x_um"), own)
    joined.targets.edit("pit", version=pit.version, sigma=sigma)
    found = planned(joined, "view")
    wanted = np.sqrt(np.diag(given.located.covariance_um2[0]) + (own / VIEW_SCALE) ** 2)
    told = np.sqrt(np.diag(found.located.covariance_um2[0]))
    assert told == pytest.approx(wanted, rel=0.01)
    for place in found.positions:
        assert place.parts["localisation"] == pytest.approx(1.96 * own / VIEW_SCALE, rel=0.01)
    assert found.depths[0].parts["target"] > 1.9 * own / VIEW_SCALE
    assert "localisation" in found.split.table()["part"].tolist()
    assert found.plan.margin_um > given.plan.margin_um + own / VIEW_SCALE


def test_a_surface_whose_threshold_nobody_has_judged_is_told(joined):
    (told,) = [check for check in planned(joined, "view").checks if "surface" in check.name]
    assert told.name == "below the surface"
    metal = joined.segmentations["metal"]
    joined.segmentations.edit("metal", version=metal.version, threshold_uncertainty=[])
    plan = planned(joined, "view")
    depth = plan.measurements[-1]
    assert depth.parts["threshold"] == 0.0
    (warning,) = [check for check in depth.checks if check.name.endswith("threshold")]
    assert warning in plan.checks
    assert warning.passed is None
    assert "none is stated by metal" in warning.detail


def test_a_higher_probability_needs_a_wider_margin(joined):
    margins = planned(joined, "view").margins
    assert margins["margin_um"].is_monotonic_increasing
    assert planned(joined, "view", probability=0.99).plan.margin_um == pytest.approx(
        margins["margin_um"].iloc[-1]
    )
    own = planned(joined, "view")
    assert own.plan.probability == 0.9  # the target's own
    sizes = own.table.loc[0, ["cut_x_um", "cut_y_um", "cut_z_um"]].to_numpy(float)
    target = joined.targets["pit"]
    place = np.array([target.position[name] for name in ("z_um", "y_um", "x_um")])
    signs = np.indices((2, 2, 2)).reshape(3, 8).T * 2 - 1
    corners = joined.graph().path(target.frame, "view").apply(place + 3.0 * signs)
    held = np.ptp(corners, axis=0)[::-1]  # the turned volume fits into the cut, with the margin
    np.testing.assert_allclose(sizes, held + 2 * own.plan.margin_um, rtol=1e-6)
    assert np.all(sizes > 2 * (3.0 / VIEW_SCALE + own.plan.margin_um))


def test_the_table_for_the_instrument_names_its_columns_and_its_file_is_safe(joined, tmp_path):
    joined.targets.rename("pit", "../<pit>")
    plan = plan_cut(joined, "../<pit>", to="view", surface=joined.segmentations["metal"])
    path = plan.write_csv(tmp_path)
    assert path.parent == tmp_path
    row = pd.read_csv(path).iloc[0]
    assert row["target"] == "../<pit>"
    x, y, z = (plan.measurements[k].value for k in range(3))
    assert (row["x_um"], row["y_um"], row["z_um"]) == pytest.approx((x, y, z))
    assert row["frame"] == "view"


def test_the_nearest_marks_lead_to_the_target(joined):
    plan = planned(joined, "view")
    marks = {mark.name: mark for mark in joined.landmarks if mark.moving_frame == "view"}
    there = plan.located.points_um[0]
    away = {name: np.hypot(*(there - in_order(mark.moving))[1:]) for name, mark in marks.items()}
    assert list(plan.offsets["fiducial"]) == sorted(away, key=away.get)[:2]
    for row, one in zip(plan.offsets.itertuples(), plan.found, strict=True):
        assert row.view == "from above"
        mark = in_order(marks[row.fiducial].moving)
        np.testing.assert_allclose(
            mark[1:] + np.array([row.dy_um, row.dx_um]), there[1:], atol=1e-9
        )
        assert row.radius95_um == pytest.approx(one.region().radii_um[0])
    assert plan.offsets["distance_um"].is_monotonic_increasing
    assert not any("offsets count" in note for note in plan.notes)


def in_order(position):
    return np.array([position[f"{axis}_um"] for axis in "zyx"])


def test_a_mark_that_changed_since_counts_as_independent_and_the_plan_says_so(joined):
    before = planned(joined, "view")
    mark = next(m for m in joined.landmarks if m.moving_frame == "view")
    joined.landmarks.edit(mark.id, version=mark.version, note="looked again")
    after = planned(joined, "view")
    assert any("offsets count the fiducials as independent" in note for note in after.notes)
    assert (after.offsets["sx_um"] > before.offsets["sx_um"]).all()


def test_a_stage_that_is_recorded_gives_both_beams_views_and_its_own_errors(joined, tmp_path):
    joined.stages.add(
        name="helios", frame="view", unit="mm", handedness="left", between_beams_deg=54.0,
        tilt_deg=54.0, rotation_deg=180.0, z_grows="outwards",
    )  # fmt: skip
    error = InstrumentError(stage_um=0.5, scale_sigma=0.002, from_um=[0, 0, 0])
    plan = plan_cut(joined, "pit", to="view", surface=None, instrument=error)
    assert list(plan.offsets["view"]) == ["SEM", "SEM", "FIB", "FIB"]
    parts = plan.split.table()["part"].tolist()
    assert parts[-4:] == ["stage", "drift", "scale", "all"]
    assert plan.contained.probability == pytest.approx(0.9, abs=0.01)  # as the target wants
    bare = plan_cut(joined, "pit", to="view", surface=None)
    assert plan.plan.margin_um > bare.plan.margin_um + 0.3
    missed = plan_cut(
        joined, "pit", to="view", surface=None, instrument=error, volume=bare.milled
    ).contained
    assert missed.probability < 0.5
    assert {"registration", "stage", "scale"} == set(plan.measurements[0].parts)
    covered = plan.located.covariance_um2[0]
    np.testing.assert_allclose(covered, plan.split.covariance_um2, rtol=1e-9)
    told = json.loads(write_plan_json(plan, tmp_path / "plan.json").read_text("utf-8"))
    assert told["plan"]["x_um"] == plan.measurements[0].value
    assert told["ellipsoids"]["50 %"]["radii_um"][0] < told["ellipsoids"]["95 %"]["radii_um"][0]
    assert told["contained"]["probability"] == plan.contained.probability
    nav = write_stage_positions(joined, plan, tmp_path / "pit.nav").read_text("utf-8")
    assert "[Item = pit]" in nav
    yaml = write_stage_positions(joined, plan, tmp_path / "pit.yaml").read_text("utf-8")
    assert f"t: {np.radians(54.0):.12e}" in yaml
    boxes = write_plan_boxes(plan, tmp_path / "boxes.stl").read_bytes()
    assert int.from_bytes(boxes[80:84], "little") == 24  # two boxes of twelve triangles
    sheet = write_sheet(plan, tmp_path / "sheet.html").read_text("utf-8")
    assert sheet.count("<img src=") >= 3
    for word in ("SEM", "FIB", "probability", "localisation error", "stage", "pit"):
        assert word in sheet


def test_what_nobody_has_stated_of_a_stage_does_not_count_and_is_said(joined):
    silent = seen_fiducials(joined, to="view", way=joined.graph().path("zoom", "view")).seen
    given = {"to": "view", "place_um": np.zeros(3)}
    error, (note,) = stage_error(joined, **given)
    assert error is None
    assert "nobody has stated them for view" in note
    stage = joined.stages.add(
        name="helios", frame="view", unit="mm", handedness="left", repeatability_um=0.4
    )
    error, notes = stage_error(joined, **given)
    np.testing.assert_allclose(error.covariance_at([[0, 900, 0]])[0], 0.16 * np.eye(3))
    assert any("scale of helios counts as exact" in note for note in notes)
    joined.stages.edit("helios", version=stage.version, scale_sigma=0.01)
    error, _ = stage_error(joined, **given)
    nearest = min((mark.position_um for mark in silent), key=np.linalg.norm)
    np.testing.assert_allclose(error.from_um, nearest)


def test_a_number_that_nobody_knows_goes_to_no_instrument(joined, tmp_path):
    plan = plan_cut(joined, "pit", to="view", surface=None)
    with pytest.raises(DecisionNeeded, match="no readings of a stage that is recorded"):
        write_stage_positions(joined, plan, tmp_path / "pit.nav")
    gap = replace(plan, table=plan.table.assign(margin_um=np.nan))
    for write in (lambda: gap.write_csv(tmp_path), lambda: write_plan_json(gap, tmp_path / "a")):
        with pytest.raises(CovarianceUnavailable, match="margin_um are not known"):
            write()
    with pytest.raises(CovarianceUnavailable, match="size of the cut is not known"):
        write_plan_boxes(replace(plan, milled=None), tmp_path / "boxes.stl")
    assert not list(tmp_path.glob("*.*"))


def test_the_same_plan_comes_out_to_the_bit(joined):
    first, second = planned(joined, "view"), planned(joined, "view")
    pd.testing.assert_frame_equal(first.margins, second.margins, check_exact=True)
    assert first.measurements == second.measurements


def test_frames_that_nothing_joins_are_refused_and_the_cut_has_to_be_decided(coupon):
    with pytest.raises(NoPath, match="no accepted transforms connect zoom to view"):
        planned(coupon, "view")
    with pytest.raises(DecisionNeeded, match="the instrument that will cut"):
        cutting_frame(coupon, None)
    with pytest.raises(DecisionNeeded, match="the surface that depths are measured from"):
        surface_segmentation(coupon, None)
    choose_instrument(coupon, "view")
    choose_instrument(coupon, "zoom")  # a workspace has one: the tag moves on
    assert cutting_frame(coupon, None) == "zoom"
    coupon.segmentations.tag("metal", "surface")
    assert surface_segmentation(coupon, None).name == "metal"


def test_the_picker_writes_the_row_that_the_guide_writes(joined, tmp_path):
    if not any("surface" in record.tags for record in joined.segmentations):
        joined.segmentations.tag("metal", "surface")
    guides = planned(joined, "view").write_csv(tmp_path)
    picker = TargetPicker(joined, joined.targets.get("pit").frame, into="view")
    wrote = picker.export_targets(tmp_path / "out" / "targets.csv")
    rows = pd.read_csv(wrote).set_index("target")
    row = pd.read_csv(guides).set_index("target")
    assert list(rows.columns) == list(row.columns)
    assert {"depth_um", "cut_x_um", "x_pm95_um", "frame"} <= set(row.columns)
    pd.testing.assert_frame_equal(rows.loc[["pit"]], row)
    picker.place_target({"x_um": 4000.0, "y_um": 40.0, "z_um": 40.0}, name="beside")
    rows = picker.plans().set_index("target")
    assert list(rows.index) == [record.name for record in picker.records()]
    assert np.isnan(rows.loc["beside", "depth_um"])  # the surface does not reach so far
    assert rows.loc["pit", "depth_um"] == row.loc["pit", "depth_um"]
    joined.segmentations.add(
        name="second", image=SURVEY, thresholds=[900.0], tags=["surface"],
        phases=joined.segmentations["metal"].phases,
    )  # fmt: skip
    with pytest.raises(ValueError, match="one surface"):
        picker.plans()
