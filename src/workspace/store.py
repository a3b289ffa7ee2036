"""A zarr store that never invents pixels.

zarr fills a missing chunk with zeros and, without a checksum, returns damaged ones: both would
be wrong pixels without a word. This store raises :class:`~scalebridge.errors.DamagedImage`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import google_crc32c
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore, WrapperStore

from ..errors import DamagedImage

_CHUNK = re.compile(r"(?:^|/)c(?:/\d+)*$")


class StrictStore(WrapperStore[LocalStore]):
    """A read-only folder of chunks, each ending in its crc32c.

    Parameters
    ----------
    store : LocalStore
    image : str
        How an error names the image.
    fingerprints : mapping of str to str
        The crc32c of each metadata file, as recorded at import.
    """

    def __init__(
        self, store: LocalStore, *, image: str = "", fingerprints: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(store)
        self.image = image
        self.fingerprints = dict(fingerprints or {})

    def _with_store(self, store: LocalStore) -> StrictStore:
        return type(self)(store, image=self.image, fingerprints=self.fingerprints)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a key; a chunk that is missing or damaged raises."""
        found = await self._store.get(key, prototype, byte_range)
        if byte_range is not None:
            raise DamagedImage(self._sentence(key, "whole chunks", f"a request of {byte_range}"))
        if _CHUNK.search(key):
            self._check_chunk(key, found)
        elif key in self.fingerprints:
            self._check_metadata(key, found)
        return found

    def _check_chunk(self, key: str, found: Buffer | None) -> None:
        if found is None:
            raise DamagedImage(self._sentence(key, "a chunk", "no file"))
        if not chunk_is_sound(found.to_bytes()):
            raise DamagedImage(self._sentence(key, "a chunk of its crc32c", "other bytes"))

    def _check_metadata(self, key: str, found: Buffer | None) -> None:
        if found is None:
            raise DamagedImage(self._sentence(key, "metadata", "no file"))
        if fingerprint(found.to_bytes()) != self.fingerprints[key]:
            raise DamagedImage(self._sentence(key, "the metadata that was recorded", "other bytes"))

    def _sentence(self, key: str, expected: str, got: str) -> str:
        return (
            f"image {self.image!r}: expected {expected} at {self._store.root / key}, got {got}: "
            "restore the folder from a backup, or remove the image and import it again"
        )


def chunk_is_sound(data: bytes) -> bool:
    """Say whether stored bytes end in their own crc32c."""
    return len(data) > 4 and google_crc32c.value(data[:-4]) == int.from_bytes(data[-4:], "little")


def fingerprint(data: bytes) -> str:
    """Write the crc32c of a metadata file as text."""
    return f"{google_crc32c.value(data):08x}"


def open_strictly(folder: Path, *, image: str, fingerprints: Mapping[str, str]) -> StrictStore:
    """Open an image folder for reading."""
    return StrictStore(LocalStore(folder, read_only=True), image=image, fingerprints=fingerprints)
