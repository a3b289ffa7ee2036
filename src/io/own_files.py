"""A zarr store that reads the files of its own folder and nothing that a link leads to."""

from __future__ import annotations

from pathlib import Path

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore, WrapperStore

from .references import refuse_leading_out


class OwnFiles(WrapperStore[LocalStore]):
    """A read-only folder; a link that leads out of it is refused with its place.

    Parameters
    ----------
    store : LocalStore
    """

    def __str__(self) -> str:
        return str(self._store)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a key that lies in the folder."""
        refuse_leading_out(self._store.root, self._store.root / key)
        return await self._store.get(key, prototype, byte_range)


def own_files(folder: Path) -> OwnFiles:
    """Open a folder for reading."""
    return OwnFiles(LocalStore(folder, read_only=True))
