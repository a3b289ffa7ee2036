"""Oxford Instruments ``.h5oina``: EBSD, EDS and electron images, each map a long row of points.

By the public description at https://github.com/oinanoanalysis/h5oina; not tried on an
instrument's file. Lengths carry a ``Unit``; one without it is not used.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from .hdf5 import inside
from .hdf5_pixels import PointPixels
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths

_TECHNIQUES = ("EBSD", "EDS", "Electron Image")
_MODALITY = {"EBSD": "EBSD", "EDS": "EDS", "Electron Image": "SEM"}


def claims(file: Any) -> bool:
    """Say whether Oxford's root entries are there."""
    named = [inside(file, name) is not None for name in ("Format Version", "Manufacturer")]
    return all(named) and bool(_slices(file))


def _slices(file: Any) -> list[str]:
    return sorted((name for name in file if re.fullmatch(r"\d{1,5}", name)), key=int)


def images(file: Any) -> dict[str, str]:
    """List every map: entry ``1/EBSD/Band Contrast`` is ``/1/EBSD/Data/Band Contrast``."""
    import h5py

    found: dict[str, str] = {}
    for number in _slices(file):
        for technique in _TECHNIQUES:
            data = inside(file, f"{number}/{technique}/Data")
            shape = _cells(inside(file, f"{number}/{technique}/Header"))
            if not isinstance(data, h5py.Group) or shape is None:
                continue
            first = f"{number}/{technique}/"

            def look(name: str, item: Any, first: str = first, n: int = math.prod(shape)) -> None:
                if _is_map(item, n):
                    found[first + name] = f"/{first}Data/{name}"

            data.visititems(look)
    return found


def _is_map(item: Any, points: int) -> bool:
    import h5py

    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biuf" or item.ndim > 2:
        return False
    return item.ndim > 0 and item.shape[0] == points and (item.ndim == 1 or item.shape[1] <= 16)


def read(dataset: Any, entry: str, path: str) -> Reading:
    """Describe one map."""
    number, technique, name = entry.split("/", 2)
    header = inside(dataset.file, f"{number}/{technique}/Header")
    cells = _cells(header)
    assert cells is not None  # images() asked for it
    pixels = PointPixels(dataset, rows=cells[0], columns=cells[1], path=f"{path}::{entry}")
    lengths, source = _lengths(header)
    is_vector = len(pixels.shape) > 2
    return Reading(
        format="Oxford H5OINA",
        pixels=pixels,
        axes="yxc" if is_vector else "yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        stage=_stage(header),
        channel_names=() if is_vector else (name,),
        modality=_MODALITY[technique],
        metadata={"path": dataset.name, "header": _plain(header)},
    )


def _cells(header: Any) -> tuple[int, int] | None:
    sizes = [_number(header, name) for name in ("Y Cells", "X Cells")]
    if any(n is None or n < 1 or n != int(n) for n in sizes):
        return None
    return int(sizes[0] or 0), int(sizes[1] or 0)


def _lengths(header: Any) -> tuple[Lengths, str]:
    source = "H5OINA X Step and Y Step"
    found: dict[str, float] = {}
    for axis in "yx":
        value, unit = _number(header, f"{axis.upper()} Step"), _unit(header, f"{axis.upper()} Step")
        scale = micrometres_in(unit)
        if value is None or scale is None:
            return Lengths({}, (f"{source}: {axis} is {value} in {unit!r}, no length",)), source
        found[axis] = value * scale
    return inspect_lengths(found, source=source), source


def _stage(header: Any) -> dict[str, float]:
    """Stage position as far as its units are known."""
    found: dict[str, float] = {}
    place = inside(header, "Stage Position")
    for axis in "xyz" if place is not None else "":
        value, scale = _number(place, axis.upper()), micrometres_in(_unit(place, axis.upper()))
        if value is not None and scale is not None:
            found[f"{axis}_um"] = value * scale
    for name in ("Rotation", "Tilt") if place is not None else ():
        value, unit = _number(place, name), _unit(place, name).lower()
        if value is not None and unit in ("rad", "deg"):
            found[f"{name.lower()}_deg"] = math.degrees(value) if unit == "rad" else value
    return found


def _number(group: Any, name: str) -> float | None:
    found = inside(group, name)
    if found is None or not hasattr(found, "dtype") or found.size != 1:
        return None
    if found.dtype.kind not in "iuf":
        return None
    value = float(np.ravel(found[()])[0])
    return value if math.isfinite(value) else None


def _unit(group: Any, name: str) -> str:
    found = inside(group, name)
    value = np.ravel(found.attrs.get("Unit", ""))[0] if found is not None else ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _plain(header: Any) -> dict[str, Any]:
    """Numbers and words of a header, not its tables."""
    import h5py

    found: dict[str, Any] = {}

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.size == 1 and item.dtype.kind in "iufSO":
            value = np.ravel(item[()])[0]
            found[name] = value.decode(errors="replace") if isinstance(value, bytes) else value

    header.visititems(look)
    return found
