"""Gwyddion ``.gwy``: every data field of the container is an image in the scanner's coordinates.

After http://gwyddion.net/documentation/user-guide-en/gwyfile-format.html. The tree is walked
without unpacking the numbers, which stay in the file.
"""

from __future__ import annotations

import re
import struct
from typing import Any, BinaryIO

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels
from .hdf5_family import with_entries
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths

_MAGIC = b"GWYP"
_SIZES = {b"b": 1, b"c": 1, b"i": 4, b"q": 8, b"d": 8}
_PACKED = {b"i": "<i", b"q": "<q", b"d": "<d"}
_DEEPEST, _LONGEST, _MOST = 8, 2**20, 100_000

Tree = dict[str, Any]


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are Gwyddion's."""
    return head.startswith(_MAGIC)


def open_gwyddion(path: str, answers: Answers) -> Reading:
    """Open one data field of a container.

    Raises
    ------
    ReadError
        If the tree is damaged, or holds no data field of the name.
    """
    from dataclasses import replace

    with open(path, "rb") as file:
        tree = _Walk(file, path).container()
    fields = {
        key.strip("/").split("/")[0]: key
        for key, value in tree.items()
        if re.fullmatch(r"/\d+/data", key) and isinstance(value, dict)
    }
    entry = answers.entry or next(iter(sorted(fields, key=int)), "")
    if entry not in fields:
        raise ReadError(f"{path} holds the data fields {sorted(fields)}, got {answers.entry!r}")
    reading = _reading(path, tree, fields[entry])
    return with_entries(replace(reading, entries=tuple(sorted(fields, key=int))), entry, path)


class _Walk:
    """The tree of a file: numbers and words, and for arrays where they lie."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file, self._path, self._left = file, path, _MOST
        self._size = file.seek(0, 2)
        file.seek(len(_MAGIC))

    def container(self) -> Tree:
        return self._object(0)

    def _object(self, depth: int) -> Tree:
        name, size = self._word(), self._unpack("<I")
        end = self._file.tell() + size
        if depth > _DEEPEST or end > self._size:
            raise self._damaged(f"the object {name!r} of {size} bytes does not fit")
        found: Tree = {"": name}
        while self._file.tell() < end:
            key, kind = self._word(), self._file.read(1)
            found[key] = self._value(kind, depth)
            if self._file.tell() > end:
                raise self._damaged(f"{key!r} leads out of its object")
        return found

    def _value(self, kind: bytes, depth: int) -> Any:
        if kind in _PACKED:
            return self._unpack(_PACKED[kind])
        if kind in b"bc" and kind:
            return self._file.read(1)
        if kind == b"s":
            return self._word()
        if kind == b"o":
            return self._object(depth + 1)
        count = self._unpack("<I") if kind else 0
        if kind.lower() in _SIZES and kind.isupper():
            place, length = self._file.tell(), count * _SIZES[kind.lower()]
            if place + length > self._size:
                raise self._damaged(f"an array of {count} numbers is cut short")
            self._file.seek(place + length)
            return {"offset": place, "count": count, "kind": kind.decode()}
        if kind in (b"S", b"O"):
            return [self._word() if kind == b"S" else self._object(depth + 1) for _ in range(count)]
        raise self._damaged(f"a value of the unknown kind {kind!r}")

    def _word(self) -> str:
        self._left -= 1
        parts = bytearray()
        while (byte := self._file.read(1)) != b"\0":
            parts += byte
            if not byte or len(parts) > _LONGEST or self._left < 0:
                raise self._damaged("a name without an end")
        return parts.decode("utf-8", errors="replace")

    def _unpack(self, form: str) -> Any:
        size = struct.calcsize(form)
        data = self._file.read(size)
        if len(data) != size:
            raise self._damaged("it ends early")
        return struct.unpack(form, data)[0]

    def _damaged(self, why: str) -> ReadError:
        return ReadError(f"{self._path} is a damaged Gwyddion file ({why}): copy it again")


def _reading(path: str, tree: Tree, key: str) -> Reading:
    field = tree[key]
    shape, data = (field.get("yres"), field.get("xres")), field.get("data")
    is_whole = all(isinstance(n, int) and n > 0 for n in shape) and isinstance(data, dict)
    if not is_whole or data["kind"] != "D" or data["count"] != shape[0] * shape[1]:
        raise ReadError(f"{path}: {key} of {shape} pixels does not fit its numbers: copy it again")
    lengths, source, scale = _lengths(field, shape)
    title = tree.get(f"{key}/title")
    return Reading(
        format="Gwyddion",
        pixels=FlatPixels(path, offset=data["offset"], shape=shape, dtype=np.dtype("<f8")),
        axes="yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        origin_um=_origin(field, lengths, scale),
        frame="scanner" if scale else "",
        channel_names=(title,) if isinstance(title, str) and title else (),
        modality=None,
        metadata={"key": key, "value_unit": _unit(field, "si_unit_z")},
    )


def _unit(field: Tree, name: str) -> str:
    found = field.get(name)
    unit = found.get("unitstr", "") if isinstance(found, dict) else ""
    return unit if isinstance(unit, str) else ""


def _lengths(field: Tree, shape: tuple[int, int]) -> tuple[Lengths, str, float | None]:
    unit = _unit(field, "si_unit_xy")
    scale, source = micrometres_in(unit), "Gwyddion xreal and yreal"
    if scale is None:
        return Lengths({}, (f"{source} are in {unit!r}, which is no length",)), source, None
    sizes = {}
    for axis, count in zip("yx", shape, strict=True):
        extent = field.get(f"{axis}real")
        sizes[axis] = (extent * scale / count) if isinstance(extent, float) else 0.0
    return inspect_lengths(sizes, source=source), f"{source} ({unit})", scale


def _origin(field: Tree, lengths: Lengths, scale: float | None) -> dict[str, float]:
    """Centre of the first pixel; absent offsets are 0 in this format."""
    found = {}
    for axis in "yx":
        start = field.get(f"{axis}off", 0.0)
        if scale is None or axis not in lengths.um or not isinstance(start, float):
            return {}
        found[axis] = start * scale + lengths.um[axis] / 2
    return found
