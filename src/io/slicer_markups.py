"""Point lists of 3D Slicer: `.mrk.json` and the older `.fcsv`.

Slicer's world is in millimetres, left-posterior-superior (LPS) in files unless they say
right-anterior-superior (RAS); a frame's x, y, z are L, P, S, as for NIfTI and NRRD. A list holds
the points of one image, so pairs take two files, matched by label.
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ReadError

_LARGEST = 64 * 2**20
_SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)
_SIGNS = {"LPS": (1.0, 1.0), "RAS": (-1.0, -1.0)}
_NUMBERED = {"0": "RAS", "1": "LPS"}  # how old files write them
_UM = {"mm": 1e3, "um": 1.0, "µm": 1.0, "nm": 1e-3}
_COLUMNS = "id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"
POINT_COLUMNS = ("name", "active", "x_um", "y_um", "z_um", "note")


def read_markups(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a point list.

    Parameters
    ----------
    path : str or path
        ``.mrk.json`` or ``.fcsv``.

    Returns
    -------
    DataFrame
        ``name`` (the label), ``active`` (selected in Slicer), ``x_um, y_um, z_um`` (NaN for a
        point that was not placed), ``note`` (the description).

    Raises
    ------
    ReadError
        It is no point list, its coordinate system is neither LPS nor RAS, or its unit is no
        length.
    """
    file = Path(path)
    if not file.is_file():
        raise ReadError(f"expected a point list of 3D Slicer, there is no file at {file}")
    if file.stat().st_size > _LARGEST:
        raise ReadError(f"expected a point list under 64 MB, {file} is larger")
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    rows = _fcsv_rows(text, file) if file.suffix.lower() == ".fcsv" else _json_rows(text, file)
    table = pd.DataFrame(rows, columns=list(POINT_COLUMNS))
    kinds = {"x_um": float, "y_um": float, "z_um": float, "active": bool}
    return table.astype({**kinds, "name": str, "note": str})


def write_markups(
    points: pd.DataFrame, path: str | os.PathLike[str], *, coordinate_system: str = "LPS"
) -> None:
    """Write a point list that Slicer, and `read_markups`, read; the file states system and unit.

    Parameters
    ----------
    points : DataFrame
        With ``name``, ``x_um``, ``y_um``, ``z_um``; ``active`` and ``note`` may be absent.
    path : str or path
        ``.mrk.json`` or ``.fcsv``.
    coordinate_system : {"LPS", "RAS"}

    Raises
    ------
    ValueError
        A column is missing, or a point has a coordinate that is no number.
    """
    if coordinate_system not in _SIGNS:
        raise ValueError(f"coordinate_system needs LPS or RAS, got {coordinate_system!r}")
    missing = [c for c in ("name", "x_um", "y_um", "z_um") if c not in points.columns]
    if missing:
        raise ValueError(f"a point list needs the columns {missing}, got {list(points.columns)}")
    places = points[["x_um", "y_um", "z_um"]].to_numpy(float)
    if not np.isfinite(places).all():
        wrong = points.loc[~np.isfinite(places).all(axis=1), "name"]
        raise ValueError(
            f"a point list needs finite coordinates, {', '.join(map(str, wrong))} has none: "
            "leave it out"
        )
    world = places / _UM["mm"] * [*_SIGNS[coordinate_system], 1.0]
    file = Path(path)
    write = _fcsv_text if file.suffix.lower() == ".fcsv" else _json_text
    file.write_text(write(points, world, coordinate_system), encoding="utf-8")


