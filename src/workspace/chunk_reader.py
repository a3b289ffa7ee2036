"""Whole chunks of a stored level, one file each, without zarr's machinery around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .store import StrictStore

Read = Callable[[tuple[int, ...]], NDArray[Any]]


def chunk_reader(array: Any) -> Read | None:
    """Give a function that reads one chunk of a level that Scalebridge wrote.

    zarr hands every chunk through an event loop and a pool of threads, which takes about three
    times as long as reading, checking and unpacking it. On a disk of this machine four threads
    were no faster than one; on a network drive each chunk waits for the one before.

    Parameters
    ----------
    array : zarr.Array

    Returns
    -------
    callable or None
        From a chunk's index to its values, padded where it reaches beyond the array; None where
        the array is stored otherwise, and zarr has to read it. Raises ``DamagedImage`` as the
        array does.
    """
    store = getattr(array, "store", None)
    if not isinstance(store, StrictStore):
        return None
    from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec

    written = [type(codec) for codec in getattr(array.metadata, "codecs", ())]
    if written != [BytesCodec, BloscCodec, Crc32cCodec]:
        return None
    return _reader(array, store)


def _reader(array: Any, store: StrictStore) -> Read:
    from numcodecs import Blosc

    squeeze, endian = Blosc(), array.metadata.codecs[0].endian
    dtype = array.dtype.newbyteorder(">" if getattr(endian, "value", None) == "big" else "<")
    path, encoded, shape = array.path, array.metadata.encode_chunk_key, array.chunks

    def read(index: tuple[int, ...]) -> NDArray[Any]:
        key = f"{path}/{encoded(index)}"
        data = store.read(key)
        unpacked = int.from_bytes(data[4:8], "little")  # as Blosc states it, before it takes room
        if unpacked != np.prod(shape) * dtype.itemsize:
            raise store.guard.refusal(key, f"a chunk of {shape} values", f"{unpacked} bytes")
        values = np.frombuffer(squeeze.decode(data), dtype)
        if values.size != np.prod(shape):
            raise store.guard.refusal(key, f"a chunk of {shape} values", f"{values.size}")
        return values.reshape(shape)

    return read
