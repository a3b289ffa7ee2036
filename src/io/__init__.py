"""Files in and out: one reader a format, each run in a child process of its own.

`describe` says what a file holds, `preview` shows it, `open_source` streams it. Where a file is
silent or wrong, `Answers` stand beside it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Answers": ".answers",
    "ImageDescription": ".description",
    "Source": ".source",
    "describe": ".opening",
    "load_answers": ".answers",
    "open_source": ".opening",
    "remembered_key": ".answers",
    "save_answers": ".answers",
}

__all__ = list(_HOMES)

if TYPE_CHECKING:
    from .answers import Answers, load_answers, remembered_key, save_answers
    from .description import ImageDescription
    from .opening import describe, open_source
    from .source import Source


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
