"""Transforms whose landmarks have changed say so wherever they are used."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import fit_landmarks
from scalebridge.workspace.staleness import changed_landmarks, stale_transforms

CORNERS = np.array([[z, y, x] for z in (0, 50) for y in (0, 50) for x in (0, 50)], float)


def position(place):
    return dict(zip(("z_um", "y_um", "x_um"), map(float, place), strict=True))


@pytest.fixture
def accepted(ws):
    """A workspace with a transform that was accepted with eight landmarks."""
    for name in ("sem", "survey"):
        ws.frames.add(name=name)
    fixed = CORNERS + np.random.default_rng(1).normal(0, 0.3, CORNERS.shape)
    marks = [
        ws.landmarks.add(
            moving_frame="sem", fixed_frame="survey", moving=position(a), fixed=position(b)
        )
        for a, b in zip(CORNERS, fixed, strict=True)
    ]
    ws.transforms.add(
        name="sem_to_survey",
        from_frame="sem",
        to_frame="survey",
        transform=fit_landmarks(CORNERS, fixed, model="rigid", sigma_um=0.3).transform.to_dict(),
        status="accepted",
        landmarks=[[mark.id, mark.version] for mark in marks],
    )
    return ws


def located(ws):
    return ws.locate({"x_um": 1.0, "y_um": 2.0, "z_um": 3.0}, from_="sem", to="survey")


def test_landmarks_that_stand_make_nothing_stale(accepted):
    assert stale_transforms(accepted.transforms, accepted.landmarks) == []
    assert not any("stale" in note for note in located(accepted).notes)


@pytest.mark.parametrize("change", ["moved", "left out", "removed", "added"])
def test_a_landmark_that_changed_is_said_with_every_position(accepted, change):
    ws = accepted
    first = ws.landmarks.all()[0]
    if change == "moved":
        ws.landmarks.edit(first.id, version=first.version, moving=position([9, 9, 9]))
    elif change == "left out":
        ws.landmarks.edit(first.id, version=first.version, active=False)
    elif change == "removed":
        ws.landmarks.remove(first.id)
    else:
        place = position([25, 25, 25])
        ws.landmarks.add(moving_frame="sem", fixed_frame="survey", moving=place, fixed=place)
    (record,) = ws.transforms
    assert changed_landmarks(record, ws.landmarks) == 1
    assert stale_transforms(ws.transforms, ws.landmarks) == [record]
    assert any("sem_to_survey is stale: 1 of its landmarks" in n for n in located(ws).notes)


def test_landmarks_of_other_frames_do_not_count(accepted):
    accepted.frames.add(name="eds")
    place = position([1, 1, 1])
    accepted.landmarks.add(moving_frame="eds", fixed_frame="survey", moving=place, fixed=place)
    assert stale_transforms(accepted.transforms, accepted.landmarks) == []


def test_an_error_that_was_typed_stands_beside_every_position(accepted):
    found = located(accepted)
    assert found.error_source == "localisation error typed by hand: sem_to_survey (300 nm)"
    assert found.table()["error_source"].item() == found.error_source
