"""Bends that both halves of an image confirm are found; where none is shown, none is made."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.registration import AffineTransform, GreyImage, bent, register
from scalebridge.analysis.registration.knots import Knots
from scalebridge.errors import Degenerate

from .bends import SIDE, bent_pair


def errors(found, moves):
    """Where a map misses: (n, 2) [px], away from the rim, and its stated errors."""
    at = np.stack(np.meshgrid(*[np.arange(8, SIDE - 8, 8)] * 2, indexing="ij"), -1).reshape(-1, 2)
    points = np.column_stack([np.zeros(len(at)), at])
    missed = found.apply(points)[:, 1:] - at - moves[:, at[:, 0], at[:, 1]].T
    return missed, points


def test_a_bend_is_found_with_its_error_where_a_linear_map_leaves_pixels():
    ratios = []
    for seed, bend_px in ((0, 3.0), (1, 1.0)):
        fixed, moving, moves = bent_pair(seed, bend_px=bend_px)
        found = register(fixed, moving, model="b-spline")
        straight, points = errors(found.transform, moves)
        missed, _ = errors(found.map, moves)
        assert np.sqrt(np.mean(missed**2)) < 0.1
        assert np.sqrt(np.mean(missed**2)) < 0.15 * np.sqrt(np.mean(straight**2))
        assert found.map.folds() == 0.0
        stated = found.map.covariance_at(points)[:, 1, 1]
        ratios.append(np.mean(missed**2 / stated[:, None]))
        kept, _ = errors(type(found.map).from_dict(found.bend.recorded.to_dict()), moves)
        assert np.sqrt(np.mean(kept**2)) < 0.1
        assert "each half of the image gains" in found.statement
    assert 0.2 < np.mean(ratios) < 2.5


@pytest.mark.parametrize("seed", [2, 3])
def test_where_nothing_bends_the_linear_map_is_kept_and_it_is_said(seed):
    fixed, moving, _ = bent_pair(seed, bend_px=0.0, noise=0.6)
    found = register(fixed, moving, model="b-spline")
    assert found.bend is None
    assert found.map is found.transform
    assert any("no bend is shown" in words for words in found.warnings)


def test_the_same_seed_gives_the_same_bits():
    fixed, moving, _ = bent_pair(0, bend_px=2.0)
    still = AffineTransform("rigid", np.eye(3), [0] * 3, [0] * 3, 2, 2)
    first, second = (bent(fixed, moving, still, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.field.field_um, second.field.field_um)
    np.testing.assert_array_equal(first.field.sigma_um, second.field.sigma_um)


def test_volumes_bend_too():
    rng, side = np.random.default_rng(0), 40
    field = ndimage.gaussian_filter(rng.normal(size=(side + 16,) * 3), 2)
    field /= field.std()
    at = np.indices((side,) * 3).astype(float)
    move = 1.5 * np.sin(np.pi * at[2] / side) * np.sin(np.pi * at[1] / side)
    moving = ndimage.map_coordinates(field, at + 8 + np.stack([move, 0 * move, 0 * move]), order=3)
    fixed, moved = GreyImage(field, [1] * 3, [-8] * 3), GreyImage(-moving, [1] * 3)
    found = bent(fixed, moved, AffineTransform.exact())
    middle = np.full((1, 3), (side - 1) / 2)
    assert found.field.apply(middle)[0, 0] - middle[0, 0] == pytest.approx(1.5, abs=0.15)


def test_a_section_in_a_volume_is_sent_to_where_sections_bend():
    volume, flat = GreyImage(np.zeros((9, 9, 9)), [1] * 3), GreyImage(np.zeros((9, 9)), [1] * 2)
    with pytest.raises(ValueError, match="find_slice"):
        bent(volume, flat, AffineTransform.exact())


def test_noise_that_is_alike_in_neighbours_is_no_bend():
    rng = np.random.default_rng(5)
    pictures = [
        ndimage.gaussian_filter(rng.normal(size=(96, 96)), 2) + 0.02 * rng.normal(size=(96, 96))
        for _ in range(2)
    ]
    one, other = (GreyImage(picture, [1, 1]) for picture in pictures)
    with pytest.raises(Degenerate, match="no bend is shown"):
        bent(one, other, AffineTransform("rigid", np.eye(3), [0] * 3, [0] * 3, 2, 2))


@pytest.mark.parametrize("shape", [(1, 30, 50), (20, 30, 25)])
def test_closer_knots_displace_alike_and_what_pulls_is_gathered_as_it_was_spread(shape):
    rng = np.random.default_rng(1)
    image = GreyImage(np.zeros(shape), [1.0, 2.0, 1.0], [3.0, 0, 0])
    knots = Knots.over(image, 12.0)
    knots = Knots(rng.normal(size=knots.values_um.shape), knots.spacing_um, knots.origin_um)
    points = image.corners_um.min(axis=0) + rng.random((200, 3)) * np.ptp(image.corners_um, axis=0)
    moved = knots.displaced(points, points)
    np.testing.assert_allclose(knots.finer().displaced(points, points), moved, atol=1e-9)
    pulls = rng.normal(size=points.shape)
    np.testing.assert_allclose(
        np.sum((moved - points) * pulls),
        np.sum(knots.values_um * knots.gathered(points, pulls)),
    )
    price, slope = knots.bend(1.0)
    step = 1e-6 * rng.normal(size=slope.shape)
    nudged = Knots(knots.values_um + step, knots.spacing_um, knots.origin_um)
    np.testing.assert_allclose(nudged.bend(1.0)[0] - price, np.sum(slope * step), rtol=1e-4)


def test_what_is_linear_in_space_does_not_bend():
    image = GreyImage(np.zeros((1, 40, 40)), [1.0, 1.0, 1.0])
    knots = Knots.over(image, 8.0)
    grid = np.indices(knots.values_um.shape[:3]).transpose(1, 2, 3, 0)
    linear = grid @ np.random.default_rng(2).normal(size=(3, 3))
    assert Knots(linear, knots.spacing_um, knots.origin_um).bend(1.0)[0] < 1e-24
