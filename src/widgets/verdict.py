"""What was decided about a fit, as a transform record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Verdict:
    """A transform record as it stood (None before the first decision) and as it was written."""

    before: Any | None
    written: Any


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
        "method": f"landmarks, {fit.transform.model}",
        "fre_um": fit.fre_um,
        "loo_um": loo if np.isfinite(loo) else None,
        "landmarks": [[record.id, record.version] for record in state.records],
        "note": note,
    }
    transforms = picker.ws.transforms
    before = next((record for record in transforms if record.name == title), None)
    if before is None:
        return Verdict(None, transforms.add(name=title, **fields))
    return Verdict(before, transforms.edit(before.id, version=before.version, **fields))
