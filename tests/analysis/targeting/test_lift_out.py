"""Chunks: the volume of interest lies in them with its margin, and volumes are those of solids."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import lift_out_chunk

CENTRE, HALF = np.array([40.0, 60.0, 75.0]), np.array([6.0, 4.0, 9.0])


def planned(**options):
    wanted = {
        "surface_z_um": 12.0, "margin_um": 1.5, "undercut_deg": 38.0, "angle_deg": 52.0,
        "cut_um": 2.0, **options,
    }  # fmt: skip
    return lift_out_chunk(CENTRE, HALF, **wanted)


def to_faces(chunk, points):
    """Distance of points from front, back and the two sides, inside positive."""
    from scipy.spatial import ConvexHull

    planes = np.unique(ConvexHull(chunk.corners_um).equations.round(9), axis=0)
    down = np.abs(planes[:, 0] + 1) < 1e-6  # the surface is no cut
    return -(points @ planes[~down, :3].T + planes[~down, 3])


@pytest.mark.parametrize("into", [(0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])
def test_every_corner_of_the_volume_keeps_its_margin(into):
    chunk = planned(into=into)
    signs = np.indices((2, 2, 2)).reshape(3, 8).T * 2 - 1
    distances = to_faces(chunk, CENTRE + signs * HALF)
    assert distances.shape == (8, 4)
    slope = np.radians(38)
    # across the sloping back the margin of a horizontal and a vertical step are more than asked
    assert distances.min() == pytest.approx(1.5, abs=1e-6)
    assert distances.max(axis=0).min() > 1.5 * (np.cos(slope) + np.sin(slope)) - 1e-6


def test_the_volume_is_that_of_the_solid():
    from scipy.spatial import ConvexHull

    chunk = planned()
    assert chunk.volume_um3 == pytest.approx(ConvexHull(chunk.corners_um).volume)
    assert chunk.removed_um3 == pytest.approx(chunk.parts["volume_um3"].sum())
    assert chunk.corners_um[:, 0].min() == pytest.approx(12.0)


def test_coordinates_before_and_after_belong_together():
    chunk = planned(into=(0, 0, 1))
    inside = chunk.to_chunk()
    assert np.linalg.det(inside.matrix) == pytest.approx(1)
    own = inside.apply(CENTRE[None])[0]
    assert own[0] == pytest.approx(40 - 12)  # its depth
    assert own[1] == pytest.approx(HALF[2] + 1.5)  # from the front
    assert own[2] == pytest.approx(HALF[1] + 1.5)  # along the front
    assert inside.inverse_apply(own[None])[0] == pytest.approx(CENTRE)


def test_a_flatter_undercut_needs_a_thicker_chunk_and_less_depth():
    steep, flat = planned(undercut_deg=30), planned(undercut_deg=50)
    assert flat.size_um[1] > steep.size_um[1]
    assert flat.size_um[0] < steep.size_um[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"surface_z_um": 36.0}, "it sticks out by 2 µm"),
        ({"undercut_deg": 0}, "undercut_deg needs a value between 0 and 90"),
        ({"into": (0, 1, 1)}, "along y or x"),
        ({"cut_um": 0}, "cut_um need"),
    ],
)
def test_impossible_chunks_are_refused_in_words(options, words):
    with pytest.raises(ValueError, match=words):
        planned(**options)
