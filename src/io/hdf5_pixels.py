"""Datasets whose axes are not those of their image."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..errors import ReadError
from .hdf5 import Hdf5Pixels


class SqueezedPixels(Hdf5Pixels):
    """A dataset without those of its axes that have one element.

    Parameters
    ----------
    dataset : h5py.Dataset
    kept : sequence of int
        Axes that stay.
    """

    def __init__(self, dataset: Any, kept: tuple[int, ...]) -> None:
        super().__init__(dataset)
        self._kept = kept
        self._ndim = len(self.shape)
        self.shape = tuple(self.shape[axis] for axis in kept)

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        place: list[Any] = [0] * self._ndim
        for axis, part in zip(self._kept, selection, strict=True):
            place[axis] = part
        return np.asarray(self._dataset[tuple(place)], dtype=self.dtype.newbyteorder("="))


class PointPixels(Hdf5Pixels):
    """Points of a map in one long row, each with one value or a few, as an image.

    Parameters
    ----------
    dataset : h5py.Dataset
        First axis: points, row by row; a second one: values of a point.
    rows, columns : int
        Of the map.
    """

    def __init__(self, dataset: Any, *, rows: int, columns: int, path: str) -> None:
        super().__init__(dataset)
        points, self._columns = self.shape[0], columns
        if points != rows * columns:
            raise ReadError(
                f"{path} has {points} points for a map of {rows} x {columns}: it is cut short"
            )
        last = self.shape[1] if len(self.shape) > 1 else 1
        self.shape = (rows, columns, last) if last > 1 else (rows, columns)

    @property
    def segment_bytes(self) -> int:
        """A chunk, or one row of the map [byte]."""
        return max(super().segment_bytes, prod(self.shape[1:]) * self.dtype.itemsize)

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        picked = range(self.shape[0])[selection[0]]
        if not picked:
            return np.empty((0, *self.shape[1:]), self.dtype)[selection]
        start, stop = picked[0] * self._columns, (picked[-1] + 1) * self._columns
        rows = self._dataset[start:stop].reshape(-1, *self.shape[1:])[:: picked.step]
        return np.asarray(rows[(slice(None), *selection[1:])], self.dtype.newbyteorder("="))
