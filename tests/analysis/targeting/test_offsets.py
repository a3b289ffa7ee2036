"""Offsets from fiducials: their ellipses cover the target as often as they claim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import AffineTransform, Edge, FramePath, fit_landmarks
from scalebridge.analysis.registration.path import Step
from scalebridge.analysis.targeting import (
    SeenFiducial,
    beam_view,
    fib_sem_views,
    offset_table,
    offsets,
)

REPEATS = 300
MARKS = np.array(
    [[0, -80, -90], [3, 70, -60], [-4, 60, 80], [2, -75, 70], [1, 5, 95], [-2, 10, -85.0]]
)
TARGET = np.array([60.0, 20.0, 10.0])
TURN = Rotation.from_rotvec([0.2, -0.3, 0.5]).as_matrix()
VIEWS = fib_sem_views(tilt_deg=30.0, between_beams_deg=54.0)


def one_way(transform, *, backward=False):
    edge = Edge("fit", "fib" if backward else "survey", "survey" if backward else "fib", transform)
    start = "survey"
    return FramePath(start, (Step(edge, backward=backward),))


def repeat(rng, *, backward, stated, sigma_seen, sigma_other, pick_um, seen_share, localisation):
    """One session: fit, plan offsets, pick again, go there; squared distances by the region."""
    there = MARKS @ TURN.T + [5.0, 3.0, -7.0]  # of the marks, in the instrument
    target = TURN @ TARGET + [5.0, 3.0, -7.0]
    picked = there + sigma_seen * rng.standard_normal(there.shape)
    scanned = MARKS + sigma_other * rng.standard_normal(MARKS.shape)
    moving, fixed = (picked, scanned) if backward else (scanned, picked)
    sigmas = {}
    if stated:
        sides = (sigma_seen, sigma_other) if backward else (sigma_other, sigma_seen)
        sigmas = dict(zip(("sigma_moving_um", "sigma_fixed_um"), sides, strict=True))
    fit = fit_landmarks(moving, fixed, model="rigid", **sigmas)
    placed = TARGET + localisation * rng.standard_normal(3)
    seen = [SeenFiducial(f"m{k}", place, row=k) for k, place in enumerate(picked)]
    found = offsets(
        placed,
        seen,
        way=one_way(fit.transform, backward=backward),
        views=VIEWS,
        fit=fit,
        localisation_um2=localisation**2 * np.eye(3),
        pick_um=pick_um,
        seen_share=seen_share,
    )
    out = []
    for one in found:
        view = next(v for v in VIEWS if v.name == one.view)
        true = int(one.fiducial[1:])
        noise = sigma_seen if pick_um is None else pick_um
        again = there[true] + noise * rng.standard_normal(3)
        error = view.project(again)[0] + one.offset_um - view.project(target)[0]
        out.append(error @ np.linalg.solve(one.covariance_um2, error) <= one.region(0.95).factor)
    return out


@pytest.mark.parametrize(
    "case",
    [
        {"stated": True, "backward": False, "sigma_seen": 0.8, "sigma_other": 0.4},
        {"stated": True, "backward": True, "sigma_seen": 0.8, "sigma_other": 0.4},
        {"stated": False, "backward": False, "sigma_seen": 0.8, "sigma_other": 0.0},
        {"stated": False, "backward": True, "sigma_seen": 0.8, "sigma_other": 0.0},
        {"stated": False, "backward": False, "sigma_seen": 0.0, "sigma_other": 0.8},
        {"stated": True, "backward": False, "sigma_seen": 0.5, "sigma_other": 0.5, "pick_um": 0.3,
         "localisation": 0.6},
    ],
    ids=["stated", "stated-inverse", "residuals", "residuals-inverse", "other-side", "re-picked"],
)  # fmt: skip
def test_the_ellipse_covers_the_target_as_often_as_it_claims(case):
    rng = np.random.default_rng(4)
    share = None if case["stated"] else float(case["sigma_seen"] > 0)
    given = {"pick_um": None, "localisation": 0.0, "seen_share": share} | case
    if not case["stated"] and not case["sigma_seen"]:
        given["pick_um"] = 0.1
    inside = np.array([repeat(rng, **given) for _ in range(REPEATS)])
    assert 0.93 <= inside.mean() <= 0.97  # four offsets a session: fewer than 2,400 independent


def test_an_unknown_share_counts_as_the_worse_of_its_ends():
    rng = np.random.default_rng(2)
    picked = MARKS @ TURN.T + rng.standard_normal(MARKS.shape)
    fit = fit_landmarks(MARKS, picked, model="rigid")
    seen = [SeenFiducial(f"m{k}", place, row=k) for k, place in enumerate(picked)]
    given = {"way": one_way(fit.transform), "views": VIEWS, "fit": fit, "pick_um": 0.1}
    free, none, all_ = (
        [np.trace(one.covariance_um2) for one in offsets(TARGET, seen, seen_share=s, **given)]
        for s in (None, 0.0, 1.0)
    )
    np.testing.assert_allclose(free, np.maximum(none, all_))
    assert any(a < b for a, b in zip(none, all_, strict=True))


def test_an_offset_from_a_fiducial_of_the_fit_is_known_better_than_from_another_one():
    rng = np.random.default_rng(3)
    picked = MARKS @ TURN.T + rng.standard_normal(MARKS.shape)
    fit = fit_landmarks(MARKS, picked, model="rigid", sigma_fixed_um=1.0)
    given = {"way": one_way(fit.transform), "views": VIEWS, "fit": fit}
    place = fit.transform.apply([TARGET])[0] + [0, 3, 3]
    of_fit = [SeenFiducial(f"m{k}", p, row=k) for k, p in enumerate(picked)]
    stranger = [SeenFiducial("new", place, sigma_um=1.0)]
    for mine, other in zip(
        offsets(TARGET, of_fit, count=1, **given), offsets(TARGET, stranger, **given), strict=True
    ):
        assert np.trace(mine.covariance_um2) < np.trace(other.covariance_um2)


def test_the_first_edges_of_a_chain_count_in_full():
    known = AffineTransform.exact().with_covariance(
        np.diag([0.25, 0.25, 0.25] + [0.0] * 9), sigma_source="stated"
    )
    last = AffineTransform.exact(offset_um=[1, 2, 3])
    way = FramePath(
        "a", (Step(Edge("first", "a", "b", known)), Step(Edge("second", "b", "c", last)))
    )
    mark = SeenFiducial("m", [0, 0, 0], sigma_um=0.5)
    (one,) = offsets([0, 0, 0], [mark], way=way, views=[beam_view("FIB", angle_deg=0)], pick_um=1.0)
    np.testing.assert_allclose(one.covariance_um2, (0.25 + 0.25 + 1.0) * np.eye(2))
    np.testing.assert_allclose(one.offset_um, [3, 2])
    assert one.nu is None
    row = offset_table([one]).iloc[0]
    assert row["distance_um"] == pytest.approx(np.sqrt(13))
    assert row["radius95_um"] == pytest.approx(np.sqrt(1.5 * 5.991465), rel=1e-6)


def test_what_a_view_does_not_show_is_not_offered():
    sem, fib = (
        beam_view(name, angle_deg=angle, centre_um=[0, 0, 0], field_um=[100, 80])
        for name, angle in (("SEM", 52), ("FIB", 0))
    )
    marks = [
        SeenFiducial("near", [0, 0, 20], sigma_um=0.1),
        SeenFiducial("outside", [0, 45, 0], sigma_um=0.1),  # 45 cos 52 = 28 < 40 in the SEM
        SeenFiducial("covered", [0, 5, 0], sigma_um=0.1, visible=["SEM"]),
    ]
    way = one_way(AffineTransform.exact())
    found = offsets([10, 0, 0], marks, way=way, views=[sem, fib], count=3)
    assert {o.fiducial for o in found if o.view == "FIB"} == {"near"}
    assert {o.fiducial for o in found if o.view == "SEM"} == {"near", "outside", "covered"}
    solid = np.zeros((40, 60, 60), bool)
    solid[10:, :, :30] = True  # a step beside x = 0, its top at z = 10
    deep = [[20.0, 30.0, 31.0], [20.0, 30.0, 45.0], [20.0, 30.0, 10.0]]
    across = beam_view("SEM", angle_deg=52, axes=[[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    assert across.sees(deep, solid=solid).tolist() == [False, True, False]
    assert beam_view("FIB", angle_deg=0).sees(deep, solid=solid).tolist() == [True, True, False]


def test_an_unknown_localisation_error_is_refused():
    with pytest.raises(ValueError, match="localisation error of m in the instrument is not known"):
        offsets(
            [0, 0, 0],
            [SeenFiducial("m", [0, 0, 0])],
            way=one_way(AffineTransform.exact()),
            views=[beam_view("FIB", angle_deg=0)],
        )


@pytest.mark.parametrize("angle", [0.0, 30.0, 52.0, 54.0])
def test_depth_and_width_are_foreshortened_by_the_angle_of_the_beam(angle):
    view = beam_view("SEM", angle_deg=angle)
    depth, across, along = view.project(np.eye(3))
    assert depth[1] == pytest.approx(np.sin(np.radians(angle)))
    assert across[1] == pytest.approx(np.cos(np.radians(angle)))
    np.testing.assert_allclose(along, [1, 0])
    np.testing.assert_allclose(view.project(view.beam[None]), [[0, 0]], atol=1e-12)
    corrected = beam_view("SEM", angle_deg=angle, tilt_corrected=True)
    assert corrected.project([[0, 1, 0]])[0, 1] == pytest.approx(1.0)
