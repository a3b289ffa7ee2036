"""How a name is written, so that one that is seen is one that is found."""

from __future__ import annotations

import unicodedata

from .canonical import is_unicode

_LONGEST = 120


def plain_name(name: str) -> str:
    """Write a name in one way: without space around it, each letter in one piece (NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def is_searchable(text: str) -> bool:
    """Say whether a database may be asked for a text; nothing is called by any other."""
    return "\x00" not in text and is_unicode(text)


def checked_name(kind: str, name: str) -> str:
    """Write a name plainly, or refuse one that nobody could read in a table.

    Raises
    ------
    ValueError
        It is empty, longer than 120 characters, or has unprintable ones.
    """
    if not isinstance(name, str):
        raise ValueError(f"a name of {kind} needs printable letters, got {name!r}")
    plain = plain_name(name)
    if not plain or not plain.isprintable():
        raise ValueError(f"a name of {kind} needs printable letters, got {name!r}")
    if len(plain) > _LONGEST:
        raise ValueError(
            f"a name of {kind} has at most {_LONGEST} characters, got {len(plain)}: "
            f"{plain[:40]!r}...; give a shorter one"
        )
    return plain
