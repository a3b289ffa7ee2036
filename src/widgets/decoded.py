"""Chunks that a view has read stay unpacked for a while: the next slice lies mostly in them."""

from __future__ import annotations

import itertools
import math
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..workspace.chunk_reader import chunk_reader

MOST_BYTES = 256 * 2**20  # of unpacked chunks, all images together
_LARGEST_CHUNK = 32 * 2**20
_WASTE = 2.0  # chunks that may be read beside the missing ones, to read them in one piece

Index = tuple[int, ...]
_Key = tuple[int, Index]


class Chunks:
    """Unpacked chunks, the longest unused first to go; safe between threads.

    Parameters
    ----------
    most_bytes : int
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[_Key, NDArray[Any]] = OrderedDict()
        self._arrays: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._numbers = itertools.count()
        self._gone: deque[int] = deque()  # told by whoever collects garbage, in any thread
        self._lock = threading.Lock()

    def cut(self, array: Any, selection: Sequence[int | slice]) -> NDArray[Any]:
        """Cut a box out of an array, reading only the chunks that are not kept.

        Parameters
        ----------
        array : zarr.Array or similar
            What has no chunks, or is fetched from elsewhere, is read as ever.
        selection : sequence of int or slice
            One an axis, slices with start and stop.

        Returns
        -------
        ndarray
        """
        chunks = None if getattr(array, "far", False) else getattr(array, "chunks", None)
        if chunks is None or not self._worth_keeping(array, chunks, selection):
            return np.asarray(array[tuple(selection)])
        box = [slice(s, s + 1) if isinstance(s, int) else s for s in selection]
        spans = [range(s.start // c, -(-s.stop // c)) for s, c in zip(box, chunks, strict=True)]
        held = self.several(array, list(itertools.product(*spans)))
        found = _assembled(held, box, chunks, array.dtype)
        return found[tuple(0 if isinstance(s, int) else slice(None) for s in selection)]

    def several(self, array: Any, wanted: Sequence[Index]) -> dict[Index, NDArray[Any]]:
        """Give whole chunks, reading those that are not kept.

        Parameters
        ----------
        array : zarr.Array or similar
            With ``chunks``.
        wanted : sequence of tuple of int
            Indices of chunks.

        Returns
        -------
        dict of tuple of int to ndarray
            At the array's end filled up, or cut off, as the array is read.
        """
        number = self._number_of(array)
        held = self._held(number, wanted)
        missing = [index for index in wanted if index not in held]
        return held | self._read(array, number, missing, array.chunks)

    def _worth_keeping(
        self, array: Any, chunks: Sequence[int], selection: Sequence[int | slice]
    ) -> bool:
        one = math.prod(chunks) * array.dtype.itemsize
        touched = math.prod(
            1 if isinstance(s, int) else -(-s.stop // c) - s.start // c
            for s, c in zip(selection, chunks, strict=True)
        )
        return one <= _LARGEST_CHUNK and touched * one <= self.most_bytes

    def _number_of(self, array: Any) -> int:
        with self._lock:
            known = self._arrays.get(id(array))
            if known is not None and known[0]() is array:  # an address is used again
                return known[1]
            number = next(self._numbers)
            self._arrays[id(array)] = weakref.ref(array), number
        weakref.finalize(array, self._gone.append, number)
        return number

    def _forget_gone(self) -> None:
        gone = set()
        while self._gone:
            gone.add(self._gone.popleft())
        if gone:
            self._arrays = {k: known for k, known in self._arrays.items() if known[1] not in gone}
            for key in [key for key in self._kept if key[0] in gone]:
                self.bytes -= self._kept.pop(key).nbytes

    def _held(self, number: int, wanted: Sequence[Index]) -> dict[Index, NDArray[Any]]:
        found = {}
        with self._lock:
            for index in wanted:
                if (number, index) in self._kept:
                    self._kept.move_to_end((number, index))
                    found[index] = self._kept[number, index]
        return found

    def _read(
        self, array: Any, number: int, missing: Sequence[Index], chunks: Sequence[int]
    ) -> dict[Index, NDArray[Any]]:
        found = _unpacked(array, missing, chunks)
        with self._lock:
            self._forget_gone()
            for index, chunk in found.items():
                if (number, index) not in self._kept:
                    self._kept[number, index] = chunk
                    self.bytes += chunk.nbytes
            while self.bytes > self.most_bytes:
                self.bytes -= self._kept.popitem(last=False)[1].nbytes
        return found


def _unpacked(
    array: Any, missing: Sequence[Index], chunks: Sequence[int]
) -> dict[Index, NDArray[Any]]:
    if (read := chunk_reader(array)) is not None:
        return {index: read(index) for index in missing}
    return {
        index: chunk for piece in _pieces(missing) for index, chunk in _split(array, piece, chunks)
    }


def _pieces(missing: Sequence[Index]) -> list[list[range]]:
    """Boxes of chunks that hold the missing ones: one, or rows along the last axis."""
    if not missing:
        return []
    low, high = np.min(missing, axis=0), np.max(missing, axis=0) + 1
    if np.prod(high - low) <= _WASTE * len(missing):
        return [[range(int(a), int(b)) for a, b in zip(low, high, strict=True)]]
    rows = []
    for lead, row in itertools.groupby(sorted(missing), key=lambda index: index[:-1]):
        places = [index[-1] for index in row]
        rows.append([*(range(k, k + 1) for k in lead), range(places[0], places[-1] + 1)])
    return rows


def _split(
    array: Any, piece: Sequence[range], chunks: Sequence[int]
) -> list[tuple[Index, NDArray[Any]]]:
    """Read a box of chunks in one go, and take it apart."""
    box = tuple(slice(r.start * c, r.stop * c) for r, c in zip(piece, chunks, strict=True))
    block = np.asarray(array[box])
    found = []
    for index in itertools.product(*piece):
        at = tuple(
            slice((k - r.start) * c, (k - r.start + 1) * c)
            for k, r, c in zip(index, piece, chunks, strict=True)
        )
        chunk = np.ascontiguousarray(block[at])
        found.append((index, chunk if chunk.base is None else chunk.copy()))
    return found


def _assembled(
    held: dict[Index, NDArray[Any]],
    box: Sequence[slice],
    chunks: Sequence[int],
    dtype: np.dtype[Any],
) -> NDArray[Any]:
    found = np.empty([s.stop - s.start for s in box], dtype)
    sides = [list(_parts(s, c)) for s, c in zip(box, chunks, strict=True)]
    for parts in itertools.product(*sides):
        index, into, out_of = zip(*parts, strict=True)
        found[into] = held[index][out_of]
    return found


def _parts(side: slice, chunk: int) -> Iterator[tuple[int, slice, slice]]:
    """Chunks along an axis: which, where in the box they go, and what of them."""
    for number in range(side.start // chunk, -(-side.stop // chunk)):
        first = number * chunk
        low, high = max(side.start, first), min(side.stop, first + chunk)
        yield number, slice(low - side.start, high - side.start), slice(low - first, high - first)


#: What all views share.
CHUNKS = Chunks()
