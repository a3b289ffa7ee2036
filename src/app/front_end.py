"""Jupyter's widgets in a Panel page with every script from this installation: the two tricks.

`ipywidgets_bokeh` draws ipywidgets and carries their messages, binary ones too, but it fetches
the front end of any further package from a CDN, as ``<cdn>/anywidget@~0.11.*/dist/index``. Its
model has a property for that address: here it is a path of our own server, which answers with the
module that anywidget installs for the classic notebook, an AMD module as the CDN's is. Panel's own
`AnyWidgetComponent` is no way round it: it lacks ``model.send``. The other trick is `in_one_piece`.

Tied to anywidget's installed layout; ``tests/app/test_front_end.py`` and the browser test fail when
that changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anywidget

# First of the two: it keeps ipywidgets_bokeh from taking over the kernel of a notebook.
from panel.io.ipywidget import _get_kernel  # isort: skip
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
        model = super()._get_ipywidget(*given, **options, cdn=ADDRESS)
        _IN_PANES.update(model.bundle["state"]["state"])
        return model


_IN_PANES: set[str] = set()  # widgets that came to a page with their state, by id


@contextmanager
def in_one_piece() -> Iterator[None]:
    """Let widgets that are made and put into a page inside come with their pane alone.

    A widget that comes both as a message and in a pane is made twice in the browser, where the two
    come at once, and what Python tells it later may reach the one that is not shown. So what is
    told inside waits: of a widget in a pane it is dropped, its state there says it, and the rest
    follows.
    """
    session = getattr(_get_kernel(), "session", None)
    if session is None or "send" in vars(session):  # nobody is looking, or a whole page is made
        yield
        return
    tell, waiting = session.send, []

    def wait(stream: Any, kind: str, content: Any = None, **more: Any) -> Any:
        if kind not in _OF_WIDGETS:
            return tell(stream, kind, content=content, **more)
        waiting.append((stream, kind, content, more))
        return None

    _IN_PANES.clear()
    session.send = wait
    try:
        yield
    finally:
        del session.send
        for stream, kind, content, more in waiting:
            if content["comm_id"] not in _IN_PANES or kind == "comm_close":
                tell(stream, kind, content=content, **more)


_OF_WIDGETS = ("comm_open", "comm_msg", "comm_close")


def stay_local() -> None:
    """Take every script and style sheet from this installation, whatever the environment says."""
    settings.resources = "server"
    BokehModel.__css__ = []  # Panel names a style sheet of symbols on a CDN
