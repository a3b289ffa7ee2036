"""What somebody has decided about a pair before: the transforms that stand."""

from __future__ import annotations

from typing import Any

from ...analysis.registration import SPLINE, LandmarkFit
from ...analysis.registration.register import BENT
from ...widgets import LandmarkPicker
from ...workspace import Workspace, staleness


def accepted_transform(ws: Workspace, *, moving: str, fixed: str) -> Any:
    """Return the newest accepted transform between two images' frames, or None."""
    return _newest(ws, moving, fixed, "accepted")


def standing_refusal(ws: Workspace, picker: LandmarkPicker) -> Any:
    """Return the refusal that stands: with other landmarks, the question is open again."""
    record = _newest(ws, picker.moving, picker.fixed, "refused")
    return None if record is None or changed_landmarks(picker, record) else record


def _newest(ws: Workspace, moving: str, fixed: str, status: str) -> Any:
    frames = (ws.images[moving].frame, ws.images[fixed].frame)
    standing = [
        record
        for record in ws.transforms
        if (record.from_frame, record.to_frame) == frames and record.status == status
    ]
    return max(standing, key=lambda record: record.state) if standing else None


def changed_landmarks(picker: LandmarkPicker, record: Any) -> int:
    """Count the landmarks that differ between a transform and the present pairs of a picker."""
    return staleness.changed_landmarks(record, picker.state().records)


_BENDS = {
    "thin-plate map": SPLINE,
    "thin-plate spline": SPLINE,
    "displacement field": BENT,
}


def recorded_model(record: Any) -> str | None:
    """Return the model of a transform record; bends are told by their kind."""
    kind = record.transform.get("kind")
    return _BENDS.get(kind) or record.transform.get("model")


def other_model(fit: LandmarkFit, accepted: Any) -> bool:
    """Say whether a fit is of another model than the transform that was accepted."""
    return bool(fit.transform.model != recorded_model(accepted))


def model_words(accepted: Any) -> str:
    """Name the model of a transform record."""
    return str(recorded_model(accepted) or accepted.transform.get("kind"))
