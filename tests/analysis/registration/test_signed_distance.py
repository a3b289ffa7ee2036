"""Signed distance maps: exact on simple shapes, and good for what masks are not."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import AffineTransform, GreyImage, register, signed_distance

from .broad_specimen import grid, turn

MIDDLE = np.full(3, 23.5)


def test_the_distance_to_a_sphere_is_right_to_half_a_voxel_whatever_the_voxels_sides():
    spacing = np.array([2.0, 1.0, 1.5])
    shape = (24, 48, 32)
    radius = np.linalg.norm(np.moveaxis(np.indices(shape), 0, -1) * spacing - MIDDLE, axis=-1)
    image = GreyImage(np.where(radius <= 15, 255, 0), spacing)
    found = signed_distance(image, threshold=127.5, clip_um=6)
    assert np.abs(found.values - (15 - radius).clip(-6, 6)).max() < 2.0
    assert np.abs(found.values).max() == 6
    cut = signed_distance(image, threshold=127.5, clip_um=3, crop=True)
    assert cut.values.size < found.values.size
    first = np.round((cut.origin_um - found.origin_um) / spacing).astype(int)
    box = tuple(slice(f, f + n) for f, n in zip(first, cut.values.shape, strict=True))
    np.testing.assert_allclose(cut.values, found.values[box].clip(-3, 3), atol=1e-5)
    assert signed_distance(image, threshold=127.5, clip_um=6, voxel_um=3).values.size < 8000


def test_a_thinner_segmentation_of_an_object_finds_its_place_in_a_thicker_one():
    def knobbly(points):
        arms = points - MIDDLE
        bumps = np.sin(arms / 5.0 + [0, 1, 2]).sum(axis=-1)
        return 14 - np.linalg.norm(arms * [1.0, 1.4, 0.8], axis=-1) + 2.5 * bumps

    matrix, shift = turn((8, -5, 6)), np.array([2.0, -1.5, 3.0])
    points = grid((48, 48, 48))
    mapped = (points - MIDDLE) @ matrix.T + MIDDLE + shift
    thick = GreyImage(knobbly(points) > 0, [1] * 3)
    thin = GreyImage(knobbly(mapped) > 2.5, [1] * 3)
    maps = [signed_distance(one, threshold=0.5, clip_um=8) for one in (thick, thin)]
    start = AffineTransform("rigid", np.eye(3), MIDDLE, MIDDLE)
    found = register(*maps, start=start, reach_um=6, reach_deg=12, starts=5)
    ends = np.array([[12.0, 20, 20], [36, 20, 30], [20, 36, 12]])
    truth = (ends - MIDDLE) @ matrix.T + MIDDLE + shift
    assert np.linalg.norm(found.transform.apply(ends) - truth, axis=1).max() < 1.0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"threshold": 9.0, "clip_um": 1.0}, "threshold needs to split the image, got 9 with"),
        ({"threshold": 0.5, "clip_um": 0.0}, "clip_um needs a length above 0, got 0"),
    ],
)
def test_what_has_no_surface_is_refused(how, words):
    with pytest.raises(ValueError, match=words):
        signed_distance(GreyImage(np.eye(4), [1, 1]), **how)
