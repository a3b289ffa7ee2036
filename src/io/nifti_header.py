"""The header of a NIfTI file, of either version and byte order.

Layout after https://nifti.nimh.nih.gov/nifti-1/ and nifti-2.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

from ..errors import ReadError


@dataclass(frozen=True)
class Header:
    """The fields of either version that matter here."""

    order: str
    single_file: bool
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    offset: int
    slope: float
    intercept: float
    units: int
    qform: int
    sform: int
    quaternion: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]
    description: str


def parse_header(head: bytes, *, path: str) -> Header:
    """Read a NIfTI-1 (348 byte) or NIfTI-2 (540 byte) header of either byte order."""
    for order in "<>":
        size = struct.unpack(order + "i", head[:4])[0] if len(head) >= 4 else 0
        if size == 348 and len(head) >= 348:
            return _version_1(head, order, path)
        if size == 540 and len(head) >= 540:
            return _version_2(head, order, path)
    raise ReadError(
        f"expected a NIfTI header of 348 or 540 bytes in {path}, got {len(head)} bytes "
        "that are none: the file is damaged, copy it again"
    )


def _version_1(head: bytes, order: str, path: str) -> Header:
    def get(fmt: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + fmt, head, at)

    return Header(
        order=order,
        single_file=head[344:347] == b"n+1",
        dim=_dims(get("8h", 40), path),
        datatype=get("h", 70)[0],
        pixdim=get("8f", 76),
        offset=_offset(get("f", 108)[0], path),
        slope=get("f", 112)[0],
        intercept=get("f", 116)[0],
        units=head[123],
        qform=get("h", 252)[0],
        sform=get("h", 254)[0],
        quaternion=get("6f", 256),
        rows=tuple(get("4f", at) for at in (280, 296, 312)),
        description=head[148:228].split(b"\x00")[0].decode("latin-1"),
    )


def _version_2(head: bytes, order: str, path: str) -> Header:
    def get(fmt: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + fmt, head, at)

    return Header(
        order=order,
        single_file=head[4:7] == b"n+2",
        dim=_dims(get("8q", 16), path),
        datatype=get("h", 12)[0],
        pixdim=get("8d", 104),
        offset=_offset(get("q", 168)[0], path),
        slope=get("d", 176)[0],
        intercept=get("d", 184)[0],
        units=get("i", 500)[0] & 0xFF,
        qform=get("i", 344)[0],
        sform=get("i", 348)[0],
        quaternion=get("6d", 352),
        rows=tuple(get("4d", at) for at in (400, 432, 464)),
        description=head[240:320].split(b"\x00")[0].decode("latin-1"),
    )


def _dims(dim: tuple[int, ...], path: str) -> tuple[int, ...]:
    if not 2 <= dim[0] <= 7 or any(n < 1 for n in dim[1 : dim[0] + 1]):
        raise ReadError(f"expected 2 to 7 positive sizes in {path}, got {dim}: it is damaged")
    sizes = list(dim[1 : dim[0] + 1])
    while len(sizes) > 2 and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes)


def _offset(value: float, path: str) -> int:
    if not math.isfinite(value) or value < 0:
        raise ReadError(f"expected where the pixels start, {path} says {value}: it is damaged")
    return int(value)
