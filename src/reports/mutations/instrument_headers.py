"""Headers of instruments' own formats, read without our readers and without rosettasciio."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from .stated import Stated, native
from .words import metres, pairs

_POWERS = (1e-3, 1.0, 1e3, 1e6, 1e-4)
_XRADIA = {2: "i1", 3: "u1", 4: "i2", 5: "u2", 6: "i4", 7: "u4", 10: "f4", 11: "f8"}
_IGOR = {2: "f4", 4: "f8", 8: "i1", 16: "i2", 32: "i4", 72: "u1", 80: "u2", 96: "u4"}
_SERIES = (0x20, 0x0E)
_CZI = {"Gray8": "uint8", "Gray16": "uint16", "Gray32Float": "float32", "Bgr24": "uint8"}


def hdf5(path: Path) -> Stated:
    """Every grid that a dataset has, and every number that could be a length."""
    import h5py

    grids: set[tuple[int, int]] = set()
    kinds: set[str] = set()
    said: set[float] = set()

    def look(_: str, item: Any) -> None:
        said.update(_numbers(item.attrs.values()))
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biufSOV":
            return
        if item.dtype.kind in "biuf":
            kinds.add(native(item.dtype.str) if item.dtype.kind != "b" else "uint8")
            sides = [int(n) for n in item.shape]
            grids.update((a, b) for a in sides for b in sides)
        if item.size and item.size <= 2**17:
            said.update(_numbers([item[()]]))

    with h5py.File(path, "r") as file:
        look("", file)
        file.visititems(look)
        whole = {_first(file, f"1/{part}/Header/{axis} Cells") for part in ("EBSD", "EDS")
                 for axis in "XY"} - {0}  # fmt: skip
    grids.update((a, b) for a in whole for b in whole)
    lengths = tuple(abs(one) * power for one in said for power in _POWERS)
    return Stated(grids=tuple(grids), dtypes=tuple(kinds), sizes_um=dict.fromkeys("xyz", lengths))


def _first(file: Any, name: str) -> int:
    return int(np.ravel(file[name][()])[0]) if name in file else 0


def _numbers(values: Any) -> Iterator[float]:
    for value in values:
        array = np.asarray(value)
        if array.dtype.kind in "iuf" and array.size <= 64:
            yield from (float(one) for one in array.ravel())
        if array.dtype.kind in "iuf" and array.ndim == 1 and 2 <= array.size <= 4096:
            yield float(array[1]) - float(array[0])
        if array.dtype.kind == "u" and array.dtype.itemsize == 1:
            text = array.T.tobytes().split(b"\0")[0].decode("latin-1")
            yield from _in_text(text)
        elif array.dtype.kind in "SO":
            yield from _in_text(str(array.ravel()[:64]))


def _in_text(text: str) -> Iterator[float]:
    for found in re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", text)[:4000]:
        yield float(found)


def wsxm(path: Path) -> Stated:
    """Rows, columns and amplitudes of WSxM's text."""
    text = path.read_bytes().split(b"[Header end]")[0].decode("cp1252", "replace")
    said = pairs(text, r"\s+([^:]+?): ?(.*?)\s*")
    rows, columns = int(said["Number of rows"]), int(said["Number of columns"])
    lengths = {}
    for axis, count in (("y", rows), ("x", columns)):
        number, unit = said[f"{axis.upper()} Amplitude"].split()
        scale = metres(unit)
        lengths[axis] = () if scale is None else (float(number) * scale / count,)
    kind = {"short": "i2", "integer": "i4", "float": "f4", "double": "f8"}
    return Stated(grid=(rows, columns), sizes_um=lengths,
                  dtypes=(native(kind[said.get("Image Data Type", "short")]),))  # fmt: skip


def gwyddion(path: Path) -> Stated:
    """What gwyfile reads."""
    import gwyfile

    tree = gwyfile.load(str(path))
    fields = [tree[key] for key in tree if re.fullmatch(r"/\d+/data", key)]
    lengths: dict[str, list[float]] = {"x": [], "y": []}
    grids = set()
    for one in fields:
        sides = {"x": one["xres"], "y": one["yres"]}
        grids.add((sides["y"], sides["x"]))
        scale = metres(one["si_unit_xy"]["unitstr"]) if "si_unit_xy" in one else None
        for axis, count in sides.items():
            if scale is not None:
                lengths[axis].append(one[f"{axis}real"] * scale / count)
    return Stated(grids=tuple(grids), dtypes=("float64",), sizes_um=lengths)


