"""What a Zarr array's metadata may ask for.

Zarr can be told to run codecs that unpickle, and arrays of Python objects. Every codec and pixel
type is compared with a list before zarr sees the array.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError

_CODECS = {
    "blosc", "zstd", "gzip", "zlib", "lz4", "bz2", "lzma", "bytes", "crc32c", "crc32", "adler32",
    "transpose", "sharding_indexed", "shuffle", "delta", "fletcher32", "numcodecs.zstd",
    "numcodecs.blosc", "numcodecs.zlib", "numcodecs.gzip", "numcodecs.lz4", "numcodecs.shuffle",
}  # fmt: skip
_DATA_TYPES = {
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64",
}  # fmt: skip
LARGEST_METADATA = 64 * 2**20


def read_json(file: Path) -> dict[str, Any]:
    """Read a Zarr metadata file of reasonable size."""
    if file.stat().st_size > LARGEST_METADATA:
        raise ReadError(f"expected Zarr metadata under 64 MB, {file} is larger")
    return parse_json(file.read_bytes(), file)


def parse_json(data: bytes, place: Path | str) -> dict[str, Any]:
    """Read the bytes of a Zarr metadata document; `place` is how an error names it."""
    try:
        content = json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise ReadError(f"expected JSON in {place} ({error}): copy the folder again") from error
    if not isinstance(content, dict):
        raise ReadError(f"expected names with values in {place}, got {type(content).__name__}")
    return content


def inspect_array(place: Path) -> int:
    """Check codecs and pixel type, and say how large a chunk is unpacked [byte]."""
    if (place / "zarr.json").is_file():
        return inspect_metadata(read_json(place / "zarr.json"), place)
    if (place / ".zarray").is_file():
        return inspect_metadata(read_json(place / ".zarray"), place)
    raise ReadError(f"expected a Zarr array at {place}, there is none: copy the folder again")


def inspect_metadata(metadata: dict[str, Any], place: Path | str) -> int:
    """As `inspect_array`, from the array's own document of either Zarr version."""
    if metadata.get("zarr_format") == 2:
        kind = _old_type(metadata.get("dtype"), place)
        grid = metadata.get("chunks", [])
        codecs = [*(metadata.get("filters") or []), metadata.get("compressor")]
    else:
        kind = str(metadata.get("data_type"))
        grid = metadata.get("chunk_grid", {}).get("configuration", {}).get("chunk_shape", [])
        codecs = metadata.get("codecs", [])
    _refuse_codecs(codecs, place)
    if kind not in _DATA_TYPES:
        raise ReadError(f"expected a numeric Zarr type, {place} has {kind!r}: convert it first")
    if not all(isinstance(n, int) and n > 0 for n in grid) or not grid:
        raise ReadError(f"expected positive chunk sizes in {place}, got {grid}")
    return prod(grid) * np.dtype(kind).itemsize


def _old_type(text: Any, place: Path | str) -> str:
    try:
        dtype = np.dtype(text)
    except TypeError as error:
        raise ReadError(f"expected a numeric Zarr type, {place} has {text!r}") from error
    return dtype.name if isinstance(text, str) and not dtype.hasobject else str(text)


def _refuse_codecs(codecs: Any, place: Path | str) -> None:
    for codec in codecs if isinstance(codecs, list) else [codecs]:
        if codec is None:
            continue
        named = codec.get("name") or codec.get("id") if isinstance(codec, dict) else codec
        if named not in _CODECS:
            raise ReadError(
                f"expected codecs that only unpack numbers, {place} asks for "
                f"{named!r}: write the image again with zstd or blosc"
            )
        inner = codec.get("configuration", {}) if isinstance(codec, dict) else {}
        for key in ("codecs", "index_codecs"):
            _refuse_codecs(inner.get(key, []), place)
