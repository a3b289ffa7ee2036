"""Headers that are text: ``name = value`` lines under ``[section]`` titles, beside the pixels."""

from __future__ import annotations

import os
import re

from ..errors import ReadError

_LARGEST = 2**20
_TITLE = re.compile(r"\s*\[(.+?)\]\s*")
_LINE = re.compile(r"\s*([^=;#\[][^=]*?)\s*=\s*(.*?)\s*")

Sections = dict[str, dict[str, str]]


def read_text(path: str, *, encoding: str = "utf-8") -> str:
    """Read a text header, refused when it is larger than a header can be (1 MB).

    Raises
    ------
    ReadError
    """
    if os.path.getsize(path) > _LARGEST:
        raise ReadError(f"expected a header under 1 MB, {path} is larger: is it the right file?")
    with open(path, "rb") as file:
        data = file.read(_LARGEST)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def sections_of(text: str) -> Sections:
    """Sort ``name = value`` lines under their titles; names and titles in lower case.

    What stands before the first title is in the section ``""``; of a name that comes twice the
    first value counts.

    Examples
    --------
    >>> sections_of("[Job]\\nGridDistX=0.12")
    {'': {}, 'job': {'griddistx': '0.12'}}
    """
    found: Sections = {"": {}}
    here = found[""]
    for line in text.splitlines():
        if title := _TITLE.fullmatch(line):
            here = found.setdefault(title.group(1).lower(), {})
        elif pair := _LINE.fullmatch(line):
            here.setdefault(pair.group(1).lower(), pair.group(2))
    return found


def number_in(values: dict[str, str], name: str) -> float | None:
    """Read a finite number, None where there is none."""
    try:
        value = float(values[name.lower()].replace(",", "."))
    except (KeyError, ValueError):
        return None
    return value if abs(value) < float("inf") else None


def count_in(values: dict[str, str], name: str, *, path: str) -> int:
    """Read a positive whole number of a header.

    Raises
    ------
    ReadError
    """
    text = values.get(name.lower(), "")
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise ReadError(
            f"expected a positive whole number as {name} in {path}, got {text!r}: the header is "
            "damaged or of another kind"
        )
    return int(text)


def sibling(path: str, *endings: str) -> str | None:
    """Find a header of the same name with another ending, in upper or lower case.

    Examples
    --------
    >>> sibling("no such file.tif", ".hdr") is None
    True
    """
    stem = os.path.splitext(path)[0]
    for ending in endings:
        for name in (stem + ending, stem + ending.upper(), path + ending):
            if os.path.isfile(name):
                return name
    return None