def _json_rows(text: str, file: Path) -> list[list[Any]]:
    try:
        markups = json.loads(text)["markups"]
        (points,) = markups
        given = points["controlPoints"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReadError(
            f"expected one list of points in {file}, found none ({error}): save a point list from "
            "Slicer's Markups module, one a file"
        ) from None
    system = str(points.get("coordinateSystem", "LPS"))
    unit = str(points.get("coordinateUnits", "mm"))
    if unit not in _UM:
        raise ReadError(
            f"expected coordinateUnits of {', '.join(_UM)} in {file}, got {unit!r}: save the "
            "points in a length"
        )
    signs, factor = _signs(system, file), _UM[unit]
    return [_json_row(point, number, signs, factor, file) for number, point in enumerate(given, 1)]


def _json_row(
    point: Any, number: int, signs: tuple[float, float], factor: float, file: Path
) -> list[Any]:
    if not isinstance(point, dict):
        raise ReadError(f"expected point {number} of {file} to be an object, got {point!r}")
    name = str(point.get("label") or point.get("id") or number)
    placed = point.get("positionStatus", "defined") == "defined"
    place = _place(point.get("position"), number, signs, factor, file) if placed else [np.nan] * 3
    active = bool(point.get("selected", True)) and placed
    return [name, active, *place, str(point.get("description") or "")]


def _fcsv_rows(text: str, file: Path) -> list[list[Any]]:
    lines = text.splitlines()
    head: dict[str, str] = {}
    for line in lines:
        if line.startswith("#") and "=" in line:
            key, _, value = line.lstrip("# ").partition("=")
            head[key.strip()] = value.strip()
    if "CoordinateSystem" not in head:
        raise ReadError(
            f"expected a line '# CoordinateSystem = LPS' (or RAS) at the top of {file}, it has "
            "none: without it left and right cannot be told"
        )
    signs = _signs(head["CoordinateSystem"], file)
    columns = head.get("columns", _COLUMNS).split(",")
    body = [line for line in lines if line.strip() and not line.startswith("#")]
    rows = []
    for number, cells in enumerate(csv.reader(body), 1):
        row = dict(zip(columns, cells, strict=False))
        place = _place([row.get(axis) for axis in "xyz"], number, signs, _UM["mm"], file)
        name = row.get("label") or row.get("id") or str(number)
        rows.append([name, row.get("sel", "1") != "0", *place, row.get("desc", "")])
    return rows


def _place(
    position: Any, number: int, signs: tuple[float, float], factor: float, file: Path
) -> list[float]:
    try:
        x, y, z = (float(value) * factor for value in position)
    except (TypeError, ValueError):
        x = y = z = np.nan
    if not np.all(np.isfinite((x, y, z))):
        raise ReadError(
            f"expected three numbers for point {number} of {file}, got {position!r}: save the "
            "list again"
        )
    return [x * signs[0], y * signs[1], z]


def _signs(system: str, file: Path) -> tuple[float, float]:
    name = _NUMBERED.get(system, system).upper()
    if name not in _SIGNS:
        raise ReadError(
            f"expected the coordinate system LPS or RAS in {file}, got {system!r}: voxel indices "
            "are no positions, save the points in Slicer's world"
        )
    return _SIGNS[name]


def _rows(points: pd.DataFrame) -> list[dict[str, Any]]:
    return list(
        points.assign(**{c: points.get(c, d) for c, d in _ABSENT.items()}).to_dict("records")
    )


_ABSENT: dict[str, Any] = {"active": True, "note": ""}


def _json_text(points: pd.DataFrame, world: np.ndarray, system: str) -> str:
    controls = [
        {
            "id": str(number),
            "label": str(row["name"]),
            "description": str(row["note"] or ""),
            "position": place.tolist(),
            "selected": bool(row["active"]),
            "positionStatus": "defined",
        }
        for number, (row, place) in enumerate(zip(_rows(points), world, strict=True), 1)
    ]
    markup = {
        "type": "Fiducial",
        "coordinateSystem": system,
        "coordinateUnits": "mm",
        "controlPoints": controls,
    }
    return json.dumps({"@schema": _SCHEMA, "markups": [markup]}, indent=1) + "\n"


def _fcsv_text(points: pd.DataFrame, world: np.ndarray, system: str) -> str:
    text = io.StringIO()
    text.write("# Markups fiducial file version = 5.0\n")
    text.write(f"# CoordinateSystem = {system}\n# columns = {_COLUMNS}\n")
    writer = csv.writer(text, lineterminator="\n")
    for number, (row, place) in enumerate(zip(_rows(points), world, strict=True), 1):
        flags = [0, 0, 0, 1, 1, int(bool(row["active"])), 0]
        words = [" ".join(str(row[key] or "").split()) for key in ("name", "note")]
        writer.writerow([number, *map(repr, place.tolist()), *flags, *words, ""])
    return text.getvalue()
