"""Frames: what a file lets one compute against where things are."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import IMAGE_NAMES, Session
from scalebridge.analysis.imaging.phantom.truth import session_truth


@pytest.fixture(scope="module")
def session() -> Session:
    return Session.begin(seed=2, scale="small")


@pytest.fixture(scope="module")
def truth(session: Session) -> dict:
    return session_truth(session)


def applied(matrix: list, point: np.ndarray) -> np.ndarray:
    return (np.array(matrix) @ [*point, 1])[:3]


@pytest.mark.parametrize("name", IMAGE_NAMES)
def test_nominal_and_specimen_coordinates_invert_each_other(session: Session, name: str) -> None:
    view = session.views[name]
    nominal = np.random.default_rng(0).random((200, 3)) * view.size_um
    assert view.to_nominal(view.to_specimen(nominal)) == pytest.approx(nominal, abs=1e-6)


def test_no_frame_is_mirrored(session: Session) -> None:
    for view in session.views.values():
        assert np.linalg.det(view.matrix) > 0


def test_the_survey_voxel_is_one_per_cent_larger_than_its_file_says(session: Session) -> None:
    view = session.views["xrm_survey_t1"]
    assert view.spacing_um == (5.0, 5.0, 5.0)
    assert view.true_spacing_um == pytest.approx((5.05, 5.05, 5.05))


def test_surveys_are_remounted_rigidly_and_slightly(truth: dict) -> None:
    moved = np.array(truth["registration.xrm_survey_t0_to_xrm_survey_t2"]["value"])
    turn = moved[:3, :3]
    angle = np.rad2deg(np.arccos((np.trace(turn) - 1) / 2))
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
    assert 0.05 < angle < 2.0


def test_depth_on_the_face_is_foreshortened_by_the_sine(session: Session) -> None:
    fib = session.views["fibsem"]
    down = fib.matrix[:, 1] / np.linalg.norm(fib.matrix[:, 1])
    start = fib.to_specimen(np.array([[15.0, 8.0, 10.0]]))
    moved = fib.to_nominal(start + 5.0 * down) - fib.to_nominal(start)
    assert moved[0] == pytest.approx([0, 5 * np.sin(np.deg2rad(54)), 0], abs=1e-9)
    assert np.sin(np.deg2rad(54)) == pytest.approx(0.809, abs=5e-4)


def test_each_slice_shifts_the_picture_by_its_thickness_times_the_cosine(
    session: Session,
) -> None:
    fib = session.views["fibsem"]
    down = fib.matrix[:, 1] / np.linalg.norm(fib.matrix[:, 1])
    cut = fib.matrix[:, 0] - (fib.matrix[:, 0] @ down) * down
    assert np.linalg.norm(cut) == pytest.approx(1)
    start = fib.to_specimen(np.array([[0.0, 10.0, 10.0]]))
    travel = 12.0
    first, last = fib.to_nominal(np.concatenate([start, start + travel * cut]))
    index = np.array([first[0], last[0]]) / fib.spacing_um[0]
    drift = [np.interp(index, np.arange(len(fib.drift_um)), d) for d in fib.drift_um.T]
    shift = last[1] - first[1] - (drift[0][1] - drift[0][0])
    assert shift == pytest.approx(-travel * np.cos(np.deg2rad(54)), abs=1e-6)
    assert np.cos(np.deg2rad(54)) == pytest.approx(0.588, abs=5e-4)


def test_slices_are_uneven_by_15_per_cent_and_the_picture_drifts() -> None:
    fib = Session.begin(seed=2, scale="full").views["fibsem"]
    thickness = np.diff(fib.positions_um)
    assert thickness.min() > 0
    assert thickness.mean() == pytest.approx(fib.spacing_um[0], rel=0.02)
    assert thickness.std() / thickness.mean() == pytest.approx(0.15, abs=0.03)
    steps = np.diff(fib.drift_um, axis=0)  # two jumps of 0.02 and a step of 0.006 um
    assert steps.std() == pytest.approx(np.hypot(0.02 * np.sqrt(2), 0.006), rel=0.2)


def test_a_tilted_view_shortens_the_surface_by_the_cosine_and_lifts_what_is_high(
    session: Session,
) -> None:
    view = session.views["sem_view"]
    up_hill = view.matrix[:, 1] * [0, 1, 1]
    up_hill /= np.linalg.norm(up_hill)
    moved = view.to_nominal(np.array([[0, 0, 0], 100 * up_hill, [-10.0, 0, 0]]))
    assert (moved[1] - moved[0])[1:] == pytest.approx([100 * np.cos(np.deg2rad(52)), 0], abs=1e-9)
    assert (moved[2] - moved[0])[1] == pytest.approx(-10 * np.sin(np.deg2rad(52)))


def test_truth_transforms_carry_fiducials_from_frame_to_frame(truth: dict) -> None:
    for name in ("tungsten_0", "tungsten_3", "marker_16"):
        seen = np.array(truth[f"fiducials.{name}.xrm_zoom"]["value"])
        there = applied(truth["registration.xrm_zoom_to_xrm_survey_t2"]["value"], seen)
        assert there == pytest.approx(truth[f"fiducials.{name}.xrm_survey_t2"]["value"], abs=1e-9)


def test_the_affine_part_of_the_fibsem_truth_misses_only_the_unsteadiness(truth: dict) -> None:
    misses = []
    for number in range(14):
        seen = np.array(truth[f"fiducials.marker_{number}.fibsem"]["value"])
        there = applied(truth["registration.fibsem_to_specimen"]["value"], seen)
        misses.append(there - truth[f"fiducials.marker_{number}.specimen"]["value"])
    assert 0.01 < np.abs(misses).max() < 0.4


def test_beads_in_a_picture_lie_on_the_bead_plane_of_the_truth(truth: dict) -> None:
    for image in ("light_mosaic", "sem_view", "sem_view.tilt_corrected"):
        for number in range(9):
            seen = np.array(truth[f"fiducials.bead_{number}.{image}"]["value"])
            on_plane = applied(truth[f"registration.{image}.bead_plane_to_specimen"]["value"], seen)
            bead = truth[f"fiducials.bead_{number}.specimen"]["value"]
            # the radii differ by 3 %, which the tilted view turns into a parallax
            assert on_plane == pytest.approx(bead, abs=0.9)


def test_tilt_corrected_pictures_are_rigid(truth: dict) -> None:
    for frame in (
        "sem_view.tilt_corrected.top_surface",
        "sem_view.tilt_corrected.bead_plane",
        "eds_map.tilt_corrected.face",
    ):
        turn = np.array(truth[f"registration.{frame}_to_specimen"]["value"])[:3, :3]
        assert turn.T @ turn == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(turn) == pytest.approx(1)
    depth = truth["targeting.target.sem_view.tilt_corrected.top_surface"]["value"][0]
    assert depth == pytest.approx(truth["targeting.target.depth_um"]["value"])


def test_the_same_seed_gives_the_same_truth_and_another_does_not(truth: dict) -> None:
    assert session_truth(Session.begin(seed=2, scale="small")) == truth
    assert session_truth(Session.begin(seed=3, scale="small")) != truth
