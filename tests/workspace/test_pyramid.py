from __future__ import annotations

import numpy as np
import pytest

from scalebridge.workspace.pyramid import plan_levels, shrink

RNG = np.random.default_rng(0)


def test_levels_become_near_isotropic_on_the_way_down():
    levels = plan_levels((100, 800, 800), spacing_um=(0.05, 0.01, 0.01))
    assert [level.factors for level in levels] == [
        (1, 1, 1),
        (1, 2, 2),
        (1, 4, 4),
        (2, 8, 8),
        (4, 16, 16),
    ]
    last = np.array((0.05, 0.01, 0.01)) * levels[-1].factors
    assert last.max() / last.min() < np.sqrt(2)


def test_voxels_of_unknown_size_are_planned_as_cubes():
    factors = [level.factors for level in plan_levels((256, 256, 256), spacing_um=None)]
    assert factors == [(1, 1, 1), (2, 2, 2), (4, 4, 4)]


def test_a_long_thin_image_reaches_a_level_of_one_chunk():
    last = plan_levels((5000, 3, 1), spacing_um=(1, 1, 1))[-1]
    assert max(last.shape) <= 64


def test_chunks_become_flatter_where_memory_is_short():
    plane = 8000 * 8000 * 2
    roomy = plan_levels((500, 8000, 8000), spacing_um=None, plane_bytes=plane)
    tight = plan_levels((500, 8000, 8000), spacing_um=None, plane_bytes=plane, memory_bytes=2**30)
    assert (roomy[0].chunks[0], tight[0].chunks[0]) == (64, 8)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32"])
def test_means_of_integers_are_rounded_half_up_and_never_overflow(dtype):
    info = np.iinfo(dtype)
    array = RNG.integers(info.min, info.max, (4, 6, 8), dtype=dtype, endpoint=True)
    exact = array.astype(float).reshape(2, 2, 3, 2, 4, 2).mean(axis=(1, 3, 5))
    got = shrink(array, steps=(2, 2, 2))
    assert got.dtype == array.dtype
    assert (got == np.floor(exact + 0.5)).all()
    top = np.full((2, 2, 2), info.max, dtype=dtype)
    assert shrink(top, steps=(2, 2, 2)).item() == info.max


def test_means_of_floats_are_means():
    array = RNG.random((4, 6)).astype(np.float32)
    exact = array.reshape(2, 2, 3, 2).mean(axis=(1, 3))
    assert np.allclose(shrink(array, steps=(2, 2)), exact, rtol=1e-6)


def test_labels_take_the_most_frequent_never_a_mean():
    labels = np.array([[1, 9, 3, 3], [9, 9, 3, 7]], dtype=np.uint8)
    assert shrink(labels, steps=(2, 2), labels=True).tolist() == [[9, 3]]


def test_equal_counts_of_labels_take_the_smallest():
    labels = np.array([[5, 2], [2, 5]], dtype=np.uint16)
    assert shrink(labels, steps=(2, 2), labels=True).item() == 2


def test_an_odd_end_is_completed_with_its_own_plane():
    assert shrink(np.array([2.0, 4.0, 10.0]), steps=(2,)).tolist() == [3.0, 10.0]
