"""The picker's controls: two explorers, the pairs with their errors, the model with its reason."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets as ipw
import numpy as np
import pandas as pd

from ..columns import significant
from ..quantities import format_length
from .explorer_view import columns, navigation, redraw_all
from .landmark_picture import caption, pair_marks, shown_plane, side_title
from .live import LivePanel
from .page import Page
from .pairs import MODELS
from .picture import caption_of
from .views import (
    HINT,
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
    panels = {
        side: LivePanel(
            getattr(picker, f"{side}_view"),
            guard=message.guard,
            plane=partial(shown_plane, picker, side),
            marks=pair_marks(picker, side),
            title=side_title(picker, side),
        )
        for side in ("moving", "fixed")
    }
    words = ipw.HTML()
    summary, table, ghost = ipw.HTML(), ipw.HTML(), ipw.HTML()
    chosen = ipw.Dropdown(description="pair", layout=_NARROW, style=_SHORT)

    def refresh() -> None:
        summary.value = summary_html(picker)
        table.value = html_table(_shown(picker.table()), empty=_EMPTY)
        ghost.value = ghost_html(picker)
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
        redraw_all(view, redraw, lambda: setattr(ghost, "value", ghost_html(picker)))
    refresh()
    sides = columns(*(_side(picker, side, message) for side in panels))
    picture = ipw.VBox([columns(*panels.values(), gap="8px"), words])
    actions = _pair_buttons(picker, chosen, message)
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


def ghost_html(picker: Any) -> str:
    """Where the moving crosshair should be in the fixed image."""
    if picker.state().fit is None:
        return ""
    found = picker.predict(moving=picker.moving_view.cursor_um)
    where = ", ".join(f"{axis} = {found.position[f'{axis}_um']:.5g}" for axis in "xyz")
    radius = found.region.radii_um.max()
    reach = f"within {format_length(float(radius))}" if found.region.stated else "how far: unknown"
    words = f"moving crosshair in {found.frame}: {where} µm, {reach} ({found.region.statement})"
    return notice(words, "information")


def _side(picker: Any, side: str, message: Message) -> ipw.VBox:
    view = getattr(picker, f"{side}_view")
    title = f"{side}: {caption_of(view.world, view.layers)}"
    return ipw.VBox([heading(title), navigation(view, message)])


def _pair_buttons(picker: Any, chosen: ipw.Dropdown, message: Message) -> ipw.HBox:
    def add() -> str:
        cursors = {"moving": picker.moving_view.cursor_um, "fixed": picker.fixed_view.cursor_um}
        return f"added {picker.add_pair(**cursors).name}"

    def follow_ghost() -> str:
        picker.fixed_view.cursor_um = picker.predict(moving=picker.moving_view.cursor_um).position
        return "the fixed crosshair stands where the fit expects it"

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
            button("go to ghost", message.guard(follow_ghost), tip="Fixed crosshair to prediction"),
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
