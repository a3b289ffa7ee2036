"""A planned milling as a record of the workspace, and whether what it rests on still stands."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..workspace import Workspace
from ..workspace.rows import rows
from .milling import MillingPlan
from .targeting import CutPlan

_STAGE = ("step", "method", "stops_um", "stand_off_um", "median_h", "probability_safe", "then")
_SAME = ("rename", "tag")  # of a record that says what it said
_AXES = (("z_um", 0), ("y_um", 1), ("x_um", 2))


def record_plan(
    ws: Workspace, cut: CutPlan, milling: MillingPlan | None = None, *, note: str = ""
) -> Any:
    """Write a planned cut with its stages; one that stands for the same target is superseded.

    The record says who planned, when, from which versions of transforms and target. The same plan
    again writes nothing, so that a headless run can be repeated.

    Parameters
    ----------
    ws : Workspace
    cut : CutPlan
        From `plan_cut`.
    milling : MillingPlan, optional
        From `plan_milling`; its stages are laser, plasma, polish or whatever was chosen.
    note : str

    Returns
    -------
    Record
        Of ``ws.plans``.
    """
    target, frame = str(cut.plan.name), cut.cut.frame
    fields: dict[str, Any] = {
        "target": target,
        "frame": frame,
        "position": _named(cut.plan.position_um),
        "size": _size(cut),
        "probability": float(cut.plan.probability),
        "stages": _stages(milling),
        "rests_on": _rests_on(ws, cut),
        "note": note,
    }
    with ws.transaction():
        standing = [one for one in ws.plans if (one.target, one.frame) == (target, frame)]
        current = next((one for one in standing if one.status == "planned"), None)
        if current is not None and _same(current.fields, fields):
            return current
        number = 1 + len([one for one in ws.plans.all(removed=True) if one.target == target])
        written = ws.plans.add(name=f"{target} plan {number}", **fields)
        if current is not None:
            ws.plans.edit(
                current.id,
                version=current.version,
                status="superseded",
                superseded_by=written.name,
            )
    return written


def plan_doubts(ws: Workspace, record: Any) -> tuple[str, ...]:
    """Say why a plan no longer stands as it was made: re-registration, a moved target, a successor.

    Parameters
    ----------
    ws : Workspace
    record : Record
        Of ``ws.plans``.
    """
    said = []
    if record.status == "superseded":
        said.append(f"{record.name} is superseded by {record.superseded_by}")
    for kind, identity, version in record.rests_on:
        versions = ws.records.select(rows.c.kind == kind, rows.c.id == identity)
        later = [one for one in versions if one.version > version and one.action not in _SAME]
        if later:
            last = later[-1]
            said.append(
                f"{record.name} rests on {last.label} as it was at version {version}, {last.who} "
                f"changed it ({last.action}, {last.when:%Y-%m-%d %H:%M} UTC): plan again"
            )
    return tuple(said)


def _same(standing: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Whether a plan says what stands, as JSON: pairs and lists are alike there."""
    said = json.loads(json.dumps(fields))
    return all(standing.get(key) == value for key, value in said.items())


def _named(values: Any) -> dict[str, float]:
    return {name: float(values[k]) for name, k in _AXES}


def _size(cut: CutPlan) -> dict[str, float] | None:
    size = cut.plan.cut_size_um
    return _named(size) if np.isfinite(size).all() and (size > 0).all() else None


def _rests_on(ws: Workspace, cut: CutPlan) -> list[tuple[str, str, int]]:
    target = ws.targets.get(cut.plan.name)
    found = [("targets", str(target.id), int(target.version))]
    for name in cut.cut.way.edges:
        record = ws.transforms.get(name)
        found.append(("transforms", str(record.id), int(record.version)))
    return found


def _stages(milling: MillingPlan | None) -> list[dict[str, Any]]:
    if milling is None or milling.staged is None:
        return []
    table = milling.steps
    wanted = [name for name in _STAGE if name in table]
    return list(json.loads(table[wanted].to_json(orient="records", double_precision=12)))
