"""Volume Graphics ``.vgi`` with its ``.vol``: a raw volume and a text that describes it.

Not tried on an instrument's file; written after the headers that
`CIL <https://github.com/TomographicImaging/CIL>`_, XamFlow and Fiji's users show.
"""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .references import beside
from .text_headers import Sections, read_text, sections_of, sibling

_KINDS = {"float": "f", "unsigned integer": "u", "unsigned": "u", "integer": "i",
          "signed integer": "i"}  # fmt: skip


def recognises(path: str, head: bytes) -> bool:
    """Say whether it is a ``.vgi``, or a ``.vol`` beside one."""
    if path.lower().endswith(".vgi"):
        return b"{volume" in head.lower() or b"[representation]" in head.lower()
    return path.lower().endswith(".vol") and sibling(path, ".vgi") is not None


def open_vgi(path: str, answers: Answers) -> Reading:
    """Open the pair by either of its names.

    Raises
    ------
    ReadError
        If the header is of another kind, or the volume has another size.
    """
    header = path if path.lower().endswith(".vgi") else str(sibling(path, ".vgi"))
    sections = sections_of(read_text(header))
    if "file2" in sections:
        raise ReadError(f"{header} puts a volume together from several files: export it into one")
    said = {**sections.get("representation", {}), **sections.get("file1", {})}
    if said.get("fileformat", "raw").lower() != "raw":
        raise ReadError(f"expected a raw volume, {header} says {said['fileformat']!r}: export it")
    volume = _volume(path, header, said)
    shape, dtype = _shape(said, header), _dtype(said, header)
    offset = _whole(said.get("skipheader", "0"), "SkipHeader", header)
    _refuse_other_size(volume, offset, shape, dtype)
    lengths, source = _lengths(sections)
    return Reading(
        format="VGI",
        pixels=FlatPixels(volume, offset=offset, shape=shape, dtype=dtype),
        axes="zyx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        modality="CT",
        metadata={"VGI": sections},
    )


def _volume(path: str, header: str, said: dict[str, str]) -> str:
    name = said.get("name", "").strip('"')
    if not path.lower().endswith(".vgi"):
        return path
    if not name:
        name = os.path.basename(sibling(header, ".vol") or os.path.splitext(header)[0] + ".vol")
    return beside(header, name)


def _shape(said: dict[str, str], header: str) -> tuple[int, ...]:
    counts = said.get("size", "").split()
    if len(counts) != 3:
        raise ReadError(f"expected Size = x y z in {header}, got {said.get('size')!r}")
    return tuple(_whole(count, "Size", header, least=1) for count in reversed(counts))


def _whole(text: str, name: str, header: str, *, least: int = 0) -> int:
    if not re.fullmatch(r"\d{1,12}", text) or int(text) < least:
        raise ReadError(f"expected whole numbers as {name} in {header}, got {text!r}")
    return int(text)


def _dtype(said: dict[str, str], header: str) -> np.dtype[Any]:
    kind, bits = said.get("datatype", "").lower(), said.get("bitsperelement", "")
    if bits == "" and kind == "float":
        bits = "32"
    if kind not in _KINDS or bits not in ("8", "16", "32", "64") or (kind, bits) == ("float", "8"):
        raise ReadError(
            f"expected a Datatype of {sorted(_KINDS)} and BitsPerElement in {header}, got {kind!r} "
            f"and {bits!r}: the size of a voxel is not guessed"
        )
    return np.dtype(f"<{_KINDS[kind]}{int(bits) // 8}")


def _refuse_other_size(
    volume: str, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    need = offset + shape[0] * shape[1] * shape[2] * dtype.itemsize
    have = os.path.getsize(volume)
    if need != have:
        raise ReadError(
            f"{shape} {dtype.name} from byte {offset} takes {need} bytes, {volume} has {have}: it "
            "is cut short, or belongs to another .vgi"
        )


def _lengths(sections: Sections) -> tuple[Lengths, str]:
    geometry, source = sections.get("geometry", {}), "VGI geometry resolution"
    words, unit = geometry.get("resolution", "").split(), geometry.get("unit", "")
    scale = micrometres_in(unit)
    if len(words) != 3:
        return Lengths({}, (f"{source} is absent",)), source
    if scale is None:
        return Lengths({}, (f"{source} is in {unit!r}, which is no length",)), source
    try:
        sizes = dict(zip("xyz", (float(word) * scale for word in words), strict=True))
    except ValueError:
        return Lengths({}, (f"{source} is {words}, no numbers",)), source
    return inspect_lengths(sizes, source=source), f"{source} ({unit})"
