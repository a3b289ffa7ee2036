"""The picker's controls: two explorers, the pairs with their errors, the model with its reason."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets as ipw
import numpy as np
import pandas as pd

from ..columns import significant
from ..quantities import format_length
from .annotate import Marks
from .explorer_view import columns, navigation, redraw_all
from .landmark_picture import caption, ghost_marks, pair_marks, side_title, tallest
from .live import HINT, LivePanel
from .page import Page
from .pairs import MODELS
from .picture import MarkDrawer, caption_of
from .plane import Plane
from .views import (
    Message,
    button,
    follow,
    heading,
    html_table,
    link,
    notice,
    notices,
    words_html,
)

_SIDES = ("moving", "fixed")
_NARROW = ipw.Layout(width="240px")
_SHORT = {"description_width": "52px"}
_EMPTY = (
    "No pair yet: click the same spot on both sides and press 'add pair'. "
    "Three pairs are the least for a rigid fit."
)
_SHOWN = {
    "name": "pair",
    "active": "used",
    "residual_um": "residual_um",
    "loo_um": "leave-one-out [µm]",
    "leverage": "leverage",
    "who": "who",
    "note": "note",
}


def landmark_view(picker: Any) -> ipw.VBox:
    """Build the controls of a picker."""
    for view in (picker.moving_view, picker.fixed_view):
        view.crosshair = True
    message = Message()
    pointed = _Pointed(picker)
    panels = {
        side: LivePanel(
            getattr(picker, f"{side}_view"),
            guard=message.guard,
            aspect=partial(tallest, picker),
            marks=pointed.marks(side),
            title=side_title(picker, side),
        )
        for side in _SIDES
    }
    words = ipw.HTML()
    summary, table, ghost = ipw.HTML(), ipw.HTML(), ipw.HTML()
    chosen = ipw.Dropdown(description="pair", layout=_NARROW, style=_SHORT)

    def refresh() -> None:
        summary.value = summary_html(picker)
        table.value = html_table(_shown(picker.table()), empty=_EMPTY)
        ghost.value = ghost_html(picker, pointed.side)
        names = [record.name for record in picker.records()]
        kept = chosen.value if chosen.value in names else (names[-1] if names else None)
        if tuple(names) != tuple(chosen.options):
            chosen.options = names
            chosen.value = kept
        redraw()

    def redraw() -> None:
        lines = caption(picker)
        for panel in panels.values():
            panel.alt = " ".join(lines)
            panel.redraw()
        words.value = words_html(Page(panels=(), caption=tuple(lines)), hint=HINT)

    follow(picker, ("revision", "model", "target", "theme"), refresh)
    for view in (picker.moving_view, picker.fixed_view):
        redraw_all(view, redraw, lambda: setattr(ghost, "value", ghost_html(picker, pointed.side)))
    refresh()
    sides = columns(*(_side(picker, side, message) for side in panels))
    picture = ipw.VBox([columns(*panels.values(), gap="8px"), words])
    actions = _pair_buttons(picker, chosen, message, pointed)
    decision = _decision_buttons(picker, message)
    parts = [picture, sides, ghost, actions, message.widget, table]
    return ipw.VBox([*parts, heading("Model"), _model_row(picker, message), summary, decision])


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """What a person needs to judge a pair; notes only where there are any."""
    columns = [c for c in _SHOWN if c != "note" or table["note"].astype(bool).any()]
    estimates = {name: significant(table[name]) for name in ("residual_um", "loo_um", "leverage")}
    return table.assign(**estimates)[columns].rename(columns=_SHOWN)


def summary_html(picker: Any) -> str:
    """Model, reason, warnings and the error that counts, escaped."""
    state = picker.state()
    if state.fit is None:
        return notice(state.reason, "attention")
    lines = [notice(state.reason, "information")]
    if picker.target:
        error = picker.error_at_target()
        size = format_length(error) if np.isfinite(error) else "not known: add pairs"
        words = f"predicted RMS error at target {picker.target}: {size}"
        lines.append(notice(words, "information"))
    lines.append(
        notice(
            f"RMS of the residuals {format_length(state.fit.fre_um)}: it says how well the model "
            "follows these pairs, not how well a target is found",
            "information",
        )
    )
    return "".join(lines) + notices(state.warnings)


class _Pointed:
    """The side that a person pointed at last: the other one shows where that is expected."""

    def __init__(self, picker: Any) -> None:
        self._picker = picker
        self.side, self._following = "moving", False
        for side in _SIDES:
            getattr(picker, f"{side}_view").observe(partial(self._turn, side), names="cursor_um")

    @property
    def other(self) -> str:
        """The side with the ghost."""
        return "fixed" if self.side == "moving" else "moving"

    def marks(self, side: str) -> MarkDrawer:
        """Draw the pairs, and the ghost where it belongs."""
        pairs, ghost = pair_marks(self._picker, side), ghost_marks(self._picker, side)

        def draw(sheet: Marks, shown: Plane) -> None:
            pairs(sheet, shown)
            if side == self.other:
                ghost(sheet, shown)

        return draw

    def go_to_ghost(self) -> None:
        """Have the other crosshair follow; it was not pointed at."""
        cursor = getattr(self._picker, f"{self.side}_view").cursor_um
        place = self._picker.predict(**{self.side: cursor}).position
        self._following = True
        try:
            getattr(self._picker, f"{self.other}_view").look_at(place)
        finally:
            self._following = False

    def _turn(self, side: str, _: Any) -> None:
        if not self._following:
            self.side = side


def ghost_html(picker: Any, side: str = "moving") -> str:
    """Where one side's crosshair should be in the other image."""
    if picker.state().fit is None:
        return ""
    found = picker.predict(**{side: getattr(picker, f"{side}_view").cursor_um})
    where = ", ".join(f"{axis} = {found.position[f'{axis}_um']:.5g}" for axis in "xyz")
    radius = found.region.radii_um.max()
    reach = f"within {format_length(float(radius))}" if found.region.stated else "how far: unknown"
    words = f"{side} crosshair in {found.frame}: {where} µm, {reach} ({found.region.statement})"
    return notice(words, "information")


