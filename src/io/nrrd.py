"""NRRD and NHDR: a text header with step vectors, raw or packed pixels.

The format is defined at https://teem.sourceforge.net/nrrd/format.html. The unit of its lengths
is optional; without one they are only numbers.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import flat_or_packed
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .references import beside
from .world import World, world_from_steps

_LARGEST_HEADER = 2**20

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_PACKINGS = {"raw": None, "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_SIGNS = {
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
    "3d-left-handed": (1, 1, -1),
}
_COLOURS = (
    "rgb-color",
    "rgba-color",
    "hsv-color",
    "list",
    "vector",
    "2-vector",
    "3-vector",
    "4-vector",
    "3-color",
    "4-color",
    "point",
    "complex",
)


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are a NRRD's."""
    return head.startswith(b"NRRD000")


def open_nrrd(path: str, answers: Answers) -> Reading:
    """Open a NRRD, attached or with its pixels in a file beside it."""
    fields, offset = read_header(path)
    sizes = tuple(int(n) for n in _needed(fields, "sizes", path).split())
    data, start = _data(path, fields, offset)
    axes = _axes(fields, len(sizes))
    dtype = _dtype(fields, path)
    world, unit = _world(fields, axes)
    lengths, bare, source = _lengths(world, unit)
    return Reading(
        format="NRRD",
        pixels=flat_or_packed(
            data,
            offset=start,
            shape=sizes[::-1],
            dtype=dtype,
            packing=_packing(fields, path),
        ),
        axes=axes[::-1],
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        bare_spacing=bare,
        origin_um=world.origin_um(micrometres_in(unit or answers.unit)),
        direction=world.direction,
        modality=fields.get("modality"),
        metadata={"NRRD": fields},
    )


def read_header(path: str) -> tuple[dict[str, str], int]:
    """Read the fields of a NRRD header (names in lower case) and where it ends [byte]."""
    fields: dict[str, str] = {}
    with open(path, "rb") as file:
        file.readline(100)
        while file.tell() < _LARGEST_HEADER:
            line = file.readline(_LARGEST_HEADER)
            text = line.decode("utf-8", errors="replace").strip()
            if not text:
                return fields, file.tell()
            name, colon, value = text.partition(":")
            if not text.startswith("#") and colon:
                fields[name.strip().lower()] = value.lstrip("=").strip()
    raise ReadError(f"expected a NRRD header that ends with an empty line, {path} has none in 1 MB")


def _needed(fields: dict[str, str], name: str, path: str) -> str:
    if name not in fields:
        raise ReadError(
            f"expected the field {name!r} in the NRRD header of {path}, got "
            f"{sorted(fields)}: write the file again"
        )
    return fields[name]


def _data(path: str, fields: dict[str, str], offset: int) -> tuple[str, int]:
    name = fields.get("data file") or fields.get("datafile")
    skip = int(fields.get("byte skip") or fields.get("byteskip") or 0)
    if int(fields.get("line skip") or fields.get("lineskip") or 0) or skip < 0:
        raise ReadError(f"{path} skips lines or counts bytes from the end: write it again as NRRD")
    if name is None:
        return path, offset + skip
    if name.upper().startswith("LIST") or "%" in name:
        raise ReadError(f"{path} spreads its pixels over several files ({name!r}): join them first")
    return beside(path, name), skip


def _dtype(fields: dict[str, str], path: str) -> np.dtype[Any]:
    name = _needed(fields, "type", path).lower()
    code = next((code for code, names in _TYPES.items() if name in names), None)
    if code is None:
        raise ReadError(f"expected a numeric NRRD type, {path} has {name!r}: convert it first")
    return np.dtype(code).newbyteorder(">" if fields.get("endian", "").lower() == "big" else "<")


def _packing(fields: dict[str, str], path: str) -> str | None:
    encoding = _needed(fields, "encoding", path).lower()
    if encoding not in _PACKINGS:
        raise ReadError(
            f"expected the encoding {sorted(_PACKINGS)}, {path} has {encoding!r}: "
            "write it again as raw or gzip"
        )
    return _PACKINGS[encoding]


def _axes(fields: dict[str, str], ndim: int) -> str:
    """Letters in stored order, fastest axis first."""
    kinds = [kind.strip('"').lower() for kind in fields.get("kinds", "").split()]
    kinds += ["domain"] * (ndim - len(kinds))
    spatial = iter("xyz")
    letters = []
    for kind in kinds[:ndim]:
        if kind in _COLOURS:
            letters.append("c")
        elif kind == "time":
            letters.append("t")
        else:
            letters.append(next(spatial, "?"))
    return "".join(letters)


def _world(fields: dict[str, str], axes: str) -> tuple[World, str | None]:
    spatial = [i for i, letter in enumerate(axes) if letter in "xyz"]
    units = re.findall(r'"([^"]*)"', fields.get("space units", "") or fields.get("units", ""))
    unit = next((u for u in units if u), None)
    vectors = re.findall(r"none|\(([^)]*)\)", fields.get("space directions", ""))
    if len(vectors) == len(axes):
        steps = np.array([_numbers(vectors[i]) for i in spatial], float).T
        if steps.shape == (len(spatial), len(spatial)):
            signs = _SIGNS.get(fields.get("space", "").lower().replace('"', ""), (1, 1, 1))
            origin = _numbers(fields.get("space origin", "").strip("()"))
            place = np.array(origin) if len(origin) == len(spatial) else None
            return world_from_steps(steps, origin=place, signs=signs), unit
    sizes = fields.get("spacings", "").split()
    if len(sizes) == len(axes):
        return World({axes[i]: float(sizes[i]) for i in spatial}, None), unit
    return World({}, None), unit


def _numbers(text: str) -> list[float]:
    return [float(part) for part in re.split(r"[,\s]+", text.strip()) if part]


def _lengths(world: World, unit: str | None) -> tuple[Lengths, dict[str, float], str]:
    source = "NRRD space directions" if world.direction else "NRRD spacings"
    if not world.size:
        return Lengths({}, ("the NRRD header has no spacings",)), {}, source
    if unit is None:
        return Lengths({}, ()), dict(world.size), source
    scale = micrometres_in(unit)
    if scale is None:
        return Lengths({}, (f"{source} are in {unit!r}, which is not a length",)), {}, source
    lengths = inspect_lengths({a: v * scale for a, v in world.size.items()}, source=source)
    return lengths, {}, f"{source} ({unit})"
