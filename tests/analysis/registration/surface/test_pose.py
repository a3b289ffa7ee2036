"""Poses from marks: known in, same out, and as well known as they say."""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy import stats

from scalebridge.analysis.registration.surface import (
    fit_surface_pose,
    onto_plane,
    raw_spacing,
    seen_twice,
)
from scalebridge.errors import CovarianceUnavailable, Degenerate
from scalebridge.reports.surface_coverage import (
    mounted_pose,
    scattered_marks,
    surface_cases,
    surface_coverage,
    tilted_view,
)

SEEDS = int(os.environ.get("SCALEBRIDGE_SEEDS", "60"))


def angle_between(first, second):
    turn = first.matrix.T @ second.matrix / (first.scale * second.scale)
    return np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


@pytest.mark.parametrize("model", ["rigid", "similarity"])
@pytest.mark.parametrize("tilt", [0.0, 52.0, -30.0])
def test_exact_marks_give_the_pose_back(model, tilt):
    view = tilted_view(tilt)
    true, marks = mounted_pose(view, model=model), scattered_marks(np.random.default_rng(1))
    seen = true.inverse_apply(marks)[:, 1:]
    pose = fit_surface_pose(seen, marks, view=view, model=model, sigma_um=1.0)
    assert angle_between(pose.transform, true) < 1e-4
    assert pose.transform.scale == pytest.approx(true.scale, rel=1e-7)
    np.testing.assert_allclose(
        pose.seen_at(marks + 30), true.inverse_apply(marks + 30)[:, 1:], atol=1e-4
    )
    assert np.abs(pose.residuals_um).max() < 1e-5


def test_depth_along_the_beam_is_a_convention_and_is_said():
    view, rng = tilted_view(), np.random.default_rng(2)
    marks = scattered_marks(rng)
    deeper = marks + 40 * mounted_pose(view).matrix[:, 0]
    seen = mounted_pose(view).inverse_apply(marks)[:, 1:] + 0.3 * rng.standard_normal((8, 2))
    here, there = (fit_surface_pose(seen, m, view=view, sigma_um=0.3) for m in (marks, deeper))
    np.testing.assert_allclose(here.residuals_um, there.residuals_um, atol=0.2)
    assert here.transform.inverse_apply(marks)[:, 0].mean() == pytest.approx(0, abs=1e-6)
    assert there.transform.inverse_apply(deeper)[:, 0].mean() == pytest.approx(0, abs=1e-6)
    assert "does not tell depth along the beam" in here.statement
    thick = fit_surface_pose(seen, marks, view=view, sigma_um=0.3, height_sigma_um=5.0)
    beam = thick.transform.matrix[:, 0]
    middle = thick.transform.inverse_apply(marks).mean(axis=0)
    spread = thick.transform.covariance_at(middle[None])[0]
    assert np.sqrt(beam @ spread @ beam) == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("case", surface_cases())
def test_95_percent_regions_hold_95_percent(case):
    slack = max(0.02, 3.3 * np.sqrt(0.95 * 0.05 / SEEDS))  # 93 to 97 % at 2000 seeds
    row = surface_coverage(seeds=SEEDS, cases=[case]).iloc[0]
    assert abs(row["in_picture"] - 0.95) < slack
    if "residuals" not in case:
        assert abs(row["in_survey"] - 0.95) < slack


def test_marks_on_a_plane_fit_under_two_tilts_and_the_stage_chooses():
    marks = scattered_marks(np.random.default_rng(3), height_um=0.0)
    true = mounted_pose(tilted_view(52))
    seen = true.inverse_apply(marks)[:, 1:]
    here = fit_surface_pose(seen, marks, view=tilted_view(52), sigma_um=0.5)
    other = fit_surface_pose(seen, marks, view=tilted_view(-52), sigma_um=0.5)
    assert angle_between(here.transform, true) < 1e-3
    assert abs(here.margin) < 1e-3
    assert not here.ambiguous
    assert angle_between(here.other, other.transform) < 1e-3
    assert angle_between(here.transform, other.transform) > 90
    assert "taken is the one nearer the stage's tilt" in here.statement
    np.testing.assert_allclose(here.seen_at(marks), other.seen_at(marks), atol=1e-3)


