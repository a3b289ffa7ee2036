"""Which files a bundle may hold, and under which names."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Iterable
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from ...errors import RefusedBundle

CRATE, BUNDLE, RECORDS = "ro-crate-metadata.json", "bundle.json", "records.jsonl"
_LEVEL = r"\d{1,3}/(?:zarr\.json|chunks\.crc32c|c(?:/\d{1,12}){0,8})"
_IMAGE = rf"images/[A-Za-z0-9_-]{{1,64}}\.ome\.zarr/(?:zarr\.json|{_LEVEL})"
_RUN = r"runs/[A-Za-z0-9_.-]{1,120}"
_KNOWN = re.compile(rf"(?:{re.escape(CRATE)}|{BUNDLE}|{re.escape(RECORDS)}|{_IMAGE}|{_RUN})")
_DRIVE = re.compile(r"[A-Za-z]:")


def refuse_names(members: Iterable[ZipInfo]) -> None:
    """Refuse names that lead outside, clash, or are no file of a bundle.

    Raises
    ------
    RefusedBundle
    """
    seen: dict[str, str] = {}
    for member in members:
        name = member.orig_filename
        problem = _name_problem(name) or _kind_problem(member)
        if problem:
            raise _refused(problem, name)
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            what = "twice" if seen[key] == name else f"beside {seen[key]!r}, the same on some disks"
            raise _refused(f"a name {what}", name)
        seen[key] = name
    for key, name in seen.items():
        steps = key.split("/")
        if any("/".join(steps[:depth]) in seen for depth in range(1, len(steps))):
            raise _refused("a file inside of a file", name)


def _refused(problem: str, name: str) -> RefusedBundle:
    return RefusedBundle(
        f"expected files of a workspace only, got {problem}: {name[:200]!r}. Nothing was written; "
        "ask whoever sent it to write the bundle again with scalebridge bundle write"
    )


def _name_problem(name: str) -> str:
    if "\x00" in name:
        return "a name with a zero byte"
    if "\\" in name:
        return "a name with a backslash"
    if name.startswith("/"):
        return "an absolute path"
    if _DRIVE.match(name):
        return "a path with a drive letter"
    if any(step in ("", ".", "..") for step in name.rstrip("/").split("/")):
        return "a path that leads outside"
    if name.endswith("/"):
        return "a folder by itself"
    if any(ord(letter) < 32 for letter in name):
        return "a name with control characters"
    return "" if _KNOWN.fullmatch(name) else "a file that is none of a bundle"


def _kind_problem(member: ZipInfo) -> str:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "a symbolic link" if stat.S_ISLNK(mode) else "something that is no plain file"
    if member.flag_bits & 0x1:
        return "an encrypted file"
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return f"a file packed by method {member.compress_type}"
    return ""
