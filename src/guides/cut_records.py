"""A planned milling as a record of the workspace, and whether what it rests on still stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np

from ..errors import DecisionNeeded
from ..workspace import Workspace
from ..workspace.rows import rows
from .milling import MillingPlan
from .targeting import CutPlan

_STAGE = ("step", "method", "stops_um", "stand_off_um", "median_h", "probability_safe", "then")
_SAME = ("rename", "tag")  # of a record that says what it said
_AXES = (("z_um", 0), ("y_um", 1), ("x_um", 2))
_OPEN = ("proposed", "planned")  # what the next plan supersedes


def record_plan(
    ws: Workspace,
    cut: CutPlan,
    milling: MillingPlan | None = None,
    *,
    accept: bool = True,
    note: str = "",
) -> Any:
    """Write a planned cut with its stages; an older one of the same target is superseded.

    The record says who planned, when, from which versions of transforms and target. The same plan
    again writes nothing, so that a headless run can be repeated; one that somebody abandoned is
    not proposed again.

    Parameters
    ----------
    ws : Workspace
    cut : CutPlan
        From `plan_cut`.
    milling : MillingPlan, optional
        From `plan_milling`; its stages are laser, plasma, polish or whatever was chosen.
    accept : bool
        Whether a person stands behind it. If not it is proposed: it supersedes older proposals
        only, and the accepted plan stands until somebody accepts this one.
    note : str

    Returns
    -------
    Record
        Of ``ws.plans``.
    """
    fields: dict[str, Any] = {
        "target": str(cut.plan.name),
        "frame": cut.cut.frame,
        "position": _named(cut.plan.position_um),
        "size": _size(cut),
        "probability": float(cut.plan.probability),
        "stages": _stages(milling),
        "rests_on": _rests_on(ws, cut),
        "note": note,
    }
    with ws.transaction():
        told = [one for one in _plans_of(ws, fields) if one.status != "superseded"]
        same = next((one for one in reversed(told) if _same(ws, one, fields)), None)
        if same is None:
            status = "planned" if accept else "proposed"
            same = ws.plans.add(name=_free_name(ws, fields["target"]), status=status, **fields)
        elif accept and same.status in ("proposed", "abandoned"):
            same = ws.plans.edit(same.id, version=same.version, status="planned")
        _supersede(ws, told, same)
    return same


def accept_plan(ws: Workspace, name: str) -> Any:
    """Stand behind a plan that was proposed; the plan that stood until now is superseded.

    Parameters
    ----------
    ws : Workspace
    name : str
        Of the record in ``ws.plans``.

    Returns
    -------
    Record
        Of ``ws.plans``.

    Raises
    ------
    DecisionNeeded
        It no longer stands as it was made: plan again.
    """
    with ws.transaction():
        record = ws.plans.get(name)
        against = plan_doubts(ws, record)
        if against:
            raise DecisionNeeded(f"{name} is not accepted: {'; '.join(against)}")
        if record.status == "planned":
            return record
        record = ws.plans.edit(record.id, version=record.version, status="planned")
        _supersede(ws, _plans_of(ws, record.fields), record)
    return record


def plan_findings(ws: Workspace, target: str, frame: str) -> tuple[tuple[str, str], ...]:
    """Say which plans of a target wait for somebody, and which no longer stand as they were made.

    Parameters
    ----------
    ws : Workspace
    target, frame : str
        Names of the target and of the frame of the instrument that cuts.

    Returns
    -------
    tuple of tuple of str
        Text and level (``information`` or ``look``), for a report.
    """
    found = []
    for one in _plans_of(ws, {"target": target, "frame": frame}):
        if one.status == "proposed":
            how = f"give the parameter accept, or call accept_plan(ws, {one.name!r})"
            found.append((f"{one.name} is proposed, nobody has accepted it: {how}", "information"))
        if one.status in _OPEN:
            found += [(words, "look") for words in plan_doubts(ws, one)]
    return tuple(found)


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


def _plans_of(ws: Workspace, fields: dict[str, Any]) -> list[Any]:
    wanted = fields["target"], fields["frame"]
    return [one for one in ws.plans if (one.target, one.frame) == wanted]


def _supersede(ws: Workspace, others: Sequence[Any], by: Any) -> None:
    """Proposals go with any plan, an accepted one with an accepted one only."""
    gone = {"planned": _OPEN, "proposed": ("proposed",)}.get(by.status, ())
    for one in others:
        if one.id != by.id and one.status in gone:
            ws.plans.edit(one.id, version=one.version, status="superseded", superseded_by=by.name)


def _free_name(ws: Workspace, target: str) -> str:
    taken = {one.name for one in ws.plans.all(removed=True)}
    return next(name for n in count(1) if (name := f"{target} plan {n}") not in taken)


def _same(ws: Workspace, standing: Any, fields: dict[str, Any]) -> bool:
    """Whether a plan says what stands, as JSON: pairs and lists are alike there."""
    said = json.loads(json.dumps(fields))
    rests_on, note = said.pop("rests_on"), said.pop("note")
    return (
        all(standing.fields.get(key) == value for key, value in said.items())
        and (not note or standing.fields.get("note") == note)
        and [one[:2] for one in standing.fields["rests_on"]] == [one[:2] for one in rests_on]
        and not plan_doubts(ws, standing)
    )


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
