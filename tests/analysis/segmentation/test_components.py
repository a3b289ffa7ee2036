"""Pieces of an image, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.segmentation import connected_components

ASIDE = {4: 1, 8: 2, 6: 1, 18: 2, 26: 3}


@pytest.mark.parametrize("dtype", [bool, np.uint8])
@pytest.mark.parametrize("connectivity", [4, 8, 6, 18, 26])
def test_pieces_are_those_of_scipy(connectivity, dtype) -> None:
    ndim = 2 if connectivity in (4, 8) else 3
    touch = ndimage.generate_binary_structure(ndim, ASIDE[connectivity])
    rng = np.random.default_rng(connectivity)
    for _ in range(150):  # as bool, 5 % of these went wrong inside the library that numbers them
        shape = tuple(rng.integers(1, {2: 50, 3: 14}[ndim], ndim))
        mask = rng.random(shape) < rng.random()
        found = connected_components(mask.astype(dtype), connectivity=connectivity)
        expected, count = ndimage.label(mask, touch)
        pairs = np.unique(np.stack([found.labels.ravel(), expected.ravel()]), axis=1)
        assert found.count == count == found.labels.max(initial=0)
        assert pairs.shape[1] == len(np.unique(expected))
        assert found.connectivity == connectivity


def test_voxels_of_different_value_are_never_one_piece() -> None:
    found = connected_components(np.array([[1, 1, 2, 2, 0, 2]]), connectivity=8)
    assert found.labels.tolist() == [[1, 1, 2, 2, 0, 3]]


@pytest.mark.parametrize(
    ("offset", "touching"),
    [((0, 0, 1), (6, 18, 26)), ((0, 1, 1), (18, 26)), ((1, 1, 1), (26,)), ((0, 0, 2), ())],
)
def test_faces_edges_and_corners_are_told_apart(offset, touching) -> None:
    volume = np.zeros((3, 3, 3), bool)
    volume[0, 0, 0] = volume[offset] = True
    for connectivity in (6, 18, 26):
        count = connected_components(volume, connectivity=connectivity).count
        assert count == (1 if connectivity in touching else 2)


@pytest.mark.parametrize(("ndim", "connectivity"), [(2, 6), (2, 26), (3, 8), (3, 4)])
def test_a_connectivity_of_the_other_dimension_is_refused(ndim, connectivity) -> None:
    with pytest.raises(ValueError, match=f"for {ndim} axes, got {connectivity}"):
        connected_components(np.ones((3,) * ndim, bool), connectivity=connectivity)


def test_without_a_word_faces_touch_and_the_result_says_so() -> None:
    assert connected_components(np.eye(3, dtype=bool), connectivity=None).connectivity == 4
    assert connected_components(np.ones((2, 2, 2)), connectivity=None).connectivity == 6
