"""One level of an image that lies elsewhere, as an array that fetches what is cut out of it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ..errors import DamagedImage, ReadLimit, ScalebridgeError, Superseded


class LinkedArray:
    """Looks like a zarr array; its shape is known without asking anybody.

    Parameters
    ----------
    shape : tuple of int
        All axes.
    dtype : numpy.dtype
        As it is given out: native byte order, true and false as 1 and 0.
    opened : callable
        Gives the zarr array, once somebody wants pixels.
    place : str
        How an error names it.
    limit_mb : callable
        What one reading may unpack [MB].
    tell : callable
        Told how each reading ended: with an error, or None.
    """

    #: Reading may take seconds: whoever draws does not wait for it in the browser's own thread.
    far = True

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        opened: Callable[[], Any],
        place: str,
        limit_mb: Callable[[], float],
        tell: Callable[[ScalebridgeError | None], None] = lambda _: None,
    ) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._opened, self._place, self._limit_mb = opened, place, limit_mb
        self._tell = tell

    @property
    def ndim(self) -> int:
        """All axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Voxels."""
        return prod(self.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """Voxels of a chunk along each axis; asks for the metadata."""
        return tuple(self._opened().chunks)

    def __getitem__(self, selection: Any) -> Any:
        """Fetch the chunks that a selection touches, and no others.

        Raises
        ------
        Unreachable, ChangedImage, DamagedImage
        ReadLimit
            When that would be more than `limit_mb`.
        """
        try:
            found = self._fetched(selection)
        except Superseded:
            raise
        except ScalebridgeError as error:
            self._tell(error)
            raise
        self._tell(None)
        return found

    def _fetched(self, selection: Any) -> np.ndarray:
        array = self._opened()
        self._refuse_flood(array, selection)
        try:
            found = np.asarray(array[selection])
        except (ScalebridgeError, IndexError):
            raise
        except Exception as error:  # zarr lets its codecs' own exceptions through
            raise DamagedImage(
                f"a chunk of {self._place} cannot be unpacked ({error}): have it written again"
            ) from error
        return found.astype(self.dtype, copy=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Fetch everything."""
        found = np.asarray(self[...])
        return found if dtype is None else found.astype(dtype, copy=False)

    def _refuse_flood(self, array: Any, selection: Any) -> None:
        touched_mb = prod(self._touched(array, selection)) * self.dtype.itemsize / 2**20
        if touched_mb > self._limit_mb():
            raise ReadLimit(
                f"expected to fetch up to {self._limit_mb():g} MB of {self._place} at once, got a "
                f"request for {touched_mb:.0f} MB: ask for a coarser level or a part, import the "
                "image, or allow more with ws.images.links.limit_mb"
            )

    def _touched(self, array: Any, selection: Any) -> list[int]:
        """Voxels along each axis of all chunks that a selection touches."""
        given = selection if isinstance(selection, tuple) else (selection,)
        if Ellipsis in [one for one in given if not isinstance(one, np.ndarray)]:
            at = next(i for i, one in enumerate(given) if one is Ellipsis)
            full = (slice(None),) * (self.ndim - len(given) + 1)
            given = (*given[:at], *full, *given[at + 1 :])
        given = (*given, *(slice(None),) * (self.ndim - len(given)))
        spans = []
        for part, size, chunk in zip(given, self.shape, array.chunks, strict=True):
            if not isinstance(part, slice):
                spans.append(chunk)
                continue
            picked = range(size)[part]
            chunks = {i // chunk for i in picked} if len(picked) else set()
            spans.append(min(len(chunks) * chunk, size))
        return spans
