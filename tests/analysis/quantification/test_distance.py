"""Distances against an independent exact transform, for any voxel shape and number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from scalebridge.analysis.quantification import distance_transform

SPACINGS = [(1, 1, 1), (2, 1, 1), (0.65, 0.4, 0.4), (5, 1, 1), (1.234, 0.777, 0.9)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", [(5, 6, 7), (20, 30, 25), (3, 300, 5), (17, 23)])
def test_distances_are_exact_for_any_voxel_shape(shape, spacing) -> None:
    rng = np.random.default_rng(1)
    spacing = spacing[-len(shape) :]
    for share in (0.5, 0.95):
        phase = rng.random(shape) < share
        found = distance_transform(phase, spacing_um=spacing)
        np.testing.assert_allclose(
            found, distance_transform_edt(phase, sampling=spacing), rtol=2e-6
        )


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_border_that_is_a_wall_counts_as_one_voxel_outside(spacing) -> None:
    phase = np.random.default_rng(2).random((9, 12, 11)) < 0.99
    found = distance_transform(phase, spacing_um=spacing, border="wall")
    truth = distance_transform_edt(np.pad(phase, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(found, truth, rtol=2e-6)


def test_distances_beyond_127_voxels_are_exact_too() -> None:
    phase = np.ones((2, 300, 170), bool)
    phase[0, 0, 0] = False
    z, y, x = np.indices(phase.shape)
    found = distance_transform(phase, spacing_um=(1, 1, 1))
    np.testing.assert_allclose(found, np.sqrt(z**2 + y**2 + x**2), rtol=1e-7)


def test_without_a_wall_distances_are_infinite() -> None:
    assert np.all(np.isinf(distance_transform(np.ones((4, 5), bool), spacing_um=(1, 1))))


def test_what_is_outside_the_mask_is_no_wall() -> None:
    phase = np.zeros((1, 9), bool)
    phase[0, 3:] = True
    mask = np.ones_like(phase)
    mask[0, 2] = False
    found = distance_transform(phase, spacing_um=(1, 1), mask=mask)
    assert found[0].tolist() == [0, 0, 0, 2, 3, 4, 5, 6, 7]


def test_threads_axes_and_spacing_do_not_change_the_bits() -> None:
    phase = np.random.default_rng(3).random((40, 33, 70)) < 0.98
    one = distance_transform(phase, spacing_um=(3, 2, 1), threads=1)
    assert np.array_equal(one, distance_transform(phase, spacing_um=(3, 2, 1), threads=5))
    turned = distance_transform(phase.transpose(2, 0, 1), spacing_um=(1, 3, 2))
    assert np.array_equal(one.transpose(2, 0, 1), turned)
    np.testing.assert_array_equal(2 * one, distance_transform(phase, spacing_um=(6, 4, 2)))


def test_a_border_that_is_neither_open_nor_wall_is_refused() -> None:
    with pytest.raises(ValueError, match="border needs 'open' or 'wall', got 'mirror'"):
        distance_transform(np.eye(3, dtype=bool), spacing_um=(1, 1), border="mirror")
