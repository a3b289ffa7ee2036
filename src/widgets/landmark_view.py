"""The picker's controls: two explorers, the pairs with their errors, the model with its reason."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw
import numpy as np

from ..quantities import format_length
from .explorer_view import navigation, redraw_all
from .pairs import MODELS
from .picture import caption_of
from .views import (
    Message,
    Picture,
    button,
    follow,
    heading,
    html_table,
    link,
    notice,
    notices,
    signature,
)

_EMPTY = (
    "No pair yet: bring both crosshairs to the same spot with the sliders and press "
    "'add pair'. Three pairs are the least for a rigid fit."
)
_SHOWN = ("name", "active", "residual_um", "loo_um", "leverage", "who", "note")


def landmark_view(picker: Any) -> ipw.VBox:
    """Build the controls of a picker."""
    for view in (picker.moving_view, picker.fixed_view):
        view.crosshair = True
    message = Message()
    views = (picker, picker.moving_view, picker.fixed_view)
    picture = Picture(lambda: picker.snapshot(1000), message, shows=lambda: signature(*views))
    summary, table, ghost = ipw.HTML(), ipw.HTML(), ipw.HTML()
    chosen = ipw.Dropdown(description="pair")

    def refresh() -> None:
        summary.value = summary_html(picker)
        table.value = html_table(picker.table()[list(_SHOWN)], empty=_EMPTY)
        ghost.value = ghost_html(picker)
        chosen.options = [record.name for record in picker.records()]
        picture.redraw()

    follow(picker, ("revision", "model", "target", "theme"), refresh)
    for view in (picker.moving_view, picker.fixed_view):
        redraw_all(view, picture.redraw, lambda: setattr(ghost, "value", ghost_html(picker)))
    refresh()
    sides = ipw.HBox([_side(picker, "moving", message), _side(picker, "fixed", message)])
    actions = _pair_buttons(picker, chosen, message)
    decision = _decision_buttons(picker, message)
    parts = [picture.widget, sides, ghost, actions, message.widget, table]
    return ipw.VBox([*parts, heading("Model"), _model_row(picker, message), summary, decision])


def summary_html(picker: Any) -> str:
    """Model, reason, warnings and the error that counts, escaped."""
    state = picker.state()
    if state.fit is None:
        return notice(state.reason, "attention")
    lines = [notice(f"{state.fit.transform.model}: {state.reason}", "information")]
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
    model = ipw.Dropdown(options=MODELS, description="model")
    link(model, picker, "model", message)
    names = [("none", ""), *((record.name, record.name) for record in picker.ws.targets)]
    target = ipw.Dropdown(options=names, description="target")
    link(target, picker, "target", message)
    return ipw.HBox([model, target])


def _decision_buttons(picker: Any, message: Message) -> ipw.HBox:
    note = ipw.Text(placeholder="why", description="note")

    def accept() -> str:
        return f"accepted {picker.accept(note=note.value).name}, written to the workspace"

    def refuse() -> str:
        return f"refused {picker.refuse(note.value).name}, written to the workspace"

    return ipw.HBox(
        [
            note,
            button("accept", message.guard(accept), tip="Write an accepted transform"),
            button("refuse", message.guard(refuse), tip="Write why it was refused"),
        ]
    )