def igor(path: Path) -> Stated:
    """The fixed fields of a wave of version 5."""
    head = path.read_bytes()[:384]
    order = "<" if head[0] == 5 else ">"
    kind = struct.unpack_from(order + "h", head, 80)[0]
    counts = [n for n in struct.unpack_from(order + "4i", head, 132) if n]
    steps = struct.unpack_from(order + "2d", head, 148)
    units = [head[at : at + 4].split(b"\0")[0].decode("latin-1") for at in (216, 220)]
    lengths = {
        axis: () if metres(unit) is None else (step * float(metres(unit) or 0),)
        for axis, unit, step in zip("xy", units, steps, strict=True)
    }
    return Stated(grid=(counts[1], counts[0]), others=prod(counts[2:]), sizes_um=lengths,
                  dtypes=(native(_IGOR[kind]),))  # fmt: skip


def xradia(path: Path) -> Stated:
    """The little streams of an OLE file."""
    import olefile

    with olefile.OleFileIO(path) as ole:
        rows, columns, kind, count = (
            struct.unpack("<i", ole.openstream(f"ImageInfo/{name}").read(4))[0]
            for name in ("ImageHeight", "ImageWidth", "DataType", "NoOfImages")
        )
        size = struct.unpack("<f", ole.openstream("ImageInfo/PixelSize").read(4))[0]
        taken = count
        if ole.exists("ImageInfo/ImagesTaken"):
            done = struct.unpack("<i", ole.openstream("ImageInfo/ImagesTaken").read(4))[0]
            taken = min(count, done) if done > 0 else count
    return Stated(grid=(rows, columns), others=taken, dtypes=(native(_XRADIA[kind]),),
                  sizes_um=dict.fromkeys("xyz", (size,)))  # fmt: skip


def digital_surf(path: Path) -> Stated:
    """The fixed fields of a surface."""
    data = path.read_bytes()
    columns, rows = struct.unpack_from("<2i", data, 108)
    steps = struct.unpack_from("<2f", data, 120)
    units = [data[at : at + 16].strip(b"\0 ").decode("latin-1") for at in (180, 196)]
    lengths = {
        axis: () if metres(unit) is None else (step * float(metres(unit) or 0),)
        for axis, unit, step in zip("xy", units, steps, strict=True)
    }
    return Stated(grid=(rows, columns), sizes_um=lengths)


def renishaw(path: Path) -> Stated:
    """The map's block of a Raman file."""
    data = path.read_bytes()
    points = struct.unpack_from("<I", data, 60)[0]
    at = data.index(b"WMAP") + 16
    steps = struct.unpack_from("<3f", data, at + 20)
    columns, rows = struct.unpack_from("<2I", data, at + 32)
    return Stated(grid=(rows, columns), others=points,
                  sizes_um={"x": (abs(steps[0]),), "y": (abs(steps[1]),)})  # fmt: skip


def czi(path: Path) -> Stated:
    """The sizes and scaling of the XML, and the type of pixels."""
    text = path.read_bytes().decode("latin-1")
    lengths = {}
    for axis in "XYZ":
        found = re.search(rf'<Distance Id="{axis}">\s*<Value>([^<]+)</Value>', text)
        lengths[axis.lower()] = (float(found.group(1)) * 1e6,) if found else ()
    kind = re.search(r"<PixelType>(\w+)</PixelType>", text)
    return Stated(dtypes=(_CZI[kind.group(1)],) if kind else None, sizes_um=lengths)


def gatan(path: Path) -> Stated:
    """Every Dimensions and every Scale of the tag tree."""
    found = _Gatan(path.read_bytes())
    if not found.scales:
        raise ValueError("no calibration was reached in the tree")
    lengths = tuple(abs(one) * power for one in found.scales for power in _POWERS)
    grids = {(a, b) for sides in found.sides for a in sides for b in sides}
    return Stated(grids=tuple(grids), sizes_um=dict.fromkeys("xyz", lengths))


