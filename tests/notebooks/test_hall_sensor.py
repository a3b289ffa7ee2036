"""The buried feature: surveyed, planned, cut in looks, and what was promised beside the truth."""

from __future__ import annotations

import pytest

from scalebridge.reports import render_report

from .conftest import Walk, Walker


@pytest.fixture(scope="module")
def sensor(walk: Walker) -> Walk:
    return walk("60_hall_sensor", seeds=0)


def test_laser_and_ion_beam_are_planned_and_their_times_are_called_a_stand_in(
    sensor: Walk,
) -> None:
    steps = sensor.table("steps")
    assert list(steps["method"]) == ["femtosecond laser", "gallium FIB"]
    assert steps["stops_um"].is_monotonic_decreasing
    assert "at least: a rate behind it is the most that was reached" in sensor.said("finding")


def test_every_look_says_how_far_it_is_and_the_cut_comes_to_the_target(sensor: Walk) -> None:
    looks = sensor.table("looks")
    assert len(looks) >= 3
    assert looks["true_um"].iloc[0] > 25
    assert abs(looks["true_um"].iloc[-1]) < 1.0
    found = looks[looks["found"]]
    assert len(found) >= 2
    assert (found["distance_um"] - found["true_um"]).abs().max() < 1.5
    assert (looks["stop_and_look_um"] <= looks["distance_um"].clip(lower=0)).all()
    assert (looks["cut_next_um"].iloc[:-1] > 0).all()


def test_faces_become_images_and_join_the_frames_where_they_were_found(sensor: Walk) -> None:
    looks = sensor.table("looks")
    faces = [image.name for image in sensor.ws.images if image.name.startswith("face ")]
    assert len(faces) == len(looks)
    joined = {
        record.from_frame: record.status
        for record in sensor.ws.transforms
        if record.to_frame == "xrm_zoom" and record.from_frame in faces
    }
    stated = dict(zip(faces, looks.itertuples(), strict=True))
    for name, row in stated.items():
        expected = None if not row.found else "proposed" if row.alarm else "accepted"
        assert joined.get(name) == expected


def test_where_it_ended_is_what_the_table_says(sensor: Walk) -> None:
    looks = sensor.table("looks")
    last = abs(looks["true_um"].iloc[-1])
    held = looks["true_um"].between(looks["low95_um"], looks["high95_um"]).sum()
    said = sensor.said("finding")
    assert f"The last face lies {last:.2f} µm from the middle of the target" in said
    assert f"{held} of {len(looks)} distances lie in their 95 % interval" in said


def test_promised_and_true_probabilities_stand_side_by_side(sensor: Walk) -> None:
    board = sensor.table("probabilities")
    assert {"predicted", "true", "true_low95", "true_high95"} <= set(board)
    looks = sensor.table("looks")
    counted = board[board["statement"].str.contains("95 % interval")]
    assert counted["cases"].sum() == len(looks)
    held = looks["true_um"].between(looks["low95_um"], looks["high95_um"]).sum()
    assert (counted["true"] * counted["cases"]).sum() == pytest.approx(held)


def test_its_report_holds_the_cut(sensor: Walk) -> None:
    page = render_report([sensor.notebook], sensor.ws)
    assert "The last face lies" in page
    assert "stop and look after" in page
