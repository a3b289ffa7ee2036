"""MetaImage (MHA, MHD): a text header of lengths without a unit.

ITK takes them as millimetres by habit; microscopes write micrometres. So they are numbers until
somebody says the unit. A header may name any file as its pixels: only one beside it is read.
"""

from __future__ import annotations

import os
from math import prod
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import flat_or_packed
from .lengths import micrometres_in
from .reading import Reading
from .references import beside
from .world import World, world_from_steps

SUFFIXES = (".mha", ".mhd")
_LARGEST_HEADER = 2**20
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


def recognises(path: str, head: bytes) -> bool:
    """Say whether the file begins like a MetaImage header."""
    first = head.lstrip()[:60]
    return path.lower().endswith(SUFFIXES) and first.startswith(
        (b"ObjectType", b"NDims", b"Comment")
    )


def open_meta_image(path: str, answers: Answers) -> Reading:
    """Open a MetaImage, in one file or two."""
    fields, offset = read_header(path)
    sizes = tuple(int(n) for n in _needed(fields, "DimSize", path).split())
    channels = int(fields.get("ElementNumberOfChannels", "1"))
    shape = sizes[::-1] + ((channels,) if channels > 1 else ())
    axes = _axes(len(sizes)) + ("c" if channels > 1 else "")
    dtype = _dtype(fields, path)
    data, start = _data(path, fields, offset, prod(shape) * dtype.itemsize)
    world = _world(fields, min(len(sizes), 3))
    return Reading(
        format="MetaImage",
        pixels=flat_or_packed(
            data,
            offset=start,
            shape=shape,
            dtype=dtype,
            packing="zlib" if _true(fields, "CompressedData") else None,
        ),
        axes=axes,
        spacing_source="MetaImage ElementSpacing",
        faults=() if world.size else ("the MetaImage header has no ElementSpacing",),
        bare_spacing=world.size,
        origin_um=world.origin_um(micrometres_in(answers.unit)),
        direction=world.direction,
        modality=fields.get("Modality"),
        metadata={"MetaImage": fields},
    )


def read_header(path: str) -> tuple[dict[str, str], int]:
    """Read the fields up to ElementDataFile, and where the header ends [byte]."""
    fields: dict[str, str] = {}
    with open(path, "rb") as file:
        while file.tell() < _LARGEST_HEADER and (line := file.readline(_LARGEST_HEADER)):
            name, equals, value = line.decode("utf-8", errors="replace").partition("=")
            if equals:
                fields[name.strip()] = value.strip()
            if name.strip() == "ElementDataFile":
                return fields, file.tell()
    raise ReadError(
        f"expected ElementDataFile in the MetaImage header of {path}, there is none: "
        "the file is cut short, copy it again"
    )


def _needed(fields: dict[str, str], name: str, path: str) -> str:
    if name not in fields:
        raise ReadError(
            f"expected {name} in the MetaImage header of {path}, got {sorted(fields)}: "
            "write the file again"
        )
    return fields[name]


def _true(fields: dict[str, str], name: str) -> bool:
    return fields.get(name, "False").lower() in ("true", "1")


def _axes(ndim: int) -> str:
    return "?" * max(0, ndim - 3) + "zyx"[-min(ndim, 3) :]


def _dtype(fields: dict[str, str], path: str) -> np.dtype[Any]:
    name = _needed(fields, "ElementType", path).removesuffix("_ARRAY")
    if name not in _TYPES:
        raise ReadError(f"expected ElementType {sorted(_TYPES)}, {path} has {name!r}: convert it")
    big = _true(fields, "BinaryDataByteOrderMSB") or _true(fields, "ElementByteOrderMSB")
    return np.dtype(_TYPES[name]).newbyteorder(">" if big else "<")


def _data(path: str, fields: dict[str, str], offset: int, nbytes: int) -> tuple[str, int]:
    name = fields["ElementDataFile"]
    if fields.get("BinaryData", "True").lower() not in ("true", "1"):
        raise ReadError(f"{path} holds its pixels as text: write it again with BinaryData = True")
    if name.upper().startswith("LIST") or "%" in name:
        raise ReadError(f"{path} spreads its pixels over several files ({name!r}): join them first")
    if name.upper() == "LOCAL":
        return path, offset
    data = beside(path, name)
    skip = int(fields.get("HeaderSize", "0"))
    return data, os.path.getsize(data) - nbytes if skip == -1 else max(0, skip)


def _numbers(fields: dict[str, str], *names: str) -> np.ndarray | None:
    text = next((fields[name] for name in names if name in fields), None)
    return None if text is None else np.array([float(part) for part in text.split()])


def _world(fields: dict[str, str], ndim: int) -> World:
    sizes = _numbers(fields, "ElementSpacing", "ElementSize")
    if sizes is None or len(sizes) < ndim:
        return World({}, None)
    matrix = _numbers(fields, "TransformMatrix", "Rotation", "Orientation")
    origin = _numbers(fields, "Offset", "Position", "Origin")
    square = np.eye(ndim)
    if matrix is not None and len(matrix) == ndim * ndim:
        square = matrix.reshape(ndim, ndim).T  # MetaIO writes one axis a row
    place = origin if origin is not None and len(origin) == ndim else None
    world = world_from_steps(square, origin=place)
    return World(dict(zip("xyz", sizes.tolist(), strict=False)), world.direction, world.origin)
