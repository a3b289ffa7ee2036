"""What the picker says beside its pictures: model, warnings, the error that counts, the ghost."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workspace.staleness import changed_landmarks
from .graph_words import loops_html, typed_in
from .picker_fields import error_words, why_no_field
from .verdict import standing
from .views import notice, notices


def summary_html(picker: Any) -> str:
    """Model, reason, warnings and the error that counts, escaped."""
    state = picker.state()
    if state.fit is None:
        return notice(state.reason, "attention")
    lines = [notice(state.reason, "information")]
    if picker.target:
        error = picker.error_at_target()
        size = error_words(picker, error) if np.isfinite(error) else "not known: add pairs"
        words = f"predicted RMS error at target {picker.target}: {size}{typed_in(picker)}"
        lines.append(notice(words, "information"))
    words = (
        f"RMS of the residuals {error_words(picker, state.fit.fre_um)}: it says how well the "
        "model follows these pairs, not how well a target is found"
    )
    lines.append(notice(words, "information"))
    missing = why_no_field(picker)
    return "".join(lines) + notices(state.warnings) + notices([missing] if missing else [])


def standing_html(picker: Any) -> str:
    """What was decided about these images, by whom and when, and loops that do not close."""
    record, loops = standing(picker), loops_html(picker)
    if record is None:
        return loops
    model = record.transform.get("model") or record.method
    when = f"{record.when:%Y-%m-%d %H:%M} UTC"
    said = f"{record.name} ({model}) {record.status} by {record.who}, {when}"
    if record.status != "accepted":
        return notice(f"{said}: {record.note}", "attention") + loops
    fit = picker.state().fit
    if record.landmarks and changed_landmarks(record, picker.ws.landmarks):
        since = "stale: the pairs have changed since, accept or refuse it again"
    elif fit is not None and fit.transform.model != model and record.landmarks:
        since = f"what is seen here is the {fit.transform.model} fit"
    else:
        since = ""
    return notice(said, "information") + (notice(since, "attention") if since else "") + loops


def ghost_html(picker: Any) -> str:
    """Where the crosshair that was moved last should be in the other image."""
    if picker.state().fit is None:
        return ""
    found = picker.ghost()
    where = ", ".join(f"{axis} = {found.position[f'{axis}_um']:.5g}" for axis in "xyz")
    radius = error_words(picker, float(found.region.radii_um.max()))
    reach = f"within {radius}" if found.region.stated else "how far: unknown"
    words = (
        f"{picker.pointed} crosshair in {found.frame}: {where} µm, {reach} "
        f"({found.region.statement}{typed_in(picker)})"
    )
    return notice(words, "information")


def repeatability_html(picker: Any) -> str:
    """How well people pick; nothing where one person picked everything."""
    if len({picker.picked_by(record) for record in picker.records()}) < 2:
        return ""
    try:
        return notices(picker.repeatability().words, "information")
    except ValueError:  # several people, but no feature was picked twice
        return ""
