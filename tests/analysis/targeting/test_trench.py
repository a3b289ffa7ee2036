"""Trenches: their sizes, and what the electron beam sees in them."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import Obstacle, bottom_visible, ramped_trench


@pytest.mark.parametrize(
    ("angle", "length", "volume"), [(54, 110.11, 132_133), (52, 102.40, 122_874)]
)
def test_the_trench_of_the_textbook_comes_out(angle, length, volume, reference):
    trench = ramped_trench(30, 80, angle_deg=angle)
    what, source = f"of a ramped trench 30 wide and 80 deep at {angle}°", "geometry"
    reference(f"length {what}", trench.length_um, length, rel=1e-3, unit="µm", source=source)
    reference(f"volume {what}", trench.volume_um3, volume, rel=1e-3, unit="µm³", source=source)


def test_trenches_around_the_block_are_counted():
    trench = ramped_trench(30, 80, angle_deg=54, back_um=4, side_um=5, block_um=20, clearance_um=7)
    assert trench.length_um == pytest.approx(80 * np.tan(np.radians(54)) + 7)
    assert trench.back_um3 == 30 * 80 * 4
    assert trench.sides_um3 == 2 * 5 * 80 * 20
    assert trench.volume_um3 == pytest.approx(15 * 80 * trench.length_um + 9600 + 16_000)


def solid_volume(corners):
    from scipy.spatial import ConvexHull

    return ConvexHull(corners).volume


def test_the_corners_enclose_the_volume():
    trench = ramped_trench(30, 80, angle_deg=52, clearance_um=3)
    assert solid_volume(trench.corners_um) == pytest.approx(trench.ramp_um3)


@pytest.mark.parametrize("angle", [45, 52, 54, 55])
def test_the_bottom_is_seen_from_the_planned_length_on_and_not_in_a_shorter_one(angle):
    full = 80 * np.tan(np.radians(angle))
    for share, seen in ((0.9, False), (0.999, False), (1.0, True), (1.1, True)):
        found = bottom_visible([(0, 80), (share * full, 0)], angle_deg=angle)
        assert bool(found) is seen
        assert found.visible_depth_um == pytest.approx(min(share, 1) * 80, rel=1e-4)
        assert ("the trench" in found.hidden_by) is not seen


def marched(floor, angle_deg, step=0.05):
    """Walk from the bottom edge to the beam in small steps, and look whether there is ground."""
    turn = np.radians(angle_deg)
    away = np.arange(step, 400, step)
    depth = floor[0][1] - away * np.cos(turn)
    place = away * np.sin(turn)
    x, z = np.array(floor, float).T
    ground = np.where(place >= x[-1], 0.0, np.interp(place, x, z))
    return not (depth > ground + 1e-9).any()


def test_the_ray_cast_agrees_with_walking_along_the_ray():
    rng = np.random.default_rng(3)
    verdicts = []
    for _ in range(200):
        bends = np.sort(rng.uniform(0, 150, 4))
        depths = np.sort(rng.uniform(0, 80, 3))[::-1]
        floor = [(0.0, 80.0), *zip(bends[:3], depths, strict=True), (bends[3], 0.0)]
        angle = rng.uniform(40, 60)
        verdicts.append((bool(bottom_visible(floor, angle_deg=angle)), marched(floor, angle)))
    assert [one for one, _ in verdicts] == [other for _, other in verdicts]
    assert 10 < sum(one for one, _ in verdicts) < 190


def test_stairs_that_reach_into_the_ray_hide_the_bottom():
    flat = [(0, 80), (115, 80), (115, 0)]
    stairs = [(0, 80), (20, 80), (20, 60), (115, 60), (115, 0)]
    assert bottom_visible(flat, angle_deg=54)
    assert not bottom_visible(stairs, angle_deg=54)


def test_what_stands_in_the_ray_hides_a_part_of_the_edge():
    trench = ramped_trench(30, 80, angle_deg=54, clearance_um=5)
    bead = Obstacle("bead", (-20, 112, -5), (0, 120, 5))
    found = bottom_visible(trench, angle_deg=54, obstacles=[bead], rays=301)
    assert not found
    assert found.hidden_by == ("bead",)
    assert found.share == pytest.approx(2 / 3, abs=0.01)
    assert "hidden by bead" in found.statement
    far = Obstacle("bead", (-20, 145, -5), (0, 150, 5))  # the ray is 25 µm high there
    assert bottom_visible(trench, angle_deg=54, obstacles=[far])
    behind = Obstacle("cap", (-20, -30, -5), (0, -1, 5))
    assert bottom_visible(trench, angle_deg=54, obstacles=[behind])


def test_a_trench_scales_as_a_whole():
    one, two = (ramped_trench(30 * k, 80 * k, angle_deg=54, clearance_um=2 * k) for k in (1, 2))
    assert two.length_um == pytest.approx(2 * one.length_um)
    assert two.volume_um3 == pytest.approx(8 * one.volume_um3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ramped_trench(0, 80, angle_deg=54), "width_um needs a finite value above 0"),
        (lambda: ramped_trench(30, 80, angle_deg=90), "between 0 and 90, got 90"),
        (
            lambda: ramped_trench(30, 80, angle_deg=54, back_um=-1),
            "back_um needs a finite",
        ),
        (lambda: bottom_visible([(1, 80), (9, 0)], angle_deg=54), "begin at the face's bottom"),
        (lambda: bottom_visible([(0, 8), (9, 0), (3, 0)], angle_deg=54), "in rising order"),
    ],
)
def test_impossible_trenches_are_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
