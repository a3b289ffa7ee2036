"""What every reader hands over: pixels that can be cut, and what the file says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..errors import ReadError
from .lengths import fault_of_length


class Pixels(Protocol):
    """An array on disk.

    ``sequential`` says that reading a later part has to pass all earlier ones.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    sequential: bool

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box; slices have positive steps and lie inside the shape."""

    def close(self) -> None:
        """Let go of the file."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One image of a file as its reader found it.

    Parameters
    ----------
    format : str
        The reader's name.
    pixels : Pixels
    axes : str
        One letter an axis of `pixels`, in stored order: ``tczyx``, ``s`` for colour samples,
        ``?`` for an axis that the file does not name.
    spacing_um : mapping
        Voxel size [µm] by axis letter, only where the file gives one in a length.
    spacing_source : str
        Which tag or attribute that was.
    faults : tuple of str
        Why there is no voxel size, where there is none.
    bare_spacing : mapping
        Numbers by axis letter that stand in the file without a unit.
    origin_um : mapping
        Position of the first voxel [µm] by axis letter.
    direction : tuple of 3 tuples, optional
        Columns are the file's x, y, z steps in world coordinates (direction cosines).
    frame : str
        Name of the coordinates in which `origin_um` stands, where other images of the same file
        or instrument share them: ``"stage"``; empty if the file names none.
    entries : tuple of str
        Every image that the file holds, this one among them; empty where there is one only.
    """

    format: str
    pixels: Pixels
    axes: str
    spacing_um: Mapping[str, float] = field(default_factory=dict)
    spacing_source: str = ""
    faults: tuple[str, ...] = ()
    bare_spacing: Mapping[str, float] = field(default_factory=dict)
    origin_um: Mapping[str, float] = field(default_factory=dict)
    direction: tuple[tuple[float, ...], ...] | None = None
    frame: str = ""
    entries: tuple[str, ...] = ()
    stage: Mapping[str, float] = field(default_factory=dict)
    channel_names: tuple[str, ...] = ()
    modality: str | None = None
    time: str | None = None
    instrument: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lengths:
    """Voxel sizes that passed inspection, and the words for those that did not."""

    um: dict[str, float]
    faults: tuple[str, ...]


def inspect_lengths(lengths_um: Mapping[str, Any], *, source: str) -> Lengths:
    """Keep the lengths that can be a voxel size [µm] and say what is wrong with the rest."""
    faults = {axis: fault_of_length(value) for axis, value in lengths_um.items()}
    return Lengths(
        um={axis: float(value) for axis, value in lengths_um.items() if faults[axis] is None},
        faults=tuple(f"{source} along {axis}: {fault}" for axis, fault in faults.items() if fault),
    )


def supported_dtype(dtype: Any, *, path: str) -> np.dtype[Any]:
    """Pass a numeric pixel type, refuse the others."""
    kind = np.dtype(dtype)
    if kind.kind not in "biuf" or kind.itemsize > 8:
        raise ReadError(
            f"pixels need to be bool, integer or float up to 64 bit, got {kind} in {path}: "
            "convert it first, complex values for example to their magnitude"
        )
    return kind
