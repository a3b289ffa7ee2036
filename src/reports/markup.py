"""Text from data on its way into a page: made printable, then escaped, in this one place."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

__all__ = ["Markup", "joined", "paragraphs", "safe", "tidy"]

# Control characters, lone surrogates (file names that are no UTF-8) and the marks that reorder
# the text around them: none can be printed, the second stops a page from being written at all.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def tidy(text: Any) -> str:
    """Replace what cannot be printed by the replacement character.

    Examples
    --------
    >>> tidy("a\\x00b")
    'a\\ufffdb'
    """
    return _UNPRINTABLE.sub("\ufffd", str(text))


def safe(text: Any) -> Markup:
    """Escape a text from data; markup that is our own passes unchanged.

    Examples
    --------
    >>> safe("<b>")
    Markup('&lt;b&gt;')
    """
    return text if isinstance(text, Markup) else escape(tidy(text))


def joined(parts: Any, *, by: str = "") -> Markup:
    """Join fragments, escaping those that are plain text."""
    return Markup(by).join(safe(part) for part in parts)


def paragraphs(text: str) -> Markup:
    """Turn plain text into paragraphs, parted where it has empty lines."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    return joined(Markup("<p>{}</p>").format(safe(block)) for block in blocks)
