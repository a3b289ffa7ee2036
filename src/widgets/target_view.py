"""The target's controls: place, size, and where it lies in another frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as ipw
import numpy as np

from ..errors import ScalebridgeError
from .explorer import SliceExplorer
from .explorer_view import columns, redraw_all, sharing
from .graph_words import opens_loop
from .live import HINT, LivePanel
from .others import follow_others
from .page import Page
from .picture import MarkDrawer
from .target_handles import HINT as BOX_HINT
from .target_handles import TargetHandles
from .target_picture import captions, other_marks, own_marks, shown_views
from .views import (
    Message,
    button,
    follow,
    heading,
    history_buttons,
    html_table,
    link,
    notice,
    notices,
    words_html,
    words_of,
)

if TYPE_CHECKING:
    import pandas as pd

_NARROW, _SHORT = {"width": "240px"}, {"description_width": "56px"}
_ENTRY, _LONG = (
    {"width": "calc(100% - 4px)", "max_width": "340px"},
    {"description_width": "96px"},
)
_EMPTY = "No target yet: click the place and press 'place target'."


def target_view(picker: Any) -> ipw.VBox:
    """Build the controls of a target picker."""
    message = Message()
    panels = _Panels(picker, message)
    table, refused = ipw.HTML(), ipw.HTML()
    chosen = ipw.Dropdown(description="target", layout=_NARROW, style=_SHORT)

    def refresh() -> None:
        table.value = html_table(_shown(picker.table()), empty=_EMPTY)
        refused.value = refusal_html(picker)
        names = [record.name for record in picker.records()]
        chosen.options = [("none", ""), *((name, name) for name in names)]
        chosen.value = picker.selected
        panels.renew()

    follow(picker, ("revision", "selected", "into", "theme"), refresh)
    redraw_all(picker.explorer, panels.redraw)
    follow(picker, ("draft", "minutes"), panels.redraw)
    refresh()
    link(chosen, picker, "selected", message)
    into = ipw.Dropdown(
        options=[("none", ""), *((name, name) for name in _shown_in(picker))],
        description="show in",
        layout=_NARROW,
        style=_SHORT,
    )
    link(into, picker, "into", message)
    minutes = ipw.Text(
        description="minutes until the cut",
        placeholder="not said",
        layout=_NARROW,
        style={"description_width": "136px"},
        continuous_update=False,
    )
    minutes.tooltip = "Since the last look at a fiducial; a recorded drift counts for so long"
    link(minutes, picker, "minutes", message, shown=_minutes_words, taken=_minutes_of)
    row = ipw.HBox([chosen, into, minutes], layout=ipw.Layout(flex_flow="row wrap"))
    return ipw.VBox(
        [
            panels.widget,
            heading("Target"),
            _place_row(picker, message),
            row,
            message.widget,
            table,
            refused,
            _file_row(picker, message),
        ]
    )


def _minutes_words(minutes: float | None) -> str:
    return "" if minutes is None else f"{minutes:g}"


def _minutes_of(text: str) -> float | None:
    """What was typed; nothing says that nobody knows."""
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise ValueError(f"minutes needs a number, or nothing, got {text!r}") from None


class _Panels:
    """The picker's own view and, for a selected target, the other frame's, side by side."""

    def __init__(self, picker: Any, message: Message) -> None:
        self._picker, self._message = picker, message
        self._shown: tuple[SliceExplorer, ...] = (picker.explorer,)
        self._handles = TargetHandles(picker)
        self._own = self._panel(picker.explorer, own_marks(picker))
        self._words, self._row = ipw.HTML(), columns(self._own, gap="8px")
        self.widget = ipw.VBox([self._row, self._words])
        follow(picker.explorer, ("revision",), self._own.redraw_pins)
        follow_others(picker.explorer, self._own)
        follow_others(picker, self._own)

    def renew(self) -> None:
        """Show the other frame's view of the target as it stands now."""
        self._shown = tuple(shown_views(self._picker))
        others = [self._panel(view, other_marks(self._picker)) for view in self._shown[1:]]
        old = self._row.children[1:]
        self._row.children = sharing(self._own, *others)
        for panel in old:
            panel.close()
        self.redraw()

    def redraw(self) -> None:
        """Follow what has changed in the picker's own view."""
        lines = captions(self._picker, self._shown)
        for panel in self._row.children:
            panel.alt = " ".join(lines)
            panel.redraw()
        hint = f"{BOX_HINT} {HINT}" if len(self._handles()) > 1 else HINT
        self._words.value = words_html(Page(panels=(), caption=tuple(lines)), hint=hint)

    def _panel(self, view: SliceExplorer, marks: MarkDrawer) -> LivePanel:
        own = view is self._picker.explorer
        return LivePanel(
            view,
            guard=self._message.quiet,
            aspect=self._aspect,
            marks=marks,
            title=view.frame,
            handles=self._handles if own else None,
            dragged=self._handles.dragged if own else None,
        )

    def _aspect(self) -> float:
        return max(float(shown.aspect) for shown in self._shown)


