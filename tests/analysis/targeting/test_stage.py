"""Stage axes: readings of places, at any tilt and rotation, with their uncertainty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import region_factor
from scalebridge.analysis.targeting import StageAxes, fit_stage
from scalebridge.analysis.targeting.stage_turning import turned
from scalebridge.errors import Degenerate

MARKS = np.array(
    [[0, -900, -700], [20, 800, -600], [-30, 700, 900], [0, -800, 850], [150, 100, 50.0]]
)
TARGET = np.array([[120.0, 300.0, -200.0]])
LEAN = Rotation.from_rotvec([2.4, 0.02, -0.03]).as_matrix()  # mostly about z, in z, y, x
OUT = np.diag([-1.0, 1.0, 1.0])  # z of the specimen goes in, z readings go out


def lay(points, hand):
    """Where places of the specimen stand on the stage, z, y, x [um]."""
    flip = OUT if hand == "left" else np.diag([-1.0, -1.0, 1.0])
    return points @ LEAN.T @ flip + [4000.0, -2000.0, 1000.0]


@pytest.mark.parametrize("unit", ["um", "mm", "m"])
@pytest.mark.parametrize("hand", ["left", "right"])
def test_readings_come_out_in_the_stages_own_unit_and_handedness(unit, hand):
    axes = StageAxes(unit, handedness=hand, z_grows="outwards")
    found = fit_stage(MARKS, axes.readings(lay(MARKS, hand)), axes=axes, sigma_um=1.0)
    there = found.predict(TARGET)[["z", "y", "x"]].to_numpy() * axes.unit_um
    np.testing.assert_allclose(there, lay(TARGET, hand), atol=1e-6)
    assert np.sign(np.linalg.det(found.transform.matrix)) == (-1 if hand == "left" else 1)
    assert not found.notes


@pytest.mark.parametrize("hand", ["left", "right"])
@pytest.mark.parametrize("count", [3, 5])
def test_the_region_of_a_reading_covers_it_as_often_as_it_claims(hand, count):
    rng = np.random.default_rng(5)
    axes, inside = StageAxes("mm", handedness=hand), []
    for _ in range(250):
        seen = lay(MARKS[:count], hand) + 2.0 * rng.standard_normal((count, 3))
        found = fit_stage(MARKS[:count], axes.readings(seen), axes=axes)
        error = found.transform.apply(TARGET)[0] - lay(TARGET, hand)[0]
        covariance = found.transform.covariance_at(TARGET)[0]
        limit = region_factor(3, nu=found.transform.nu)
        inside.append(error @ np.linalg.solve(covariance, error) <= limit)
    assert 0.92 <= np.mean(inside) <= 0.985


def test_axes_that_fit_better_mirrored_than_declared_are_refused():
    for hand, other in (("left", "right"), ("right", "left")):
        readings = StageAxes("mm", handedness=hand).readings(lay(MARKS, hand))
        with pytest.raises(Degenerate, match=f"declared {other}-handed.*give handedness='{hand}'"):
            fit_stage(MARKS, readings, axes=StageAxes("mm", handedness=other), sigma_um=1.0)


def test_three_fiducials_cannot_tell_a_mirror_and_the_side_that_is_up_can():
    flat = MARKS[:3]
    axes = StageAxes("mm", handedness="left")
    readings = axes.readings(lay(flat, "left"))
    found = fit_stage(flat, readings, axes=axes, sigma_um=1.0)
    assert any("cannot tell a mirror" in note for note in found.notes)
    np.testing.assert_allclose(found.transform.apply(TARGET), lay(TARGET, "left"), atol=1e-6)
    wrong = StageAxes("mm", handedness="right", z_grows="outwards")
    with pytest.raises(Degenerate, match="upside down"):
        fit_stage(flat, readings, axes=wrong, sigma_um=1.0)


def test_another_unit_and_too_few_fiducials_are_refused_in_words():
    readings = StageAxes("m", handedness="left").readings(lay(MARKS, "left"))
    with pytest.raises(Degenerate, match=r"0\.001 times as much: the readings look like m$"):
        fit_stage(MARKS, readings, axes=StageAxes("mm", handedness="left"))
    with pytest.raises(Degenerate, match="three or more fiducials, got 2"):
        fit_stage(MARKS[:2], readings[:2], axes=StageAxes("m", handedness="left"))
    with pytest.raises(ValueError, match="columns x, y, z in m"):
        fit_stage(MARKS, pd.DataFrame({"x": [1.0]}), axes=StageAxes("m", handedness="left"))


def test_a_stage_whose_lengths_are_off_is_told():
    axes = StageAxes("um", handedness="left")
    readings = axes.readings(1.02 * lay(MARKS, "left"))
    (note,) = [n for n in fit_stage(MARKS, readings, axes=axes, sigma_um=1).notes if "lengths" in n]
    assert "1.02 " in note


@pytest.mark.parametrize("tilt", [52.0, 54.0])
def test_a_level_drive_turns_its_readings_about_the_tilt_axis(tilt):
    axes = StageAxes("um", handedness="left", xy_follow_tilt=False, tilt_axis_um=(500.0, 4000.0))
    turn = turned(axes, tilt, 0.0)
    on_axis = np.array([[4000.0, 500.0, 77.0]])
    np.testing.assert_allclose(turn.apply(on_axis), on_axis, atol=1e-9)
    beside = turn.apply(on_axis + np.array([0.0, 100.0, 0.0])) - on_axis
    angle = np.radians(tilt)
    np.testing.assert_allclose(beside, [[100 * np.sin(angle), 100 * np.cos(angle), 0.0]])
    along = StageAxes("um", handedness="left")
    np.testing.assert_allclose(turned(along, tilt, 0.0).apply(on_axis), on_axis)


def test_readings_at_several_tilts_and_rotations_are_brought_together():
    axes = StageAxes(
        "mm",
        handedness="left",
        xy_follow_tilt=False,
        tilt_axis_um=(-1900.0, 4100.0),
        rotation_centre_um=(700.0, -1500.0),
        rotation_sign=-1,
    )
    level, truth = lay(MARKS, "left"), lay(TARGET, "left")
    poses = [(0.0, 0.0), (0.0, 30.0), (0.0, 180.0), (52.0, 0.0), (54.0, 0.0)]
    there = [turned(axes, *pose).apply(place[None])[0] for pose, place in zip(poses, level)]  # noqa: B905
    readings = axes.readings(there).assign(
        tilt_deg=[tilt for tilt, _ in poses], rotation_deg=[turn for _, turn in poses]
    )
    found = fit_stage(MARKS, readings, axes=axes, sigma_um=1.0)
    np.testing.assert_allclose(found.transform.apply(TARGET), truth, atol=1e-6)
    way = found.at(tilt_deg=52.0, rotation_deg=30.0)
    expected = turned(axes, 52.0, 30.0).apply(truth)
    np.testing.assert_allclose(way.apply(TARGET), expected, atol=1e-6)


def test_the_doubt_of_tilt_rotation_and_eucentric_height_reaches_the_reading():
    axes = StageAxes(
        "um",
        handedness="left",
        xy_follow_tilt=False,
        tilt_axis_um=(500.0, 4000.0),
        rotation_centre_um=(700.0, -1500.0),
    )
    rng = np.random.default_rng(8)
    place, doubts = np.array([[3800.0, 900.0, 1500.0]]), (0.3, 0.2, 4.0)
    exact = turned(axes, 52.0, 40.0)
    drawn = []
    for tilt, turn, *miss in rng.standard_normal((4000, 4)) * [0.3, 0.2, 4.0, 4.0]:
        off = StageAxes(
            "um",
            handedness="left",
            xy_follow_tilt=False,
            tilt_axis_um=(500.0 + miss[0], 4000.0 + miss[1]),
            rotation_centre_um=(700.0, -1500.0),
        )
        drawn.append(turned(off, 52.0 + tilt, 40.0 + turn).apply(place)[0])
    stated = turned(
        axes, 52.0, 40.0,
        tilt_sigma_deg=doubts[0], rotation_sigma_deg=doubts[1], eucentric_sigma_um=doubts[2],
    )  # fmt: skip
    np.testing.assert_allclose(stated.apply(place), exact.apply(place))
    covariance = stated.covariance_at(place)[0]
    seen = np.cov(np.transpose(drawn))
    np.testing.assert_allclose(seen, covariance, atol=0.08 * np.trace(covariance))
    assert turned(axes, 52.0, 40.0).sigma_source == "exact"


def test_an_axis_that_nobody_knows_is_no_axis_to_turn_about():
    level = StageAxes("um", handedness="left", xy_follow_tilt=False)
    with pytest.raises(ValueError, match="tilt_axis_um needs the readings of the axis to tilt"):
        turned(level, 52.0, 0.0)
    with pytest.raises(ValueError, match="rotation_centre_um needs the readings"):
        turned(StageAxes("um", handedness="left"), 0.0, 90.0)
