"""What another parser reads in a header, and whether an image says the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from ...io.description import ImageDescription

_CLOSE = 2e-4


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A header; what is None could not be read there.

    Attributes
    ----------
    grid : tuple of int, optional
        Rows and columns.
    grids : tuple of tuple of int
        Where a file holds several images: one of them is meant.
    others : int, optional
        Planes, channels and times in all.
    dtypes : tuple of str, optional
        One of them.
    sizes_um : mapping of str to floats, optional
        By axis, pixel sizes that may be meant [µm]; an axis that is missing has none.
    """

    grid: tuple[int, int] | None = None
    grids: tuple[tuple[int, int], ...] = ()
    others: int | None = None
    dtypes: tuple[str, ...] | None = None
    sizes_um: Mapping[str, Iterable[float]] | None = None


def contradiction(told: ImageDescription, header: Stated) -> str:
    """Say where an image is not what its header says; empty if it is."""
    size = dict(zip(told.axes, told.shape, strict=True))
    grid, others = (size["y"], size["x"]), prod(told.shape) // (size["y"] * size["x"])
    allowed = (header.grid,) if header.grid else header.grids
    if allowed and grid not in allowed:
        return f"{grid} rows and columns, the header says {allowed[:5]}"
    if header.others is not None and others != header.others:
        return f"{others} planes, the header says {header.others}"
    if header.dtypes is not None and told.dtype not in header.dtypes:
        return f"pixels of {told.dtype}, the header says {header.dtypes}"
    return _wrong_size(told, header)


def _wrong_size(told: ImageDescription, header: Stated) -> str:
    spatial = [axis for axis in told.axes if axis in "zyx"]
    for axis, value in zip(spatial, told.partial_spacing_um, strict=True):
        if value is None:
            continue
        if not 1e-6 <= value <= 1e5:
            return f"a size of {value:g} µm along {axis}"
        if header.sizes_um is None:
            continue
        said = tuple(header.sizes_um.get(axis, ()))
        if not any(math.isclose(value, one, rel_tol=_CLOSE) for one in said):
            return f"a size of {value:g} µm along {axis}, the header says {said[:5]}"
    return ""


def native(code: str) -> str:
    """Name a pixel type without its byte order."""
    return np.dtype(code).newbyteorder("=").name
