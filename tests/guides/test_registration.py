"""Registrations of the analytic coupon, whose transforms are known."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.columns import significant
from scalebridge.errors import DecisionNeeded
from scalebridge.guides import (
    comparison_table,
    error_field,
    landmark_pairs,
    record_verdicts,
    register_pair,
    settle,
)

from .coupons import SURVEY, TARGET_UM, VIEW_SCALE, survey_to_zoom, zoom_to_survey

PAIRS = [("zoom", SURVEY), ("view", SURVEY)]


def results(ws, **options):
    return [register_pair(ws, *pair, target="pit", **options) for pair in landmark_pairs(ws)]


def test_every_pair_of_images_with_landmarks_is_registered(coupon):
    assert landmark_pairs(coupon) == PAIRS
    assert landmark_pairs(coupon, moving="view", fixed=SURVEY) == PAIRS[1:]
    with pytest.raises(ValueError, match="both moving and fixed or neither, got 'view' and None"):
        landmark_pairs(coupon, moving="view")
    for landmark in list(coupon.landmarks):
        coupon.landmarks.remove(landmark.id)
    with pytest.raises(DecisionNeeded, match="no landmarks have been picked"):
        landmark_pairs(coupon)


def test_the_known_transforms_come_back_within_their_stated_errors(coupon):
    zoom, view = results(coupon)
    place = survey_to_zoom(TARGET_UM)
    error = zoom.fit.transform.apply(place[None])[0] - TARGET_UM
    assert np.linalg.norm(error) < 3 * zoom.fit.tre_at(place[None])[0]
    assert zoom.fit.transform.model == "rigid"
    (scale,) = [m for m in view.measurements if m.key.endswith(".scale")]
    assert view.fit.transform.model == "similarity"
    assert scale.interval95[0] < VIEW_SCALE < scale.interval95[1]
    table = comparison_table([zoom, view])
    assert table.loc[table["verdict"] == "chosen", "model"].tolist() == ["rigid", "similarity"]


def test_a_target_that_no_transform_reaches_yet_leaves_its_error_open(coupon):
    zoom, view = results(coupon)
    keys = [m.key.rsplit(".", 1)[1] for m in view.measurements]
    assert "error_at_target_um" not in keys
    record_verdicts([zoom], accept=True)
    keys = [m.key.rsplit(".", 1)[1] for m in results(coupon)[1].measurements]
    assert "error_at_target_um" in keys


def test_nobody_has_decided_until_somebody_accepts(coupon):
    found = results(coupon)
    with pytest.raises(DecisionNeeded, match=r"nobody has accepted zoom_to_<img .*, view_to_<img"):
        settle(found, accept=None)
    assert list(settle(found, accept=False)["decision"]) == ["refused", "refused"]
    assert list(settle(found, accept=True)["decision"]) == ["accepted", "accepted"]
    assert len(coupon.transforms) == 0  # settle only tells; record_verdicts writes
    record_verdicts(found, accept=True)
    settled = settle(results(coupon), accept=None)
    assert list(settled["decision"]) == ["accepted", "accepted"]
    assert list(settled["by"]) == ["tester", "tester"]
    # the digits of one quantity are not those of another beside it
    errors = [result.picker.error_at_target() for result in results(coupon)]
    np.testing.assert_array_equal(settled["error_at_target_um"], significant(errors))


def test_a_recorded_refusal_is_a_decision_that_the_parameter_can_change(coupon):
    record_verdicts(results(coupon), accept=False)
    state = coupon.state
    refused = results(coupon)
    settled = settle(refused, accept=None)
    assert list(settled["decision"]) == ["refused", "refused"]
    assert list(settled["by"]) == ["tester", "tester"]
    record_verdicts(refused, accept=None)
    record_verdicts(refused, accept=False)
    assert coupon.state == state
    record_verdicts(refused, accept=True)
    assert [record.status for record in coupon.transforms] == ["accepted", "accepted"]


def test_an_accepted_transform_is_called_stale_once_its_landmarks_move(coupon):
    record_verdicts(results(coupon), accept=True)
    fresh, _ = results(coupon)
    (check,) = [c for c in fresh.checks if "is the fit of these landmarks" in c.name]
    assert check.passed
    fresh.picker.exclude(fresh.picker.records()[0].name)
    stale, _ = results(coupon)
    (check,) = [c for c in stale.checks if "is the fit of these landmarks" in c.name]
    assert check.passed is False
    assert "1 of its landmarks has changed since tester accepted it" in check.detail


def test_a_model_by_parameter_goes_before_the_accepted_one(coupon):
    record_verdicts(results(coupon), accept=True)
    (zoom, _) = results(coupon, model="affine")
    assert zoom.fit.transform.model == "affine"
    assert zoom.accepted.transform["model"] == "rigid"


def test_a_model_on_trial_is_not_recorded_under_the_accepted_transform(coupon):
    record_verdicts(results(coupon), accept=True)
    zoom, view = results(coupon, model="affine")
    assert zoom.measurements == view.measurements == ()
    (check,) = [c for c in zoom.checks if "the model that was accepted is used" in c.name]
    assert check.passed is None
    assert "affine is shown, rigid was accepted by tester" in check.detail
    assert list(settle([zoom], accept=None)["decision"]) == ["accepted as rigid"]
    same, _ = results(coupon, model="rigid")
    assert same.measurements
    assert not any("the model that was accepted is used" in c.name for c in same.checks)


def test_errors_have_the_interval_of_the_localisation_error_with_which_they_scale(coupon):
    (zoom, _) = results(coupon)
    found = {m.key.rsplit(".", 1)[1]: m for m in zoom.measurements}
    assert set(found) == {"loo_um", "error_at_target_um"}
    rng, nu = np.random.default_rng(5), zoom.fit.nu
    truth = found["loo_um"].value  # as if it were: estimates scatter as sqrt(chi-squared / nu)
    estimates = truth * np.sqrt(rng.chisquare(nu, 20_000) / nu)
    for measured in found.values():
        low, high = (end / measured.value for end in measured.interval95)
        covered = (low * estimates <= truth) & (truth <= high * estimates)
        assert covered.mean() == pytest.approx(0.95, abs=0.006)
        assert measured.uncertainty == pytest.approx((high - low) / 2 * measured.value)
    assert zoom.key_measurements == []


def test_the_error_field_is_smallest_among_the_landmarks_and_grows_outwards(coupon):
    zoom, view = results(coupon)
    for result in (zoom, view):
        drawn, caption = error_field(result)
        error, middle = drawn["error_um"], len(drawn["x_um"]) // 2
        assert error.shape == (len(drawn["y_um"]), len(drawn["x_um"]))
        for corner in (error[0, 0], error[0, -1], error[-1, 0], error[-1, -1]):
            assert corner > error[middle, middle]
        assert len(drawn["landmarks"]) == len(result.fit.residuals_um)
        assert "It grows away from the landmarks" in caption
    drawn, _ = error_field(zoom)
    y, x = survey_to_zoom(TARGET_UM)[1:]
    assert drawn["target_um"] == pytest.approx((x, y))
    # on the target's plane, at the grid point next to it
    row, column = (np.argmin(np.abs(drawn[f"{a}_um"] - p)) for a, p in (("y", y), ("x", x)))
    near = np.array([[survey_to_zoom(TARGET_UM)[0], drawn["y_um"][row], drawn["x_um"][column]]])
    assert drawn["error_um"][row, column] == pytest.approx(zoom.fit.tre_at(near)[0])


def test_the_overlay_looks_at_the_target_through_the_fit(coupon):
    (zoom, _) = results(coupon)
    explorer, caption = zoom.overlay()
    place = zoom.fit.transform.apply(survey_to_zoom(TARGET_UM)[None])[0]
    shown = [explorer.cursor_um[f"{axis}_um"] for axis in "zyx"]
    np.testing.assert_allclose(shown, place, atol=1e-6)
    np.testing.assert_allclose(place, zoom_to_survey(survey_to_zoom(TARGET_UM)), atol=0.5)
    assert "rigid fit" in caption


def test_places_are_written_to_a_tenth_of_a_voxel(tmp_path):
    fine = np.array([[0.0123, 0.0456], [0.3712, 0.0514], [0.0431, 0.3987], [0.3543, 0.3471]])
    with Workspace.create(tmp_path / "nanometres") as ws:
        for name, spacing in (("sem", 0.004), ("light", 0.2)):
            ws.images.write(
                name,
                shape=(100, 100),
                dtype=np.dtype("u1"),
                axes="yx",
                blocks=[((slice(0, 100), slice(0, 100)), np.zeros((100, 100), "u1"))],
                spacing_um=(spacing, spacing),
                spacing_source="made",
            )
        for y, x in fine:
            here, there = {"y_um": y, "x_um": x}, {"y_um": y + 1, "x_um": x + 2}
            ws.landmarks.add(
                moving_frame="sem",
                fixed_frame="light",
                moving={"z_um": 0.0, **here},
                fixed={"z_um": 0.0, **there},
            )
        table = register_pair(ws, "sem", "light").landmarks()
    assert table["x, y in sem [µm]"][0] == "0.0456,\u00a00.0123"
    assert table["x, y in light [µm]"][0] == "2.05,\u00a01.01"


def test_voxel_sizes_bends_and_wrong_pairs_are_checked(coupon):
    zoom, view = (
        {check.name.split(": ")[1]: check for check in result.checks} for result in results(coupon)
    )
    agree = "the stated voxel sizes agree"
    assert zoom[agree].passed is True
    assert view[agree].passed is None  # its scale is wrong by design
    assert f"scale all axes {VIEW_SCALE:.2f}" in view[agree].detail
    assert view["no landmark is contradicted by the others"].passed is True
    assert "too few to say" in view["the specimen is not bent between the images"].detail
    mark = next(iter(coupon.landmarks))
    moved = {axis: value + 40.0 for axis, value in mark.fixed.items()}
    coupon.landmarks.edit(mark.id, version=mark.version, fixed=moved)
    found = {
        check.name: check.detail
        for result in results(coupon)
        for check in result.checks
        if "contradicted" in check.name and check.passed is None
    }
    assert any(detail.startswith(f"{mark.name}: 1 of") for detail in found.values())
