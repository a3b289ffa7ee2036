"""The example specimen is cut where the mill was told to, but for the errors that it was given."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.guides.virtual_cut import VirtualMill, first_face


@pytest.fixture(scope="module")
def session() -> Session:
    return Session.begin(seed=2, scale="small")


def target_there(mill: VirtualMill) -> np.ndarray:
    told = np.append(mill.session.specimen.target_um, 1.0)
    return np.linalg.solve(mill.to_specimen, told)[:3]


def test_a_mill_without_errors_cuts_where_it_is_told(session: Session) -> None:
    mill = VirtualMill.at(session, off_sigma_um=0.0, feed_sigma=0.0)
    face = first_face(target_there(mill), [0.0, -1, 0], 12.0)
    assert mill.distance_um(face, 0.0) == pytest.approx(12.0)
    assert mill.distance_um(face.moved(5.0), 5.0) == pytest.approx(7.0)


def test_a_mill_errs_as_it_was_told_to(session: Session) -> None:
    mills = [
        VirtualMill.at(session, off_sigma_um=2.0, feed_sigma=0.01, seed=seed) for seed in range(300)
    ]
    assert np.std([mill.off_um for mill in mills]) == pytest.approx(2.0, rel=0.12)
    assert np.std([mill.feed_error for mill in mills]) == pytest.approx(0.01, rel=0.12)
    mill = mills[0]
    face = first_face(target_there(mill), [0.0, -1, 0], 12.0)
    off = mill.off_um + 10 * mill.feed_error
    assert mill.distance_um(face.moved(10.0), 10.0) == pytest.approx(2.0 - off)


def test_the_face_through_the_target_shows_the_particle_in_its_middle(session: Session) -> None:
    mill = VirtualMill.at(session, off_sigma_um=0.0, feed_sigma=0.0)
    face = first_face(target_there(mill), [0.0, -1, 0], 0.0)
    picture = mill.expose(face, 0.0)
    row = (face.shape[0] - 1) / 2 - 10.0 / face.pixel_um  # the target lies 10 um above the middle
    middle = picture[round(row) - 3 : round(row) + 4, 107:114]
    assert middle.mean() > picture.mean() + 40