def _side(picker: Any, side: str, message: Message) -> ipw.VBox:
    view = getattr(picker, f"{side}_view")
    title = f"{side}: {caption_of(view.world, view.layers)}"
    return ipw.VBox([heading(title), navigation(view, message)])


def _pair_buttons(
    picker: Any, chosen: ipw.Dropdown, message: Message, pointed: _Pointed
) -> ipw.HBox:
    def add() -> str:
        cursors = {"moving": picker.moving_view.cursor_um, "fixed": picker.fixed_view.cursor_um}
        return f"added {picker.add_pair(**cursors).name}"

    def follow_ghost() -> str:
        pointed.go_to_ghost()
        return f"the {pointed.other} crosshair stands where it is expected: move it to what you see"

    def on_chosen(method: Any, words: str) -> Any:
        def act() -> str:
            if not chosen.value:
                raise ValueError("no pair is chosen: add one first")
            name = chosen.value
            method(name)
            return f"{words} {name}"

        return message.guard(act)

    return ipw.HBox(
        [
            button("add pair", message.guard(add), tip="Both crosshairs", icon="plus"),
            button(
                "go to ghost",
                message.guard(follow_ghost),
                tip="The other crosshair there",
            ),
            chosen,
            button("exclude", on_chosen(picker.exclude, "excluded")),
            button("include", on_chosen(picker.include, "included")),
            button("remove", on_chosen(picker.remove_pair, "removed"), icon="trash"),
            button("undo", message.guard(lambda: f"undone: {picker.undo()}"), icon="undo"),
            button("redo", message.guard(lambda: f"redone: {picker.redo()}"), icon="repeat"),
        ],
        layout=ipw.Layout(flex_flow="row wrap"),
    )


def _model_row(picker: Any, message: Message) -> ipw.HBox:
    model = ipw.Dropdown(options=MODELS, description="model", layout=_NARROW, style=_SHORT)
    link(model, picker, "model", message)
    names = [("none", ""), *((record.name, record.name) for record in picker.ws.targets)]
    target = ipw.Dropdown(options=names, description="target", layout=_NARROW, style=_SHORT)
    link(target, picker, "target", message)
    return ipw.HBox([model, target], layout=ipw.Layout(flex_flow="row wrap"))


def _decision_buttons(picker: Any, message: Message) -> ipw.HBox:
    note = ipw.Text(placeholder="why", description="note", style=_SHORT)

    def accept() -> str:
        return f"accepted {picker.accept(note=note.value).name}, written to the workspace"

    def refuse() -> str:
        return f"refused {picker.refuse(note.value).name}, written to the workspace"

    return ipw.HBox(
        [
            note,
            button("accept", message.guard(accept), tip="Write an accepted transform"),
            button("refuse", message.guard(refuse), tip="Write why it was refused"),
        ],
        layout=ipw.Layout(flex_flow="row wrap"),
    )
