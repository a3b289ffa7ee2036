"""NIfTI-1 and -2: units of length are in the header, orientation in its sform or qform.

World axes are right, anterior, superior there; they are turned to left, posterior, superior like
those of the other formats.
"""

from __future__ import annotations

import gzip
import math
import os
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels, PackedPixels, ScaledPixels
from .lengths import micrometres_in
from .nifti_header import Header, parse_header
from .reading import Lengths, Reading, inspect_lengths
from .references import beside
from .world import World, world_from_steps

_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
_UNITS = {1: ("m", 1e6), 2: ("mm", 1e3), 3: ("µm", 1.0)}
_RAS_TO_LPS = (-1, -1, 1)


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are a NIfTI's, packed or not."""
    if head[:2] == b"\x1f\x8b":
        return path.lower().endswith(".nii.gz")
    return head[344:348] in (b"n+1\x00", b"ni1\x00") or head[4:8] in (b"n+2\x00", b"ni2\x00")


def open_nifti(path: str, answers: Answers) -> Reading:
    """Open a NIfTI, ``.nii``, ``.nii.gz`` or ``.hdr`` with its ``.img``."""
    header = parse_header(_first_bytes(path), path=path)
    world = _world(header)
    lengths, bare, source, scale = _lengths(header, world, answers.unit)
    return Reading(
        format="NIfTI",
        pixels=_pixels(path, header),
        axes=_axes(len(header.dim)),
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        bare_spacing=bare,
        origin_um=world.origin_um(scale),
        direction=world.direction,
        metadata={"NIfTI": header.__dict__},
        warnings=_scale_notes(header),
    )


def _first_bytes(path: str) -> bytes:
    try:
        with (gzip.open if path.lower().endswith(".gz") else open)(path, "rb") as file:
            return file.read(544)
    except (OSError, EOFError) as error:
        raise ReadError(f"{path} cannot be unpacked ({error}): copy it again") from error


def _axes(ndim: int) -> str:
    return ("c" if ndim == 5 else "?" * max(0, ndim - 4)) + "tzyx"[-min(ndim, 4) :]


def _pixels(path: str, header: Header) -> FlatPixels | PackedPixels | ScaledPixels:
    if header.datatype not in _TYPES:
        raise ReadError(
            f"expected a numeric NIfTI datatype {sorted(_TYPES)}, {path} has "
            f"{header.datatype}: convert it first"
        )
    data = path
    if not header.single_file:
        data = beside(path, os.path.basename(path).removesuffix(".hdr") + ".img")
    stored = _stored(data, header)
    if not _is_scaled(header):
        return stored
    return ScaledPixels(stored, slope=header.slope, intercept=header.intercept)


def _stored(path: str, header: Header) -> FlatPixels | PackedPixels:
    shape, dtype = header.dim[::-1], np.dtype(header.order + _TYPES[header.datatype])
    if not path.lower().endswith(".gz"):
        return FlatPixels(path, offset=header.offset, shape=shape, dtype=dtype)

    def open_stream() -> Any:
        stream = gzip.open(path, "rb")  # noqa: SIM115 - closed by its user
        stream.read(header.offset)
        return stream

    return PackedPixels(open_stream, shape=shape, dtype=dtype, path=path)


def _is_scaled(header: Header) -> bool:
    finite = math.isfinite(header.slope) and math.isfinite(header.intercept)
    return finite and header.slope != 0 and (header.slope, header.intercept) != (1, 0)


def _scale_notes(header: Header) -> tuple[str, ...]:
    if not _is_scaled(header):
        return ()
    return (f"values are {header.slope:g} x stored + {header.intercept:g}, as the header says",)


def _world(header: Header) -> World:
    ndim = min(3, len(header.dim))
    if header.sform > 0:
        rows = np.array(header.rows, float)
        return _cut(world_from_steps(rows[:, :3], origin=rows[:, 3], signs=_RAS_TO_LPS), ndim)
    if header.qform > 0:
        turn = _rotation(header.quaternion[:3])
        flip = -1.0 if header.pixdim[0] < 0 else 1.0
        steps = turn * np.array([1.0, 1.0, flip]) * np.array(header.pixdim[1:4])
        place = np.array(header.quaternion[3:6])
        return _cut(world_from_steps(steps, origin=place, signs=_RAS_TO_LPS), ndim)
    return World(dict(zip("xyz"[:ndim], header.pixdim[1:], strict=False)), None)


def _cut(world: World, ndim: int) -> World:
    """Leave out the third axis of a flat image that lies square in its world."""
    if ndim == 3 or world.direction is None:
        return world
    direction = np.array(world.direction)
    flat = np.allclose(direction[:2, 2], 0) and np.allclose(direction[2, :2], 0)
    size = {axis: world.size[axis] for axis in "xy"}
    if not flat:
        return World(size, None)
    square = tuple(tuple(row) for row in direction[:2, :2].tolist())
    return World(size, square, {axis: world.origin[axis] for axis in "xy"})


def _rotation(quaternion: tuple[float, ...]) -> np.ndarray:
    b, c, d = quaternion
    a = math.sqrt(max(0.0, 1 - b * b - c * c - d * d))
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _lengths(
    header: Header, world: World, answered: str | None
) -> tuple[Lengths, dict[str, float], str, float | None]:
    source = "NIfTI sform" if header.sform > 0 else "NIfTI pixdim"
    unit = _UNITS.get(header.units & 7)
    if unit is None:
        return Lengths({}, ()), dict(world.size), source, micrometres_in(answered)
    name, scale = unit
    lengths = inspect_lengths({a: v * scale for a, v in world.size.items()}, source=source)
    return lengths, {}, f"{source} ({name})", scale
