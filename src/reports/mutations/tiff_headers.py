"""TIFF directories and the words of instruments in them, read without tifffile."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .stated import Stated, native
from .words import lengths_um, metres, pairs

_FORMS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii",
          11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}  # fmt: skip
_MOST = 4096
Page = dict[int, Any]


def pages_of(data: bytes) -> list[Page]:
    """Read the chain of directories: values by tag."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    count_form, offset_form, entry = ("Q", "Q", 20) if big else ("H", "I", 12)
    place = struct.unpack_from(order + offset_form, data, 8 if big else 4)[0]
    found: list[Page] = []
    while place and len(found) < _MOST:
        count = struct.unpack_from(order + count_form, data, place)[0]
        first = place + struct.calcsize(count_form)
        page: Page = {}
        for number in range(count):
            tag, value = _value(data, first + number * entry, order, offset_form)
            page.setdefault(tag, value)
        found.append(page)
        place = struct.unpack_from(order + offset_form, data, first + count * entry)[0]
    return found


def _value(data: bytes, at: int, order: str, offset_form: str) -> tuple[int, Any]:
    tag, kind, count = struct.unpack_from(order + "HH" + offset_form, data, at)
    form = _FORMS.get(kind)
    if form is None:
        return tag, None
    width = struct.calcsize(order + form)
    room = struct.calcsize(offset_form)
    start = at + 4 + room
    if width * count > room:
        start = struct.unpack_from(order + offset_form, data, start)[0]
    if width * count > len(data) - start:
        return tag, None
    if form == "s":
        return tag, data[start : start + count]
    values = struct.unpack_from(order + form * count, data, start)
    if len(form) == 2:
        values = tuple(zip(values[::2], values[1::2], strict=True))
    return tag, values


def plain(path: Path, **sizes: Any) -> Stated:
    """Say what the directories say; sizes of pixels per centimetre if none are given."""
    pages = pages_of(path.read_bytes())
    first = pages[0]
    alike = all(_series(page) == _series(first) for page in pages)
    rows, columns, samples, dtype = _kind(first)
    return Stated(
        grid=(rows, columns),
        others=len(pages) * samples if alike else None,
        dtypes=(dtype,) if dtype else None,
        sizes_um=sizes or _per_centimetre(first),
    )


def _series(page: Page) -> tuple[Any, ...]:
    """What pages of one stack have in common."""
    return (_kind(page), *(page.get(tag) for tag in (254, 259, 262, 278, 284, 317)))


def _kind(page: Page) -> tuple[int, int, int, str]:
    bits, form = page.get(258, (1,)), page.get(339, (1,))
    letter = {1: "u", 2: "i", 3: "f"}.get(form[0], "")
    plain_bits = len(set(bits)) == 1 and bits[0] in (8, 16, 32, 64) and letter
    return page[257][0], page[256][0], page.get(277, (1,))[0], (
        native(f"{letter}{bits[0] // 8}") if plain_bits and bits[0] // 8 > (letter == "f") else ""
    )  # fmt: skip


def _per_centimetre(page: Page) -> dict[str, tuple[float, ...]]:
    if page.get(296, (2,))[0] != 3:
        return {}
    found = {axis: page[tag][0] for axis, tag in (("x", 282), ("y", 283)) if tag in page}
    return {axis: (1e4 * bottom / top,) for axis, (top, bottom) in found.items() if top}


def imagej(path: Path) -> Stated:
    """Say what ImageJ's description says."""
    first = pages_of(path.read_bytes())[0]
    text = first[270].decode("latin-1")
    if not text.startswith("ImageJ="):
        return plain(path)  # damaged: a plain TIFF now
    said = pairs(text.replace("\0", " "))
    rows, columns, samples, dtype = _kind(first)
    scale = metres(said.get("unit", ""))
    sizes: dict[str, tuple[float, ...]] = {}
    if scale is not None:
        for axis, tag in (("x", 282), ("y", 283)):
            top, bottom = first[tag][0]
            sizes[axis] = (scale * bottom / top,) if top else ()
        if "spacing" in said:
            sizes["z"] = (scale * float(said["spacing"]),)
    count = int(said.get("images", "0"))
    agreed = count and count == int(said.get("slices", "1"))
    return Stated(
        grid=(rows, columns), others=count * samples if agreed else None, dtypes=(dtype,),
        sizes_um=sizes,
    )  # fmt: skip


