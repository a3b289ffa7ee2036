"""Block by block gives the labels of the whole image, to the bit."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scalebridge.analysis.segmentation import SegmentationRecipe, segment, segment_blocks
from scalebridge.errors import SegmentationCancelled, SegmentationLimit

sys.path.insert(0, str(Path(__file__).parent))
from random_blobs import RECIPES, SPACING, random_blobs, recipe

BLOCKS = {2: [(83, 71), (17, 23), (40, 9)], 3: [(29, 34, 31), (11, 13, 8), (7, 34, 16)]}


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_the_labels_do_not_depend_on_the_blocks(name, ndim) -> None:
    made = recipe(ndim, **RECIPES[name])
    for seed in (1, 2):
        image = random_blobs(ndim, seed)
        whole = segment(image, recipe=made, spacing_um=SPACING[ndim])
        assert len(np.unique(whole)) == 3
        for block in BLOCKS[ndim]:
            labels = segment_blocks(image, made, spacing_um=SPACING[ndim], block=block)
            np.testing.assert_array_equal(labels, whole)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("shape", ["mean", "gaussian"])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_local_thresholds_do_not_depend_on_the_blocks(shape, dtype, ndim) -> None:
    image = random_blobs(ndim, 3).astype(dtype)
    if dtype == np.float32:
        image.flat[::97] = np.nan
    options = {"window": 3.1, "window_shape": shape, "length_unit": "um", "smoothing_px": 0.5}
    made = SegmentationRecipe((-5.0, 12.0), method="local", **options)
    whole = segment(image, recipe=made, spacing_um=SPACING[ndim])
    for block in BLOCKS[ndim]:
        labels = segment_blocks(image, made, spacing_um=SPACING[ndim], block=block)
        np.testing.assert_array_equal(labels, whole)


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_every_connectivity_is_followed_across_blocks(connectivity) -> None:
    image = random_blobs(3, 4)
    made = recipe(3, min_size_px=400, connectivity=connectivity)
    whole = segment(image, recipe=made)
    for block in ((5, 5, 5), (29, 3, 31)):
        np.testing.assert_array_equal(segment_blocks(image, made, block=block), whole)


def test_a_snake_through_many_blocks_is_one_piece() -> None:
    snake = np.zeros((21, 21))
    for row in range(0, 21, 4):
        snake[row] = 200
        snake[row : row + 5, -1 if row % 8 == 0 else 0] = 200
    snake[-1, -1] = 250
    made = SegmentationRecipe((100.0,), method="hysteresis", seed_rise=120.0)
    np.testing.assert_array_equal(segment_blocks(snake, made, block=(3, 3)) == 1, snake > 0)
    snake[8, 10] = 0
    cut = segment_blocks(snake, made, block=(3, 3))
    assert cut[8, 11:].all()
    assert not cut[8, :11].any()
    assert not cut[:8].any()


def test_zarr_and_dask_are_read_block_by_block(tmp_path) -> None:
    import dask.array as da
    import zarr

    image = random_blobs(3, 5)
    stored = zarr.create_array(
        tmp_path / "a.zarr", shape=image.shape, dtype=image.dtype, chunks=(8, 8, 8)
    )
    stored[...] = image
    out = zarr.create_array(tmp_path / "b.zarr", shape=image.shape, dtype="u1", chunks=(8, 8, 8))
    made = recipe(3, min_size_px=30, smoothing_px=0.5)
    assert segment_blocks(stored, made, block=(16, 16, 16), out=out) is out
    np.testing.assert_array_equal(out[...], segment(image, recipe=made))
    lazy = da.from_array(image, chunks=10)
    np.testing.assert_array_equal(segment_blocks(lazy, made, block=(9, 16, 16)), out[...])


def test_large_volumes_are_kept_on_disk_meanwhile_and_nothing_is_left(
    tmp_path, monkeypatch
) -> None:
    from scalebridge.analysis.segmentation import scratch

    monkeypatch.setattr(scratch, "IN_MEMORY", 1000)
    image, seen = random_blobs(3, 6), []
    made = recipe(3, **RECIPES["all"])
    labels = segment_blocks(
        image,
        made,
        block=(16, 16, 16),
        folder=tmp_path,
        progress=lambda done, total: seen.append(len(list(tmp_path.rglob("*.raw")))),
    )
    assert max(seen) == 5
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(labels, segment(image, recipe=made))


@pytest.mark.parametrize("name", RECIPES)
def test_progress_counts_up_to_its_total(name) -> None:
    said: list[tuple[int, int]] = []
    made = recipe(3, **RECIPES[name])
    segment_blocks(
        random_blobs(3, 7),
        made,
        spacing_um=SPACING[3],
        block=(16, 16, 16),
        progress=lambda done, total: said.append((done, total)),
    )
    done = [voxels for voxels, _ in said]
    assert done == sorted(done)
    assert said[-1][0] == said[-1][1]


def test_a_cancelled_one_leaves_what_was_there(tmp_path) -> None:
    image, made = random_blobs(3, 8), recipe(3, **RECIPES["all"])
    count: list[int] = []
    segment_blocks(image, made, block=(16, 16, 16), progress=lambda done, _: count.append(done))
    for stop in range(1, len(count), 7):
        left = iter([False] * stop)
        out = np.full(image.shape, 7, np.uint8)
        with pytest.raises(SegmentationCancelled, match="nothing of it is left"):
            segment_blocks(
                image,
                made,
                block=(16, 16, 16),
                cancelled=partial(next, left, True),
                out=out,
                folder=tmp_path,
            )
        assert (out == 7).all()
    assert not list(tmp_path.iterdir())


def test_one_sponge_is_not_cut_where_it_would_not_fit(monkeypatch) -> None:
    module = sys.modules["scalebridge.analysis.segmentation.segment_blocks"]
    monkeypatch.setattr(module, "MOST_VOXELS", 1000)
    made = recipe(3, split_depth=1.0, split_phase=0)
    with pytest.raises(SegmentationLimit, match="one piece across the image"):
        segment_blocks(random_blobs(3, 9), made, block=(16, 16, 16))


def test_what_cannot_be_is_refused_before_anything_is_read() -> None:
    class Unread:
        shape = (4, 4, 4)

        def __getitem__(self, box):
            raise AssertionError("read")

    with pytest.raises(ValueError, match="out needs the image's shape"):
        segment_blocks(Unread(), recipe(3), out=np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="block needs 3 sizes of 1 px or more"):
        segment_blocks(Unread(), recipe(3), block=(4, 4))
    with pytest.raises(ValueError, match="spacing_um needs a voxel size for lengths in µm"):
        segment_blocks(Unread(), recipe(3, opening_radius=1.0, length_unit="um"))
