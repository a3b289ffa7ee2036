"""Jupyter's widgets in a Panel page with every script from this installation: the one trick.

`ipywidgets_bokeh` draws ipywidgets and carries their messages, binary ones too, but it fetches
the front end of any further package from a CDN, as ``<cdn>/anywidget@~0.11.*/dist/index``. Its
model has a property for that address: here it is a path of our own server, which answers with the
module that anywidget installs for the classic notebook, an AMD module as the CDN's is. Panel's own
`AnyWidgetComponent` is no way round it: it lacks ``model.send``.

Tied to anywidget's installed layout; ``tests/app/test_front_end.py`` and the browser test fail when
that changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

# First of the two: it keeps ipywidgets_bokeh from taking over the kernel of a notebook.
import panel.io.ipywidget  # noqa: F401  # isort: skip
from ipywidgets_bokeh.widget import IPyWidget as BokehModel  # isort: skip
from bokeh.settings import settings
from panel.pane import IPyWidget
from tornado.web import RequestHandler

ADDRESS = "/front-end"
MODULE = Path(anywidget.__file__).parent / "nbextension" / "index.js"
#: Symbols of buttons, as Panel brings them; ipywidgets_bokeh's own copy lost its font's address.
SYMBOLS = "static/extensions/panel/bundled/font-awesome/css/all.min.css"


class FrontEnd(RequestHandler):
    """Answers with anywidget's module."""

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.write(MODULE.read_bytes())


#: For the server: any version, since only the installed one is here.
PATTERN = (rf"{ADDRESS}/anywidget@[^/]+/dist/index(?:\.js)?", FrontEnd)


class WidgetPane(IPyWidget):
    """A pane that shows an ipywidget; its scripts come from this server."""

    def _get_ipywidget(self, *given: Any, **options: Any) -> Any:
        return super()._get_ipywidget(*given, **options, cdn=ADDRESS)


def stay_local() -> None:
    """Take every script and style sheet from this installation, whatever the environment says."""
    settings.resources = "server"
    BokehModel.__css__ = []  # Panel names a style sheet of symbols on a CDN
