"""Live plots in a notebook: zoom, pan and hover, through HoloViews' Bokeh backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..workspace.serving import is_headless

_state = {"live": False}


def go_live() -> None:
    """Show the plots of this notebook live, where a person looks at it.

    Loads Bokeh's scripts into the notebook, from this machine. A headless run shows stills.
    """
    if is_headless():
        return
    from bokeh.resources import Resources
    from IPython.display import publish_display_data

    # Not `hv.extension` or `output_notebook`: they bring Panel, whose scripts and style sheets come
    # from the network.
    scripts = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)
    once = f"(function() {{ if (!window.Bokeh) {{ {scripts} }} }}).call(window);"
    publish_display_data({"application/javascript": once})
    _state["live"] = True


@dataclass(frozen=True)
class LivePlot:
    """A plot to be zoomed and hovered, in the two parts that a notebook takes.

    Attributes
    ----------
    html : str
        Where it stands on the page.
    script : str
        JavaScript that draws it there; the page has to have ``html`` already.
    """

    html: str
    script: str


def live_plot(plot: Any) -> LivePlot:
    """Make a HoloViews plot ready for this notebook.

    Parameters
    ----------
    plot : holoviews object
    """
    from bokeh.core.validation import silence
    from bokeh.core.validation.warnings import FIXED_SIZING_MODE
    from bokeh.embed.notebook import notebook_content

    from .marks import hv  # with it come the backends

    silence(FIXED_SIZING_MODE)  # HoloViews gives the size of the frame instead
    script, div, _ = notebook_content(hv.render(plot, backend="bokeh"))
    return LivePlot(div, script)


def is_live() -> bool:
    """Say whether `go_live` was called here."""
    return _state["live"]