_FORMS = {2: "h", 3: "i", 4: "H", 5: "I", 6: "f", 7: "d", 8: "B", 9: "b", 10: "B",
          11: "q", 12: "Q"}  # fmt: skip


class _Gatan:
    """The tag tree of DM3 and DM4."""

    def __init__(self, data: bytes) -> None:
        self.data, self.sides, self.scales = data, [[]], []  # type: ignore[var-annotated]
        version = struct.unpack_from(">I", data)[0]
        self.size = ">Q" if version == 4 else ">I"
        self.at = 16 if version == 4 else 12
        self.order = "<" if struct.unpack_from(">I", data, self.at - 4)[0] else ">"
        self.long = version == 4
        self.group("")

    def take(self, form: str) -> Any:
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def group(self, name: str) -> None:
        self.at += 2
        if name == "Dimensions":
            self.sides.append([])
        for _ in range(self.take(self.size)):
            kind, length = self.take(">B"), self.take(">H")
            word = self.data[self.at : self.at + length].decode("latin-1")
            self.at += length
            if self.long:
                self.take(">Q")
            if kind == 20:
                self.group(word)
            elif kind == 21:
                self.value(name, word)
            else:
                return

    def value(self, group: str, name: str) -> None:
        self.at += 4
        info = [self.take(self.size) for _ in range(self.take(self.size))]
        form = _FORMS.get(info[0])
        if form:
            number = self.take(self.order + form)
            if group == "Dimensions":
                self.sides[-1].append(int(number))
            elif name == "Scale":
                self.scales.append(float(number))
        else:
            self.at += self.length(info)

    def length(self, info: list[int]) -> int:
        """Bytes of a structure, a text or an array."""
        if info[0] == 15:
            return sum(struct.calcsize(_FORMS[kind]) for kind in info[4::2])
        if info[0] == 18:
            return info[1] * 2
        inner = info[1:-1]
        return info[-1] * (self.length(inner) if inner[0] in (15, 18, 20)
                           else struct.calcsize(_FORMS[inner[0]]))  # fmt: skip


def dicom(path: Path) -> Stated:
    """Rows, columns, type and spacing of slices, little endian."""
    every = [_elements(one.read_bytes()) for one in sorted(path.glob("*.dcm"))]
    first = every[0]
    mine = _series(first)
    every = [one for one in every if _series(one) == mine]
    rows, columns, bits, signed = (
        struct.unpack("<H", first[0x28, part][:2])[0] for part in (0x10, 0x11, 0x100, 0x103)
    )
    down, across = (float(n) * 1e3 for n in first[0x28, 0x30].decode().split("\\"))
    heights = sorted(float(one[0x20, 0x32].decode().split("\\")[2]) for one in every)
    gap = 1e3 * (heights[-1] - heights[0]) / (len(every) - 1)
    return Stated(
        grid=(rows, columns), others=len(every),
        dtypes=(native(f"{'i' if signed else 'u'}{bits // 8}"),),
        sizes_um={"x": (across,), "y": (down,), "z": (abs(gap),)},
    )  # fmt: skip


def _series(elements: dict[tuple[int, int], bytes]) -> bytes:
    return elements[_SERIES].strip(b"\0 ")


def _elements(data: bytes) -> dict[tuple[int, int], bytes]:
    at = 132
    found: dict[tuple[int, int], bytes] = {}
    while at + 8 <= len(data):
        group, part, kind = struct.unpack_from("<HH2s", data, at)
        if group > 2 and found.get((2, 16), b"").strip(b"\0") == b"1.2.840.10008.1.2":
            length, at = struct.unpack_from("<I", data, at + 4)[0], at + 8
        elif kind in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF", b"UC", b"UR"):
            length, at = struct.unpack_from("<I", data, at + 8)[0], at + 12
        else:
            length, at = struct.unpack_from("<H", data, at + 6)[0], at + 8
        found[group, part] = data[at : at + length]
        at += length
    return found
