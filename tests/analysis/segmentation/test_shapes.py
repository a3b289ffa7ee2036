"""Opening, closing and splitting, against closed forms and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.morphology import ball, closing, disk, opening

from scalebridge.analysis.segmentation import (
    closed,
    connected_components,
    cut_touching,
    opened,
    split_touching,
)


def grid(shape: tuple[int, ...], spacing: tuple[float, ...]) -> list[np.ndarray]:
    return [axis * size for axis, size in zip(np.indices(shape), spacing, strict=True)]


def ball_at(centre, radius, shape, spacing) -> np.ndarray:
    axes = grid(shape, spacing)
    return sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True)) <= radius**2


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_ball_is_that_of_scikit_image_away_from_the_border(ndim, radius) -> None:
    rng = np.random.default_rng(radius)
    shape = {2: (70, 80), 3: (30, 34, 28)}[ndim]
    soft = gaussian_filter(rng.normal(size=shape), 1.5)
    labels = (soft > -0.05).astype(np.uint8) + (soft > 0.05)
    shaped = (disk if ndim == 2 else ball)(radius)
    inner = tuple(slice(2 * radius, -2 * radius) for _ in shape)
    spacing = (1.0,) * ndim
    for ours, theirs in ((opened, opening), (closed, closing)):
        found = ours(labels, radius_um=radius, spacing_um=spacing)
        assert (found != labels).any()
        np.testing.assert_array_equal(found[inner], theirs(labels, shaped)[inner])


@pytest.mark.parametrize("step", [opened, closed])
def test_doing_it_again_changes_nothing(step) -> None:
    soft = gaussian_filter(np.random.default_rng(2).normal(size=(40, 40, 40)), 1.2)
    labels = (soft > 0).astype(np.uint8)
    once = step(labels, radius_um=0.7, spacing_um=(0.4, 0.3, 0.3))
    assert (once != labels).any()
    np.testing.assert_array_equal(step(once, radius_um=0.7, spacing_um=(0.4, 0.3, 0.3)), once)
    assert (once <= labels).all() if step is opened else (once >= labels).all()


def test_opening_is_closing_of_the_rest() -> None:
    soft = gaussian_filter(np.random.default_rng(3).normal(size=(30, 30, 30)), 1.2)
    labels = (soft > 0).astype(np.uint8)
    given = {"radius_um": 2.0, "spacing_um": (1.0, 1.0, 1.0)}
    np.testing.assert_array_equal(opened(labels, **given), 1 - closed(1 - labels, **given))


def test_a_bridge_thinner_than_the_ball_goes_and_a_thicker_one_stays() -> None:
    spacing = (0.2, 0.1, 0.1)  # twice as long in z: the ball is round in micrometres
    z, y, x = grid((40, 60, 80), spacing)
    for axis in (z, y):
        for half, stays in ((0.45, False), (0.85, True)):
            bars = (x < 2) | (x > 6) | (np.abs(axis - 4 * (axis is z) - 3 * (axis is y)) <= half)
            found = opened(bars.astype(np.uint8), radius_um=0.65, spacing_um=spacing)
            assert bool(found[20, 30, 40]) is stays


def test_a_crack_narrower_than_the_ball_is_closed() -> None:
    volume = np.ones((20, 20, 20), np.uint8)
    volume[9:11] = 0
    assert closed(volume, radius_um=1, spacing_um=(1, 1, 1)).all()
    volume[8:11] = 0
    assert not closed(volume, radius_um=1, spacing_um=(1, 1, 1))[9].any()


def test_a_centre_at_the_surface_of_the_ball_belongs_to_it_whatever_the_rounding() -> None:
    line = np.zeros((1, 9), np.uint8)
    line[0, [1, 7]] = 1
    # 0.3 is a little less than three times 0.1, in binary fractions
    assert closed(line, radius_um=0.3, spacing_um=(0.1, 0.1))[0, 1:8].all()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_two_balls_that_overlap_are_cut_at_the_neck(spacing) -> None:
    shape = tuple(int(n / s) for n, s in zip((40, 40, 64), spacing, strict=True))
    one = ball_at((20, 20, 20), 12, shape, spacing)
    two = ball_at((20, 20, 40), 12, shape, spacing)
    neck = np.sqrt(12**2 - 10**2)  # its radius is 6.6: 5.4 less than that of the balls
    for depth, count in ((1.5, 2), (12 - neck + 1.5, 1)):
        found = split_touching(one | two, depth_um=depth, spacing_um=spacing)
        assert found.count == count
    parts = split_touching(one | two, depth_um=1.5, spacing_um=spacing)
    assert (parts.labels > 0)[one | two].all()
    plane = np.argmax(np.diff(parts.labels[shape[0] // 2, 20, 10:50])) + 10
    assert abs(plane - 29.5) <= 1
    sizes = np.bincount(parts.labels.ravel())[1:]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.03)


def test_a_cut_parts_by_faces_edges_and_corners_and_takes_one_layer() -> None:
    one = ball_at((20, 20, 18), 11, (40, 40, 60), (1, 1, 1))
    two = ball_at((23, 22, 37), 11, (40, 40, 60), (1, 1, 1))
    labels = (one | two).astype(np.uint8)
    cut = cut_touching(labels, phase=1, depth_um=1.5, spacing_um=(1, 1, 1))
    assert connected_components(labels, connectivity=26).count == 1
    assert connected_components(cut, connectivity=26).count == 2
    lost = int(labels.sum()) - int(cut.sum())
    neck = np.pi * (11**2 - (np.linalg.norm((3, 2, 19)) / 2) ** 2)
    assert 0.8 * neck < lost < 2.0 * neck


def test_dark_objects_are_cut_by_the_phase_above_and_others_by_the_one_below() -> None:
    one = ball_at((15, 12), 9, (30, 44), (1, 1)) | ball_at((15, 29), 9, (30, 44), (1, 1))
    for phase, other in ((0, 2), (2, 0)):
        labels = np.where(one, phase, other).astype(np.uint8)
        cut = cut_touching(labels, phase=phase, depth_um=1.5, spacing_um=(1, 1))
        assert set(np.unique(cut)) == {0, 1, 2}
        assert connected_components(cut == phase, connectivity=8).count == 2


def test_one_ball_is_not_cut_and_neither_are_many_that_do_not_touch() -> None:
    volume = np.zeros((50, 50, 50), bool)
    for centre in np.ndindex(3, 3, 3):
        volume |= ball_at(tuple(8 + 16 * c for c in centre), 6.5, volume.shape, (1, 1, 1))
    found = split_touching(volume, depth_um=1.0, spacing_um=(1, 1, 1))
    assert found.count == 27
    np.testing.assert_array_equal(
        cut_touching(volume.astype(np.uint8), phase=1, depth_um=1.0, spacing_um=(1, 1, 1)),
        volume,
    )


def test_the_border_of_the_image_is_no_neck() -> None:
    half = ball_at((0, 20, 20), 12, (20, 40, 40), (1, 1, 1))
    assert split_touching(half, depth_um=1.0, spacing_um=(1, 1, 1)).count == 1
    everything = np.ones((6, 6), bool)
    assert split_touching(everything, depth_um=0.5, spacing_um=(1, 1)).count == 1


@pytest.mark.parametrize(
    ("step", "given", "words"),
    [
        (opened, {"radius_um": -1}, "radius_um needs 0 µm or more"),
        (closed, {"radius_um": np.nan}, "radius_um needs 0 µm or more"),
        (split_touching, {"depth_um": -1}, "depth_um needs 0 µm or more"),
    ],
)
def test_bad_lengths_are_refused_in_words(step, given, words) -> None:
    with pytest.raises(ValueError, match=words):
        step(np.ones((4, 4), np.uint8), spacing_um=(1, 1), **given)
