"""NPY and NPZ: arrays without a voxel size. Pickled objects are never loaded."""

from __future__ import annotations

import zipfile
from typing import Any, BinaryIO

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels, PackedPixels
from .reading import Pixels, Reading, supported_dtype

_MAGIC = b"\x93NUMPY"


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are a NPY's, or the name is a NPZ's."""
    return head.startswith(_MAGIC) or (head[:2] == b"PK" and path.lower().endswith(".npz"))


def open_npy(path: str, answers: Answers) -> Reading:
    """Open an array, of an archive the one named by the entry."""
    if zipfile.is_zipfile(path) and path.lower().endswith(".npz"):
        return _open_npz(path, answers.entry)
    with open(path, "rb") as file:
        shape, fortran, dtype = read_header(file, path=path)
        offset = file.tell()
    stored = shape[::-1] if fortran else shape
    return _reading(FlatPixels(path, offset=offset, shape=stored, dtype=dtype), fortran, "NPY")


def read_header(file: BinaryIO, *, path: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, Fortran order and type; object arrays, which are pickles, are refused."""
    try:
        version = np.lib.format.read_magic(file)
        read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        shape, fortran, dtype = read[version[0]](file)
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise ReadError(f"{path} has no usable NPY header ({error}): save it again") from error
    if dtype.hasobject:
        raise ReadError(
            f"{path} holds Python objects, expected numbers: they would have to be "
            "unpickled, which can run any code; save the array with a numeric dtype"
        )
    return tuple(shape), fortran, supported_dtype(dtype, path=path)


def _open_npz(path: str, entry: str | None) -> Reading:
    name = _choose(path, entry)
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        shape, fortran, dtype = read_header(file, path=f"{path}::{name}")  # type: ignore[arg-type]

    def open_stream() -> BinaryIO:
        archive = zipfile.ZipFile(path)
        stream = archive.open(name)
        read_header(stream, path=path)  # type: ignore[arg-type]
        return stream  # type: ignore[return-value]

    stored = shape[::-1] if fortran else shape
    pixels = PackedPixels(open_stream, shape=stored, dtype=dtype, path=f"{path}::{name}")
    return _reading(pixels, fortran, "NPZ")


def _choose(path: str, entry: str | None) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
    except zipfile.BadZipFile as error:
        raise ReadError(f"{path} is a damaged archive ({error}): copy it again") from error
    if entry is None and len(names) == 1:
        return names[0] + ".npy"
    if entry is None or entry.removesuffix(".npy") not in names:
        raise ReadError(
            f"{path} holds {names}, got entry {entry!r}: choose one of them, "
            f"{path}::{names[0] if names else 'name'}"
        )
    return entry.removesuffix(".npy") + ".npy"


def _reading(pixels: Pixels, fortran: bool, kind: str) -> Reading:
    shape = pixels.shape[::-1] if fortran else pixels.shape
    axes, notes = guess_axes(shape, pixels.dtype)
    return Reading(
        format=kind,
        pixels=pixels,
        axes=axes[::-1] if fortran else axes,
        spacing_source=kind,
        faults=(f"{kind} files hold no voxel size",),
        warnings=notes,
    )


def guess_axes(shape: tuple[int, ...], dtype: Any) -> tuple[str, tuple[str, ...]]:
    """Name the axes of a bare array: rows and columns last, colours if they look like it."""
    if len(shape) == 3 and shape[2] in (3, 4) and shape[0] > 4 and np.dtype(dtype) == np.uint8:
        return "yxs", (f"the last axis of {shape} is taken as colour: Answers(axes=...) if not",)
    return "?" * (len(shape) - 2) + "yx", ()
