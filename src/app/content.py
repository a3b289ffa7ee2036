"""What every step of the page is made of: a holder for its widget, choices, notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import ipywidgets as ipw
import panel as pn

from ..widgets.views import REFUSALS, Message, button, notice, words_of
from .front_end import WidgetPane, in_one_piece

_WIDE = {"width": "auto", "min_width": "240px", "max_width": "420px"}
_LABEL = {"description_width": "initial"}


@dataclass(frozen=True)
class Content:
    """The right side of the page for one step.

    Attributes
    ----------
    parts : tuple
        Widgets and holders, from above to below.
    refresh : callable
        Called after records have changed, here or elsewhere.
    parameters : callable
        Gives what the step's report should be told beside the workspace.
    """

    parts: tuple[Any, ...]
    refresh: Callable[[], None]
    parameters: Callable[[], dict[str, Any]] = dict

    def panes(self) -> list[Any]:
        """What Panel shows."""
        return [part.column if isinstance(part, Holder) else own_page(part) for part in self.parts]

    def close(self) -> None:
        """Let go of every widget."""
        for part in self.parts:
            part.close() if isinstance(part, Holder) else close(part)


class Holder:
    """A place for one widget that is made anew when another choice is made.

    Each gets a pane of its own: that brings all that the widget is made of to the browser, also
    layouts that were there before the page was. What cannot be shown is said in words in its place.
    """

    def __init__(self) -> None:
        self.column = pn.Column(sizing_mode="stretch_width")
        self._shown: Any = None

    def show(self, make: Callable[[], Any]) -> Any:
        """Make a widget with controls (`view()`) and put it here; return it, or None."""
        made = None
        with in_one_piece():
            try:
                made = make()
                shown = made.view()
            except REFUSALS as error:
                made, shown = None, ipw.HTML(notice(words_of(error), "attention"))
            old, self._shown = self._shown, shown
            self.column.objects = [own_page(shown)]
        if old is not None:
            close(old)
        return made

    def close(self) -> None:
        """Let go of what is shown."""
        if self._shown is not None:
            close(self._shown)


def close(widget: Any) -> None:
    """Close a widget and all that stand in it, or they would be kept for ever."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()


def own_page(widget: Any) -> WidgetPane:
    """Put a widget on the page, as wide as there is room."""
    return WidgetPane(widget, sizing_mode="stretch_width", margin=0)


@cache
def own(name: str) -> str:
    """Read a file of this package."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def choice(
    words: str, options: Sequence[tuple[str, Any]], chosen: Any, *, tip: str = ""
) -> ipw.Dropdown:
    """Give a choice between things by name."""
    values = [value for _, value in options]
    return ipw.Dropdown(
        options=list(options),
        value=chosen if chosen in values else (values[0] if values else None),
        description=words,
        tooltip=tip or words,
        layout=_WIDE,
        style=_LABEL,
    )


def row(*parts: ipw.Widget) -> ipw.HBox:
    """Put controls side by side, below each other where there is no room."""
    return ipw.HBox(parts, layout=ipw.Layout(flex_flow="row wrap", grid_gap="4px 12px"))


def deciding(
    words: str, chosen: ipw.Dropdown, act: Callable[[Any], str], message: Message
) -> ipw.HBox:
    """Put a button beside a choice: choosing alone decides nothing."""
    return row(chosen, button(words, message.guard(lambda: act(chosen.value))))
