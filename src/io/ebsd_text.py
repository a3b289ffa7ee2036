"""EBSD maps as text, ``.ctf`` and ``.ang``: one image, each column of the table a channel.

Points of a hexagonal grid lie on no image grid and are refused. ``.ctf`` steps are micrometres by
Oxford's Channel text format, ``.ang`` steps by that of TSL OIM.
"""

from __future__ import annotations

import io
import itertools
import os
import re
from typing import Any

import numpy as np

from ..errors import ReadError, ReadLimit
from .answers import Answers
from .reading import Reading, inspect_lengths
from .table_pixels import TablePixels

_HEAD = 2**16
_LARGEST = 2**28
_ANG = ("phi1", "PHI", "phi2", "x", "y", "image quality", "confidence index", "phase",
        "SEM signal", "fit")  # fmt: skip


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first line is that of a ``.ctf``, or a ``.ang`` header stands there."""
    return head.startswith(b"Channel Text File") or _is_ang(path, head)


def _is_ang(path: str, head: bytes) -> bool:
    return path.lower().endswith(".ang") and head[:1] == b"#"


def open_ebsd_text(path: str, answers: Answers) -> Reading:
    """Open an EBSD map of text.

    Raises
    ------
    ReadError, ReadLimit
        If the table and its header do not agree, the grid is hexagonal, or the file is too large
        for text.
    """
    if os.path.getsize(path) > _LARGEST:
        raise ReadLimit(
            f"{path} has {os.path.getsize(path) / 2**20:.0f} MB of text, the limit is "
            f"{_LARGEST / 2**20:.0f} MB: export the map as .h5oina or .crc"
        )
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return _ctf(path, head) if head.startswith(b"Channel") else _ang(path, head)


def _ctf(path: str, head: bytes) -> Reading:
    lines = head.decode("cp1252").splitlines()
    columns = next((i for i, line in enumerate(lines) if line.startswith("Phase\t")), None)
    if columns is None:
        raise ReadError(f"{path} has no line of column names: it is cut short, export it again")
    pairs = [line.split("\t")[:2] for line in lines[:columns]]
    said = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    if said.get("JobMode", "Grid") != "Grid":
        raise ReadError(f"expected a map of JobMode Grid, {path} has {said['JobMode']!r}")
    shape = (_count(said, "YCells", path), _count(said, "XCells", path))
    names = lines[columns].split("\t")
    table = _table(path, skipped=columns + 1, columns=len(names), rows=shape[0] * shape[1])
    steps = {"x": _number(said.get("XStep")), "y": _number(said.get("YStep"))}
    return _reading(path, table, shape, names, steps, "CTF", said)


def _ang(path: str, head: bytes) -> Reading:
    lines = [line for line in head.decode("cp1252").splitlines() if line.startswith("#")]
    pairs = [re.match(r"#\s*(\w+):?\s+(.*?)\s*$", line) for line in lines]
    said: dict[str, str] = {pair.group(1): pair.group(2) for pair in pairs if pair}
    grid = said.get("GRID", "")
    if grid.lower() != "sqrgrid":
        raise ReadError(
            f"expected a square grid (# GRID: SqrGrid), {path} has {grid!r}: points of a hexagonal "
            "grid lie on no image, convert the map in OIM first"
        )
    odd, even = said.get("NCOLS_ODD"), said.get("NCOLS_EVEN")
    if odd != even and even is not None:
        raise ReadError(f"{path} has rows of {odd} and {even} points: no image grid")
    shape = (_count(said, "NROWS", path), _count(said, "NCOLS_ODD", path))
    width = _columns_of(path)
    names = [*_ANG, *(f"column {i}" for i in range(len(_ANG), width))][:width]
    table = _table(path, skipped=0, columns=width, rows=shape[0] * shape[1])
    steps = {"x": _number(said.get("XSTEP")), "y": _number(said.get("YSTEP"))}
    return _reading(path, table, shape, names, steps, "ANG", said)


def _reading(
    path: str,
    table: np.ndarray,
    shape: tuple[int, int],
    names: list[str],
    steps: dict[str, float | None],
    kind: str,
    said: dict[str, str],
) -> Reading:
    source = f"{kind} steps (µm)"
    _refuse_other_order(path, table, shape, [n.lower() for n in names], steps)
    lengths = inspect_lengths({a: v or 0.0 for a, v in steps.items()}, source=source)
    return Reading(
        format=f"EBSD {kind}",
        pixels=TablePixels(table.T.reshape(len(names), *shape)),
        axes="cyx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        channel_names=tuple(names),
        modality="EBSD",
        metadata={kind: said},
        warnings=("Euler angles and phases are no intensities: do not average or resample them",),
    )


def _refuse_other_order(
    path: str,
    table: np.ndarray,
    shape: tuple[int, int],
    names: list[str],
    steps: dict[str, float | None],
) -> None:
    """Check with the written positions that the rows of the table are the rows of the image."""
    if "x" not in names or not all(steps.values()):
        return
    x = table[:, names.index("x")].reshape(shape)
    y = table[:, names.index("y")].reshape(shape)
    runs = np.allclose(x, x[:1], atol=1e-3) and np.allclose(y, y[:, :1], atol=1e-3)
    measured = [np.diff(v[:2]) for v in (x[0], y[:, 0]) if len(v) > 1]
    stated = [steps[a] for a, n in (("x", shape[1]), ("y", shape[0])) if n > 1]
    fits = all(abs(m[0] - s) <= 0.02 * s for m, s in zip(measured, stated, strict=True) if s)
    if not runs or not fits:
        raise ReadError(
            f"the positions in {path} do not follow the grid of {shape[0]} x {shape[1]} points "
            "that its header states: points are missing or in another order, export the map again"
        )


def _table(path: str, *, skipped: int, columns: int, rows: int) -> np.ndarray:
    if rows * columns * 2 > os.path.getsize(path):
        raise ReadError(
            f"the header of {path} promises {rows} points of {columns} numbers, more than its "
            f"{os.path.getsize(path)} bytes can hold: it is damaged or cut short"
        )
    with open(path, encoding="cp1252") as file:
        lines = itertools.islice(file, skipped, None)
        text = io.StringIO("".join(line for line in lines if not line.startswith("#")))
    try:
        table = np.loadtxt(text, dtype=np.float32, usecols=range(columns), ndmin=2)
    except ValueError as error:
        raise ReadError(f"{path} holds a line that is no row of numbers ({error})") from error
    if table.shape != (rows, columns):
        raise ReadError(
            f"expected {rows} points of {columns} numbers in {path}, got {table.shape[0]}: it is "
            "cut short or damaged, export it again"
        )
    return table


def _columns_of(path: str) -> int:
    with open(path, encoding="cp1252") as file:
        for line in file:
            if not line.startswith("#"):
                return len(line.split())
    raise ReadError(f"{path} holds a header and no points: export it again")


def _count(said: dict[str, str], name: str, path: str) -> int:
    text = said.get(name, "").strip()
    if not re.fullmatch(r"\d{1,6}", text) or int(text) < 1:
        raise ReadError(f"expected a positive number of {name} in {path}, got {text!r}")
    return int(text)


def _number(text: Any) -> float | None:
    try:
        return float(str(text).strip().replace(",", "."))
    except ValueError:
        return None
