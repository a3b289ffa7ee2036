"""A still picture with its caption."""

from __future__ import annotations

import base64
import json
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from ..workspace.serving import is_headless
from .item import ITEM_MIME, Item, for_notebook, required
from .markup import Markup, safe
from .pictures import is_plot, png_bytes, size_px

_WIDE_FROM_PX = 1000


@dataclass(frozen=True)
class Figure(Item):
    """A still picture with a caption that can be read alone.

    Parameters
    ----------
    picture : PIL.Image.Image, matplotlib Figure, HoloViews object, widget or bytes
        What is shown; a widget gives its ``snapshot()``, bytes are those of a PNG file.
    caption : str
        Says what is seen, with the names of the images and their voxel sizes.
    name : str
        Short name, e.g. ``"overlay"``; it is also the picture's text for those who cannot see it.
    wide : bool, optional
        Use the report's wide column; by default large pictures twice as wide as high do.
    offline : dict, optional
        What the report's page draws a live view from; by default what a widget gives in a run.
    """

    picture: Any
    caption: str
    _: KW_ONLY
    name: str
    wide: bool | None = None
    offline: dict[str, Any] | None = None
    kind: ClassVar[str] = "figure"

    def __post_init__(self) -> None:
        required(self.caption, "caption")
        required(self.name, "name")
        plot = self.picture if is_plot(self.picture) else None
        object.__setattr__(self, "_plot", plot)
        if plot is not None and self.wide is None:  # plots are made for the column
            object.__setattr__(self, "wide", False)
        widget = self.picture if hasattr(self.picture, "offline") else None
        object.__setattr__(self, "_widget", widget)
        if widget is not None and self.offline is None and is_headless():
            object.__setattr__(self, "offline", widget.offline())
        object.__setattr__(self, "picture", png_bytes(self.picture))

    @property
    def png(self) -> bytes:
        """The picture as the bytes of a PNG file."""
        picture: bytes = self.picture
        return picture

    @property
    def is_wide(self) -> bool:
        """Whether the report gives it the wide column."""
        width, height = size_px(self.png)
        return (width >= 2 * height and width >= _WIDE_FROM_PX) if self.wide is None else self.wide

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        said = {"name": self.name, "caption": self.caption, "wide": self.wide}
        return said if self.offline is None else {**said, "offline": self.offline}

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        width, height = size_px(self.png)
        return Markup(
            '<figure class="sb-figure{}">{}<img src="data:image/png;base64,{}" alt="{}" '
            'width="{}" height="{}"><figcaption>{}</figcaption></figure>'
        ).format(
            " sb-wide" if self.is_wide else "",
            Markup("") if self.offline is None else self._offline(),
            base64.b64encode(self.png).decode("ascii"),
            safe(self.name),
            width,
            height,
            safe(self.caption),
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "text/plain": str(self),
            "image/png": base64.b64encode(self.png).decode("ascii"),
            ITEM_MIME: {"kind": self.kind, **self.content()},
        }

    def _ipython_display_(self) -> None:
        """Show the picture, and its caption below it.

        After `scalebridge.plots.go_live` it stands on a light card, whatever the theme of the
        notebook, and a plot is there to be zoomed and hovered; its still goes along, for narrow
        windows and for the report.
        """
        from IPython.display import display

        from ..plots import is_live, live_plot

        bundle = self._repr_mimebundle_()
        caption = Markup('<p class="sb-caption">{}</p>').format(safe(self.caption))
        widget = getattr(self, "_widget", None)
        if is_live() and widget is not None:  # there to be used; its still goes to the report
            display({**bundle, **widget.view()._repr_mimebundle_()}, raw=True)
            display({"text/plain": "", "text/html": str(for_notebook(caption))}, raw=True)
            return
        if not is_live():
            display(bundle, raw=True)
            display({"text/plain": "", "text/html": str(for_notebook(caption))}, raw=True)
            return
        plot = getattr(self, "_plot", None)
        live = None if plot is None else live_plot(plot)
        card = self._card("" if live is None else live.html)
        bundle["text/html"] = str(for_notebook(card + caption))
        display(bundle, raw=True)
        if live is not None:
            display({"application/javascript": live.script}, raw=True)

    def _card(self, live: str) -> Markup:
        """Put the still on a light ground, or the live plot with the still for narrow windows."""
        parts = Markup('<div class="sb-plot">{}</div>').format(Markup(live)) if live else ""
        kind = "sb-card sb-live" if live else "sb-card"
        return Markup(
            '<div class="{}">{}<img class="sb-still" src="data:image/png;base64,{}" alt="{}"></div>'
        ).format(kind, parts, base64.b64encode(self.png).decode("ascii"), safe(self.name))

    @property
    def is_scene(self) -> bool:
        """Whether the report shows a scene to turn."""
        return self.offline is not None and self.offline.get("kind") == "scene"

    def _offline(self) -> Markup:
        state = self.offline or {}
        return _scene(state, self.name) if self.is_scene else _offline(state)

    def __str__(self) -> str:
        return f"{self.name}: {self.caption}"


def _offline(state: dict[str, Any]) -> Markup:
    """A place for a live view, and what it is drawn from; JSON that cannot end its element."""
    data = json.dumps(state, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return Markup(
        '<div class="sb-map" hidden></div><script type="application/json" class="sb-offline">{}'
        "</script>"
    ).format(Markup(data))


def _scene(state: dict[str, Any], name: str) -> Markup:
    """A scene to turn, folded: a page of its own, which may run its scripts and nothing else."""
    from ..widgets.scene_page import page_of

    return Markup(
        '<details class="sb-scene"><summary>Turn it</summary>'
        '<iframe sandbox="allow-scripts" title="{}" srcdoc="{}"></iframe></details>'
    ).format(safe(name), page_of(state, title=name))
