"""A map that was taken on one face of a stack lies on the slice that shows this face."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import GreyImage, region_factor
from scalebridge.analysis.registration.plane import place_on_slice

SLICE, PIXEL = 5, 0.3


def made(seed: int):
    """A stack of grains, and a map of one slice in another contrast: shifted, turned, blurred."""
    rng = np.random.default_rng(seed)
    grains = gaussian_filter(rng.normal(size=(11, 110, 110)), [0.5, 3, 3])
    grains /= grains.std()
    turn, shift = np.radians(rng.uniform(-1, 1)), rng.uniform(-0.5, 0.5, 2)
    matrix = Rotation.from_rotvec([0, 0, turn]).as_matrix()[:2, :2]
    at = PIXEL * np.indices((62, 62)).reshape(2, -1).T
    middle, centre = at.mean(axis=0), 0.2 * np.array([54.5, 54.5])
    places = (at - middle) @ matrix.T + centre + shift
    seen = map_coordinates(gaussian_filter(grains[SLICE], 1.5), places.T / 0.2, order=3)
    counts = rng.poisson(40 * np.exp(-0.7 * seen)).reshape(62, 62)
    stack = grains + 0.2 * rng.normal(size=grains.shape)
    middle_of_map = np.array([[0.0, *middle]])
    truth = np.array([SLICE * 0.25, *(centre + shift)])
    image = GreyImage(stack, [0.25, 0.2, 0.2])
    return GreyImage(counts, [PIXEL, PIXEL]), image, middle_of_map, truth


@pytest.fixture(scope="module")
def found():
    pairs = []
    for seed in range(6):
        picture, stack, middle, truth = made(seed)
        transform = place_on_slice(picture, stack, SLICE, reach_um=1.0)
        pairs.append((transform, transform.apply(middle)[0] - truth, middle))
    return pairs


def test_a_map_is_found_within_a_tenth_of_its_pixel(found) -> None:
    for _, miss, _ in found:
        assert abs(miss[0]) < 1e-9  # the slice is known
        assert np.linalg.norm(miss[1:]) < 0.1 * PIXEL


def test_its_error_is_the_size_that_it_states(found) -> None:
    squares = []
    for transform, miss, middle in found:
        covariance = transform.covariance_at(middle)[0]
        assert np.abs(covariance[0]).max() < 1e-12
        assert (transform.model, transform.ndim_moving, transform.ndim_fixed) == ("rigid", 2, 3)
        assert transform.sigma_source == "blocks"
        assert transform.nu > 40
        squares.append(miss[1:] @ np.linalg.solve(covariance[1:, 1:], miss[1:]))
    assert max(squares) < region_factor(2, level=0.999, nu=60)
    assert np.mean(squares) > 0.2  # chi-squared of 2 degrees: 2 on average


def test_a_slice_that_is_not_there_is_refused_in_words() -> None:
    picture, stack, _, _ = made(0)
    with pytest.raises(ValueError, match="one of 0 to 10, got 2, 3 and 11"):
        place_on_slice(picture, stack, 11)
