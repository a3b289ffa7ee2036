"""Mutual information, its slope, and the images that it is taken from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.registration import AffineTransform, GreyImage
from scalebridge.analysis.registration.descent import Climb, minimum
from scalebridge.analysis.registration.levels import levels_of
from scalebridge.analysis.registration.mutual import MutualInformation, Samples, binned, grey_range
from scalebridge.analysis.registration.samples import chosen_samples

from .broad_specimen import Specimen, grid, turn

SIZE = 40
MIDDLE = np.full(3, (SIZE - 1) / 2)


def made(seed=0):
    specimen, points = Specimen(seed, SIZE), grid((SIZE,) * 3)
    return specimen.xray(points).astype(np.float32), specimen.electrons(points).astype(np.float32)


def inner(values, rng, count=20_000):
    """Samples that stay inside whatever is tried."""
    places = rng.integers(10, SIZE - 10, (count, 3))
    bins = binned(values[tuple(places.T)], *grey_range(values), 32)
    return Samples(places * 1.5 + 2.0, bins, (places[:, 0] * 4 // SIZE).astype(np.int32))


@pytest.mark.parametrize("cubic", [False, True])
def test_the_slope_is_that_of_small_changes_of_shift_and_matrix(cubic):
    fixed, moving = made()
    samples = inner(moving, np.random.default_rng(0))
    metric = MutualInformation(
        samples, fixed, spacing_um=np.full(3, 1.5), origin_um=np.full(3, 2.0), cubic=cubic
    )
    matrix, centre = turn((2, -3, 1)), 1.5 * MIDDLE + 2
    offset = centre + np.array([0.4, -0.7, 0.3])
    slopes = metric(matrix, centre, offset).slopes.sum(axis=0)
    step = 1e-4
    for k in range(3):
        by = step * np.eye(3)[k]
        ends = [metric(matrix, centre, offset + sign * by).information for sign in (1, -1)]
        assert slopes[k] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=0.02, abs=2e-3)
    for row, column in ((0, 0), (0, 2), (1, 0), (2, 1)):
        by = np.zeros((3, 3))
        by[row, column] = step / 20
        ends = [metric(matrix + sign * by, centre, offset).information for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * step / 20)
        assert slopes[3 + 3 * row + column] == pytest.approx(expected, rel=0.03, abs=0.05)


def test_mutual_information_is_that_of_the_counts_and_grey_values_may_be_negative():
    rng = np.random.default_rng(1)
    fixed, moving = made()
    samples = inner(moving, rng)
    how = {"spacing_um": np.full(3, 1.5), "origin_um": np.full(3, 2.0)}
    still = (np.eye(3), np.zeros(3), np.zeros(3))
    plain = MutualInformation(samples, fixed, **how)(*still)
    below = MutualInformation(samples, fixed - 50, **how)(*still)
    assert below.information == pytest.approx(plain.information, rel=1e-3)
    shuffled = Samples(samples.points_um, rng.permutation(samples.bins), samples.blocks)
    nothing = MutualInformation(shuffled, fixed, **how)(*still)
    assert nothing.information < 0.05 < 0.5 < plain.information
    far = MutualInformation(samples, fixed, **how)(np.eye(3), np.zeros(3), np.full(3, 1000.0))
    assert (far.information, far.overlap) == (0.0, 0.0)


def test_blocks_add_up_to_the_whole_and_samples_lie_where_the_image_changes():
    _, moving = made(2)
    image = GreyImage(moving, [1.5] * 3, [2.0] * 3)
    samples = chosen_samples(image, 5000, rng=np.random.default_rng(0))
    assert set(np.unique(samples.blocks)) == set(range(64))
    steep = np.linalg.norm(np.gradient(moving), axis=0)
    places = np.rint((samples.points_um - 2) / 1.5).astype(int)
    assert steep[tuple(places.T)].mean() > 1.3 * steep.mean()
    masked = GreyImage(moving, [1.5] * 3, mask=np.indices(moving.shape)[0] < 20)
    kept = chosen_samples(masked, 5000, rng=np.random.default_rng(0))
    assert kept.points_um[:, 0].max() < 20 * 1.5


def test_coarser_levels_keep_the_place_of_what_they_average():
    rng = np.random.default_rng(3)
    image = GreyImage(rng.normal(size=(10, 12, 9)), [1.0, 2.0, 1.0], [5.0, 6.0, 7.0])
    half = image.coarser(2.0)
    assert half.values.shape == (5, 12, 4)
    np.testing.assert_allclose(half.origin_um, [5.5, 6.0, 7.5])
    np.testing.assert_allclose(half.values[0, 0, 0], image.values[:2, 0, :2].mean(), rtol=1e-6)
    soft = image.softened().values
    expected = image.values
    for axis in range(3):
        expected = ndimage.convolve1d(expected, [0.2, 0.6, 0.2], axis=axis, mode="nearest")
    np.testing.assert_allclose(soft, expected, atol=1e-6)


def test_the_finer_image_is_first_made_as_coarse_as_the_other():
    coarse = GreyImage(np.zeros((60, 60, 60)), [4.0] * 3)
    fine = GreyImage(np.zeros((200, 200, 200)), [0.5] * 3)
    levels = levels_of(fine, coarse)
    assert levels[-1].voxel_um == 4.0
    assert levels[-1].sampled.values.shape == (25, 25, 25)
    np.testing.assert_allclose(levels[-1].sampled.origin_um, 1.75)
    assert levels[0].voxel_um >= levels[-1].voxel_um


def test_a_compiled_climb_ends_where_the_plain_one_does():
    fixed, moving = made(4)
    samples = inner(moving, np.random.default_rng(0), count=6_000)
    metric = MutualInformation(
        samples, fixed, spacing_um=np.full(3, 1.5), origin_um=np.full(3, 2.0)
    )
    middle = 1.5 * MIDDLE + 2
    start = AffineTransform(
        "similarity", turn((1, -2, 1)), middle, middle + np.array([0.8, -0.5, 0.6])
    )
    assert metric.is_small
    end = Climb(metric, start, step_um=1.5).run(tolerance=1e-9)
    plain = Climb(metric, start, step_um=1.5)
    steps = minimum(plain.loss, np.zeros(7), most=60, gain=1e-9)
    np.testing.assert_allclose(end.transform.offset_um, plain.at(steps).offset_um, atol=1e-3)
    np.testing.assert_allclose(end.transform.matrix, plain.at(steps).matrix, atol=1e-4)
    assert end.information == pytest.approx(-plain.loss(steps)[0], abs=1e-5)


@pytest.mark.parametrize("cubic", [False, True])
def test_a_flat_image_is_read_as_if_its_plane_went_on(cubic):
    fixed, moving = (image[20:21] for image in made(5))
    y, x = np.indices((SIZE, SIZE)).reshape(2, -1)
    places = np.column_stack([np.zeros(y.size), y, x])
    samples = Samples(
        places, binned(moving.ravel(), *grey_range(moving), 32), np.zeros(y.size, int)
    )
    to = (turn((3, 0, 0)), np.array([0, 19.5, 19.5]), np.array([0, 20.1, 19.2]))
    flat, thick = (
        MutualInformation(
            samples,
            np.repeat(fixed, planes, axis=0),
            spacing_um=np.ones(3),
            origin_um=np.array([-(planes // 2), 0, 0]),
            cubic=cubic,
        )(*to)
        for planes in (1, 7)
    )
    assert flat.overlap == thick.overlap < 1
    assert flat.information == pytest.approx(thick.information, rel=1e-4)
    np.testing.assert_allclose(flat.slopes, thick.slopes, atol=1e-3)
