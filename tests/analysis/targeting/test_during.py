"""During the cut: the face is found in the survey, and the distances are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.imaging.phantom import Session, View, exposed_face, face_view
from scalebridge.analysis.registration import AffineTransform
from scalebridge.analysis.registration.grey_image import GreyImage
from scalebridge.analysis.targeting import cut_by_plane, update_cut

NORMAL = np.array([0.05, 1.0, 0.1]) / np.linalg.norm([0.05, 1.0, 0.1])
BACK_UM = 30.0


@pytest.fixture(scope="module")
def session() -> Session:
    return Session.begin(seed=0, scale="small")


@pytest.fixture(scope="module")
def zoom(session: Session) -> GreyImage:
    taken = session.take("xrm_zoom")
    return GreyImage(taken.pixels, taken.view.spacing_um)


@pytest.fixture(scope="module")
def face(session: Session) -> tuple[GreyImage, View]:
    middle = session.specimen.target_um - BACK_UM * NORMAL
    view = face_view(middle, normal=NORMAL, shape=(90, 90), pixel_um=1.0)
    pixels = exposed_face(session.specimen, view, np.random.default_rng(0))
    return GreyImage(pixels, [1.0, 1.0]), view


def true_place(session: Session, view: View, picture: GreyImage) -> AffineTransform:
    """The face's map into the frame of the zoom scan."""
    zoom = session.views["xrm_zoom"]
    matrix = np.linalg.solve(zoom.matrix, view.matrix)
    middle = picture.centre_um
    offset = zoom.to_nominal(view.to_specimen(middle[None]))[0]
    matrix /= np.cbrt(np.linalg.det(matrix))
    return AffineTransform("similarity", matrix, middle, offset, 2, 3)


def off(at: AffineTransform, ahead_um: float) -> AffineTransform:
    """A prediction that is a degree or two, and so far along the cut, beside the truth."""
    turn = Rotation.from_rotvec(np.radians([1, 2, -1])).as_matrix()
    offset = at.offset_um + ahead_um * at.matrix[:, 0]
    return AffineTransform("similarity", turn @ at.matrix, at.centre_um, offset, 2, 3)


def test_the_face_is_found_and_its_distance_to_the_target_is_right(session, zoom, face) -> None:
    picture, view = face
    at = true_place(session, view, picture)
    target = session.views["xrm_zoom"].to_nominal(session.specimen.target_um[None])[0]
    distance = float(at.matrix[:, 0] @ (target - at.offset_um))
    update = update_cut(
        picture,
        zoom,
        predicted=off(at, 2.0),
        predicted_sigma_um=2.0,
        target_um=target,
        target_half_um=5.0,
        slice_um=0.3,
        minutes_per_slice=1.5,
        reach_um=8.0,
    )
    assert not update.alarm
    assert update.distance_um == pytest.approx(distance, abs=4 * update.sigma_um)
    assert update.sigma_um < 0.5
    low, high = update.interval95_um
    assert update.stop_and_look_um == pytest.approx(low - 5.0)
    assert update.slices_to_go == pytest.approx((low / 0.3, update.distance_um / 0.3, high / 0.3))
    assert update.minutes_to_go[1] == pytest.approx(1.5 * update.slices_to_go[1])
    assert update.next_slices.shape == (5, 90, 90)
    assert "slices to go" in update.statement
    assert update.face.transform.sigma_source == "blocks"


def test_a_face_that_lies_elsewhere_than_predicted_raises_the_alarm(session, zoom, face) -> None:
    picture, view = face
    at = true_place(session, view, picture)
    update = update_cut(
        picture,
        zoom,
        predicted=off(at, -5.0),
        predicted_sigma_um=0.5,
        target_um=at.offset_um + 20 * at.matrix[:, 0],
        reach_um=8.0,
    )
    assert update.alarm
    assert update.face is not None
    assert update.predicted_um == pytest.approx(5.0, abs=0.8)
    assert "alarm: the face lies +" in update.statement
    assert update.slices_to_go is None


def test_a_face_that_is_not_in_the_volume_raises_the_alarm_and_goes_by_prediction(
    session, zoom, face
) -> None:
    picture, view = face
    at = true_place(session, view, picture)
    noise = np.random.default_rng(5).normal(size=(90, 90))
    update = update_cut(
        GreyImage(noise, [1.0, 1.0]),
        zoom,
        predicted=at,
        predicted_sigma_um=2.0,
        target_um=at.offset_um + 3 * at.matrix[:, 0],
        reach_um=8.0,
    )
    assert update.alarm
    assert update.face is None
    assert update.distance_um == pytest.approx(3.0)
    assert update.interval95_um == pytest.approx((3 - 1.96 * 2, 3 + 1.96 * 2), abs=0.01)
    assert update.stop_and_look_um == 0.0
    assert "the face was not found" in update.statement
    assert "stop now and look" in update.statement


def test_unknown_numbers_are_refused(zoom, face) -> None:
    picture, _ = face
    flat = AffineTransform("rigid", np.eye(3), [0, 45, 45], [30.0, 60, 60], 2, 3)
    with pytest.raises(ValueError, match="slice_um needs a value above 0, got 0"):
        update_cut(
            picture,
            zoom,
            predicted=flat,
            predicted_sigma_um=1.0,
            target_um=[40, 60, 60],
            slice_um=0.0,
        )


def spheres() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    place = rng.uniform(-20, 20, (60, 3))
    table = pd.DataFrame(place, columns=["z_um", "y_um", "x_um"])
    return table.assign(equivalent_diameter_um=rng.uniform(2, 9, 60), label=np.arange(60))


def test_the_chance_to_cut_a_sphere_is_how_often_drawn_planes_cut_it() -> None:
    covariance = np.diag([2.0, 0.01, 0.01, 1e-4, 0.01, 0.01])
    plane = AffineTransform("rigid", np.eye(3), [0, 0, 0], [1.0, 0, 0], 2, 3, covariance, nu=12.0)
    rows = cut_by_plane(spheres(), plane, ahead_um=2.0).set_index("label").sort_index()
    matrices, offsets = plane.draw(20_000, np.random.default_rng(3))
    centres = spheres()[["z_um", "y_um", "x_um"]].to_numpy()
    normals = np.cross(matrices[:, :, 1], matrices[:, :, 2])
    heights = centres @ normals.T - np.sum(offsets * normals, axis=1) - 2.0
    radius = spheres()["equivalent_diameter_um"].to_numpy()[:, None] / 2
    drawn = np.mean(np.abs(heights) < radius, axis=1)
    area = np.mean(np.pi * np.maximum(radius**2 - heights**2, 0), axis=1)
    assert np.abs(rows["probability"].to_numpy() - drawn).max() < 0.03
    assert np.abs(rows["area_um2"].to_numpy() - area).max() < 0.05 * area.max()


def test_a_face_of_the_phantom_shows_the_phases_at_its_plane(session, face) -> None:
    picture, view = face
    rows, columns = np.indices((90, 90)).reshape(2, -1)
    places = view.to_specimen(np.stack([0 * rows, rows, columns], axis=1).astype(float))
    phase = session.specimen.phase_at(places, time=2)
    grey = picture.values[0].ravel()
    matrix, particle = grey[phase == 2], grey[phase == 3]
    assert np.median(matrix) == pytest.approx(108, abs=4)
    assert np.median(particle) == pytest.approx(166, abs=10)
