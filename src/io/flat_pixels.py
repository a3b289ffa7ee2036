"""Arrays that lie in a file as they are, or packed as one stream."""

from __future__ import annotations

import bz2
import gzip
import os
import zlib
from collections.abc import Callable
from math import prod
from typing import Any, BinaryIO

import numpy as np

from ..errors import ReadError
from .reading import Pixels


class FlatPixels:
    """An uncompressed array in C order at an offset of a file, mapped into memory.

    Parameters
    ----------
    path : str
    offset : int
        Where the first pixel starts [byte].
    shape, dtype
        As stored; the dtype carries the byte order.
    """

    sequential = False

    def __init__(
        self, path: str, *, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        refuse_empty(shape, path)
        self.shape, self.dtype = shape, np.dtype(dtype)
        need, have = offset + prod(shape) * self.dtype.itemsize, os.path.getsize(path)
        if need > have:
            raise ReadError(
                f"{path} is cut short: {shape} {self.dtype} from byte {offset} needs {need} bytes, "
                f"the file has {have}: copy it again, or check shape and type"
            )
        self._mapped: np.ndarray | None = np.memmap(path, self.dtype, "r", offset, shape)

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        assert self._mapped is not None
        return np.asarray(self._mapped[selection], dtype=self.dtype.newbyteorder("="))

    def close(self) -> None:
        """Let go of the file."""
        self._mapped = None


_TRAILER = 2**20


class PackedPixels:
    """An array in C order behind a compressed stream, which can only be read forwards.

    Parameters
    ----------
    open_stream : callable
        Gives the unpacked stream at its first pixel.
    shape, dtype
        As stored; the dtype carries the byte order.
    path : str
        For messages.
    """

    sequential = True

    def __init__(
        self,
        open_stream: Callable[[], BinaryIO],
        *,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        path: str,
    ) -> None:
        refuse_empty(shape, path)
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._open_stream, self._path = open_stream, path
        self._stream: BinaryIO | None = None
        self._at = 0
        self._plane_shape = shape[-2:]
        self._lead = shape[:-2]

    @property
    def segment_bytes(self) -> int:
        """One plane, the smallest piece that is unpacked [byte]."""
        return prod(self._plane_shape) * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        depth = len(self._lead)
        picked = [range(n)[part] for n, part in zip(self._lead, selection[:depth], strict=True)]
        inside = selection[depth:]
        rows = [len(range(n)[p]) for n, p in zip(self._plane_shape, inside, strict=True)]
        out = np.empty([*map(len, picked), *rows], self.dtype.newbyteorder("="))
        for place in np.ndindex(*map(len, picked)):
            lead = [indices[i] for indices, i in zip(picked, place, strict=True)]
            index = int(np.ravel_multi_index(lead, self._lead)) if lead else 0
            out[place] = self._plane(index)[inside]
        return out

    def _plane(self, index: int) -> np.ndarray:
        self._forward_to(index * self.segment_bytes)
        data = self._take(self.segment_bytes, index)
        return np.frombuffer(data, self.dtype).reshape(self._plane_shape)

    def _forward_to(self, offset: int) -> None:
        if self._stream is None or offset < self._at:
            self.close()
            self._stream, self._at = self._open_stream(), 0
        while self._at < offset:
            self._take(min(offset - self._at, 2**22), offset // self.segment_bytes)

    def _take(self, count: int, index: int) -> bytes:
        assert self._stream is not None
        parts = bytearray()
        try:
            while len(parts) < count and (part := self._stream.read(count - len(parts))):
                parts += part
            if self._at + count == prod(self.shape) * self.dtype.itemsize:
                self._stream.read(_TRAILER)  # the end of a stream holds the sum that is checked
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise self._broken(index, str(error)) from error
        if len(parts) < count:
            raise self._broken(index, "the stream ends early")
        self._at += count
        return bytes(parts)

    def _broken(self, index: int, why: str) -> ReadError:
        return ReadError(
            f"{self._path}: plane {index} of {prod(self._lead)} cannot be unpacked ({why}): "
            "the file is damaged or cut short, copy it again"
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def flat_or_packed(
    path: str,
    *,
    offset: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    packing: str | None,
) -> FlatPixels | PackedPixels:
    """Open an array at an offset, packed with ``"gzip"``, ``"bzip2"``, ``"zlib"`` or not."""
    if packing is None:
        return FlatPixels(path, offset=offset, shape=shape, dtype=dtype)

    def open_stream() -> BinaryIO:
        return unpacked(path, offset=offset, packing=packing)

    return PackedPixels(open_stream, shape=shape, dtype=dtype, path=path)


def unpacked(path: str, *, offset: int, packing: str) -> BinaryIO:
    """Open the unpacked stream of a compressed part of a file."""
    file = open(path, "rb")  # noqa: SIM115 - the stream that is returned closes it
    file.seek(offset)
    if packing == "gzip":
        return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value]
    if packing == "bzip2":
        return bz2.BZ2File(file)  # type: ignore[return-value]
    return _Zlib(file)  # type: ignore[return-value]


class _Zlib:
    """A zlib stream read piece by piece."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._unpack = file, zlib.decompressobj()

    def read(self, count: int) -> bytes:
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._file.read(2**18)
            if not packed:
                return b""
            part = self._unpack.decompress(packed, count)
            if part:
                return part
        return b""

    def close(self) -> None:
        self._file.close()


class ScaledPixels:
    """Pixels whose stored numbers mean ``slope * number + intercept``."""

    def __init__(self, stored: Pixels, *, slope: float, intercept: float) -> None:
        self._stored, self._slope, self._intercept = stored, slope, intercept
        self.shape, self.sequential = stored.shape, stored.sequential
        self.dtype = np.dtype(np.float64 if stored.dtype.itemsize > 2 else np.float32)
        self.segment_bytes = getattr(stored, "segment_bytes", 0) * 4

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box, scaled."""
        numbers = self._stored.read(selection).astype(self.dtype)
        return numbers * self.dtype.type(self._slope) + self.dtype.type(self._intercept)

    def close(self) -> None:
        """Let go of the file."""
        self._stored.close()


def refuse_empty(shape: tuple[int, ...], path: str) -> None:
    """Refuse an array without pixels, or with fewer than two axes."""
    if len(shape) < 2 or any(n < 1 for n in shape):
        raise ReadError(
            f"{path} declares the shape {shape}; an image needs at least two axes with one pixel "
            "each: it is damaged, or the wrong entry"
        )