def test_marks_of_other_heights_tell_the_tilt_even_against_the_stage():
    marks = scattered_marks(np.random.default_rng(4), height_um=20.0)
    true = mounted_pose(tilted_view(52))
    seen = true.inverse_apply(marks)[:, 1:]
    pose = fit_surface_pose(seen, marks, view=tilted_view(-52), sigma_um=0.5)
    assert angle_between(pose.transform, true) < 1e-3
    assert pose.margin > 100
    assert "away from the stage's tilt" in pose.warnings[0]


def picked_across(rng, true, marks, *, error_um=0.8):
    """Pick marks in the picture, and in a rendering on facets that face the beam."""
    errors = error_um * rng.standard_normal((2, len(marks), 2))
    return true.inverse_apply(marks)[:, 1:] + errors[0], marks + errors[1] @ true.matrix[:, 1:].T


def test_errors_across_the_beam_are_not_taken_for_relief():
    view, rng = tilted_view(52), np.random.default_rng(11)
    margins, better = [], 0
    for _ in range(20):
        true = mounted_pose(view, model="similarity")
        seen, known = picked_across(rng, true, scattered_marks(rng, 12, height_um=0.0))
        pose = fit_surface_pose(seen, known, view=view, model="similarity")
        assert angle_between(pose.transform, true) < 15
        assert pose.statement.count("nearer the stage's tilt") == 1
        margins.append(pose.margin)
        mirrored = seen - pose.other.inverse_apply(known)[:, 1:]
        better += np.sum(mirrored**2) < np.sum(pose.residuals_um**2)
    assert np.abs(margins).max() < 10
    assert better > 15  # so how well marks fit would have chosen the mirror image


def test_relief_beyond_the_errors_tells_the_tilt_without_stated_errors():
    view, rng = tilted_view(-52), np.random.default_rng(12)
    true = mounted_pose(tilted_view(52), model="similarity")
    seen, known = picked_across(rng, true, scattered_marks(rng, 16, height_um=30.0))
    pose = fit_surface_pose(seen, known, view=view, model="similarity")
    assert angle_between(pose.transform, true) < 5
    assert pose.margin > 18.5
    told = fit_surface_pose(
        seen, known, view=view, model="similarity", sigma_um=0.8, sigma_surface_um=0.8
    )
    assert told.margin > pose.margin


def test_marks_that_a_pose_would_hide_count_against_it():
    view, rng = tilted_view(0.0), np.random.default_rng(13)
    true = mounted_pose(tilted_view(20))
    marks = scattered_marks(rng, 8, height_um=0.0)
    seen = true.inverse_apply(marks)[:, 1:]
    with pytest.raises(Degenerate, match=r"neither the marks nor the stage tell tilt -?18"):
        fit_surface_pose(seen, marks, view=view, sigma_um=0.1)

    def mirrored(pose):
        return np.full(8, angle_between(pose, true) > 20)

    sure = fit_surface_pose(seen, marks, view=view, sigma_um=0.1, hidden=mirrored)
    assert angle_between(sure.transform, true) < 1e-3
    assert sure.margin == pytest.approx(16 * np.log(20), abs=1e-3)
    assert not sure.ambiguous


def test_flat_marks_seen_along_their_normal_are_refused_without_a_tilt_that_is_known():
    view = tilted_view(0.0)
    marks = scattered_marks(np.random.default_rng(5), height_um=0.0)
    seen = view.nominal_pose([0, 200, 250]).inverse_apply(marks)[:, 1:]
    with pytest.raises(Degenerate, match="tilt_sigma_deg"):
        fit_surface_pose(seen, marks, view=view, sigma_um=0.5)
    pose = fit_surface_pose(seen, marks, view=view, sigma_um=0.5, tilt_sigma_deg=2.0)
    assert pose.transform.rotation_sigma_deg == pytest.approx(2.0, rel=0.05)
    assert "to first order" in pose.warnings[0]


def test_a_mirrored_picture_is_refused():
    view, marks = tilted_view(), scattered_marks(np.random.default_rng(6), height_um=0.0)
    seen = mounted_pose(view).inverse_apply(marks)[:, 1:] * [1, -1]
    with pytest.raises(Degenerate, match="seen from behind"):
        fit_surface_pose(seen, marks, view=view, sigma_um=0.5)


def test_without_marks_to_spare_no_error_is_stated():
    view, marks = tilted_view(), scattered_marks(np.random.default_rng(7), 3)
    seen = mounted_pose(view, model="similarity").inverse_apply(marks)[:, 1:]
    pose = fit_surface_pose(seen, marks, view=view, model="similarity")
    with pytest.raises(CovarianceUnavailable):
        pose.seen_covariance_at(marks)


