"""Landmark pairs of two frames as arrays for the fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .record import Record
from .schema import LandmarkFields
from .tables import table_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class LandmarkArrays:
    """Active landmark pairs; unpacks as ``moving, fixed, table``.

    Attributes
    ----------
    moving_um, fixed_um : ndarray of shape (n, 3)
        z, y, x [µm].
    table : DataFrame
        One row a pair, in the same order.
    """

    moving_um: np.ndarray
    fixed_um: np.ndarray
    table: pd.DataFrame

    def __iter__(self) -> Iterator[Any]:
        return iter((self.moving_um, self.fixed_um, self.table))


def landmark_arrays(records: Iterable[Record], *, moving: str, fixed: str) -> LandmarkArrays:
    """Collect the active pairs from one frame to another."""
    pairs = [
        record
        for record in records
        if record.fields["active"]
        and (record.fields["moving_frame"], record.fields["fixed_frame"]) == (moving, fixed)
    ]
    return LandmarkArrays(
        _array(pairs, "moving"), _array(pairs, "fixed"), table_of(pairs, LandmarkFields)
    )


def _array(pairs: list[Record], side: str) -> np.ndarray:
    rows = [[pair.fields[side][axis] for axis in ("z_um", "y_um", "x_um")] for pair in pairs]
    return np.asarray(rows, dtype=float).reshape(-1, 3)
