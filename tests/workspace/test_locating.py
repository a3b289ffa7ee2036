from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge.analysis.registration import fit_landmarks
from scalebridge.errors import NoPath

RNG = np.random.default_rng(3)
TURN = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
SHIFT = np.array([5.0, -3.0, 40.0])


@pytest.fixture
def joined(ws):
    """A workspace in which sem and survey are joined by a fitted, accepted transform."""
    moving = RNG.uniform(0, 100, (12, 3))
    fixed = moving @ TURN.T + SHIFT + RNG.normal(0, 0.1, (12, 3))
    fit = fit_landmarks(moving, fixed, model="rigid")
    for name in ("sem", "survey"):
        ws.frames.add(name=name)
    ws.transforms.add(
        name="sem_to_survey",
        from_frame="sem",
        to_frame="survey",
        transform=fit.transform.to_dict(),
        status="accepted",
    )
    return ws


def test_a_point_is_located_with_its_covariance_by_name(joined):
    located = joined.locate({"x_um": 30.0, "y_um": 20.0, "z_um": 10.0}, from_="sem", to="survey")
    expected = TURN @ [10.0, 20.0, 30.0] + SHIFT
    row = located.table().iloc[0]
    assert np.allclose(row[["z_um", "y_um", "x_um"]].astype(float), expected, atol=0.3)
    assert (row[["sx_um", "sy_um", "sz_um"]].astype(float) > 0.01).all()
    assert located.covariance_um2.shape == (1, 3, 3)


def test_tables_dicts_and_ordered_arrays_say_the_same(joined):
    zyx = RNG.uniform(0, 50, (4, 3))
    table = pd.DataFrame({"x_um": zyx[:, 2], "z_um": zyx[:, 0], "y_um": zyx[:, 1]})
    found = [
        joined.locate(points, from_="sem", to="survey", order=order).points_um
        for points, order in ((zyx, "zyx"), (zyx[:, ::-1], "xyz"), (table, None))
    ]
    assert np.allclose(found[0], found[1])
    assert np.allclose(found[0], found[2])


def test_there_and_back_is_the_same_place(joined):
    points = RNG.uniform(0, 50, (4, 3))
    there = joined.locate(points, from_="sem", to="survey", order="zyx").points_um
    back = joined.locate(there, from_="survey", to="sem", order="zyx").points_um
    assert np.allclose(back, points, atol=1e-9)


def test_a_bare_array_is_refused_at_the_door(joined):
    with pytest.raises(ValueError, match="order='zyx' or order='xyz'"):
        joined.locate([[1.0, 2.0, 3.0]], from_="sem", to="survey")


def test_only_the_frame_of_a_flat_image_may_leave_z_out(joined, add_image):
    with pytest.raises(ValueError, match="add z_um"):
        joined.locate({"x_um": 1.0, "y_um": 2.0}, from_="sem", to="survey")
    add_image("view", np.zeros((8, 8), dtype=np.uint8), axes="yx", frame="sem")
    flat = joined.locate({"x_um": 1.0, "y_um": 2.0}, from_="sem", to="survey")
    deep = joined.locate({"x_um": 1.0, "y_um": 2.0, "z_um": 0.0}, from_="sem", to="survey")
    assert np.allclose(flat.points_um, deep.points_um)


def test_a_height_over_a_flat_image_is_carried_and_said_in_words(joined, add_image):
    points = [{"x_um": 1.0, "y_um": 2.0, "z_um": z} for z in (0.0, -0.3, 0.2)]
    before = joined.locate(points, from_="sem", to="survey")
    assert not any("plane" in note for note in before.notes), "no image says that sem is flat"
    add_image("view", np.zeros((8, 8), dtype=np.uint8), axes="yx", frame="sem")
    located = joined.locate(points, from_="sem", to="survey")
    assert located.notes[0].startswith(
        "2 of 3 points do not lie in the plane z = 0 of sem, a 2-D image (farthest: z = -300 nm)"
    )
    assert located.notes[1:] == before.notes
    assert np.array_equal(located.points_um, before.points_um)
    assert joined.locate(points[:1], from_="sem", to="survey").notes == before.notes
    one = joined.locate(points[1], from_="sem", to="survey").notes[0]
    assert one.startswith("the point does not lie in the plane z = 0")
    back = joined.locate(located.points_um, from_="survey", to="sem", order="zyx")
    assert back.notes == before.notes, "a volume has heights"
    seen = joined.locate(points[:1], from_="sem", to="survey").points_um
    again = joined.locate(seen, from_="survey", to="sem", order="zyx").points_um
    assert joined.locate(again, from_="sem", to="survey", order="zyx").notes == before.notes


def test_a_transform_that_was_not_accepted_joins_nothing(joined):
    standing = joined.transforms["sem_to_survey"]
    joined.transforms.edit("sem_to_survey", version=standing.version, status="refused")
    with pytest.raises(NoPath):
        joined.locate([[1.0, 2.0, 3.0]], from_="sem", to="survey", order="zyx")


def test_a_transform_comes_back_to_the_bit(joined):
    first = joined.graph().edges[0].transform
    again = type(first).from_dict(joined.transforms["sem_to_survey"].transform)
    assert (first.matrix == again.matrix).all()
    assert (first.covariance == again.covariance).all()


def test_a_removed_frame_joins_nothing_until_it_is_restored(joined):
    before = joined.locate({"x_um": 3.0, "y_um": 2.0, "z_um": 1.0}, from_="sem", to="survey")
    joined.frames.remove("sem")
    with pytest.raises(NoPath, match="no frame 'sem'; known frames: survey"):
        joined.locate({"x_um": 3.0, "y_um": 2.0, "z_um": 1.0}, from_="sem", to="survey")
    joined.frames.restore("sem")
    after = joined.locate({"x_um": 3.0, "y_um": 2.0, "z_um": 1.0}, from_="sem", to="survey")
    assert np.array_equal(before.points_um, after.points_um)


def test_a_frame_that_is_unknown_is_named(joined):
    with pytest.raises(NoPath, match="lab"):
        joined.locate([[1.0, 2.0, 3.0]], from_="sem", to="lab", order="zyx")
