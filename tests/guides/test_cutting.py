"""A picture of the exposed face: predicted, found, and kept as records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.imaging.phantom import Session, View, exposed_face
from scalebridge.analysis.registration import AffineTransform, Edge, FrameGraph
from scalebridge.guides.cutting import (
    FacePlane,
    look_at_face,
    looks_table,
    next_face,
    predicted_face,
)

ANGLE_DEG, PIXEL_UM, SIDE, BACK_UM = 54.0, 0.5, 220, 30.0
AHEAD = np.array([0.05, -1.0, 0.1]) / np.linalg.norm([0.05, -1.0, 0.1])


@pytest.fixture(scope="module")
def session() -> Session:
    return Session.begin(seed=1, scale="small")


@pytest.fixture(scope="module")
def ws(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A zoom scan and its target, at the place that is true."""
    with Workspace.create(tmp_path_factory.mktemp("cut") / "ws", name="a specimen") as made:
        taken = session.take("xrm_zoom")
        made.images.write(
            "zoom", shape=taken.pixels.shape, dtype=taken.pixels.dtype, axes="zyx",
            blocks=[((slice(None),) * 3, taken.pixels)], spacing_um=taken.view.spacing_um,
            spacing_source="made",
        )  # fmt: skip
        z, y, x = session.views["xrm_zoom"].to_nominal(session.specimen.target_um[None])[0]
        made.targets.add(
            name="cluster", frame="zoom", position={"z_um": z, "y_um": y, "x_um": x},
            half_size={"z_um": 5.0, "y_um": 5.0, "x_um": 5.0},
        )  # fmt: skip
        yield made


def seen(session: Session) -> tuple[np.ndarray, AffineTransform]:
    """A foreshortened picture of a face, and where it truly lies in the zoom scan."""
    tall = PIXEL_UM / np.sin(np.radians(ANGLE_DEG))
    plane = FacePlane(session.specimen.target_um - BACK_UM * AHEAD, AHEAD, (SIDE, SIDE), PIXEL_UM)
    centre = np.array([0.0, (SIDE - 1) / 2 * tall, (SIDE - 1) / 2 * PIXEL_UM])
    middle = plane.middle_um + 4 * plane.axes[:, 1]
    view = View(
        "face", (1, SIDE, SIDE), (PIXEL_UM, tall, PIXEL_UM), plane.axes,
        middle - plane.axes @ centre, time=2,
    )  # fmt: skip
    zoom = session.views["xrm_zoom"]
    at = AffineTransform(
        "rigid", np.linalg.solve(zoom.matrix, plane.axes), centre,
        zoom.to_nominal(middle[None])[0], 2, 3,
    )  # fmt: skip
    return exposed_face(session.specimen, view, np.random.default_rng(3)), at


def look(ws: Workspace, session: Session, name: str, **changed: Any) -> Any:
    picture, at = seen(session)
    given = {
        "pixel_um": [PIXEL_UM, PIXEL_UM], "volume": "zoom", "predicted": at,
        "predicted_sigma_um": 1.0, "face_angle_deg": ANGLE_DEG, "reach_um": 6.0, "reach_deg": 5.0,
    } | changed  # fmt: skip
    return look_at_face(ws, "cluster", given.pop("picture", picture), name=name, **given)


def test_a_foreshortened_face_is_found_and_joins_the_frames(ws: Workspace, session: Session):
    _, at = seen(session)
    update = look(ws, session, "face 1", predicted=next_face(at, 1.5))
    assert update.distance_um == pytest.approx(BACK_UM, abs=0.5)
    assert update.predicted_um == pytest.approx(-1.5, abs=0.5)
    assert not update.alarm
    face = ws.images["face 1"]
    assert face.spacing_um == pytest.approx((PIXEL_UM / np.sin(np.radians(54)), PIXEL_UM))
    (edge,) = [record for record in ws.transforms if record.from_frame == "face 1"]
    assert (edge.to_frame, edge.status) == ("zoom", "accepted")
    middle = update.face.transform.centre_um
    told = ws.locate(middle[None], from_="face 1", to="zoom", order="zyx")
    assert told.points_um[0] == pytest.approx(at.apply(middle[None])[0], abs=0.5)
    assert np.isfinite(told.covariance_um2).all()
    low, _ = update.interval95_um
    half = 5.0 * np.abs(at.matrix[:, 0]).sum()
    assert update.stop_and_look_um == pytest.approx(low - half, rel=0.01)


def test_a_face_that_raises_the_alarm_is_proposed_only(ws: Workspace, session: Session) -> None:
    _, at = seen(session)
    update = look(ws, session, "face off", predicted=next_face(at, 3.0), predicted_sigma_um=0.3)
    assert update.alarm
    (edge,) = [record for record in ws.transforms if record.from_frame == "face off"]
    assert edge.status == "proposed"
    assert "alarm" in edge.note


def test_a_face_that_is_not_found_is_kept_without_a_place(ws: Workspace, session: Session) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE)).astype(np.uint8)
    update = look(ws, session, "face of nothing", picture=noise)
    assert update.face is None
    assert "face of nothing" in [image.name for image in ws.images]
    assert not [record for record in ws.transforms if record.from_frame == "face of nothing"]
    row = looks_table([update]).iloc[0]
    assert row["alarm"]
    assert not row["found"]


def test_what_cannot_be_meant_is_refused_and_writes_nothing(
    ws: Workspace, session: Session
) -> None:
    with pytest.raises(ValueError, match="face_angle_deg needs 0 to 90 degrees, got 120"):
        look(ws, session, "face wrong", face_angle_deg=120.0)
    ws.images.write(
        "other", shape=(4, 4, 4), dtype=np.uint8, axes="zyx",
        blocks=[((slice(None),) * 3, np.zeros((4, 4, 4), np.uint8))], spacing_um=(1, 1, 1),
        spacing_source="made",
    )  # fmt: skip
    with pytest.raises(ValueError, match="image in the target's frame zoom, got other in other"):
        look(ws, session, "face wrong", volume="other")
    assert "face wrong" not in [image.name for image in ws.images]


def test_the_prediction_adds_registration_and_instrument_along_the_cut() -> None:
    covariance = np.zeros((6, 6))
    covariance[1, 1] = 0.09  # of the shift along y
    turn = np.eye(3)
    shift = AffineTransform(
        "rigid", turn, np.zeros(3), np.array([1.0, 2, 3]), 3, 3, covariance, nu=None
    )
    way = FrameGraph([Edge("to zoom", "stage", "zoom", shift)]).path("stage", "zoom")
    face = FacePlane(np.array([10.0, 20, 30]), np.array([0.0, 1, 0]), (21, 41), 0.5)
    at, sigma = predicted_face(way, face, instrument_um=0.4)
    assert sigma == pytest.approx(0.5)
    assert at.apply(face.centre_um[None])[0] == pytest.approx([11, 22, 33])
    assert next_face(at, 2.0).apply(face.centre_um[None])[0] == pytest.approx([11, 24, 33])
    assert at.apply([[0.0, 6, 10]])[0] == pytest.approx([12, 22, 33])
