"""WSxM images, ``.stp`` and ``.top``: a text header, then rows of numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths

_MAGIC = b"WSxM file copyright"
_LARGEST_HEADER = 2**20
_TYPES = {"short": "<i2", "integer": "<i4", "float": "<f4", "double": "<f8"}
_LINE = re.compile(r"\s+([^:]+?): ?(.*?)\s*")


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first line is WSxM's."""
    return head.startswith(_MAGIC)


def open_wsxm(path: str, answers: Answers) -> Reading:
    """Open a WSxM image.

    Raises
    ------
    ReadError
        If its header is incomplete or the file shorter than it says.
    """
    offset, said = _header(path)
    shape = (_whole(said, "Number of rows", path), _whole(said, "Number of columns", path))
    kind = said.get("Image Data Type", "short")
    if kind not in _TYPES:
        raise ReadError(f"expected an Image Data Type of {sorted(_TYPES)}, {path} has {kind!r}")
    lengths, source = _lengths(said, shape)
    return Reading(
        format="WSxM",
        pixels=FlatPixels(path, offset=offset, shape=shape, dtype=np.dtype(_TYPES[kind])),
        axes="yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        channel_names=tuple(v for v in [said.get("Acquisition channel")] if v),
        modality="AFM",
        metadata={"WSxM": said},
        warnings=(
            f"values are as stored; they span {said.get('Z Amplitude', 'an unknown height')}",
        ),
    )


def _header(path: str) -> tuple[int, dict[str, str]]:
    with open(path, "rb") as file:
        head = file.read(_LARGEST_HEADER)
    size = re.search(rb"Image header size: (\d{1,7})\s", head[:4096])
    end = head.find(b"[Header end]")
    if size is None or end < 0 or not end < int(size.group(1)) <= len(head):
        raise ReadError(f"{path} has no complete WSxM header: it is cut short, copy it again")
    said: dict[str, str] = {}
    for line in head[:end].decode("cp1252", errors="replace").splitlines():
        if pair := _LINE.fullmatch(line):
            said.setdefault(pair.group(1), pair.group(2))
    return int(size.group(1)), said


def _whole(said: dict[str, str], name: str, path: str) -> int:
    text = said.get(name, "")
    if not re.fullmatch(r"\d{1,6}", text) or int(text) < 1:
        raise ReadError(f"expected a positive {name} in {path}, got {text!r}: it is damaged")
    return int(text)


def _lengths(said: dict[str, str], shape: tuple[int, int]) -> tuple[Lengths, str]:
    source = "WSxM X Amplitude and Y Amplitude"
    sizes: dict[str, float] = {}
    for axis, count in zip("yx", shape, strict=True):
        text = said.get(f"{axis.upper()} Amplitude", "")
        found = re.fullmatch(r"([\d.eE+-]+)\s*(\S+)", text)
        scale = micrometres_in(found.group(2)) if found else None
        number = _number(found.group(1)) if found else None
        if scale is None or number is None:
            return Lengths({}, (f"{source}: {axis} is {text!r}, no length",)), source
        sizes[axis] = number * scale / count
    return inspect_lengths(sizes, source=source), source


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return None
