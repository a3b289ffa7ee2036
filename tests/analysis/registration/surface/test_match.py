"""Marks and renderings put the phantom's picture where it was taken."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.analysis.imaging.phantom.whereabouts import transform_truth
from scalebridge.analysis.registration.surface import (
    SurfaceView,
    fit_surface_pose,
    match_view,
    onto_plane,
)

TILT = 52.0


@cache
def session(seed):
    return Session.begin(seed=seed, scale="small")


@cache
def truth(seed, frame):
    """Return the map from the picture's frame onto the top surface in the survey."""
    known = transform_truth(session(seed))
    return np.array(known[f"registration.{frame}.top_surface_to_xrm_survey_t2"]["value"])


def through(matrix, points):
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def grid(view):
    """Places in the picture where the top surface is."""
    y, x = np.meshgrid(np.linspace(120, 420, 5), np.linspace(80, 600, 5), indexing="ij")
    return np.column_stack([np.zeros(25), y.ravel(), x.ravel()])


def by_marks(seed, sigma_um, *, frame, stretch):
    """Fit to the beads' centres, picked in both, and carry the pose onto the top surface."""
    here = session(seed)
    sem, survey = here.views["sem_view"], here.views["xrm_survey_t2"]
    rng = np.random.default_rng(seed)
    beads = here.specimen.beads.centres_um
    marks = sem.to_nominal(beads)[:, 1:] + sigma_um * rng.standard_normal((len(beads), 2))
    known = survey.to_nominal(beads) + sigma_um * rng.standard_normal(beads.shape)
    view = SurfaceView(tilt_deg=TILT, spacing_um=sem.spacing_um[1:], shape=sem.shape[1:])
    pose = fit_surface_pose(
        marks, known, view=view, model="similarity", sigma_um=sigma_um, sigma_surface_um=sigma_um
    )
    plane = truth(seed, frame)
    top = onto_plane(
        pose.transform, point_um=plane[:3, 3], normal=np.cross(plane[:3, 1], plane[:3, 2]),
        stretch_y=stretch,
    )  # fmt: skip
    return pose, top


@pytest.mark.parametrize(
    ("frame", "stretch"), [("sem_view", 1.0), ("sem_view.tilt_corrected", np.cos(np.radians(TILT)))]
)
def test_beads_put_the_picture_on_the_top_surface(frame, stretch):
    squares = []
    for seed in range(4):
        pose, top = by_marks(seed, 0.4, frame=frame, stretch=stretch)
        places = grid(pose.view) / [1.0, stretch, 1.0]
        off = top.apply(places) - through(truth(seed, frame), places)
        spread = top.covariance_at(places)
        assert np.sqrt((off**2).sum(axis=1).mean()) < 1.5
        sides = np.eye(3)[1:]  # the surface is nearly level in the survey
        flat = np.einsum("ij,njk,lk->nil", sides, spread, sides)
        squares.append(
            np.mean([o @ np.linalg.solve(c, o) for o, c in zip(off @ sides.T, flat, strict=True)])
        )
        assert not pose.ambiguous
    assert 0.2 < np.mean(squares) / 2 < 3.0


def test_beads_above_the_surface_are_a_trap_for_those_who_take_them_for_it():
    _, top = by_marks(0, 0.1, frame="sem_view", stretch=1.0)
    here = session(0)
    beads = here.specimen.beads.centres_um
    seen = here.views["sem_view"].to_nominal(beads) * [0, 1, 1]
    where = here.views["xrm_survey_t2"].to_nominal(beads)
    shift = np.linalg.norm((top.apply(seen) - where)[:, 1:], axis=1)
    assert 14 * np.sin(np.radians(TILT)) < shift.mean() < 14 * np.tan(np.radians(TILT)) + 2


def off_by_renderings(seed, **options):
    """How far from the truth places of the top surface are seen, and their stated covariance."""
    here = session(seed)
    sem, survey = here.take("sem_view"), here.take("xrm_survey_t2")
    view = SurfaceView(tilt_deg=TILT, spacing_um=sem.view.spacing_um[1:], shape=sem.pixels.shape)
    found = match_view(
        sem.pixels, survey.pixels, level=3450, spacing_um=survey.view.spacing_um, view=view
    )
    on_top = through(truth(seed, "sem_view"), grid(view))
    return found.seen_at(on_top) - grid(view)[:, 1:], found.seen_covariance_at(on_top)


@pytest.mark.full
def test_regions_of_renderings_hold_the_truth_and_no_large_shift_is_shared():
    found = [off_by_renderings(seed) for seed in range(24)]
    squares = [np.einsum("ni,nij,nj->n", off, np.linalg.inv(spread), off) for off, spread in found]
    assert np.mean(np.array(squares) < 2 * 5.79) > 0.93  # F(2, 5) at 95 %
    assert 0.4 < np.mean(np.array(squares) < 2 * 0.80) < 0.8
    shared = np.mean([off.mean(axis=0) for off, _ in found], axis=0)
    assert (np.abs(shared) < [2.4, 0.8]).all()  # half a voxel


def test_renderings_find_the_pose_within_what_is_stated():
    here = session(0)
    sem, survey = here.take("sem_view"), here.take("xrm_survey_t2")
    view = SurfaceView(
        tilt_deg=TILT, rotation_deg=-5, spacing_um=sem.view.spacing_um[1:], shape=sem.pixels.shape
    )
    found = match_view(
        sem.pixels, survey.pixels, level=3450, spacing_um=survey.view.spacing_um, view=view,
        reach_deg=0,
    )  # fmt: skip
    on_top = through(truth(0, "sem_view"), grid(view))
    off = found.seen_at(on_top) - grid(view)[:, 1:]
    assert np.sqrt((off**2).sum(axis=1).mean()) < 1.5 * survey.view.spacing_um[0]
    spread = found.seen_covariance_at(on_top)
    squares = np.einsum("ni,nij,nj->n", off, np.linalg.inv(spread), off)
    assert found.transform.nu == 5.0
    assert np.mean(squares < 2 * 5.79) > 0.9  # F(2, 5) at 95 %
    assert 0.15 < np.sqrt(np.trace(spread, axis1=1, axis2=2).mean()) / 5.0 < 2.5  # voxels
    assert "does not tell depth along the beam" in found.statement
    assert found.tried["information"].notna().sum() == 1


def test_a_picture_that_is_not_the_views_is_refused():
    view = SurfaceView(tilt_deg=TILT, spacing_um=(1, 1), shape=(4, 5))
    with pytest.raises(ValueError, match=r"picture needs the view's shape \(4, 5\), got \(3, 3\)"):
        match_view(np.zeros((3, 3)), np.zeros((4, 4, 4)), level=1, spacing_um=(1, 1, 1), view=view)
