"""Pieces of the controls: a picture that follows the state, tables, messages, guarded buttons.

All text that can come from data is escaped here, and nowhere put together by hand.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from html import escape
from itertools import repeat
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw
from traitlets import TraitError

from ..columns import header, is_numeric, plain, written
from ..errors import ScalebridgeError, Unsaved
from ..plots.theme import STATUS, STATUS_SIGN
from .colors import hex_of, rgb, table
from .page import Entry, Page, Ramp

if TYPE_CHECKING:
    import pandas as pd

INK = "var(--jp-ui-font-color1, #1F2328)"
QUIET = "var(--jp-ui-font-color2, #5B626A)"
LINE = "var(--jp-border-color2, #E3E6E9)"
_FONT = (
    "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:13px;"
    "font-variant-numeric:tabular-nums;"
)
# What a person's wrong entry can raise; anything else is a fault and goes to the log.
REFUSALS = (ScalebridgeError, ValueError, TypeError, KeyError, TraitError)


_LATER_S = 1.0  # by then a browser has asked for what it draws first


class Message:
    """One line for what was done or refused, always in its place so that nothing jumps."""

    def __init__(self) -> None:
        self.widget = ipw.HTML(layout=ipw.Layout(min_height="28px"))
        self._unsaved: dict[str, str] = {}  # by action, until it succeeds

    def say(self, text: str, status: str = "information") -> None:
        """Show a text with its sign; ``status`` is one of information, attention, refused."""
        kept = [words for words in self._unsaved.values() if words != text]
        said = notice(text, status) if text else ""
        self.widget.value = notices(kept, "refused") + said

    def guard(self, action: Callable[[], Any]) -> Callable[..., None]:
        """Wrap a button's action: what it refuses, or says, is shown in words."""
        return self._wrapped(action, clear=True)

    def quiet(self, action: Callable[[], Any]) -> Callable[..., None]:
        """Wrap what happens in passing, as a view that moves: what was said before stays, unless
        there is something new to say.
        """
        return self._wrapped(action, clear=False)

    def _wrapped(self, action: Callable[[], Any], *, clear: bool) -> Callable[..., None]:
        name = getattr(action, "__qualname__", repr(action))

        def run(*_: Any) -> None:
            try:
                result = action()
            except Unsaved as error:
                self._unsaved[name] = f"not saved: {words_of(error)}"
                self.say(self._unsaved[name], "refused")
            except REFUSALS as error:
                self.say(words_of(error), "refused")
            else:
                if self._unsaved.pop(name, "") or clear or isinstance(result, str):
                    self.say(result if isinstance(result, str) else "")

        return run


def words_html(page: Page, *, hint: str = "") -> str:
    """Legend, caption and what the pointer does, as HTML; escaped."""
    legend = "".join(_entry_html(entry) for entry in page.legend)
    row = f'<div style="display:flex;flex-wrap:wrap;gap:4px 20px">{legend}</div>' if legend else ""
    caption = "".join(f"<div>{escape(text)}</div>" for text in page.caption)
    quiet = f'<div style="color:{QUIET};font-size:12px">{escape(hint)}</div>' if hint else ""
    style = f"{_FONT}color:{INK};line-height:1.45;padding:4px 0"
    return f'<div style="{style}">{row}{caption}{quiet}</div>'


def _entry_html(entry: Entry) -> str:
    title = f'<span style="color:{QUIET}">{escape(entry.title)}</span>'
    if isinstance(entry, Ramp):
        colors = ",".join(hex_of(row) for row in table(entry.color_map)[::32])
        bar = (
            "display:inline-block;width:72px;height:9px;border-radius:2px;"
            f"background:linear-gradient(to right,{colors})"
        )
        return (
            f"<span>{title} {escape(entry.low)} "
            f'<span style="{bar}"></span> {escape(entry.high)}</span>'
        )
    box = "display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:4px"
    named = " &nbsp; ".join(
        f'<span style="{box};background:{hex_of(rgb(color))}"></span>{escape(name)}'
        for name, color in entry.entries
    )
    return f"<span>{title} {named}</span>"


def words_of(error: BaseException) -> str:
    """What an error says, without the quotes that KeyError puts around it."""
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def notice(text: str, status: str) -> str:
    """A line of HTML with a sign and a colour of state."""
    color = STATUS[status]
    if status == "information":
        color = f"var(--jp-brand-color1, {color})"  # a dark page has a lighter blue
    sign = f'<b style="color:var(--sb-{status}, {color})">{STATUS_SIGN[status]}</b>'
    style = f"{_FONT}color:{INK};padding:4px 0;line-height:1.45"
    return f'<div style="{style}">{sign}&nbsp; {escape(text)}</div>'


