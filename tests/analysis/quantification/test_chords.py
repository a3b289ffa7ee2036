"""Chords of patterns that can be counted by eye, and of media whose mean chord is known."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.quantification import chord_lengths, mean_chord_um


def test_chords_are_counted_by_length_and_by_whether_the_border_cuts_them() -> None:
    row = np.array([[1, 1, 0, 1, 0, 1, 1, 0, 1]], bool)
    table = chord_lengths(row, spacing_um=(1, 0.5)).table.query("axis == 'x'")
    assert table["length_um"].tolist() == [0.5, 1.0]
    assert table["chords"].tolist() == [1, 1]
    assert table["cut_chords"].tolist() == [1, 1]


def test_chords_are_cut_at_the_mask_and_not_joined_across_it() -> None:
    row = np.array([[0, 1, 1, 1, 1, 1, 0]], bool)
    mask = np.ones_like(row)
    mask[0, 3] = False
    table = chord_lengths(row, spacing_um=(1, 1), mask=mask).table.query("axis == 'x'")
    assert table[["length_um", "chords", "cut_chords"]].to_numpy().tolist() == [[2.0, 0, 2]]


def test_cut_chords_do_not_make_the_distribution_short() -> None:
    """Chords of 8 in a window of 12: nearly half are cut, all are 8 long."""
    rng = np.random.default_rng(0)
    lines = np.zeros((4000, 40), bool)
    for line, start in zip(lines, rng.integers(0, 13, len(lines)), strict=True):
        for at in range(start, 40, 13):
            line[at : at + 8] = True
    window = lines[:, 14:26]
    table = chord_lengths(window, spacing_um=(1, 1)).table.query("axis == 'x'")
    by_length = table.set_index("length_um")["share_by_number"]
    assert by_length[8.0] == pytest.approx(1, abs=1e-12)
    assert table["cut_chords"].sum() > table["chords"].sum()


def test_mean_chords_agree_with_the_count_of_crossings() -> None:
    from scipy.ndimage import gaussian_filter

    phase = gaussian_filter(np.random.default_rng(1).standard_normal((60, 70, 80)), 2) > 0
    found = chord_lengths(phase, spacing_um=(3, 2, 1)).mean_um
    for axis, mean in mean_chord_um(phase, spacing_um=(3, 2, 1)).items():
        assert found[axis] == pytest.approx(mean, rel=0.01)


def test_threads_and_axes_do_not_change_the_counts() -> None:
    phase = np.random.default_rng(2).random((20, 45, 70)) < 0.7
    one = chord_lengths(phase, spacing_um=(3, 2, 1), threads=1)
    many = chord_lengths(phase, spacing_um=(3, 2, 1), threads=4)
    assert one.table.equals(many.table)
    turned = chord_lengths(phase.transpose(2, 1, 0), spacing_um=(1, 2, 3))
    for here, there in (("z", "x"), ("y", "y"), ("x", "z")):
        a = one.table.query("axis == @here").drop(columns="axis").reset_index(drop=True)
        b = turned.table.query("axis == @there").drop(columns="axis").reset_index(drop=True)
        assert a.equals(b)
        assert one.mean_um[here] == turned.mean_um[there]


def test_the_mean_chord_of_a_ball_does_not_depend_on_the_room_around_it(reference) -> None:
    z, y, x = np.ogrid[-20:21, -20:21, -20:21]
    ball = z**2 + y**2 + x**2 <= 9.3**2
    for room in (9, 20):
        part = ball[20 - room : 21 + room, 20 - room : 21 + room, 20 - room : 21 + room]
        found = chord_lengths(np.pad(part, 1), spacing_um=(1, 1, 1))
        what = f"mean chord of a ball of 9.3 voxels with {room - 8} voxels around it"
        value = found.mean_um["x"]
        reference(what, value, 4 / 3 * 9.3, abs=0.25, source="4 r / 3")
        assert found.error_um["x"] < 0.15 * value
