"""Pairs in and out of files of other programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..io import read_landmarks, write_landmarks
from ..io.landmark_tables import is_pair_table
from .history import RecordStep
from .pair_records import PERSON, PREDICTED, SIDES, PairRecords
from .scene import box_corners_um
from .state import by_name

if TYPE_CHECKING:
    import pandas as pd

_RIM = 0.05  # of the field of view, by which a pick may lie outside
_AGREE_UM = 1e-6


class PairFiles(PairRecords):
    """Pairs that other programs' files bring, and that they can read."""

    def import_pairs(
        self, path: str | os.PathLike[str], fixed_path: str | os.PathLike[str] | None = None
    ) -> list[Any]:
        """Write the pairs of a file; its name says which format it has.

        Points that stand in one image only are left out. A pair that is there already, by name
        and place, is left as it is. Undo takes the whole import back.

        Parameters
        ----------
        path : path
            A table with a header or BigWarp's (``.csv``), or the moving image's point list of 3D
            Slicer (``.mrk.json``, ``.fcsv``).
        fixed_path : path, optional
            The fixed image's point list; by default beside the other, ``.moving.`` being
            ``.fixed.``.

        Returns
        -------
        list of Record
            The pairs of the file, in its order.

        Raises
        ------
        ReadError
            The file is no such file, or states no unit or coordinate system.
        ValueError
            A point lies outside its image (the images are swapped, or the unit is another), or a
            pair of that name stands elsewhere. Nothing is written then.
        """
        table = read_landmarks(path, fixed_path)
        places = [f"{side}_{axis}_um" for side in SIDES for axis in "xyz"]
        table = table[np.isfinite(table[places].to_numpy(float)).all(axis=1)]
        for side in SIDES:
            self._refuse_outside(table, side)
        standing = {record.name: record for record in self.records()}
        with self.ws.transaction():
            found = [
                _same(standing[row["name"]], row)
                if row["name"] in standing
                else self._written(row, Path(path).name)
                for row in table.to_dict("records")
            ]
        new = [record for record in found if record.name not in standing]
        if new:
            steps = tuple(RecordStep("", self.ws.landmarks, None, record) for record in new)
            self.history.did(Together(f"import {len(new)} pairs", steps))
            self._changed(new)
        return found

    def export_pairs(self, path: str | os.PathLike[str]) -> list[Path]:
        """Write all pairs to a file that other programs read.

        Parameters
        ----------
        path : path
            ``*.csv`` (a table with a header, residuals and who picked included),
            ``*.bigwarp.csv``, ``*.mrk.json`` or ``*.fcsv`` (3D Slicer, one file an image). Only
            the first can tell a predicted place from a picked one; the others leave such pairs
            out.

        Returns
        -------
        list of Path
            What was written.
        """
        table = self.table()
        if not is_pair_table(path):
            table = table[~table["placed_by"].isin(PREDICTED.values())]
        if not len(table):
            raise ValueError("there is no pair to write: add one first")
        return write_landmarks(table, path)

    def table(self) -> pd.DataFrame:
        """One row a pair."""
        raise NotImplementedError

    def _written(self, row: Any, file: str) -> Any:
        return self.ws.landmarks.add(
            name=row["name"],
            moving_frame=self.images["moving"].frame,
            fixed_frame=self.images["fixed"].frame,
            moving=_place(row, "moving"),
            fixed=_place(row, "fixed"),
            active=bool(row["active"]),
            placed_by=str(row.get("placed_by") or PERSON),
            note=str(row.get("note") or f"from {file}"),
        )

    def _refuse_outside(self, table: pd.DataFrame, side: str) -> None:
        image = self.images[side]
        corners = box_corners_um(image.levels)
        rim = _RIM * np.ptp(corners, axis=0).max()
        low, high = corners.min(axis=0) - rim, corners.max(axis=0) + rim
        for row in table.to_dict("records"):
            place = np.array([row[f"{side}_{axis}_um"] for axis in "zyx"])
            if np.any(place < low) or np.any(place > high):
                x, y, z = place[::-1]
                raise ValueError(
                    f"landmark {row['name']} lies at x, y, z = {x:.5g}, {y:.5g}, {z:.5g} µm, "
                    f"outside {image.name}, the {side} image; nothing was written: are moving and "
                    "fixed swapped, or are the file's lengths in another unit?"
                )


class Together:
    """Several changes that are taken back as one.

    Parameters
    ----------
    title : str
        In words.
    steps : tuple of Step
        In the order in which they were done.
    """

    def __init__(self, title: str, steps: tuple[Any, ...]) -> None:
        self.title, self._steps = title, steps

    def undo(self) -> None:
        """Take all back, the last one first."""
        for step in reversed(self._steps):
            step.undo()

    def redo(self) -> None:
        """Do all again."""
        for step in self._steps:
            step.redo()


def _place(row: Any, side: str) -> dict[str, float]:
    return by_name([row[f"{side}_{axis}_um"] for axis in "zyx"])


def _same(record: Any, row: Any) -> Any:
    for side in SIDES:
        there, here = record.fields[side], _place(row, side)
        if any(abs(there[axis] - here[axis]) > _AGREE_UM for axis in here):
            raise ValueError(
                f"landmark {record.name} of the file lies at {here} in the {side} image, but "
                f"{record.who} has it at {there}; nothing was written: rename or remove one of them"
            )
    return record
