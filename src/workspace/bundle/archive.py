"""A zip from somebody else, looked through before anything of it is unpacked."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as DeflateError

from ...errors import NotFound, RefusedBundle
from .limits import BundleLimits
from .names import refuse_names

_END, _END64_PLACE, _END64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_ENTRY, _ENTRY_BYTES, _LOCAL_BYTES = b"PK\x01\x02", 46, 30
_OTHERS = {
    b"\x1f\x8b": "a gzip file",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"%PDF": "a PDF",
    b"MZ": "a program",
    b"\x7fELF": "a program",
}


@contextmanager
def opened_archive(path: Path, limits: BundleLimits) -> Iterator[ZipFile]:
    """Open a bundle whose names, sizes and places were all looked at.

    Raises
    ------
    NotFound
    RefusedBundle, BundleLimit
    """
    if not path.is_file():
        raise NotFound(f"expected a bundle at {path}, got no file: check the path")
    with path.open("rb") as file:
        _refuse_others(file, path)
        limits.refuse_count(_count_entries(file, path, limits))
        try:
            with ZipFile(file) as archive:
                members = archive.infolist()
                refuse_names(members)
                _refuse_overlaps(members, path)
                for one in members:
                    limits.refuse_ratio(
                        one.filename, packed=one.compress_size, unpacked=one.file_size
                    )
                limits.refuse_bytes(sum(one.file_size for one in members))
                yield archive
        except (BadZipFile, DeflateError, EOFError, struct.error, UnicodeError) as error:
            raise damaged(path, str(error)) from error


def damaged(path: Path, words: str) -> RefusedBundle:
    """Say that a bundle is not as it was written."""
    return RefusedBundle(
        f"expected a bundle as it was written at {path}, got a damaged one ({words}): copy it "
        "again from where it came from; nothing was written"
    )


def _refuse_others(file: BinaryIO, path: Path) -> None:
    start = file.read(512)
    if start.startswith(b"PK\x03\x04"):
        return
    kind = next((words for sign, words in _OTHERS.items() if start.startswith(sign)), None)
    if kind is None:
        kind = "a tar archive" if start[257:262] == b"ustar" else "something else"
    raise RefusedBundle(
        f"expected a zip at {path}, as scalebridge bundle write makes one, got {kind}: nothing was "
        "written"
    )


def _count_entries(file: BinaryIO, path: Path, limits: BundleLimits) -> int:
    """Walk through the list of entries without making objects of them: it may be endless."""
    start, size = _directory(file, path)
    file.seek(start)
    count, left = 0, size
    while left >= _ENTRY_BYTES and count <= limits.files:
        head = file.read(_ENTRY_BYTES)
        if len(head) < _ENTRY_BYTES or not head.startswith(_ENTRY):
            raise damaged(path, "its list of files ends too early")
        more = sum(struct.unpack("<HHH", head[28:34]))
        file.seek(more, 1)
        left -= _ENTRY_BYTES + more
        count += 1
    return count


def _directory(file: BinaryIO, path: Path) -> tuple[int, int]:
    file.seek(0, 2)
    length = file.tell()
    tail_at = max(0, length - 65557)
    file.seek(tail_at)
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < 22:
        raise damaged(path, "it has no list of files: only a part of it may have come")
    size, start = struct.unpack("<LL", tail[place + 12 : place + 20])
    locator = tail[place - 20 : place] if place >= 20 else b""
    if locator.startswith(_END64_PLACE):
        file.seek(struct.unpack("<Q", locator[8:16])[0])
        record = file.read(56)
        if len(record) < 56 or not record.startswith(_END64):
            raise damaged(path, "its list of files is not where it should be")
        size, start = struct.unpack("<QQ", record[40:56])
    if start + size > length:
        raise damaged(path, "its list of files lies beyond its end")
    return start, size


def _refuse_overlaps(members: list[ZipInfo], path: Path) -> None:
    end = 0
    for one in sorted(members, key=lambda one: one.header_offset):
        if one.header_offset < end:
            raise damaged(path, f"{one.filename} lies inside of another file")
        end = one.header_offset + _LOCAL_BYTES + len(one.orig_filename) + one.compress_size
