"""Live plots in a notebook: zoom, pan and hover, through HoloViews' Bokeh backend."""

from __future__ import annotations

import os

_HEADLESS = "SCALEBRIDGE_RUN"
_state = {"live": False}


def go_live() -> None:
    """Show the plots of this notebook live, where a person looks at it.

    Loads Bokeh's scripts into the notebook, from this machine. A headless run shows stills.
    """
    if os.environ.get(_HEADLESS) is not None:
        return
    import holoviews as hv

    hv.extension("bokeh", logo=False, inline=True)
    _state["live"] = True


def is_live() -> bool:
    """Say whether `go_live` was called here."""
    return _state["live"]
