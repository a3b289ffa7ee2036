"""An import on the page: the first picture, how far it is, and a button to stop it."""

from __future__ import annotations

import base64
import time
from html import escape
from typing import TYPE_CHECKING, Any

from .import_picture import import_picture, shape_words, voxel_words
from .in_order import in_order
from .state import png_bytes

if TYPE_CHECKING:
    import ipywidgets as ipw

    from ..workspace import RunningImport

# A slow line has no use for more [s].
_EVERY_S = 0.5


def bundle(running: RunningImport) -> dict[str, Any]:
    """Give the MIME bundle: a live view, and words and picture for where there is none."""
    picture = base64.b64encode(png_bytes(import_picture(running.preview))).decode("ascii")
    still = {"text/plain": repr(running), "image/png": picture}
    return {**in_order(import_view(running))._repr_mimebundle_(), **still}


def import_view(running: RunningImport) -> ipw.VBox:
    """Build the view of a running import.

    It follows the import from the import's thread and takes its colours from the page, so that
    it fits a light and a dark ground.
    """
    import ipywidgets as ipw

    from .views import Message, button

    picture = ipw.Image(
        format="png",
        value=png_bytes(import_picture(running.preview)),
        layout=ipw.Layout(max_width="100%", object_fit="contain"),
    )
    bar = ipw.FloatProgress(min=0.0, max=1.0, layout=ipw.Layout(width="320px"))
    message = Message()

    def stop() -> str:
        stopper.disabled = True
        running.cancel()
        return running.words()

    stopper = button("cancel", message.guard(stop), tip="Stop; nothing of it is left", icon="stop")
    refresh = _refresher(running, bar, stopper, message)
    refresh(running)
    running.listen(refresh)
    refresh(running, at_once=True)  # it may have ended before anybody listened
    row = ipw.HBox([bar, stopper], layout=ipw.Layout(align_items="center", flex_flow="row wrap"))
    return ipw.VBox([ipw.HTML(_title(running)), picture, row, message.widget])


def _title(running: RunningImport) -> str:
    from .views import INK

    said = running.description
    words = f"{shape_words(said)}, {voxel_words(said)} ({said.spacing_source})"
    return f'<div style="color:{INK}"><b>{escape(running.name)}</b> {escape(words)}</div>'


def _refresher(running: RunningImport, bar: Any, stopper: Any, message: Any) -> Any:
    shown = 0.0

    def refresh(_: RunningImport, *, at_once: bool = False) -> None:
        nonlocal shown
        state = running.state
        if state == "running" and not at_once and time.monotonic() - shown < _EVERY_S:
            return
        shown = time.monotonic()
        bar.value = running.progress.done / max(running.progress.total, 1)
        status = {"failed": "refused", "cancelled": "attention"}.get(state, "information")
        bar.bar_style = {"finished": "success", "failed": "danger"}.get(state, "")
        message.say(running.words(), status)
        if state != "running":
            stopper.disabled = True
            stopper.layout.display = "none"

    return refresh