def refusal_html(picker: Any) -> str:
    """Why the selected target cannot be told in the other frame, or what is wrong on the way.

    Escaped; the picture tells it too.
    """
    if not (picker.selected and picker.into) or picker.into == picker.frame:
        return ""
    try:
        notes = picker.locate().notes
    except ScalebridgeError as error:
        return notice(words_of(error), "refused")
    return notices((note for note in notes if opens_loop(note)), "refused")


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Positions and, in one column, the edges of the volume of interest."""
    half = table[["half_x_um", "half_y_um", "half_z_um"]].to_numpy(float)
    edges = [
        " × ".join(f"{2 * value:.4g}" for value in row) if np.isfinite(row).all() else "a point"
        for row in half
    ]
    shown = table[["name", "x_um", "y_um", "z_um"]].copy()
    return shown.assign(**{"volume x × y × z [µm]": edges, "probability": table["probability"]})


def reachable(picker: Any) -> list[str]:
    """Frames that accepted transforms connect with the picker's."""
    graph, found = picker.ws.graph(), []
    for frame in picker.ws.frames:
        if frame.name == picker.frame:
            continue
        try:
            graph.path(picker.frame, frame.name)
        except ScalebridgeError:
            continue
        found.append(frame.name)
    return found


def _shown_in(picker: Any) -> list[str]:
    """Frames to choose from; the one that is shown stays, though its transform was refused."""
    kept = [picker.into] if picker.into else []
    return list(dict.fromkeys([*reachable(picker), *kept]))


def sensible_half_um(width_um: float) -> float:
    """Half the edge of a volume that is seen well in a view of some width: 1, 2 or 5 times ten."""
    wanted = width_um / 20
    ten = 10.0 ** np.floor(np.log10(wanted))
    return float(max((k * ten for k in (1, 2, 5) if k * ten <= wanted * (1 + 1e-9)), default=ten))


def _file_row(picker: Any, message: Message) -> ipw.HBox:
    """What the instrument gets."""
    path = ipw.Text(value="targets.csv", description="file", style=_SHORT, layout=_NARROW)

    def write() -> str:
        file = picker.export_targets(path.value.strip())
        count, frame = len(picker.records()), picker.into or picker.frame
        return f"wrote {count} target{'s' * (count != 1)} in {frame} to {file.resolve()}"

    return ipw.HBox(
        [path, button("export", message.guard(write), icon="save")],
        layout=ipw.Layout(flex_flow="row wrap"),
    )


def _place_row(picker: Any, message: Message) -> ipw.VBox:
    look = {"layout": _ENTRY, "style": _LONG}
    name = ipw.Text(description="name", placeholder="next free number", **look)
    half = ipw.BoundedFloatText(
        value=sensible_half_um(picker.explorer.plane().width_um),
        min=0,
        max=1e6,
        step=0.5,
        description="half size [µm]",
        tooltip="0: a point",
        **look,
    )
    offered = half.value

    def follow_view(change: Any) -> None:
        nonlocal offered
        if half.value == offered:  # nobody has chosen another
            half.value = offered = sensible_half_um(change["new"])

    picker.explorer.observe(follow_view, names="width_um")
    probability = ipw.BoundedFloatText(
        value=0.95, min=0.5, max=0.999, step=0.01, description="probability", **look
    )

    def place() -> str:
        written = picker.place_target(
            half_size=half.value or None,
            probability=probability.value,
            name=name.value.strip() or None,
        )
        name.value = ""
        return f"placed {written.name} at the crosshair, written to the workspace"

    def remove() -> str:
        gone = picker.target().name
        picker.remove_target(gone)
        return f"removed {gone}"

    removing = button("remove", message.guard(remove), tip="The chosen target", icon="trash")

    def renew() -> None:
        removing.disabled = not picker.selected

    follow(picker, ("selected",), renew)
    renew()
    actions = ipw.HBox(
        [
            button("place target", message.guard(place), icon="plus"),
            removing,
            *history_buttons(picker, message),
        ],
        layout=ipw.Layout(flex_flow="row wrap"),
    )
    return ipw.VBox([name, half, probability, actions])
