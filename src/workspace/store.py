"""A zarr store that never invents pixels.

zarr fills a missing chunk with zeros, returns damaged ones without a checksum, and one that
belongs elsewhere with it: all would be wrong pixels without a word. This store raises
:class:`~scalebridge.errors.DamagedImage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore, WrapperStore

from .chunk_table import TRAILER
from .guard import Guard


class StrictStore(WrapperStore[LocalStore]):
    """A read-only folder of chunks, each ending in its crc32c.

    Parameters
    ----------
    store : LocalStore
    guard : Guard
        What was recorded of the folder.
    """

    def __init__(self, store: LocalStore, *, guard: Guard) -> None:
        super().__init__(store)
        self.guard = guard

    def _with_store(self, store: LocalStore) -> StrictStore:
        return type(self)(store, guard=self.guard)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a key; a chunk that is missing, damaged or of another place raises."""
        self.guard.refuse_link(key)
        found = await self._store.get(key, prototype, byte_range)
        if byte_range is not None:
            raise self.guard.refusal(key, "whole chunks", f"a request of {byte_range}")
        self.guard.check(key, None if found is None else found.to_bytes())
        return found

    def read(self, key: str) -> bytes:
        """Read a chunk without waiting for others, and leave out its crc32c."""
        self.guard.refuse_link(key)
        try:
            data = (self._store.root / key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            data = None
        self.guard.check(key, data)
        return b"" if data is None else data[:-TRAILER]


def open_strictly(folder: Path, *, image: str, fingerprints: Mapping[str, str]) -> StrictStore:
    """Open an image folder for reading."""
    guard = Guard(folder, image=image, fingerprints=fingerprints)
    return StrictStore(LocalStore(folder, read_only=True), guard=guard)
