"""Pixels that a small text or table file gave whole."""

from __future__ import annotations

import numpy as np

from .flat_pixels import refuse_empty


class TablePixels:
    """An array that lies in memory already."""

    sequential = False

    def __init__(self, array: np.ndarray, *, path: str = "the file") -> None:
        refuse_empty(tuple(array.shape), path)
        self._array: np.ndarray | None = array
        self.shape, self.dtype = tuple(array.shape), array.dtype
        self.segment_bytes = 0

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        assert self._array is not None
        return np.asarray(self._array[selection], dtype=self.dtype.newbyteorder("="))

    def close(self) -> None:
        """Let go of the array."""
        self._array = None
