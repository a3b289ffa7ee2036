"""BigWarp landmark files: name, active, moving x, y, z, fixed x, y, z, all in quotes.

BigWarp is Fiji's landmark tool (Bogovic et al. 2016, doi:10.1109/ISBI.2016.7493463). Its files
have no header and count x first; its 2-D files have x and y only. A point that was placed in one
image only is written as Infinity in the other.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ReadError

COLUMNS = (
    "name", "active",
    "moving_x_um", "moving_y_um", "moving_z_um",
    "fixed_x_um", "fixed_y_um", "fixed_z_um",
)  # fmt: skip
_WORDS = {"true": True, "false": False}
_LARGEST = 64 * 2**20


def read_bigwarp(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read landmark pairs; the file's lengths are taken as they are, in µm.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    DataFrame
        Columns ``name, active, moving_x_um, moving_y_um, moving_z_um, fixed_x_um, fixed_y_um,
        fixed_z_um``; z is 0 throughout for a 2-D file, a point not placed is NaN and its pair
        inactive.

    Raises
    ------
    ReadError
        With the line, if the file is no BigWarp file.
    """
    file = Path(path)
    if not file.is_file():
        raise ReadError(f"expected a BigWarp CSV, there is no file at {file}")
    if file.stat().st_size > _LARGEST:
        raise ReadError(f"expected a landmark file under 64 MB, {file} is larger")
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    rows = [
        _row(cells, number, file)
        for number, cells in enumerate(csv.reader(io.StringIO(text)), 1)
        if cells and any(cell.strip() for cell in cells)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({c: float for c in COLUMNS[2:]} | {"active": bool, "name": str})


def _row(cells: list[str], number: int, file: Path) -> list[object]:
    if len(cells) not in (6, 8):
        raise ReadError(
            f"expected 8 (or, flat, 6) cells in line {number} of {file}, got "
            f"{len(cells)}: {cells}; export the landmarks from BigWarp again"
        )
    word = cells[1].strip().lower()
    if word not in _WORDS:
        raise ReadError(
            f"expected true or false in the second cell of line {number} of {file}, "
            f"got {cells[1]!r}: is this a BigWarp file?"
        )
    numbers = [_number(cell, number, file) for cell in cells[2:]]
    if len(numbers) == 4:
        numbers = [*numbers[:2], 0.0, *numbers[2:], 0.0]
    placed = [*_placed(numbers[:3]), *_placed(numbers[3:])]
    return [cells[0], _WORDS[word] and bool(np.isfinite(placed).all()), *placed]


def _number(cell: str, number: int, file: Path) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ReadError(
            f"expected numbers in line {number} of {file}, got {cell!r}: "
            "decimal points, and export again"
        ) from None


def _placed(point: list[float]) -> list[float]:
    """A point with any coordinate at infinity has not been placed."""
    return point if all(np.isfinite(point)) else [np.nan] * 3


def write_bigwarp(landmarks: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write landmark pairs so that BigWarp, and `read_bigwarp`, read the same numbers to the bit.

    Parameters
    ----------
    landmarks : DataFrame
        With the columns that `read_bigwarp` gives; others are left out, `active` may be absent.
    path : str or path

    Raises
    ------
    ValueError
        If a column is missing, or an active pair has a coordinate that is no number.
    """
    missing = [c for c in COLUMNS if c not in landmarks.columns and c != "active"]
    if missing:
        raise ValueError(
            f"BigWarp needs the columns {list(COLUMNS)}, {missing} are missing; got "
            f"{list(landmarks.columns)}"
        )
    _refuse_unplaced(landmarks)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for row in landmarks.to_dict("records"):
        active = "true" if bool(row.get("active", True)) else "false"
        writer.writerow([row["name"], active, *(_text(row[c]) for c in COLUMNS[2:])])
    Path(path).write_text(text.getvalue(), encoding="utf-8")


def _refuse_unplaced(landmarks: pd.DataFrame) -> None:
    """A pair that has one point only can stand in a file, but not as one that counts."""
    active = landmarks["active"] if "active" in landmarks.columns else True
    positions = landmarks[list(COLUMNS[2:])].astype(float).to_numpy()
    placed = np.isfinite(positions).all(axis=1)
    wrong = landmarks.loc[~placed & np.asarray(active, bool), "name"]
    if len(wrong):
        raise ValueError(
            f"an active landmark needs six finite coordinates, {', '.join(map(str, wrong))} has "
            "not: place it in both images, or set active to False"
        )


def _text(value: Any) -> str:
    return repr(float(value)) if pd.notna(value) and np.isfinite(value) else "Infinity"
