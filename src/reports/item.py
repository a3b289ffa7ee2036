"""What every item shares: it is displayed like any value, and carries its content as JSON.

The report is built from that JSON (and, for figures, the PNG beside it) alone. No other output of
a notebook reaches the page, so nothing that data can write is ever taken for HTML.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from .markup import Markup

ITEM_MIME = "application/vnd.scalebridge.item+json"


class Item:
    """Something that a notebook displays and a report collects."""

    kind: ClassVar[str]

    def content(self) -> dict[str, Any]:
        """Return what the item says as plain JSON types, without pictures."""
        raise NotImplementedError

    def html(self) -> Markup:
        """Return the fragment that stands in the notebook and in the report."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "text/plain": str(self),
            "text/html": str(for_notebook(self.html())),
            ITEM_MIME: {"kind": self.kind, **self.content()},
        }


def for_notebook(fragment: Markup) -> Markup:
    """Bring the items' own style sheet along, scoped by class, so that a cell stands alone."""
    return Markup('<div class="sb-items"><style>{}</style>{}</div>').format(
        Markup(item_css()), fragment
    )


@cache
def item_css() -> str:
    """Return the style sheet of the items."""
    return (files(__package__) / "items.css").read_text(encoding="utf-8")


def finite(value: Any) -> float | int | None:
    """Return a number that JSON can hold, None for NaN, infinities and nothing."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int) else float(value)


def required(text: str, name: str) -> str:
    """Refuse an empty text."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} needs a text, got {text!r}")
    return text
