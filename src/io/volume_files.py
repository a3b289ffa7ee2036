"""Images for other programs: OME-TIFF, NRRD and MHA, written plane by plane.

NRRD and OME-TIFF say micrometres. MHA has no unit; ITK and 3D Slicer take its lengths as
millimetres, so that is what is written, with a comment that says so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import Uncalibrated

_MM_UM = 1e3
_NRRD = {"u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32",
         "i4": "int32", "u8": "uint64", "i8": "int64", "f4": "float", "f8": "double"}  # fmt: skip
_META = {"u1": "MET_UCHAR", "i1": "MET_CHAR", "u2": "MET_USHORT", "i2": "MET_SHORT",
         "u4": "MET_UINT", "i4": "MET_INT", "u8": "MET_ULONG_LONG", "i8": "MET_LONG_LONG",
         "f4": "MET_FLOAT", "f8": "MET_DOUBLE"}  # fmt: skip


def write_volume(
    pixels: Any,
    path: str | os.PathLike[str],
    *,
    spacing_um: Sequence[float] | None,
    origin_um: Sequence[float] | None = None,
) -> Path:
    """Write an image or a volume for another program; the ending says as what.

    Parameters
    ----------
    pixels : array-like, shape (z, y, x) or (y, x)
        Anything that can be cut along its first axis, such as a level of an image.
    path : str or path
        ``*.nrrd``, ``*.mha``, ``*.ome.tif`` or ``*.ome.tiff``.
    spacing_um : sequence of float, optional
        Voxel size along z, y, x (or y, x) [µm].
    origin_um : sequence of float, optional
        Centre of the first voxel [µm]; 0 if left out. OME-TIFF has no place for it in a volume.

    Returns
    -------
    Path

    Raises
    ------
    Uncalibrated
        For NRRD and MHA if there is no voxel size: their readers would take it as 1.
    ValueError
        On another ending, other axes, an origin that cannot be kept, or pixels that are no real
        numbers.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_volume(np.zeros((2, 3)), folder + "/a.nrrd", spacing_um=(1, 1)).name
    'a.nrrd'
    """
    file = Path(path)
    shape, kind = _checked(pixels, spacing_um, origin_um)
    spacing = None if spacing_um is None else tuple(float(v) for v in spacing_um)
    origin = tuple(float(v) for v in origin_um or (0.0,) * len(shape))
    if file.name.lower().endswith((".ome.tif", ".ome.tiff")):
        if any(origin):
            raise ValueError(f"an OME-TIFF keeps no origin, got {origin}: write a NRRD")
        return _replaced(file, lambda fresh: _ome(fresh, pixels, shape, kind, spacing))
    headers = {".nrrd": _nrrd_header, ".mha": _meta_header}
    make = headers.get(file.suffix.lower())
    if make is None:
        raise ValueError(f"expected .nrrd, .mha, .ome.tif or .ome.tiff, got {file.name!r}")
    if spacing is None:
        raise Uncalibrated(
            f"{file.name} needs a voxel size: without one its reader would take 1; calibrate the "
            "image, or write an OME-TIFF"
        )
    header = make(shape, kind, spacing, origin)
    return _replaced(file, lambda fresh: _flat(fresh, header, pixels, shape, kind))


def _checked(
    pixels: Any, spacing: Sequence[float] | None, origin: Sequence[float] | None
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    shape, kind = tuple(int(n) for n in pixels.shape), np.dtype(pixels.dtype)
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise ValueError(f"expected pixels along (z,) y, x, got shape {shape}: write each channel")
    for name, values in (("spacing_um", spacing), ("origin_um", origin)):
        if values is None:
            continue
        if len(values) != len(shape) or not np.isfinite(np.asarray(values, float)).all():
            raise ValueError(f"{name} needs {len(shape)} known numbers, got {tuple(values)}")
    if spacing is not None and min(spacing) <= 0:
        raise ValueError(f"spacing_um needs positive lengths, got {tuple(spacing)}")
    kind = np.dtype("u1") if kind.kind == "b" else kind
    if f"{kind.kind}{kind.itemsize}" not in _NRRD:
        raise ValueError(f"expected integers or floats of 32 or 64 bit, got {kind}: convert them")
    return shape, kind.newbyteorder("<")


def _code(kind: np.dtype[Any]) -> str:
    return f"{kind.kind}{kind.itemsize}"


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.17g}" for value in values)


def _nrrd_header(
    shape: tuple[int, ...], kind: np.dtype[Any], spacing: Sequence[float], origin: Sequence[float]
) -> bytes:
    count = len(shape)
    steps = [
        "(" + ",".join(f"{size:.17g}" if i == j else "0" for j in range(count)) + ")"
        for i, size in enumerate(spacing[::-1])
    ]
    lines = [
        "NRRD0005",
        f"type: {_NRRD[_code(kind)]}",
        f"dimension: {count}",
        f"space dimension: {count}",
        f"sizes: {' '.join(str(n) for n in shape[::-1])}",
        f"space directions: {' '.join(steps)}",
        "space units:" + count * ' "um"',
        f"kinds: {' '.join(['domain'] * count)}",
        "endian: little",
        "encoding: raw",
        f"space origin: ({','.join(f'{v:.17g}' for v in origin[::-1])})",
    ]
    return ("\n".join(lines) + "\n\n").encode()


def _meta_header(
    shape: tuple[int, ...], kind: np.dtype[Any], spacing: Sequence[float], origin: Sequence[float]
) -> bytes:
    count = len(shape)
    matrix = np.eye(count, dtype=int).ravel()
    lines = [
        "ObjectType = Image",
        f"NDims = {count}",
        "Comment = lengths in millimetres",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = False",
        f"TransformMatrix = {' '.join(map(str, matrix))}",
        f"Offset = {_numbers([v / _MM_UM for v in origin[::-1]])}",
        f"CenterOfRotation = {' '.join(['0'] * count)}",
        f"ElementSpacing = {_numbers([v / _MM_UM for v in spacing[::-1]])}",
        f"DimSize = {' '.join(str(n) for n in shape[::-1])}",
        f"ElementType = {_META[_code(kind)]}",
        "ElementDataFile = LOCAL",
    ]
    return ("\n".join(lines) + "\n").encode()


def _planes(pixels: Any, shape: tuple[int, ...], kind: np.dtype[Any]) -> Iterator[np.ndarray]:
    if len(shape) == 2:
        yield np.ascontiguousarray(pixels[:], dtype=kind)
        return
    for number in range(shape[0]):
        yield np.ascontiguousarray(pixels[number], dtype=kind)


def _flat(
    fresh: Path, header: bytes, pixels: Any, shape: tuple[int, ...], kind: np.dtype[Any]
) -> None:
    with fresh.open("wb") as file:
        file.write(header)
        for plane in _planes(pixels, shape, kind):
            _write(file, plane)
        file.flush()
        os.fsync(file.fileno())


def _write(file: BinaryIO, plane: np.ndarray) -> None:
    file.write(plane.reshape(-1).view(np.uint8).data)


def _ome(
    fresh: Path,
    pixels: Any,
    shape: tuple[int, ...],
    kind: np.dtype[Any],
    spacing: Sequence[float] | None,
) -> None:
    import tifffile

    native = kind.newbyteorder("=" if sys.byteorder == "little" else "<")
    metadata: dict[str, Any] = {"axes": "ZYX"[-len(shape) :]}
    for axis, size in zip("ZYX"[-len(shape) :], spacing or (), strict=False):
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
    tifffile.imwrite(
        fresh,
        _planes(pixels, shape, native),
        shape=shape,
        dtype=native,
        ome=True,
        photometric="minisblack",
        metadata=metadata,
        bigtiff=int(np.prod(shape, dtype=object)) * kind.itemsize > 2**31,
    )


def _replaced(file: Path, write: Callable[[Path], None]) -> Path:
    """Write beside the file and put it in place when it is whole."""
    fresh = file.with_name(f".{file.name}.new")
    try:
        write(fresh)
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
    return file
