"""Landmark pairs in and out, the format chosen by the file's name."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ReadError
from .bigwarp import COLUMNS, read_bigwarp, write_bigwarp
from .pair_csv import read_pair_csv, write_pair_csv
from .slicer_markups import read_markups, write_markups

_SIDES = ("moving", "fixed")
_SLICER = (".mrk.json", ".fcsv")
FORMATS = (
    ".csv (a table with a header, or BigWarp's), .bigwarp.csv, .mrk.json and .fcsv of 3D Slicer "
    "(two files: *.moving.mrk.json and *.fixed.mrk.json)"
)


def read_landmarks(
    path: str | os.PathLike[str], fixed_path: str | os.PathLike[str] | None = None
) -> pd.DataFrame:
    """Read landmark pairs of any format that is known.

    Parameters
    ----------
    path : str or path
        A table with a header (``.csv``), BigWarp's ``.csv``, or the moving image's point list of
        3D Slicer (``.mrk.json``, ``.fcsv``).
    fixed_path : str or path, optional
        The fixed image's point list; by default beside the other, ``.moving.`` being ``.fixed.``.

    Returns
    -------
    DataFrame
        As `read_bigwarp`; ``note`` where the format has one. Points that stand in one list only
        are NaN in the other image, and inactive.

    Raises
    ------
    ReadError
    """
    ending = _ending(path)
    if ending in _SLICER:
        return _joined(*_two(path, fixed_path, ending))
    if fixed_path is not None:
        raise ReadError(f"expected one file of pairs, got {path} and {fixed_path}")
    if ending != ".csv":
        raise ReadError(f"expected landmarks as {FORMATS}, got {Path(path).name}")
    return read_pair_csv(path) if _has_header(Path(path)) else read_bigwarp(path)


def write_landmarks(landmarks: pd.DataFrame, path: str | os.PathLike[str]) -> list[Path]:
    """Write landmark pairs in the format of the file's name.

    Parameters
    ----------
    landmarks : DataFrame
        With the columns of `read_bigwarp`; others stay where the format has room.
    path : str or path
        ``*.csv``, ``*.bigwarp.csv``, ``*.mrk.json`` or ``*.fcsv``; of the last two, a file for
        either image is written, ``*.moving.mrk.json`` and ``*.fixed.mrk.json``.

    Returns
    -------
    list of Path
        What was written.
    """
    file, ending = Path(path), _ending(path)
    if ending in _SLICER:
        stem = _stem(file.name, ending)
        files = [file.with_name(f"{stem}.{side}{ending}") for side in _SIDES]
        for side, one in zip(_SIDES, files, strict=True):
            write_markups(_side(landmarks, side), one)
        return files
    if is_pair_table(file):
        write_pair_csv(landmarks, file)
    elif ending == ".csv":
        write_bigwarp(landmarks, file)
    else:
        raise ValueError(f"landmarks are written as {FORMATS}, got {file.name}")
    return [file]


def is_pair_table(path: str | os.PathLike[str]) -> bool:
    """Say whether a file of this name is written as a table with a header."""
    name = Path(path).name.lower()
    return name.endswith(".csv") and not name.endswith(".bigwarp.csv")


def _ending(path: str | os.PathLike[str]) -> str:
    name = Path(path).name.lower()
    return next((end for end in (*_SLICER, ".csv") if name.endswith(end)), Path(name).suffix)


def _stem(name: str, ending: str) -> str:
    stem = name[: -len(ending)]
    return next((stem[: -len(s) - 1] for s in _SIDES if stem.lower().endswith(f".{s}")), stem)


def _two(
    path: str | os.PathLike[str], fixed_path: str | os.PathLike[str] | None, ending: str
) -> tuple[Path, Path]:
    file = Path(path)
    if fixed_path is not None:
        return file, Path(fixed_path)
    stem = _stem(file.name, ending)
    moving, fixed = (file.with_name(f"{stem}.{side}{ending}") for side in _SIDES)
    missing = [one.name for one in (moving, fixed) if not one.is_file()]
    if missing:
        raise ReadError(
            f"a point list of 3D Slicer holds one image's points, so pairs take two files: "
            f"expected {moving.name} and {fixed.name} in {file.parent}, {' and '.join(missing)} "
            "is not there; name both files, the moving image's first"
        )
    return moving, fixed


def _joined(moving: Path, fixed: Path) -> pd.DataFrame:
    """Match two point lists by label."""
    lists = {}
    for side, file in zip(_SIDES, (moving, fixed), strict=True):
        points = read_markups(file)
        twice = points["name"][points["name"].duplicated()].unique()
        if len(twice):
            raise ReadError(
                f"expected every label once in {file}, as points are matched by it, got "
                f"{', '.join(twice)} twice: rename them in Slicer"
            )
        lists[side] = points.set_index("name")
    a, b = lists["moving"], lists["fixed"]
    if len(a) and len(b) and not a.index.intersection(b.index).size:
        raise ReadError(
            f"expected the same labels in {moving.name} and {fixed.name}, they have none in "
            f"common ({a.index[0]}, ... and {b.index[0]}, ...): rename the points of one"
        )
    names = list(dict.fromkeys([*a.index, *b.index]))
    out: dict[str, Any] = {"name": names, "active": True}
    for side, points in (("moving", a), ("fixed", b)):
        full = points.reindex(names)
        out |= {f"{side}_{axis}_um": full[f"{axis}_um"].to_numpy(float) for axis in "xyz"}
        out["active"] = out["active"] & full["active"].eq(True).to_numpy(bool)
    table = pd.DataFrame({**out, "note": a["note"].reindex(names).fillna("").to_numpy()})
    placed = np.isfinite(table[list(COLUMNS[2:])].to_numpy(float)).all(axis=1)
    return table.assign(active=table["active"].to_numpy(bool) & placed)


def _side(landmarks: pd.DataFrame, side: str) -> pd.DataFrame:
    columns = {f"{side}_{axis}_um": f"{axis}_um" for axis in "xyz"}
    kept = ["name", *(c for c in ("active", "note") if c in landmarks), *columns]
    points = landmarks[kept].rename(columns=columns)
    return points[np.isfinite(points[["x_um", "y_um", "z_um"]].to_numpy(float)).all(axis=1)]


def _has_header(file: Path) -> bool:
    if not file.is_file():
        raise ReadError(f"expected a table of landmark pairs, there is no file at {file}")
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        cells: list[str] = next((row for row in csv.reader(text) if any(row)), [])
    return len(cells) < 2 or cells[1].strip().lower() not in ("true", "false")
