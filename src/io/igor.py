"""Igor binary waves, ``.ibw`` of version 5: what Asylum's AFMs write.

After WaveMetrics' Technical Note 003; not tried on an instrument's file. The numbers lie with the
first dimension, x, running fastest; layers are channels.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths

_BIN, _WAVE = 64, 320
_TYPES = {2: "f4", 4: "f8", 8: "i1", 16: "i2", 32: "i4", 72: "u1", 80: "u2", 96: "u4"}
_LARGEST_NOTE = 2**22


def recognises(path: str, head: bytes) -> bool:
    """Say whether it is a wave of version 5 by its name."""
    return path.lower().endswith(".ibw") and head[:2] in (b"\x05\x00", b"\x00\x05")


def open_igor(path: str, answers: Answers) -> Reading:
    """Open an image wave.

    Raises
    ------
    ReadError
        If it is no image, or cut short.
    """
    with open(path, "rb") as file:
        head = file.read(_BIN + _WAVE)
    if len(head) < _BIN + _WAVE:
        raise ReadError(f"{path} ends within its Igor header: copy it again")
    order = "<" if head[0] == 5 else ">"
    code = struct.unpack_from(f"{order}h", head, _BIN + 16)[0]
    counts = [n for n in struct.unpack_from(f"{order}4i", head, _BIN + 68) if n != 0]
    if code not in _TYPES or len(counts) not in (2, 3) or any(n < 1 for n in counts):
        raise ReadError(
            f"expected an image of real numbers, {path} is a wave of {counts} and type {code}"
        )
    shape, dtype = tuple(reversed(counts)), np.dtype(order + _TYPES[code])
    lengths, origin, source = _lengths(head, order)
    labels, note = _after(path, head, order, prod(shape) * dtype.itemsize, len(counts), counts[-1])
    return Reading(
        format="Igor wave",
        pixels=FlatPixels(path, offset=_BIN + _WAVE, shape=shape, dtype=dtype),
        axes="cyx" if len(shape) == 3 else "yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        origin_um=origin,
        frame="scanner" if origin else "",
        channel_names=labels,
        metadata={"note": note, "value_unit": _text(head[_BIN + 148 : _BIN + 152])},
        warnings=("Igor counts rows upwards: Answers(flip='y') shows it the way up of a photo",),
    )


def _lengths(head: bytes, order: str) -> tuple[Lengths, dict[str, float], str]:
    source = "Igor wave scaling"
    steps = struct.unpack_from(f"{order}2d", head, _BIN + 84)
    starts = struct.unpack_from(f"{order}2d", head, _BIN + 116)
    sizes, origin = {}, {}
    for number, axis in enumerate("xy"):
        unit = _text(head[_BIN + 152 + 4 * number : _BIN + 156 + 4 * number])
        scale = micrometres_in(unit)
        if scale is None:
            return Lengths({}, (f"{source} of {axis} is in {unit!r}, no length",)), {}, source
        sizes[axis], origin[axis] = steps[number] * scale, starts[number] * scale
    lengths = inspect_lengths(sizes, source=source)
    placed = len(lengths.um) == 2 and all(np.isfinite(list(origin.values())))
    return lengths, origin if placed else {}, source


def _after(
    path: str, head: bytes, order: str, nbytes: int, ndim: int, layers: int
) -> tuple[tuple[str, ...], str]:
    """Layer labels and the note, which stand behind the numbers."""
    formula, note, units = struct.unpack_from(f"{order}3i", head, 8)
    dims = struct.unpack_from(f"{order}4i", head, 20)
    labels = struct.unpack_from(f"{order}4i", head, 36)
    sizes: tuple[Any, ...] = (formula, note, units, *dims, *labels)
    if any(size < 0 or size > _LARGEST_NOTE for size in sizes):
        return (), ""
    with open(path, "rb") as file:
        file.seek(_BIN + _WAVE + nbytes + formula)
        text = file.read(note).decode("cp1252", errors="replace")
        file.seek(units + sum(dims) + sum(labels[:2]), 1)
        names = file.read(labels[2]) if ndim == 3 else b""
    parts = [_text(names[i : i + 32]) for i in range(0, len(names), 32)]
    return tuple(parts[1 : layers + 1]) if len(parts) > layers else (), text


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode("cp1252", errors="replace")
