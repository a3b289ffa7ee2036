"""Stored bytes against what was recorded of them: nothing that is damaged is taken for pixels."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import google_crc32c

from ..errors import DamagedImage
from . import chunk_table
from .chunk_table import TRAILER, ChunkTable, chunk_counts

_CHUNK = re.compile(r"(?P<level>.+)/c(?P<index>(?:/\d+)*)")


def fingerprint(data: bytes) -> str:
    """Write the crc32c of a metadata file as text."""
    return f"{google_crc32c.value(data):08x}"


def chunk_is_sound(data: bytes) -> bool:
    """Say whether stored bytes end in their own crc32c."""
    if len(data) <= TRAILER:
        return False
    stated = int.from_bytes(data[-TRAILER:], "little")
    return bool(google_crc32c.value(data[:-TRAILER]) == stated)


class Guard:
    """What was recorded of one image's files.

    Parameters
    ----------
    folder : Path
        The image's OME-Zarr folder.
    image : str
        How an error names the image.
    fingerprints : mapping of str to str
        By key: the crc32c of metadata files, the digest of tables of chunks. Images of before
        there were tables have none: their chunks prove only themselves.
    """

    def __init__(self, folder: Path, *, image: str, fingerprints: Mapping[str, str]) -> None:
        self.folder = folder
        self.image = image
        self.fingerprints = fingerprints
        self.table = cache(self._read_table)
        self._own: set[str] = set()

    def check(self, key: str, data: bytes | None) -> None:
        """Refuse bytes that are not those that were written at a key.

        Parameters
        ----------
        key : str
            As zarr names it.
        data : bytes or None
            None where there is no file.

        Raises
        ------
        DamagedImage
        """
        if (match := _CHUNK.fullmatch(key)) is not None:
            self._check_chunk(key, data, match["level"], match["index"])
        elif key in self.fingerprints:
            self._check_metadata(key, data)

    def refuse_link(self, key: str) -> None:
        """Refuse to read a key through a link, a pipe or a device: others chose what it leads to.

        Raises
        ------
        DamagedImage
        """
        steps = key.split("/")
        folders = ["/".join(steps[:depth]) for depth in range(len(steps))]
        for place in (*(folder for folder in folders if folder not in self._own), key):
            try:
                mode = os.lstat(self.folder / place).st_mode
            except (FileNotFoundError, NotADirectoryError):
                return
            if place == key and not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                raise self.refusal(key, "a file of its own", _kind(mode))
            if place != key and not stat.S_ISDIR(mode):
                raise self.refusal(place, "a folder of its own", _kind(mode))
            if place != key:
                self._own.add(place)

    def refusal(self, key: str, expected: str, got: str) -> DamagedImage:
        """Say what is damaged and what to do."""
        return DamagedImage(
            f"image {self.image!r}: expected {expected} at {self.folder / key}, got {got}: "
            "restore the folder from a backup, or remove the image and import it again"
        )

    def _check_chunk(self, key: str, data: bytes | None, level: str, index: str) -> None:
        if data is None:
            raise self.refusal(key, "a chunk", "no file")
        if not chunk_is_sound(data):
            raise self.refusal(key, "a chunk of its crc32c", "other bytes")
        table = self.table(level)
        if table is not None and not table.holds([int(i) for i in index.split("/")[1:]], data):
            raise self.refusal(key, "the chunk that was written there", "another whole one")

    def _check_metadata(self, key: str, data: bytes | None) -> None:
        if data is None:
            raise self.refusal(key, "metadata", "no file")
        if fingerprint(data) != self.fingerprints[key]:
            raise self.refusal(key, "the metadata that was recorded", "other bytes")

    def _read_table(self, level: str) -> ChunkTable | None:
        key = f"{level}/{chunk_table.FILE}"
        if key not in self.fingerprints:
            return None
        self.refuse_link(f"{level}/zarr.json")
        self.refuse_link(key)
        metadata, path = self.folder / level / "zarr.json", self.folder / key
        if not path.is_file():
            raise self.refusal(key, "the table of chunks", "no file")
        table = ChunkTable(chunk_counts(metadata.read_bytes()), path.read_bytes())
        if not table.whole or table.digest != self.fingerprints[key]:
            raise self.refusal(key, "the table of chunks that was recorded", "other bytes")
        return table


def _kind(mode: int) -> str:
    return "a symbolic link" if stat.S_ISLNK(mode) else "something else"
