"""The guided application: four steps in one page, served to this machine alone.

The order of the files::

    steps <- contents, report_run <- page <- serving
    front_end, access <- serving

Panel, which serves the page, rewires how Jupyter's widgets talk to their browser; it is imported
only where the page is served (`front_end`, `page`, `serving`), never by importing Scalebridge.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {"Step": ".steps", "steps_of": ".steps"}  # a report that runs needs no guides, as they do

__all__ = ["Step", "steps_of"]

if TYPE_CHECKING:
    from .steps import Step, steps_of


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'scalebridge.app' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOMES)
