"""Headers of volumes, pictures and text maps, read without our readers."""

from __future__ import annotations

import ast
import json
import math
import re
import struct
import zipfile
import zlib
from math import prod
from pathlib import Path

from .stated import Stated, native
from .words import metres, numbers, pairs

_NRRD = {"signed char": "i1", "int8": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
         "short": "i2", "int16": "i2", "ushort": "u2", "unsigned short": "u2", "uint16": "u2",
         "int": "i4", "uint": "u4", "unsigned int": "u4", "float": "f4", "double": "f8",
         "longlong": "i8", "ulonglong": "u8"}  # fmt: skip
_MET = {"CHAR": "i1", "UCHAR": "u1", "SHORT": "i2", "USHORT": "u2", "INT": "i4", "UINT": "u4",
        "FLOAT": "f4", "DOUBLE": "f8", "LONG_LONG": "i8", "ULONG_LONG": "u8"}  # fmt: skip
_NIFTI = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4",
          1024: "i8", 1280: "u8"}  # fmt: skip
_MRC = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}


def nrrd(path: Path) -> Stated:
    """Sizes, type and spacings; lengths without a unit were answered in µm."""
    said = pairs(path.read_bytes().split(b"\n\n")[0].decode("latin-1"), r"([^:#=]+):[= ]?(.*)")
    sizes = [int(n) for n in said["sizes"].split()]
    if "space directions" in said:
        vectors = re.findall(r"\(([^)]*)\)", said["space directions"])
        steps = [sum(n * n for n in numbers(one)) ** 0.5 for one in vectors]
    else:
        steps = list(numbers(said.get("spacings", "")))
    unit = numbers_unit(said.get("space units", said.get("units", "")))
    lengths = {axis: (abs(step) * unit,) for axis, step in zip("xyz", steps, strict=False)}
    return Stated(
        grid=(sizes[1], sizes[0]), others=prod(sizes[2:]),
        dtypes=(native(_NRRD[said["type"]]),), sizes_um=lengths,
    )  # fmt: skip


def numbers_unit(words: str) -> float:
    """Take the first unit between quotes."""
    found = re.findall(r'"([^"]*)"', words)
    return (metres(found[0]) if found else None) or 1.0


def meta_image(path: Path) -> Stated:
    """DimSize, ElementType and ElementSpacing; in µm, as answered."""
    said = pairs(path.read_bytes()[:4096].decode("latin-1"), r"(\w+) = (.*)")
    sizes = [int(n) for n in said["DimSize"].split()]
    channels = int(said.get("ElementNumberOfChannels", "1"))
    steps = numbers(said.get("ElementSpacing", said.get("ElementSize", "")))
    return Stated(
        grid=(sizes[1], sizes[0]), others=prod(sizes[2:]) * channels,
        dtypes=(native(_MET[said["ElementType"].removeprefix("MET_")]),),
        sizes_um={axis: (abs(step),) for axis, step in zip("xyz", steps, strict=False)},
    )  # fmt: skip


def nifti(path: Path) -> Stated:
    """dim, datatype, pixdim and xyzt_units; values that are scaled become floats."""
    data = path.read_bytes()
    packed = data[:2] == b"\x1f\x8b"
    head = zlib.decompressobj(31).decompress(data)[:352] if packed else data[:352]
    order = "<" if struct.unpack_from("<i", head)[0] == 348 else ">"
    dim = struct.unpack_from(order + "8h", head, 40)
    steps = struct.unpack_from(order + "8f", head, 76)
    scale = {1: 1e6, 2: 1e3, 3: 1.0}.get(head[123] & 7, 1.0)
    kind = native(_NIFTI[struct.unpack_from(order + "h", head, 70)[0]])
    world = struct.unpack_from(order + "12f", head, 280)  # three rows of four
    placed = struct.unpack_from(order + "h", head, 254)[0] > 0
    columns = [math.hypot(*world[n::4]) for n in range(3)] if placed else steps[1:4]
    lengths = {
        axis: (abs(step) * scale, column * scale)
        for axis, step, column in zip("xyz", steps[1:4], columns, strict=True)
    }
    return Stated(
        grid=(dim[2], dim[1]), others=prod(dim[3 : dim[0] + 1]),
        dtypes=(kind, "float32", "float64"), sizes_um=lengths,
    )  # fmt: skip


def npy(path: Path) -> Stated:
    """Shape and type of NumPy's header, or of the first one in an archive."""
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            data = archive.read(archive.namelist()[0])[:512]
    else:
        data = path.read_bytes()[:512]
    said = ast.literal_eval(data[data.index(b"{") : data.index(b"}") + 1].decode())
    shape, kind = said["shape"], said["descr"]
    dtypes = ("uint8", "bool") if kind.endswith("b1") else (native(kind),)
    return Stated(
        grids=((shape[-2], shape[-1]), (shape[1], shape[0])), others=prod(shape[:-2]),
        dtypes=dtypes, sizes_um={},
    )  # fmt: skip


def mrc(path: Path) -> Stated:
    """Counts, mode and cell; in Å."""
    data = path.read_bytes()[:1024]
    order = "<" if struct.unpack_from("<i", data, 12)[0] in range(128) else ">"
    columns, rows, planes, mode = struct.unpack_from(order + "4i", data)
    cells, lengths = (
        struct.unpack_from(order + "3i", data, 28),
        struct.unpack_from(order + "3f", data, 40),
    )
    sizes = {a: (1e-4 * one / n,) for a, one, n in zip("xyz", lengths, cells, strict=True) if n}
    return Stated(
        grid=(rows, columns), others=planes, dtypes=(native(_MRC[mode]), "uint8"), sizes_um=sizes
    )