def test_bad_marks_are_refused_in_words():
    view, marks = tilted_view(), np.zeros((4, 3))
    with pytest.raises(ValueError, match=r"marks_um needs shape \(n, 2\) in y, x, got \(4, 3\)"):
        fit_surface_pose(marks, marks, view=view)
    with pytest.raises(ValueError, match="needs 3 marks or more, got 2"):
        fit_surface_pose(marks[:2, 1:], marks[:2], view=view)
    with pytest.raises(ValueError, match="'rigid' or 'similarity', got 'affine'"):
        fit_surface_pose(marks[:, 1:], marks, view=view, model="affine")
    with pytest.raises(ValueError, match="sigma_um needs finite values above 0"):
        fit_surface_pose(marks[:, 1:], marks, view=view, sigma_um=0.0)


def test_two_views_see_depth_and_know_how_well():
    rng, inside = np.random.default_rng(8), []
    for _ in range(SEEDS):
        poses, picks = [], []
        target = np.array([[25.0, 180.0, 260.0]])
        for tilt in (0.0, 52.0):
            true, marks = mounted_pose(tilted_view(tilt)), scattered_marks(rng, height_um=30.0)
            seen = true.inverse_apply(marks)[:, 1:] + 0.5 * rng.standard_normal((8, 2))
            poses.append(
                fit_surface_pose(seen, marks, view=tilted_view(tilt), sigma_um=0.5).transform
            )
            picks.append(true.inverse_apply(target)[:, 1:] + 0.5 * rng.standard_normal((1, 2)))
        found = seen_twice(poses, picks, sigma_um=0.5)
        off = (found.position_um - target)[0]
        inside.append(off @ np.linalg.solve(found.covariance_um2[0], off) < stats.chi2.ppf(0.95, 3))
    assert abs(np.mean(inside) - 0.95) < max(0.02, 3.3 * np.sqrt(0.95 * 0.05 / SEEDS))
    with pytest.raises(Degenerate, match="depth needs another tilt"):
        seen_twice([poses[0], poses[0]], [picks[0], picks[0]], sigma_um=0.5)


def test_a_pose_is_carried_onto_the_plane_of_the_surface_with_its_error():
    view, rng = tilted_view(), np.random.default_rng(9)
    true, marks = mounted_pose(view), scattered_marks(rng, 12)
    seen = true.inverse_apply(marks)[:, 1:] + 0.5 * rng.standard_normal((12, 2))
    pose = fit_surface_pose(seen, marks, view=view, sigma_um=0.5).transform
    stretch = np.cos(np.radians(52))
    top = onto_plane(pose, point_um=[0, 200, 250], normal=[-1, 0, 0], stretch_y=stretch)
    places = np.array([[100.0, 120.0], [250.0, 300.0]])
    on_top = top.apply(places)
    np.testing.assert_allclose(on_top[:, 0], 0, atol=1e-9)
    again = pose.inverse_apply(on_top)[:, 1:]
    np.testing.assert_allclose(again, places * [stretch, 1.0], atol=1e-9)
    drawn = []
    for matrix, offset in zip(*pose.draw(4000, rng), strict=True):
        arms = (np.column_stack([np.zeros(2), places * [stretch, 1.0]]) - pose.centre_um) @ matrix.T
        start = arms + offset
        drawn.append(start - start[:, :1] / matrix[0, 0] * matrix[:, 0])
    spread = np.cov(np.array(drawn)[:, 0].T)
    np.testing.assert_allclose(top.covariance_at(places)[0], spread, rtol=0.15, atol=0.02)


def test_the_raw_pixel_is_rebuilt_from_a_corrected_one():
    y, x = raw_spacing((1.25 / np.cos(np.radians(52)), 1.25), corrected_for_deg=52)
    assert (y, x) == (pytest.approx(1.25), 1.25)


def test_views_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="tilt_deg needs degrees between -89 and 89, got 90"):
        tilted_view(90)
    with pytest.raises(ValueError, match="up needs a direction"):
        tilted_view(up=(0, 0, 0))


def test_up_turns_the_view_with_the_surface():
    view = tilted_view(20, 30, up=(0, -1, 0.2))
    assert np.linalg.det(view.axes) == pytest.approx(1)
    angles = view.angles(view.nominal_pose([0, 0, 0]))
    assert (angles.tilt_deg, angles.rotation_deg) == (pytest.approx(20), pytest.approx(30))
    assert view.normal @ [1, 0, 0] == pytest.approx(np.cos(np.radians(20)))
