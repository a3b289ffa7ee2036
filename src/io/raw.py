"""Raw pixels: nothing in the file says what they are, so a header beside it or a person does.

The header is a JSON file of the same name, ``scan.raw.json`` or ``scan.json``::

    {"shape": [512, 512, 512], "dtype": "uint16", "byte_order": "little",
     "axes": "zyx", "spacing_um": [0.5, 0.5, 0.5]}

``offset`` [byte], ``modality`` and anything else may follow; the rest is kept as metadata.
"""

from __future__ import annotations

import json
import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels
from .reading import Reading, inspect_lengths, supported_dtype

SUFFIXES = (".raw", ".bin", ".dat", ".vol", ".img")
_LARGEST_HEADER = 2**20


def recognises(path: str, head: bytes) -> bool:
    """Say whether a header of ours stands beside the file."""
    return os.path.isfile(path) and path.lower().endswith(SUFFIXES)


def open_raw(path: str, answers: Answers) -> Reading:
    """Open a raw file with its header or with answers.

    Raises
    ------
    ReadError
        If shape and type are not known, or do not give the size of the file.
    """
    header, source = _header(path)
    shape = answers.shape or _whole_numbers(header.get("shape"), path)
    name = answers.dtype or header.get("dtype")
    if shape is None or not isinstance(name, str):
        raise _silent(path)
    order = answers.byte_order or header.get("byte_order") or "little"
    dtype = _dtype(name, order, path)
    offset = answers.offset if answers.offset is not None else int(header.get("offset") or 0)
    _refuse_other_size(path, offset, shape, dtype)
    axes = _axes(header, len(shape))
    lengths = _lengths(header, axes, source)
    return Reading(
        format="raw",
        pixels=FlatPixels(path, offset=offset, shape=shape, dtype=dtype),
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=f"{source} spacing_um",
        faults=lengths.faults,
        modality=header.get("modality") if isinstance(header.get("modality"), str) else None,
        metadata={"header": header},
    )


def _header(path: str) -> tuple[dict[str, Any], str]:
    for file in (Path(path + ".json"), Path(path).with_suffix(".json")):
        if file.is_file():
            return _parsed(file), file.name
    return {}, "answers"


def _parsed(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _LARGEST_HEADER:
        raise ReadError(f"expected a header under 1 MB, {file} is larger: is it the right file?")
    try:
        header = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ReadError(f"expected JSON in {file}: {error}") from error
    if not isinstance(header, dict):
        raise ReadError(f"expected names with values in {file}, got {type(header).__name__}")
    return header


def _silent(path: str) -> ReadError:
    return ReadError(
        f"expected shape and dtype of the raw file {path}, got neither: write {path}.json with "
        '{"shape": [z, y, x], "dtype": "uint16", "spacing_um": [z, y, x]} beside it, or give '
        "Answers(shape=(z, y, x), dtype='uint16')"
    )


def _whole_numbers(values: Any, path: str) -> tuple[int, ...] | None:
    if values is None:
        return None
    if not isinstance(values, list) or not all(type(n) is int and n > 0 for n in values):
        raise ReadError(f"shape needs positive whole numbers, the header of {path} has {values}")
    return tuple(values)


def _dtype(name: str, order: Any, path: str) -> np.dtype[Any]:
    if order not in ("little", "big"):
        raise ReadError(f"byte_order is 'little' or 'big', the header of {path} has {order!r}")
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise ReadError(f"dtype needs a name such as 'uint16', {path} got {name!r}") from error
    return supported_dtype(dtype, path=path).newbyteorder("<" if order == "little" else ">")


def _refuse_other_size(
    path: str, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    need, have = offset + prod(shape) * dtype.itemsize, os.path.getsize(path)
    if need != have:
        raise ReadError(
            f"{shape} {dtype.name} from byte {offset} takes {need} bytes, {path} has {have}: "
            "correct shape, dtype or offset"
        )


def _axes(header: dict[str, Any], ndim: int) -> str:
    axes = header.get("axes")
    if isinstance(axes, str) and len(axes) == ndim:
        return axes
    return ("?" * max(0, ndim - 2)) + "yx"[-ndim:]


def _lengths(header: dict[str, Any], axes: str, source: str) -> Any:
    values = header.get("spacing_um")
    spatial = [axis for axis in axes.replace("?", "z") if axis in "zyx"]
    if not isinstance(values, list) or len(values) != len(spatial):
        values = []
    return inspect_lengths(dict(zip(spatial, values, strict=False)), source=f"{source} spacing_um")
