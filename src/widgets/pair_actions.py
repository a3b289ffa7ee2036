"""Buttons of the picker: pairs, ghost, snapping, files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from ..analysis.imaging import KINDS
from ..io.landmark_tables import FORMATS
from .pair_records import SIDES, predicted_side
from .snap_to import SnapProposal
from .views import Message, button, history_buttons, link

_ROW = {"flex_flow": "row wrap", "align_items": "center"}
_SHORT = {"description_width": "52px"}


def chosen_pair(picker: Any) -> str:
    """The pair that is looked at.

    Raises
    ------
    ValueError
        None is.
    """
    names = [record.name for record in picker.records()]
    if picker.selected in names:
        return str(picker.selected)
    raise ValueError("no pair is chosen: click its row in the table first")


def pair_buttons(picker: Any, message: Message) -> ipw.HBox:
    """Make, confirm, remove and take back."""

    def add() -> str:
        cursors = {side: picker.crosshair_of(side) for side in SIDES}
        return _chosen(picker, picker.add_pair(**cursors).name, "added {}")

    def follow_ghost() -> str:
        picker.go_to_ghost()
        side = picker.ghost_side
        return f"the {side} crosshair stands where it is expected: move it to what you see"

    def accept_ghost() -> str:
        words = "added {}, which does not count yet: drag it to what you see, or confirm it"
        return _chosen(picker, picker.add_pair_at_ghost().name, words)

    def confirm() -> str:
        name = chosen_pair(picker)
        picker.confirm_pair(name)
        return f"confirmed {name}: it counts, but it moves nothing"

    def remove() -> str:
        name = chosen_pair(picker)
        picker.remove_pair(name)
        return f"removed {name}; undo brings it back"

    confirming = button(
        "confirm", message.guard(confirm), tip="The feature is where it is expected"
    )
    removing = button("remove", message.guard(remove), tip="The chosen pair", icon="trash")

    def renew(_: Any = None) -> None:
        pair = next((r for r in picker.records() if r.name == picker.selected), None)
        confirming.disabled = pair is None or not predicted_side(pair)
        removing.disabled = pair is None

    picker.observe(renew, names=["selected", "revision"])
    renew()
    return ipw.HBox(
        [
            button("add pair", message.guard(add), tip="Of both crosshairs", icon="plus"),
            button("go to ghost", message.guard(follow_ghost), tip="The other crosshair there"),
            button(
                "accept ghost",
                message.guard(accept_ghost),
                tip="A pair at the ghost; it counts once it was moved or confirmed",
            ),
            confirming,
            removing,
            *history_buttons(picker, message),
        ],
        layout=_ROW,
    )


class Snapper:
    """Propose a feature beside a point, show it, and move there when told to.

    Parameters
    ----------
    picker : LandmarkPicker
    message : Message
    changed : callable
        Called when a proposal came or went.
    """

    def __init__(self, picker: Any, message: Message, changed: Callable[[], None]) -> None:
        self.proposal: SnapProposal | None = None
        self._picker, self._changed = picker, changed
        self._kind = ipw.Dropdown(
            options=KINDS, description="snap to", layout=ipw.Layout(width="180px"), style=_SHORT
        )
        side = ipw.Dropdown(
            options=SIDES, description="in", layout=ipw.Layout(width="130px"),
            style={"description_width": "20px"},
        )  # fmt: skip
        link(side, picker, "pointed", message)
        self._take = button("move there", message.guard(self._move), tip="Undo brings a pair back")
        crosshair = message.guard(lambda: self._look(""))
        pair = message.guard(lambda: self._look(chosen_pair(picker)))
        tips = ("Look around the crosshair that was moved last", "Look around the chosen pair")
        self.widget = ipw.HBox(
            [
                self._kind,
                side,
                button("crosshair", crosshair, tip=tips[0], icon="magnet"),
                button("chosen pair", pair, tip=tips[1], icon="magnet"),
                self._take,
            ],
            layout=_ROW,
        )
        self._keep(None)
        views = (picker.moving_view, picker.fixed_view)
        for state, name in ((picker, "revision"), *((view, "cursor_um") for view in views)):
            state.observe(lambda _: self._keep(None), names=[name])

    def _look(self, pair: str) -> str:
        found = self._picker.snap(kind=self._kind.value, pair=pair)
        self._keep(found if found.found else None)
        return f"{found.words}; press 'move there' to take it" if found.found else found.words

    def _move(self) -> str:
        proposal = self.proposal
        if proposal is None:
            raise ValueError("nothing is proposed: look for a feature first")
        self._picker.take_snap(proposal)
        return f"moved: {proposal.words}"

    def _keep(self, proposal: SnapProposal | None) -> None:
        changed = proposal is not self.proposal
        self.proposal = proposal
        self._take.disabled = proposal is None
        if changed:
            self._changed()


def file_box(picker: Any, message: Message) -> ipw.Accordion:
    """Import from and export to other programs' files."""
    upload = ipw.FileUpload(multiple=True, description="import", accept=".csv,.json,.fcsv")
    path = ipw.Text(placeholder="pairs.csv", description="file", style=_SHORT)

    def bring(_: Any) -> None:
        if upload.value:
            message.guard(lambda: _imported(picker, upload.value))()
            upload.value = ()

    def write() -> str:
        if not path.value.strip():
            raise ValueError("name a file first: pairs.csv, pairs.bigwarp.csv, pairs.mrk.json")
        files = picker.export_pairs(path.value.strip())
        return f"wrote {' and '.join(map(str, files))}"

    upload.observe(bring, names="value")
    hint = ipw.HTML(f'<div style="font-size:12px;line-height:1.4">{FORMATS}</div>')
    row = ipw.HBox([upload, path, button("export", message.guard(write), icon="save")], layout=_ROW)
    box = ipw.Accordion(children=[ipw.VBox([row, hint])], selected_index=None)
    box.set_title(0, "Import and export")
    return box


def _imported(picker: Any, files: Any) -> str:
    """Write uploaded files to a folder of their own, and read them from there."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for file in files:
            place = Path(folder) / Path(str(file["name"]).replace("\\", "/")).name
            place.write_bytes(bytes(file["content"]))
            paths.append(place)
        two = len(paths) == 2
        first = next((p for p in paths if ".moving." in p.name.lower()), paths[0])
        rest = [p for p in paths if p != first]
        if len(paths) > 2:
            raise ValueError(f"import takes one file, or two of 3D Slicer, got {len(paths)}")
        found = picker.import_pairs(first, rest[0] if two else None)
    return f"{len(found)} pairs of {' and '.join(path.name for path in paths)}"


def _chosen(picker: Any, name: str, words: str) -> str:
    picker.selected = name
    return words.format(name)
