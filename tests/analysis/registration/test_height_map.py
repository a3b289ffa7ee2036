"""An AFM's map of heights finds its place in a confocal stack of the same surface."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation
from scipy.stats import f

from scalebridge.analysis.registration import (
    AffineTransform,
    GreyImage,
    height_map_volume,
    register,
)
from scalebridge.errors import Degenerate

GRID, PIXEL, SIDE = 0.1, 0.05, 240
PLANE, LATERAL, BLUR = 0.4, 0.2, 0.5


def relief(seed: int) -> Any:
    """Heights [um] of a rough surface at places y, x [um]."""
    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(500, 500)), 15, mode="wrap")
    rough *= 0.5 / rough.std()
    return lambda y, x: map_coordinates(rough, [y / GRID, x / GRID], order=3, mode="wrap")


def confocal(height: Any, shows: str, seed: int, *, up: int) -> GreyImage:
    """A stack of 40 x 40 x 12 um, blurred and noisy, whose z points out of the specimen or in."""
    z, side = np.arange(30) * PLANE, np.arange(200) * LATERAL + 5
    above = z[:, None, None] - 6.0 - height(*np.meshgrid(side, side, indexing="ij"))
    sharp = (
        np.exp(-0.5 * (above / BLUR) ** 2) if shows == "surface" else 1 / (1 + np.exp(above / 0.3))
    )
    grey = 100 * gaussian_filter(sharp, (0, 0.6, 0.6))
    grey += np.random.default_rng(seed).normal(scale=6, size=grey.shape)
    return GreyImage(grey[::up], [PLANE, LATERAL, LATERAL], [0 if up > 0 else -z[-1], 5, 5])


def taken(height: Any, pose: AffineTransform, seed: int, *, up: int) -> np.ndarray:
    """Heights that an AFM reads there: points (up * h, y, x) come to the surface."""
    y, x = np.meshgrid(np.arange(SIDE) * PIXEL, np.arange(SIDE) * PIXEL, indexing="ij")
    heights = np.zeros_like(y)
    for _ in range(30):
        there = pose.apply(np.stack([up * heights, y, x], axis=-1).reshape(-1, 3))
        off = height(there[:, 1], there[:, 2]) + 6.0 - up * there[:, 0]
        heights += off.reshape(heights.shape)
    return np.asarray(heights + np.random.default_rng(seed).normal(scale=0.005, size=y.shape))


def tilted(seed: int) -> AffineTransform:
    """Turned by up to 8 degrees in the plane, tilted by up to 1.5, somewhere in the stack."""
    rng = np.random.default_rng(seed)
    turn = Rotation.from_euler("xyz", rng.uniform(-1, 1, 3) * [8, 1.5, 1.5], degrees=True)
    return AffineTransform.exact(turn.as_matrix(), offset_um=[0.0, *rng.uniform(14, 22, 2)])


def start_of(pose: AffineTransform, drawn: GreyImage, seed: int) -> AffineTransform:
    """As a person would place it: no turn, and a micrometre or two off."""
    off = np.random.default_rng(seed).uniform(-1.5, 1.5, 3)
    there = pose.apply(drawn.centre_um[None])[0] + off
    return AffineTransform.exact(np.eye(3), offset_um=there - drawn.centre_um)


def force_curves(heights: np.ndarray, *, up: int) -> np.ndarray:
    rows = np.arange(20, SIDE, 60)
    y, x = np.meshgrid(rows * PIXEL, rows * PIXEL, indexing="ij")
    return np.stack([up * heights[np.ix_(rows, rows)], y, x], axis=-1).reshape(-1, 3)


@pytest.mark.parametrize("up", [-1, 1])
@pytest.mark.parametrize("shows", ["surface", "inside"])
def test_force_curves_come_to_their_place_within_their_region(shows: Any, up: Any) -> None:
    for seed in range(2):
        height, pose = relief(seed), tilted(seed)
        stack = confocal(height, shows, seed, up=up)
        heights = taken(height, pose, seed, up=up)
        drawn = height_map_volume(heights, [PIXEL, PIXEL], like=stack, shows=shows, up=up)
        found = register(
            stack, drawn, start=start_of(pose, drawn, seed), reach_um=3.0, reach_deg=12.0
        ).transform
        places = force_curves(heights, up=up)
        off = found.apply(places) - pose.apply(places)
        assert np.abs(off[:, 1:]).max() < 0.3 * LATERAL
        assert np.abs(off[:, 0]).max() < 0.4 * PLANE
        assert found.nu is not None
        regions = np.linalg.inv(found.covariance_at(places))
        squared = np.einsum("ni,nij,nj->n", off, regions, off)
        assert (squared < 3 * f.ppf(0.999, 3, found.nu)).all()


def test_places_without_a_height_are_left_out_and_the_rest_still_finds_its_place() -> None:
    height, pose = relief(1), tilted(1)
    stack, heights = confocal(height, "surface", 1, up=1), taken(height, pose, 1, up=1)
    places = force_curves(heights, up=1)
    heights[60:100] = np.nan
    drawn = height_map_volume(heights, [PIXEL, PIXEL], like=stack, up=1)
    assert drawn.mask is not None
    assert drawn.mask.mean() == pytest.approx(1 - 40 / SIDE)
    found = register(stack, drawn, start=start_of(pose, drawn, 1), reach_um=3.0, reach_deg=12.0)
    off = found.transform.apply(places) - pose.apply(places)
    assert np.abs(off).max() < 0.3 * LATERAL


def test_the_sheet_lies_where_the_heights_are() -> None:
    y, x = np.meshgrid(np.arange(80) * 0.1, np.arange(60) * 0.1, indexing="ij")
    heights = 0.8 * np.sin(y) + 0.2 * x + 7.0
    stack = GreyImage(np.zeros((4, 4, 4)), [0.1, 0.2, 0.2])
    for up in (-1, 1):
        drawn = height_map_volume(heights, [0.1, 0.1], like=stack, up=up, blur_um=0.3)
        z = drawn.origin_um[0] + drawn.spacing_um[0] * np.arange(len(drawn.values))
        mean = (drawn.values * z[:, None, None]).sum(axis=0) / drawn.values.sum(axis=0)
        under = heights.reshape(40, 2, 30, 2).mean(axis=(1, 3))
        np.testing.assert_allclose(mean, up * under, atol=1e-3)
        np.testing.assert_allclose(drawn.origin_um[1:], [0.05, 0.05])
        solid = height_map_volume(heights, [0.1, 0.1], like=stack, up=up, shows="inside").values
        deep, high = (solid[0], solid[-1]) if up > 0 else (solid[-1], solid[0])
        assert deep.min() > 0.99
        assert high.max() < 0.01


def test_heights_that_are_upside_down_are_refused_or_said_to_be_poor() -> None:
    height, pose = relief(2), tilted(2)
    stack, heights = confocal(height, "inside", 2, up=1), taken(height, pose, 2, up=1)
    right, wrong = (
        height_map_volume(sign * heights, [PIXEL, PIXEL], like=stack, shows="inside", up=1)
        for sign in (1, -1)
    )
    near = {"reach_um": 3.0, "reach_deg": 12.0}
    good = register(stack, right, start=start_of(pose, right, 2), **near)
    try:
        other = register(stack, wrong, start=start_of(pose, wrong, 2), **near)
    except Degenerate:
        return
    assert other.information_nat < 0.7 * good.information_nat


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"height_um": np.zeros(5)}, "at least 2 x 2"),
        ({"height_um": np.full((5, 5), np.nan)}, "NaN alone"),
        ({"height_um": np.eye(5) * 1e6}, "in um"),
        ({"spacing_um": [0.1]}, "two values above 0"),
        ({"spacing_um": [0.1, -0.1]}, "two values above 0"),
        ({"up": 0}, "into the specimen"),
        ({"shows": "holes"}, "'surface' or 'inside'"),
        ({"blur_um": 0.0}, "blur_um needs"),
        ({"like": GreyImage(np.zeros((5, 5)), [1, 1])}, "whole stack"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: Any, words: str) -> None:
    given: Any = {
        "height_um": np.zeros((5, 5)),
        "spacing_um": [0.1, 0.1],
        "like": GreyImage(np.zeros((5, 5, 5)), [0.2, 0.1, 0.1]),
    }
    with pytest.raises(ValueError, match=words):
        height_map_volume(**(given | change))
