"""Pieces of the controls: a picture that follows the state, tables, messages, guarded buttons.

All text that can come from data is escaped here, and nowhere put together by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import ipywidgets as ipw
import numpy as np
import pandas as pd
from PIL import Image
from traitlets import TraitError

from ..errors import ScalebridgeError
from ..plots.theme import STATUS, STATUS_SIGN
from .state import png_bytes

INK = "var(--jp-ui-font-color1, #1F2328)"
QUIET = "var(--jp-ui-font-color2, #5B626A)"
LINE = "var(--jp-border-color2, #E3E6E9)"
_FONT = (
    "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:13px;"
    "font-variant-numeric:tabular-nums;"
)
# What a person's wrong entry can raise; anything else is a fault and goes to the log.
REFUSALS = (ScalebridgeError, ValueError, TypeError, KeyError, TraitError)


class Message:
    """One line for what was done or refused, always in its place so that nothing jumps."""

    def __init__(self) -> None:
        self.widget = ipw.HTML(layout=ipw.Layout(min_height="28px"))

    def say(self, text: str, status: str = "information") -> None:
        """Show a text with its sign; ``status`` is one of information, attention, refused."""
        self.widget.value = notice(text, status) if text else ""

    def guard(self, action: Callable[[], Any]) -> Callable[..., None]:
        """Wrap a button's action: what it refuses is shown in words."""

        def run(*_: Any) -> None:
            try:
                result = action()
            except REFUSALS as error:
                self.say(words_of(error), "refused")
            else:
                self.say(result if isinstance(result, str) else "")

        return run


class Picture:
    """The state's picture, drawn anew when something it shows has changed.

    Parameters
    ----------
    draw : callable
        Gives the picture.
    message : Message
        Where a refusal is said.
    shows : callable
        Gives what the picture depends on, see `signature`. Several traits that change together
        are announced one by one; the picture is drawn once.
    """

    def __init__(
        self, draw: Callable[[], Image.Image], message: Message, *, shows: Callable[[], Any]
    ) -> None:
        self._draw, self._message, self._shows = draw, message, shows
        self._drawn: Any = None
        layout = ipw.Layout(max_width="100%", object_fit="contain")
        self.widget = ipw.Image(format="png", layout=layout)

    def redraw(self, *_: Any) -> None:
        """Draw the present state, unless it is drawn already."""
        shown = self._shows()
        if shown == self._drawn:
            return
        try:
            self.widget.value = png_bytes(self._draw())
            self._drawn = shown
        except REFUSALS as error:
            self._message.say(words_of(error), "refused")


def signature(*states: Any) -> tuple[Any, ...]:
    """All trait values of some states, and of the layers of the explorers among them."""
    values = []
    for state in states:
        traits = {name: getattr(state, name) for name in state.trait_names()}
        values.append(repr({k: v for k, v in traits.items() if k not in ("world", "layers")}))
        values += signature(*traits.get("layers", ()))
    return tuple(values)


def words_of(error: BaseException) -> str:
    """What an error says, without the quotes that KeyError puts around it."""
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def notice(text: str, status: str) -> str:
    """A line of HTML with a sign and a colour of state."""
    sign = f'<b style="color:{STATUS[status]}">{STATUS_SIGN[status]}</b>'
    return f'<div style="{_FONT}color:{INK};padding:4px 0">{sign}&nbsp; {escape(text)}</div>'


def notices(texts: Iterable[str], status: str = "attention") -> str:
    """Several lines."""
    return "".join(notice(text, status) for text in texts)


def heading(text: str) -> ipw.HTML:
    """A quiet heading."""
    style = f"{_FONT}color:{QUIET};font-weight:600"
    return ipw.HTML(f'<div style="{style}">{escape(text)}</div>')


def html_table(table: pd.DataFrame, *, digits: int = 4, empty: str = "Nothing yet.") -> str:
    """A table with units in its header; numbers to the right, unknown ones as a dash."""
    if not len(table):
        return f'<div style="{_FONT}color:{QUIET};padding:4px 0">{escape(empty)}</div>'
    numeric = {name: pd.api.types.is_float_dtype(table[name]) for name in table.columns}
    head = "".join(_cell("th", header(str(name)), numeric[name]) for name in table.columns)
    rows = "".join(
        "<tr>"
        + "".join(
            _cell("td", _number(value, digits) if numeric[name] else str(value), numeric[name])
            for name, value in row.items()
        )
        + "</tr>"
        for _, row in table.iterrows()
    )
    style = f"{_FONT}color:{INK};border-collapse:collapse"
    return f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def header(name: str) -> str:
    """A column's name for people.

    Examples
    --------
    >>> header("moving_x_um"), header("leverage")
    ('moving x [µm]', 'leverage')
    """
    plain = name.removesuffix("_um").replace("_", " ")
    return f"{plain} [µm]" if name.endswith("_um") else plain


def button(
    text: str, action: Callable[..., None], *, tip: str = "", icon: str = "", style: str = ""
) -> ipw.Button:
    """A button of at least 28 px."""
    made = ipw.Button(
        description=text,
        tooltip=tip or text,
        icon=icon,
        button_style=style,
        layout=ipw.Layout(width="auto", min_width="28px", min_height="28px"),
    )
    made.on_click(action)
    return made


def follow(state: Any, names: Iterable[str], *handlers: Callable[..., Any]) -> None:
    """Call handlers without argument after any of these traits changed."""

    def run(_: Any) -> None:
        for handler in handlers:
            handler()

    state.observe(run, names=list(names))


def link(control: Any, state: Any, trait: str, message: Message) -> None:
    """Tie a control's value to a trait; what the trait refuses is said and taken back."""

    def to_state(change: Any) -> None:
        if change["new"] == getattr(state, trait):
            return
        try:
            setattr(state, trait, change["new"])
        except REFUSALS as error:
            message.say(words_of(error), "refused")
            control.value = getattr(state, trait)

    def to_control(change: Any) -> None:
        if control.value != change["new"]:
            control.value = change["new"]

    control.value = getattr(state, trait)
    control.observe(to_state, names="value")
    state.observe(to_control, names=trait)


def _cell(tag: str, text: str, right: bool) -> str:
    align = "right" if right else "left"
    color = QUIET if tag == "th" else INK
    style = f"text-align:{align};padding:3px 8px;border-bottom:1px solid {LINE};color:{color}"
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}g}" if np.isfinite(value) else "–"
