"""The picker's controls: two explorers, the pairs with their errors, the model with its reason."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets as ipw
import numpy as np

from .annotate import Marks, draw_mark
from .explorer_view import columns, redraw_all
from .landmark_handles import drag, handles
from .landmark_picture import (
    SNAP,
    caption,
    field_legend,
    ghost_marks,
    pair_marks,
    tallest,
)
from .landmark_words import ghost_html, repeatability_html, standing_html, summary_html
from .live import HINT
from .offered_bend import OfferedBend
from .others import follow_others
from .page import Page
from .pair_actions import Snapper, file_box, pair_buttons
from .pair_records import SIDES
from .pair_rows import COLUMNS, EMPTY, pair_columns, pair_rows
from .picture import MarkDrawer
from .plane import Plane
from .table_view import TableView
from .views import Message, button, follow, heading, link, words_html

_NARROW = {"width": "240px"}
_SHORT = {"description_width": "52px"}


def landmark_view(picker: Any) -> ipw.VBox:
    """Build the controls of a picker."""
    for side in SIDES:
        picker.view_of(side).crosshair = True
    message, parts = Message(), _Parts(picker)
    parts.build(message)
    offer = OfferedBend(picker, message)
    follow(picker, ("revision", "model", "target", "theme", "show_error", "show_next"), parts.renew)
    follow(picker, ("revision", "model", "target"), offer.renew)
    follow(picker, ("selected",), parts.select)
    follow(picker, ("pointed",), parts.redraw, parts.tell_ghost)
    for side in SIDES:
        redraw_all(picker.view_of(side), parts.redraw, parts.tell_ghost)
        follow(picker.view_of(side), ("revision",), parts.panels[side].redraw_pins)
        follow_others(picker.view_of(side), parts.panels[side])
    follow_others(picker, *parts.panels.values())
    parts.renew()
    offer.renew()
    # Words grow with the pairs: they stand below the buttons, which stay where they are.
    picture = [columns(*parts.panels.values(), gap="8px"), pair_buttons(picker, message)]
    picture = [*picker.controls_of(message), *picture]
    words = [parts.snapper.widget, message.widget, parts.words, parts.ghost, parts.table]
    model = [heading("Model"), _model_row(picker, message), parts.summary, offer.widget]
    model.append(parts.picking)
    decision = [parts.standing, _decision_buttons(picker, message), file_box(picker, message)]
    return ipw.VBox([*picture, *words, *model, *decision])


class _Parts:
    """What follows the picker's state."""

    def __init__(self, picker: Any) -> None:
        self._picker = picker
        self.words, self.summary = ipw.HTML(), ipw.HTML()
        self.ghost, self.picking, self.standing = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.panels: dict[str, Any] = {}

    def build(self, message: Message) -> None:
        """Make what says refusals in words."""
        picker = self._picker
        self.snapper = Snapper(picker, message, self.redraw)
        for side in SIDES:
            self.panels[side] = picker.panel_of(
                side,
                guard=message.quiet,
                aspect=partial(tallest, picker),
                marks=self._marks(side),
                title=picker.title_of(side),
                handles=partial(handles, picker, side),
                dragged=partial(drag, picker, side),
            )
        self.table = TableView(
            COLUMNS,
            checks="used",
            empty=EMPTY,
            label=f"pairs of {picker.moving} and {picker.fixed}",
            on_toggle=self._toggle,
            on_select=picker.look_at_pair,
            guard=message.guard,
        )

    def renew(self) -> None:
        """Show what the pairs say now."""
        picker = self._picker
        if picker.selected not in [record.name for record in picker.records()]:
            picker.selected = ""
        self.table.show_columns(pair_columns(picker.table()))
        self.table.show(pair_rows(picker), selected=picker.selected)
        self.summary.value = summary_html(picker)
        self.picking.value = repeatability_html(picker)
        self.standing.value = standing_html(picker)
        self.tell_ghost()
        self.redraw()

    def select(self) -> None:
        """Show which pair is looked at."""
        self.table.selected = self._picker.selected
        self.redraw()

    def tell_ghost(self) -> None:
        """Say where the crosshair is expected."""
        self.ghost.value = ghost_html(self._picker)

    def redraw(self) -> None:
        """Draw both images."""
        lines = caption(self._picker)
        for panel in self.panels.values():
            panel.alt = " ".join(lines)
            panel.redraw()
        if self._picker.state().fit is None:
            lines = lines[:1]  # why there is no fit stands beside the model
        page = Page(panels=(), legend=field_legend(self._picker), caption=tuple(lines))
        self.words.value = words_html(page, hint=HINT)

    def _toggle(self, name: str, used: bool) -> str:
        (self._picker.include if used else self._picker.exclude)(name)
        return f"{'included' if used else 'excluded'} {name}"

    def _marks(self, side: str) -> MarkDrawer:
        """Draw the pairs, the ghost where it belongs, and what is proposed."""
        picker = self._picker
        pairs, ghost = pair_marks(picker, side), ghost_marks(picker, side)

        def draw(sheet: Marks, shown: Plane) -> None:
            pairs(sheet, shown)
            if side == picker.ghost_side:
                ghost(sheet, shown)
            proposal = self.snapper.proposal
            if proposal is not None and proposal.side == side:
                place = shown.to_canvas(np.array(list(proposal.position.values())), sheet.size[0])
                draw_mark(sheet, place[0], proposal.kind, color=SNAP)

        return draw


def _model_row(picker: Any, message: Message) -> ipw.HBox:
    models = type(picker).model.values
    model = ipw.Dropdown(options=models, description="model", layout=_NARROW, style=_SHORT)
    link(model, picker, "model", message)
    names = [("none", ""), *((record.name, record.name) for record in picker.ws.targets)]
    target = ipw.Dropdown(options=names, description="target", layout=_NARROW, style=_SHORT)
    link(target, picker, "target", message)
    error = ipw.Checkbox(description="show the predicted error", indent=False)
    link(error, picker, "show_error", message)
    further = ipw.Checkbox(description="show where one more pair helps the target", indent=False)
    link(further, picker, "show_next", message)
    for box in (error, further):
        box.layout.width, box.layout.margin = "auto", "2px 12px 2px 4px"
    chosen = [model, target] if len(models) > 1 else [target]  # one only, of a rendering
    return ipw.HBox([*chosen, error, further], layout=ipw.Layout(flex_flow="row wrap"))


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
