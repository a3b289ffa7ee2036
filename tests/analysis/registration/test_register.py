"""Automatic registration by grey values."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.registration import (
    AffineTransform,
    Edge,
    FrameGraph,
    GreyImage,
    register,
)
from scalebridge.errors import Degenerate, RegistrationCancelled

from .broad_specimen import Specimen, grid, noisy, turn

SIZE = 48
MIDDLE = np.full(3, (SIZE - 1) / 2)
CORNERS = np.array(np.meshgrid(*[[8, SIZE - 9]] * 3)).reshape(3, -1).T.astype(float)


def pair(matrix, shift, *, seed=0, spacing=1.0):
    """X-rays as fixed, electrons as moving; the truth maps the second to the first."""
    specimen, points = Specimen(seed, SIZE), grid((SIZE,) * 3)
    count = round((SIZE - 1) / spacing) + 1
    own = grid((count,) * 3, spacing)
    mapped = (own - MIDDLE) @ np.asarray(matrix).T + MIDDLE + shift
    fixed = GreyImage(noisy(specimen.xray(points), seed), [1.0] * 3)
    return fixed, GreyImage(noisy(specimen.electrons(mapped), seed + 1), [spacing] * 3)


def error_um(transform, matrix, shift):
    truth = (CORNERS - MIDDLE) @ np.asarray(matrix).T + MIDDLE + shift
    return np.linalg.norm(transform.apply(CORNERS) - truth, axis=1).max()


@pytest.mark.parametrize(
    ("model", "matrix", "limit"),
    [
        ("rigid", turn((6, -4, 5)), 0.1),
        ("similarity", 1.04 * turn((-5, 3, 2)), 0.15),
        (
            "affine",
            np.array([[1.03, 0.01, 0], [0, 0.97, -0.02], [0, 0.01, 1]]) @ turn((3, 4, 5)),
            0.5,
        ),
    ],
)
def test_two_contrasts_are_aligned_to_a_tenth_of_a_voxel(model, matrix, limit):
    shift = np.array([2.6, -3.2, 1.7])
    found = register(*pair(matrix, shift), model=model)
    assert error_um(found.transform, matrix, shift) < limit
    assert found.transform.model == model
    predicted = np.sqrt(np.trace(found.transform.covariance_at(CORNERS), axis1=1, axis2=2))
    assert 0.005 < predicted.max() < limit
    assert found.transform.nu > 10
    assert found.transform.sigma_source == "blocks"
    assert {"start", "voxel_um", "sweeps", "overlap"} <= set(found.tried.columns)


def test_the_same_seed_gives_the_same_bits():
    images = pair(turn((2, 1, 0)), [1, 0, 2])
    first, second = (register(*images, starts=2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.transform.matrix, second.transform.matrix)
    np.testing.assert_array_equal(first.transform.covariance, second.transform.covariance)


def test_a_finer_image_of_a_part_finds_its_place():
    specimen, points = Specimen(3, SIZE), grid((SIZE,) * 3)
    rotation, corner = turn((3, -2, 4)), np.array([11.0, 14.0, 9.0])
    own = grid((64,) * 3, 0.3)
    mapped = own @ rotation.T + corner
    fixed = GreyImage(noisy(specimen.xray(points), 0), [1.0] * 3)
    moving = GreyImage(noisy(specimen.electrons(mapped), 1), [0.3] * 3)
    start = AffineTransform("rigid", np.eye(3), np.zeros(3), corner + np.array([1.5, -1, 1]))
    found = register(fixed, moving, start=start, reach_um=3, reach_deg=8)
    ends = np.array([[0.0, 0, 0], [18.9, 18.9, 18.9], [0, 18.9, 0]])
    assert (
        np.linalg.norm(found.transform.apply(ends) - (ends @ rotation.T + corner), axis=1).max()
        < 0.3
    )
    back = register(
        moving,
        fixed,
        start=AffineTransform("rigid", np.eye(3), start.offset_um, np.zeros(3)),
        reach_um=3,
        reach_deg=8,
    )
    round_trip = back.transform.apply(found.transform.apply(ends))
    np.testing.assert_allclose(round_trip, ends, atol=0.1)
    assert back.transform.covariance is not None


def test_flat_images_are_turned_and_shifted_in_their_plane():
    specimen = Specimen(5, 96)
    points = grid((1, 96, 96))
    rotation, shift = turn((9, 0, 0)), np.array([0.0, 4.5, -6.0])
    middle = np.array([0.0, 47.5, 47.5])
    mapped = (points - middle) @ rotation.T + middle + shift
    lifted = np.array([48.0, 0, 0])
    fixed = GreyImage(noisy(specimen.xray(points + lifted), 0)[0], [1, 1])
    moving = GreyImage(noisy(specimen.electrons(mapped + lifted), 1)[0], [1, 1])
    found = register(fixed, moving)
    assert (found.transform.ndim_moving, found.transform.ndim_fixed) == (2, 2)
    corners = np.array([[10.0, 10], [10, 85], [85, 10], [85, 85]])
    truth = (np.column_stack([np.zeros(4), corners]) - middle) @ rotation.T + middle + shift
    assert np.linalg.norm(found.transform.apply(corners) - truth, axis=1).max() < 0.2


def test_a_translation_keeps_the_matrix_it_begins_with():
    specimen, points = Specimen(6, 96), grid((1, 96, 96))
    rotation, shift = turn((9, 0, 0)), np.array([0.0, 3.5, -4.0])
    middle, lifted = np.array([0.0, 47.5, 47.5]), np.array([48.0, 0, 0])
    mapped = (points - middle) @ rotation.T + middle + shift
    fixed = GreyImage(noisy(specimen.xray(points + lifted), 0)[0], [1, 1])
    moving = GreyImage(noisy(specimen.electrons(mapped + lifted), 1)[0], [1, 1])
    start = AffineTransform("translation", rotation, middle, middle, 2, 2)
    found = register(fixed, moving, start=start, model="translation").transform
    np.testing.assert_array_equal(found.matrix, rotation)
    off = found.offset_um - middle - shift
    assert np.linalg.norm(off) < 0.1
    assert found.covariance.shape == (2, 2)
    assert off[1:] @ np.linalg.solve(found.covariance, off[1:]) < 14
    assert found.rotation_sigma_deg == 0.0
    graph = FrameGraph([Edge("shift", "view", "map", AffineTransform.from_dict(found.to_dict()))])
    back = graph.locate([[0.0, 10.0, 20.0]], "map", "view")
    np.testing.assert_allclose(back.points_um, found.inverse_apply([[0.0, 10.0, 20.0]]))
    assert (np.diag(back.covariance_um2[0])[1:] > 0).all()


def test_masked_voxels_do_not_count():
    matrix, shift = turn((2, 3, -3)), np.array([1.5, 2.0, -2.5])
    fixed, moving = pair(matrix, shift, seed=7)
    bar = fixed.values.copy()
    bar[:, 30:, :] = 9 + np.indices(bar.shape)[2][:, 30:, :] % 5
    seen = np.ones(bar.shape, bool)
    seen[:, 30:, :] = False
    masked = GreyImage(bar, [1.0] * 3, mask=seen)
    other = moving.values.copy()
    other[:, 33:, :] = 9 + np.indices(bar.shape)[2][:, 33:, :] % 5
    known = np.ones(bar.shape, bool)
    known[:, 33:, :] = False
    found = register(masked, GreyImage(other, [1.0] * 3, mask=known))
    assert error_um(found.transform, matrix, shift) < 0.4


def test_a_start_far_away_is_found_by_going_through_all_turns():
    matrix, shift = turn((12, -7, 9)), np.array([6.0, -5.0, 6.0])
    found = register(*pair(matrix, shift, seed=11), starts=0, reach_um=12, reach_deg=20)
    assert error_um(found.transform, matrix, shift) < 0.3


def test_images_of_different_specimens_are_refused_in_words():
    rng = np.random.default_rng(0)
    one, other = (gaussian_filter(rng.normal(size=(40, 40, 40)), 1.5) for _ in range(2))
    with pytest.raises(Degenerate, match="no place stands out"):
        register(GreyImage(one, [1] * 3), GreyImage(other, [1] * 3), reach_um=3, reach_deg=6)


def test_a_repeating_specimen_is_called_ambiguous():
    z, y, x = np.indices((40, 40, 40))
    comb = np.sin(2 * np.pi * x / 10) + np.sin(2 * np.pi * y / 10) + np.sin(2 * np.pi * z / 10)
    found = register(
        GreyImage(noisy(comb, 0), [1] * 3),
        GreyImage(noisy(comb, 1), [1] * 3),
        reach_um=12,
        reach_deg=2,
    )
    assert found.runner_up is not None
    assert found.runner_up.margin < 0.1
    assert any("another place" in warning for warning in found.warnings)


def test_it_tells_how_far_it_is_and_stops_when_told():
    told, stop = [], threading.Event()
    images = pair(turn((2, 0, 0)), [1, 1, 1])
    register(*images, starts=1, progress=lambda words, share: told.append(share))
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1
    stop.set()
    with pytest.raises(RegistrationCancelled, match="was stopped while"):
        register(*images, cancel=stop)


@pytest.mark.parametrize(
    ("values", "how", "words"),
    [
        (np.zeros((4, 4, 4)), {"spacing_um": [1, 1]}, "spacing_um needs 3 finite values"),
        (np.zeros((4, 4, 4)), {"spacing_um": [1, 1, 0]}, "above 0"),
        (np.full((4, 4, 4), np.nan), {"spacing_um": [1, 1, 1]}, "64 that are not"),
        (np.zeros(4), {"spacing_um": [1]}, "2 or 3 axes"),
        (np.zeros((4, 4)), {"spacing_um": [1, 1], "mask": np.ones((3, 4), bool)}, "image's shape"),
    ],
)
def test_what_is_no_image_in_space_is_refused(values, how, words):
    with pytest.raises(ValueError, match=words):
        GreyImage(values, **how)
