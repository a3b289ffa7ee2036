"""Which widget shows an object of a room below the widgets.

Rooms import only those before them, so the widget is known here by name and loaded when the
object is displayed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_SHOWN_BY = {"RunningImport": ".widgets.import_view"}


def bundle_of(shown: Any) -> dict[str, Any]:
    """Give the MIME bundle of an object, from its widget's ``bundle`` function."""
    module = import_module(_SHOWN_BY[type(shown).__name__], __package__)
    return dict(module.bundle(shown))