def raw(path: Path) -> Stated:
    """The header beside a raw file."""
    said = json.loads(path.with_name(path.name + ".json").read_text())
    *lead, rows, columns = said["shape"]
    steps = said.get("spacing_um") or []
    lengths = {axis: (step,) for axis, step in zip("zyx"[-len(steps) :], steps, strict=True)}
    return Stated(grid=(rows, columns), others=prod(lead), dtypes=(native(said["dtype"]),),
                  sizes_um=lengths)  # fmt: skip


def picture(path: Path) -> Stated:
    """Width and height of PNG, BMP, JPEG and GIF."""
    data = path.read_bytes()
    if data[:4] == b"\x89PNG":
        columns, rows = struct.unpack_from(">2I", data, 16)
    elif data[:2] == b"BM":
        columns, rows = struct.unpack_from("<2i", data, 18)
    elif data[:3] == b"GIF":
        columns, rows = struct.unpack_from("<2H", data, 6)
    else:
        columns, rows = _jpeg(data)
    return Stated(grid=(abs(rows), columns), sizes_um={})


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while at < len(data):
        if data[at] != 0xFF:
            raise ValueError("no marker")
        kind, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if kind in (0xC0, 0xC1, 0xC2):
            rows, columns = struct.unpack_from(">2H", data, at + 5)
            return columns, rows
        at += 2 + length
    raise ValueError("no frame")


def ctf(path: Path) -> Stated:
    """Cells and steps of a Channel text."""
    said = pairs(path.read_text("latin-1"), r"(\w+)\t(.*)")
    return Stated(
        grid=(int(said["YCells"]), int(said["XCells"])),
        sizes_um={"x": (float(said["XStep"]),), "y": (float(said["YStep"]),)},
    )


def ang(path: Path) -> Stated:
    """Cells and steps of a TSL text."""
    said = pairs(path.read_text("latin-1"), r"# (\w+): (.*)")
    return Stated(
        grid=(int(said["NROWS"]), int(said["NCOLS_ODD"])),
        sizes_um={"x": (float(said["XSTEP"]),), "y": (float(said["YSTEP"]),)},
    )


def cpr(path: Path) -> Stated:
    """Cells and steps beside a record file."""
    said = pairs(path.with_suffix(".cpr").read_text("latin-1"))
    return Stated(
        grid=(int(said["yCells"]), int(said["xCells"])),
        sizes_um={"x": (float(said["GridDistX"]),), "y": (float(said["GridDistY"]),)},
    )


def vgi(path: Path) -> Stated:
    """Size, type and resolution beside a volume."""
    text = path.with_suffix(".vgi").read_text("latin-1")
    said = pairs(text[text.lower().index("[file1]") :].lower())
    columns, rows, planes = (int(n) for n in said["size"].split())
    scale = metres(said.get("unit", ""))
    steps = numbers(said.get("resolution", ""))
    lengths = {} if scale is None else {a: (s * scale,) for a, s in zip("xyz", steps, strict=False)}
    return Stated(grid=(rows, columns), others=planes, sizes_um=lengths)


def skyscan(path: Path) -> Stated:
    """Sizes of a log in a folder of slices."""
    text = next(path.glob("*.log")).read_text("latin-1").lower()
    said = pairs(text)
    if "[reconstruction]" not in text:  # then they are projections
        size = float(said["image pixel size (um)"])
        return Stated(others=3, sizes_um={"x": (size,), "y": (size,)})
    size, step = float(said["pixel size (um)"]), float(said.get("section to section step", 1))
    return Stated(others=3, sizes_um={"x": (size,), "y": (size,), "z": (size, size * step)})


def nikon(path: Path) -> Stated:
    """Sizes of a log in a folder of slices."""
    said = pairs(next(path.glob("*.xtekct")).read_text("latin-1"))
    lengths = {a.lower(): (1e3 * float(said[f"VoxelSize{a}"]),) for a in "XYZ"}
    return Stated(others=3, sizes_um=lengths)


def slices(path: Path) -> Stated:
    """Sizes of the slices; how far they lie apart nobody says."""
    from .tiff_headers import plain

    every = [plain(one) for one in sorted(path.glob("*.tif"))]
    return Stated(grid=every[0].grid, others=3, dtypes=every[0].dtypes, sizes_um=every[0].sizes_um)


def ome_zarr(path: Path) -> Stated:
    """Shape, type and scale of the first level."""
    told = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]["multiscales"][0]
    lengths = {}
    array = json.loads((path / told["datasets"][0]["path"] / "zarr.json").read_text())
    first = told["datasets"][0]["coordinateTransformations"]
    steps = next(one["scale"] for one in first if one["type"] == "scale")
    for axis, step in zip(told["axes"], steps, strict=True):
        unit = metres(axis.get("unit", ""))
        if axis["type"] == "space" and unit is not None:
            lengths[axis["name"]] = (step * unit,)
    *lead, rows, columns = array["shape"]
    return Stated(grid=(rows, columns), others=prod(lead), dtypes=(array["data_type"],),
                  sizes_um=lengths)  # fmt: skip