def ome(path: Path) -> Stated:
    """Say what OME's XML says of its first image."""
    first = pages_of(path.read_bytes())[0]
    tree = ElementTree.fromstring(first[270].rstrip(b"\0"))
    said = next(part for part in tree.iter() if part.tag.endswith("}Pixels")).attrib
    sizes = {}
    for axis in "XYZ":
        unit = metres(said.get(f"PhysicalSize{axis}Unit", "µm"))
        if f"PhysicalSize{axis}" in said and unit is not None:
            sizes[axis.lower()] = (float(said[f"PhysicalSize{axis}"]) * unit,)
    count = int(said["SizeZ"]) * int(said["SizeC"]) * int(said["SizeT"])
    kind = {"float": "float32", "double": "float64"}.get(said["Type"], said["Type"])
    grid = (int(said["SizeY"]), int(said["SizeX"]))
    if grid != _kind(first)[:2]:
        return Stated(grid=_kind(first)[:2], sizes_um={})  # the words are another image's
    known = re.fullmatch(r"u?int(8|16|32)|float(32|64)", kind)
    return Stated(
        grid=grid, others=count or None, dtypes=(kind,) if known else None, sizes_um=sizes
    )


def zeiss(path: Path) -> Stated:
    """Say which of SmartSEM's sizes there are."""
    text = pages_of(path.read_bytes())[0][34118].decode("cp1252", "replace")
    stated = r"(?:Image Pixel Size|Pixel Size|PIXEL_SIZE) = ([\d.]+) (\S+)"
    columns = (plain(path, x=()).grid or (1, 1))[1]
    widths = lengths_um(re.findall(r"(?m)^Width = ([\d.]+) (\S+)", text))
    sizes = (*lengths_um(re.findall(stated, text)), *(width / columns for width in widths))
    return plain(path, x=sizes, y=sizes)


def fei(path: Path) -> Stated:
    """Say what Thermo Fisher's text says, all pixel sizes of all beams."""
    first = pages_of(path.read_bytes())[0]
    text = (first.get(34682) or first[34680]).decode("latin-1")
    found = {
        axis: tuple(float(n) * 1e6 for n in re.findall(rf"{name}=([-+.\deE]+)", text))
        for axis, name in (("x", "PixelWidth"), ("y", "PixelHeight"))
    }
    return plain(path, **found)


def tescan(path: Path) -> Stated:
    """Say what TESCAN's tag or header says."""
    beside = path.with_suffix(".hdr")
    data = beside.read_bytes() if beside.exists() else _tescan_tag(path)
    text = data.decode("latin-1")
    found = {}
    for axis in "xy":
        said = re.findall(rf"(?i)PixelSize{axis}=([-+.,\deE]+)", text)
        found[axis] = tuple(float(number.replace(",", ".")) * 1e6 for number in said)
    return plain(path, **found)


def _tescan_tag(path: Path) -> bytes:
    value = pages_of(path.read_bytes())[0][50431]
    return value if isinstance(value, bytes) else bytes(value)


def jeol(path: Path) -> Stated:
    """Say what the scale bar beside the image says."""
    text = path.with_suffix(".txt").read_text("latin-1").upper()
    said = pairs(text, r"\s*\$+(\w+)\s+(.*)")
    length = re.fullmatch(r"([\d.]+)\s*(\D+)", said.get("SM_MICRON_MARKER", ""))
    scale = metres(length.group(2)) if length else None
    if length is None or scale is None:
        return plain(path, x=())
    size = float(length.group(1)) * scale / float(said["SM_MICRON_BAR"])
    return plain(path, x=(size,), y=(size,))


def jpk(path: Path) -> Stated:
    """Say what the grid of the first page says of any channel."""
    grid, *channels = pages_of(path.read_bytes())
    width, height = grid[32834][0], grid[32835][0]
    columns, rows = grid[32838][0], grid[32839][0]
    return Stated(
        grids=tuple({_kind(page)[:2] for page in channels}),
        dtypes=("float64", *{_kind(page)[3] for page in channels}),
        sizes_um={"x": (1e6 * width / columns,), "y": (1e6 * height / rows,)},
    )
