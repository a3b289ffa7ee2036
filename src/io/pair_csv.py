"""Landmark pairs as a table with a header: x, y, z by name, the unit of each column in it."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import ReadError
from .bigwarp import COLUMNS

_LARGEST = 64 * 2**20
_PLACE = re.compile(r"(moving|fixed)[ _]?([xyz])(?:[ _]*[\[(]?([^\W\d_]+)[\])]?)?")
_UM = {"um": 1.0, "µm": 1.0, "μm": 1.0, "nm": 1e-3, "mm": 1e3}  # the second mu is the Greek letter
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_pair_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read landmark pairs from a table with a header.

    Parameters
    ----------
    path : str or path
        Comma-separated. ``name``, then for either image ``moving_x_um`` and so on (or ``_nm``,
        ``_mm``, or ``moving x [µm]``); a 2-D image may lack z. ``active`` (or ``used``) and
        ``note`` and ``placed_by`` may be there; other columns are left out.

    Returns
    -------
    DataFrame
        As `read_bigwarp`, with ``note`` and ``placed_by``.

    Raises
    ------
    ReadError
        With the column or the line, if a place or its unit is missing, or is no number.
    """
    file = Path(path)
    if not file.is_file():
        raise ReadError(f"expected a table of landmark pairs, there is no file at {file}")
    if file.stat().st_size > _LARGEST:
        raise ReadError(f"expected a table under 64 MB, {file} is larger")
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    head, *lines = list(csv.reader(io.StringIO(text))) or [[]]
    names = [name.strip() for name in head]
    places = _places(names, file)
    rows = [
        _row(dict(zip(names, line, strict=False)), places, number, file)
        for number, line in enumerate(lines, 2)
        if any(cell.strip() for cell in line)
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "note", "placed_by"])
    return table.astype({c: float for c in COLUMNS[2:]} | {"active": bool, "name": str})


def write_pair_csv(landmarks: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write landmark pairs with a header that names side, axis and unit.

    Parameters
    ----------
    landmarks : DataFrame
        With the columns that `read_pair_csv` gives; what else there is, as residuals, is written
        too.
    path : str or path

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [c for c in COLUMNS if c not in landmarks.columns]
    if missing:
        raise ValueError(f"a table of pairs needs the columns {missing}, got {list(landmarks)}")
    order = [*COLUMNS, *(c for c in landmarks.columns if c not in COLUMNS)]
    landmarks[order].to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _places(names: list[str], file: Path) -> dict[str, tuple[str, float]]:
    """Column and factor of every coordinate."""
    found: dict[str, tuple[str, float]] = {}
    for name in names:
        match = _PLACE.fullmatch(name.lower())
        if match is None:
            continue
        side, axis, unit = match.groups()
        if unit not in _UM:
            said = f"states the unit {unit!r}" if unit else "states no unit"
            raise ReadError(
                f"expected a length in the column {name!r} of {file}, it {said}: call it "
                f"{side}_{axis}_um, _nm or _mm"
            )
        found[f"{side}_{axis}_um"] = (name, _UM[unit])
    missing = [c for c in COLUMNS[2:] if c not in found and "_z_" not in c]
    if missing or "name" not in [name.lower() for name in names]:
        raise ReadError(
            f"expected a header with name, {', '.join(COLUMNS[2:])} in {file}, got "
            f"{', '.join(names) or 'an empty file'}: is this a table of landmark pairs?"
        )
    return found


def _row(
    cells: dict[str, str], places: dict[str, tuple[str, float]], number: int, file: Path
) -> list[object]:
    low = {name.lower(): value.strip() for name, value in cells.items()}
    values = [_number(cells, places.get(column), number, file) for column in COLUMNS[2:]]
    word = low.get("active", low.get("used", "true")).lower()
    if word not in _YES:
        raise ReadError(f"expected true or false in line {number} of {file}, got {word!r}")
    placed = bool(np.isfinite(values).all())
    words = (low.get("note", ""), low.get("placed_by", ""))
    return [low["name"], _YES[word] and placed, *values, *words]


def _number(
    cells: dict[str, str], place: tuple[str, float] | None, number: int, file: Path
) -> float:
    if place is None:  # the z of a picture
        return 0.0
    column, factor = place
    text = (cells.get(column) or "").strip()
    if not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        raise ReadError(
            f"expected a number in line {number}, column {column!r} of {file}, got {text!r}: "
            "decimal points, no units in the cells"
        ) from None
    return value * factor if np.isfinite(value) else float("nan")
