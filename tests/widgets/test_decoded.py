"""Unpacked chunks that views share."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import zarr

from scalebridge.widgets.decoded import Chunks

SHAPE, CHUNK = (2, 50, 70, 90), (1, 16, 16, 32)


class Counted:
    """A zarr array that tells what was read of it."""

    def __init__(self, values: Any, chunks: Any = CHUNK) -> None:
        self.array = zarr.array(values, chunks=chunks)
        self.shape, self.dtype, self.chunks = self.array.shape, self.array.dtype, chunks
        self.read: list[Any] = []

    def __getitem__(self, selection: Any) -> Any:
        self.read.append(selection)
        return self.array[selection]


@pytest.fixture
def values() -> Any:
    return np.random.default_rng(0).integers(0, 60000, SHAPE).astype(np.uint16)


def boxes(count: int) -> Any:
    rng = np.random.default_rng(1)
    for _ in range(count):
        low = [int(rng.integers(n)) for n in SHAPE[1:]]
        high = [int(rng.integers(a, n)) + 1 for a, n in zip(low, SHAPE[1:], strict=True)]
        yield (int(rng.integers(2)), *map(slice, low, high))


def test_any_box_is_what_the_array_holds_whatever_was_kept_and_let_go(values: Any) -> None:
    array = Counted(values)
    chunks = Chunks(most_bytes=60 * int(np.prod(CHUNK)) * 2)
    for box in boxes(120):
        np.testing.assert_array_equal(chunks.cut(array, box), values[box])
        assert chunks.bytes <= chunks.most_bytes


def test_the_next_slice_of_the_same_chunks_reads_nothing(values: Any) -> None:
    array, chunks = Counted(values), Chunks()
    plane = (0, slice(17, 18), slice(3, 60), slice(5, 80))
    chunks.cut(array, plane)
    assert len(array.read) == 1  # all in one piece
    for z in range(16, 32):
        there = (0, slice(z, z + 1), *plane[2:])
        np.testing.assert_array_equal(chunks.cut(array, there), values[there])
    assert len(array.read) == 1
    beside = (0, slice(17, 18), slice(3, 60), slice(5, 90))
    np.testing.assert_array_equal(chunks.cut(array, beside), values[beside])
    assert len(array.read) == 1  # the last chunk reaches the rim
    assert chunks.cut(array, (1, *plane[1:])).shape == (1, 57, 75)
    assert len(array.read) == 2


def test_missing_rows_are_read_without_what_is_kept(values: Any) -> None:
    array, chunks = Counted(values), Chunks()
    chunks.cut(array, (0, slice(0, 1), slice(0, 70), slice(0, 32)))
    whole = (0, slice(0, 1), slice(0, 70), slice(0, 90))
    np.testing.assert_array_equal(chunks.cut(array, whole), values[whole])
    assert len(array.read) == 2
    assert array.read[1][-1].start == 32


def test_another_array_at_the_same_address_gets_its_own_chunks(values: Any) -> None:
    chunks, box = Chunks(), (0, slice(0, 4), slice(0, 4), slice(0, 4))
    gc.freeze()  # what other tests left is not looked through forty times
    for seed in range(40):
        own = np.random.default_rng(seed).integers(0, 9, SHAPE).astype(np.uint16)
        array = Counted(own)
        np.testing.assert_array_equal(chunks.cut(array, box), own[box])
        del array
        gc.collect()
    gc.unfreeze()
    assert chunks.bytes <= 2 * int(np.prod(CHUNK)) * 2  # of arrays that are gone nothing stays


def test_what_is_far_or_too_large_or_has_no_chunks_is_read_as_ever(values: Any) -> None:
    array, box = Counted(values), (0, slice(0, 50), slice(0, 70), slice(0, 90))
    small = Chunks(most_bytes=values[0].nbytes)
    for _ in range(2):
        np.testing.assert_array_equal(small.cut(array, box), values[box])
    assert len(array.read) == 2
    array.far = True  # type: ignore[attr-defined]
    chunks = Chunks()
    for _ in range(2):
        np.testing.assert_array_equal(chunks.cut(array, box), values[box])
    assert len(array.read) == 4
    np.testing.assert_array_equal(chunks.cut(values, box), values[box])
    assert chunks.bytes == 0


def test_a_failed_reading_keeps_nothing_and_the_next_one_tries_again(values: Any) -> None:
    array, chunks = Counted(values), Chunks()
    box = (0, slice(0, 4), slice(0, 4), slice(0, 4))
    whole, array.array = array.array, None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        chunks.cut(array, box)
    array.array = whole
    np.testing.assert_array_equal(chunks.cut(array, box), values[box])
