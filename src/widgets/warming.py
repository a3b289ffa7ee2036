"""What a first picture needs is imported while a notebook's kernel has nothing to do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

_IDLE_S = 0.05  # after the cell that named a widget has been answered
_SHOWN = "scalebridge.widgets.explorer_view"
# In small pieces: whatever is asked meanwhile goes between two.
_MODULES = (
    "ipywidgets",
    "anywidget",
    "PIL.ImageFont",
    "PIL.PngImagePlugin",
    "scalebridge.analysis.registration",
    "scalebridge.widgets.live",
    _SHOWN,
    "pandas",
)


class Warming:
    """Imports one module after the other, each when nothing else waits.

    Parameters
    ----------
    modules : sequence of str
    """

    def __init__(self, modules: tuple[str, ...] = _MODULES) -> None:
        self._left = list(modules)
        self._begun = False

    def begin(self) -> None:
        """Begin soon, once, in the kernel of a notebook; a script pays for nothing here."""
        if self._begun or not in_kernel():
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._begun = True
        loop.call_later(_IDLE_S, self._one, loop.call_later)

    def _one(self, later: Callable[..., Any]) -> None:
        if _SHOWN in self._left and _SHOWN in sys.modules:
            return  # a picture is there already: its questions come first
        try:
            import_module(self._left.pop(0))
        except ImportError:  # told where it is really needed
            return
        if self._left:
            later(_IDLE_S / 10, self._one, later)


def in_kernel() -> bool:
    """Whether this runs in a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


#: For all widgets.
WARMING = Warming()
