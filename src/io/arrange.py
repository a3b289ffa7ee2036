"""Stored axis order to t, c, z, y, x, with axes reversed where somebody asked for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .description import AXES
from .reading import Pixels


class Arranged:
    """Pixels seen in canonical order.

    Parameters
    ----------
    pixels : Pixels
        As stored.
    axes : str
        One letter of ``"tczyx"`` an axis of `pixels`.
    flip : str
        Axes that are read backwards.
    """

    def __init__(self, pixels: Pixels, *, axes: str, flip: str = "") -> None:
        self._pixels = pixels
        self.axes = "".join(axis for axis in AXES if axis in axes)
        self._order = tuple(axes.index(axis) for axis in self.axes)
        self._flipped = tuple(axis in flip for axis in self.axes)
        self.shape = tuple(pixels.shape[i] for i in self._order)
        stored = np.dtype(pixels.dtype)
        self.dtype = np.dtype(np.uint8) if stored.kind == "b" else stored.newbyteorder("=")
        self.sequential = pixels.sequential
        self.segment_bytes = int(getattr(pixels, "segment_bytes", 0))

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box of the canonical array."""
        native: list[slice] = [slice(None)] * len(self._order)
        for axis, part in enumerate(selection):
            size = self.shape[axis]
            native[self._order[axis]] = _mirrored(part, size) if self._flipped[axis] else part
        stored = self._pixels.read(tuple(native)).transpose(self._order)
        back = tuple(slice(None, None, -1 if flipped else 1) for flipped in self._flipped)
        return np.ascontiguousarray(stored[back], dtype=self.dtype)

    def close(self) -> None:
        """Let go of the file."""
        self._pixels.close()


def _mirrored(part: slice, size: int) -> slice:
    picked = range(size)[part]
    if not picked:
        return slice(0, 0)
    return slice(size - 1 - picked[-1], size - picked[0], picked.step)


def whole(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Select everything."""
    return tuple(slice(0, n) for n in shape)


def shape_of(selection: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of what a selection reads."""
    return tuple(len(range(n)[part]) for n, part in zip(shape, selection, strict=True))


def slices_from(spans: Any) -> tuple[slice, ...]:
    """Read a selection from lists of start, stop, step."""
    return tuple(slice(int(a), int(b), int(s)) for a, b, s in spans)


def spans_of(selection: tuple[slice, ...], shape: tuple[int, ...]) -> list[list[int]]:
    """Write a selection as lists of start, stop, step."""
    return [list(part.indices(n)) for n, part in zip(shape, selection, strict=True)]
