"""The pieces of a phase with their sizes, and which of them are lit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .scene import GridLevel

if TYPE_CHECKING:
    import pandas as pd

# What a voxel is drawn as; 0 is outside the phase.
OTHER, LIT, UNCOUNTED = 1, 2, 3
DIAMETER = "equivalent_diameter_um"


@dataclass(frozen=True, eq=False)
class SizedObjects:
    """Connected pieces of a phase, measured.

    Attributes
    ----------
    labels : ndarray of unsigned int
        Pieces numbered from 1; those that share a face, an edge or a corner are one.
    table : DataFrame
        One row a piece, as `object_table`, and ``counted``: it lies whole in the image and is no
        speck.
    spacing_um, origin_um : tuple of float
        Of the image.
    """

    labels: NDArray[Any]
    table: pd.DataFrame
    spacing_um: tuple[float, ...]
    origin_um: tuple[float, ...]

    @cached_property
    def counted(self) -> pd.DataFrame:
        """The rows that a distribution of sizes is made of, the largest first."""
        rows = self.table[self.table["counted"]]
        return rows.sort_values(DIAMETER, ascending=False, kind="stable", ignore_index=True)

    def between(self, low_um: float, high_um: float) -> pd.DataFrame:
        """The counted rows of these diameters, both ends included, the largest first."""
        inside = self.counted[DIAMETER].between(low_um, high_um)
        return self.counted[inside].reset_index(drop=True)

    def drawn(self, lit: ArrayLike) -> GridLevel:
        """The labels as OTHER, LIT or UNCOUNTED, given the numbers of the pieces that are lit."""
        table = np.zeros(int(self.table["object"].max() if len(self.table) else 0) + 1, np.uint8)
        table[self.table["object"]] = np.where(self.table["counted"], OTHER, UNCOUNTED)
        table[np.asarray(lit, int)] = LIT
        return GridLevel(Recoded(self.labels, table), self.spacing_um, self.origin_um)

    def at(self, point_um: ArrayLike) -> int:
        """Number of the piece at a place of the image's frame (z, y, x) [µm]; 0 for none."""
        dims = self.labels.ndim
        place = np.asarray(point_um, float)[-dims:] - self.origin_um
        index = np.rint(place / self.spacing_um).astype(int)
        inside = np.all((index >= 0) & (index < self.labels.shape))
        return int(self.labels[tuple(index)]) if inside else 0

    def place(self, number: int) -> NDArray[np.float64]:
        """The voxel of a piece that is nearest to its middle: z, y, x in the image's frame [µm].

        The middle itself may lie outside a bent piece.
        """
        row = self.table[self.table["object"] == number].iloc[0]
        axes = "zyx"[-self.labels.ndim :]
        middle = np.array([row[f"{axis}_um"] for axis in axes])
        reach = np.array([row[f"size_{axis}_um"] for axis in axes])
        centre = (middle - self.origin_um) / self.spacing_um
        steps = reach / self.spacing_um + 1
        box = tuple(
            slice(max(0, int(np.floor(c - s))), int(np.ceil(c + s)) + 1)
            for c, s in zip(centre, steps, strict=True)
        )
        own = np.argwhere(self.labels[box] == number) + [part.start for part in box]
        places = own * np.asarray(self.spacing_um) + self.origin_um
        nearest = places[np.argmin(np.sum((places - middle) ** 2, axis=1))]
        return np.concatenate([np.zeros(3 - len(nearest)), nearest])


class Recoded:
    """An array whose values are looked up in a table as they are read.

    Parameters
    ----------
    labels : ndarray of unsigned int
    table : ndarray of uint8
    """

    def __init__(self, labels: NDArray[Any], table: NDArray[np.uint8]) -> None:
        self._labels, self._table = labels, table
        self.shape, self.ndim, self.dtype = labels.shape, labels.ndim, table.dtype

    def __getitem__(self, box: Any) -> NDArray[np.uint8]:
        return self._table[self._labels[box]]


def sized_objects(phase: NDArray[Any], *, image: Any) -> SizedObjects:
    """Number the pieces of a phase and measure them.

    Parameters
    ----------
    phase : ndarray of bool
        On the grid of the image.
    image : Image
        Calibrated.

    Raises
    ------
    ValueError
        The phase is not on the image's grid, or has no piece.
    Uncalibrated
        The image has no voxel size.
    """
    from ..analysis.quantification.objects import have_size, label_objects, object_table

    spacing = tuple(image.spacing_um)
    shape = tuple(image.shape[-len(spacing) :])
    if phase.shape != shape:
        raise ValueError(f"phase needs the grid of {image.name}, {shape}, got {phase.shape}")
    origin = tuple(image.levels[0].origin_um)
    full = 26 if phase.ndim == 3 else 8
    labels = label_objects(phase, connectivity=full)
    table = object_table(labels, spacing_um=spacing, connectivity=full, origin_um=origin)
    if not len(table):
        raise ValueError(f"phase needs a voxel that is in it, got none in {image.name}")
    counted = have_size(table, ndim=phase.ndim)
    return SizedObjects(labels, table.assign(counted=counted), spacing, origin)
