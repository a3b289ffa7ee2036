"""What was decided about a fit: written as a transform record, and read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Verdict:
    """A transform record as it stood (None before the first decision) and as it was written."""

    before: Any | None
    written: Any


def standing(picker: Any) -> Any | None:
    """The newest decision about a transform between a picker's frames; None where there is none."""
    frames = (picker.images["moving"].frame, picker.images["fixed"].frame)
    decided = (
        record
        for record in picker.ws.transforms
        if (record.from_frame, record.to_frame) == frames and record.status != "proposed"
    )
    return max(decided, key=lambda record: record.state, default=None)


def write_verdict(picker: Any, *, status: str, name: str | None, note: str) -> Verdict:
    """Write a picker's fit as a transform, with the pairs and versions it rests on.

    Parameters
    ----------
    picker : LandmarkPicker
    status : {"accepted", "refused"}
    name : str or None
        By default ``<moving frame>_to_<fixed frame>``.
    note : str
        Why.
    """
    fit, state = picker.fit(), picker.state()
    loo = float(np.sqrt(np.mean(np.asarray(fit.loo_um) ** 2)))
    moving, fixed = picker.images["moving"].frame, picker.images["fixed"].frame
    title = name or f"{moving}_to_{fixed}"
    fields = {
        "from_frame": moving,
        "to_frame": fixed,
        "transform": fit.transform.to_dict(),
        "status": status,
        "method": getattr(fit, "method", f"landmarks, {fit.transform.model}"),
        "fre_um": fit.fre_um,
        "loo_um": loo if np.isfinite(loo) else None,
        "landmarks": [[record.id, record.version] for record in state.records],
        "note": note,
    }
    transforms = picker.ws.transforms
    before = next((record for record in transforms if record.name == title), None)
    if before is None:
        return Verdict(None, transforms.add(name=title, **fields))
    seen = picker.seen_transforms.version(before)  # another person may have decided meanwhile
    return Verdict(before, transforms.edit(before.id, version=seen, **fields))