def notices(texts: Iterable[str], status: str = "attention") -> str:
    """Several lines."""
    return "".join(notice(text, status) for text in texts)


def words_line(text: str) -> str:
    """A line of words as HTML; escaped."""
    return f'<div style="{_FONT}color:{INK};padding:2px 0;line-height:1.45">{escape(text)}</div>'


def heading(text: str) -> ipw.HTML:
    """A quiet heading."""
    style = f"{_FONT}color:{QUIET};font-weight:600"
    return ipw.HTML(f'<div style="{style}">{escape(text)}</div>')


def html_table(table: pd.DataFrame, *, empty: str = "Nothing yet.") -> str:
    """A table with units in its header; numbers to the right, unknown ones as a dash."""
    if not len(table):
        return table_html("", "", empty=empty)
    columns = [[plain(value) for value in table[name]] for name in table.columns]
    right = [is_numeric(values) for values in columns]
    names = [header(str(name)) for name in table.columns]
    lines = zip(*(written(values) for values in columns), strict=True)
    head = "".join(map(cell_html, repeat("th"), names, right))
    rows = "".join(
        "<tr>" + "".join(map(cell_html, repeat("td"), line, right)) + "</tr>" for line in lines
    )
    return table_html(head, rows)


def table_html(head: str, rows: str, *, empty: str = "Nothing yet.") -> str:
    """A table of escaped cells of the head and escaped rows, which scrolls where it is wide."""
    if not rows:
        return f'<div style="{_FONT}color:{QUIET};padding:4px 0">{escape(empty)}</div>'
    style = f"{_FONT}color:{INK};border-collapse:collapse"
    whole = f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    # no width of its own: what stands round about it is not made wider than the page
    return f'<div style="overflow-x:auto;width:0;min-width:100%">{whole}</div>'


def button(
    text: str, action: Callable[..., None], *, tip: str = "", icon: str = "", style: str = ""
) -> ipw.Button:
    """A button of at least 28 px."""
    made = ipw.Button(
        description=text,
        tooltip=tip or text,
        icon=icon,
        button_style=style,
        layout=ipw.Layout(width="auto", min_width="28px", min_height="28px", flex="0 0 auto"),
    )
    made.on_click(action)
    return made


def history_buttons(state: Any, message: Message) -> tuple[ipw.Button, ipw.Button]:
    """Undo and redo of a widget's history: off where there is nothing, else they say what."""
    undo = button("undo", message.guard(lambda: f"undone: {state.undo()}"), icon="undo")
    redo = button("redo", message.guard(lambda: f"redone: {state.redo()}"), icon="repeat")

    def renew() -> None:
        known = ((undo, state.history.can_undo), (redo, state.history.can_redo))
        for made, step in known:
            made.disabled, made.tooltip = not step, f"{made.description}: {step}" if step else ""

    state.history.listen(renew)
    renew()
    return undo, redo


def follow(state: Any, names: Iterable[str], *handlers: Callable[..., Any]) -> None:
    """Call handlers without argument after any of these traits changed."""

    def run(_: Any) -> None:
        for handler in handlers:
            handler()

    state.observe(run, names=list(names))


def after_display(work: Callable[[], Any]) -> None:
    """Do later what the first picture and its questions need not wait for.

    At once where no notebook's kernel runs.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:  # a script, or a page of its own server
        work()
        return
    try:
        asyncio.get_running_loop().call_later(_LATER_S, work)
    except RuntimeError:
        work()


def link(
    control: Any,
    state: Any,
    trait: str,
    message: Message,
    *,
    shown: Callable[[Any], Any] = lambda value: value,
    taken: Callable[[Any], Any] = lambda value: value,
) -> None:
    """Tie a control's value to a trait; what the trait refuses is said and taken back.

    Parameters
    ----------
    shown, taken : callable
        From the trait's value to the control's, in another unit, and back.
    """

    def to_state(change: Any) -> None:
        if change["new"] == shown(getattr(state, trait)):
            return
        try:
            setattr(state, trait, taken(change["new"]))
        except REFUSALS as error:
            message.say(words_of(error), "refused")
        control.value = shown(getattr(state, trait))

    def to_control(change: Any) -> None:
        if control.value != shown(change["new"]):
            control.value = shown(change["new"])

    control.value = shown(getattr(state, trait))
    control.observe(to_state, names="value")
    state.observe(to_control, names=trait)


def cell_html(tag: str, text: str, right: bool) -> str:
    """A cell of a table, escaped."""
    align = "right" if right else "left"
    color = QUIET if tag == "th" else INK
    style = (
        f"text-align:{align};white-space:nowrap;line-height:1.45;padding:3px 8px;"
        f"border-bottom:1px solid {LINE};color:{color}"
    )
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'
