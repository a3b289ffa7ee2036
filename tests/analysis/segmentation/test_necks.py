"""Necks between basins, against h-maxima by reconstruction and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.measure import label
from skimage.morphology import local_maxima, reconstruction

from scalebridge.analysis.segmentation import split_touching
from scalebridge.analysis.segmentation.necks import merged_basins


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("depth", [0.3, 0.77, 1.6])
def test_as_many_objects_as_maxima_that_stand_out_by_the_depth(ndim, depth) -> None:
    rng = np.random.default_rng(ndim)
    mask = gaussian_filter(rng.normal(size=(110,) * 2 if ndim == 2 else (36,) * 3), 2) > 0.02
    spacing = (1.3, 1.0, 0.9)[-ndim:]
    far = distance_transform_edt(np.pad(mask, 0), sampling=spacing)
    around = np.ones((3,) * ndim, bool)
    lowered = reconstruction(np.maximum(far - depth, 0), far, "dilation", footprint=around)
    pieces, count = label(mask, connectivity=ndim, return_num=True)
    tops = label(local_maxima(lowered, connectivity=ndim) & mask, connectivity=ndim)
    each = [max(1, len(np.unique(tops[(pieces == n) & (tops > 0)]))) for n in range(1, count + 1)]
    assert sum(each) > count
    # pieces at the border are measured as if they went on, as here: nothing is padded
    assert split_touching(mask, depth_um=depth, spacing_um=spacing).count == sum(each)


def test_a_small_top_beside_a_large_one_goes_and_one_behind_a_neck_stays() -> None:
    far = np.array([[1, 4, 3.5, 9, 2, 6, 1]], np.float32)
    basins = np.array([[1, 1, 2, 2, 3, 3, 3]])
    assert merged_basins(basins, far, depth=1.0).tolist() == [0, 1, 1, 2]
    assert merged_basins(basins, far, depth=0.4).tolist() == [0, 1, 2, 3]
    assert merged_basins(basins, far, depth=5.0).tolist() == [0, 1, 1, 1]


def test_a_chain_of_small_steps_does_not_join_what_a_deep_neck_parts() -> None:
    far = np.array([[8, 7, 7.5, 6.8, 7.2, 1, 8, 7, 7.5]], np.float32)
    basins = np.array([[1, 1, 2, 3, 3, 3, 4, 5, 5]])
    assert merged_basins(basins, far, depth=1.2).tolist() == [0, 1, 1, 1, 2, 2]
