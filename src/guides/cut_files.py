"""A planned cut as files: for the instrument, for other programs, for the archive."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import CovarianceUnavailable, DecisionNeeded
from ..io import write_boxes, write_fibsem_positions, write_nav
from ..workspace import Workspace

if TYPE_CHECKING:
    from .targeting import CutPlan

_ORDER = (2, 1, 0)


def refuse_gaps(table: pd.DataFrame, *, why: str) -> None:
    """Refuse a table for an instrument with a number that is not known.

    Raises
    ------
    CovarianceUnavailable
    """
    gaps = [
        str(name)
        for name in table.columns
        if table[name].dtype.kind == "f" and not np.isfinite(table[name]).all()
    ]
    if gaps:
        raise CovarianceUnavailable(
            f"what goes to an instrument needs every number, but {', '.join(gaps)} are not known "
            f"({why}); nothing was written"
        )


def plan_dict(plan: CutPlan) -> dict[str, Any]:
    """Say everything about a planned cut as plain JSON types, by name with units.

    Raises
    ------
    CovarianceUnavailable
        A number of the plan is not known.
    """
    refuse_gaps(plan.table, why=plan.region.statement)
    covariance = plan.split.covariance_um2[np.ix_(_ORDER, _ORDER)]
    said: dict[str, Any] = {
        "scalebridge": "cut plan 1",
        "frame": plan.cut.frame,
        "path": list(plan.located.path),
        "plan": plan.table.iloc[0].to_dict(),
        "covariance_xyz_um2": covariance.tolist(),
        "ellipsoids": {"50 %": _region(plan.region50), "95 %": _region(plan.region)},
        "uncertainty": plan.split.table().to_dict("records"),
        "margins": plan.margins.to_dict("records"),
        "offsets": plan.offsets.to_dict("records"),
        "checks": [
            {"name": check.name, "passed": check.passed, "detail": check.detail}
            for check in plan.checks
        ],
        "notes": list(plan.notes),
    }
    if plan.contained is not None:
        said["contained"] = {
            "probability": plan.contained.probability,
            "standard_error": plan.contained.standard_error,
            "statement": plan.contained.statement,
        }
    return dict(_plain(said))


def write_plan_json(plan: CutPlan, path: str | Path) -> Path:
    """Write everything about a planned cut as JSON."""
    file = Path(path)
    text = json.dumps(plan_dict(plan), indent=2, ensure_ascii=False, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
    return file


def write_plan_boxes(plan: CutPlan, path: str | Path, *, unit: str = "um") -> Path:
    """Write the volume of interest and what is milled as STL or VTK, in the instrument's axes.

    Raises
    ------
    CovarianceUnavailable
        The cut is not known.
    """
    if plan.milled is None:
        raise CovarianceUnavailable(
            f"the size of the cut is not known ({plan.region.statement}); nothing was written"
        )
    boxes = {plan.milled.name: plan.milled.corners_um}
    half = plan.cut.half_um
    if half.any():
        signs = np.array([[z, y, x] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
        place = plan.cut.place_um + signs * half
        boxes["volume of interest"] = _boxed(plan.cut.way.apply(place))
    return write_boxes(boxes, path, unit=unit)


def write_stage_positions(
    ws: Workspace, plan: CutPlan, path: str | Path, *, tilt_deg: float | None = None,
    rotation_deg: float | None = None,
) -> Path:  # fmt: skip
    """Write the target as a stage position: ``.nav`` for SerialEM, ``.yaml`` for OpenFIBSEM.

    Parameters
    ----------
    ws : Workspace
        Holds the stage whose readings are the positions of the plan's frame.
    plan : CutPlan
    path : str or path
    tilt_deg, rotation_deg : float, optional
        Of the stage [degree]; those that its record states unless told.

    Raises
    ------
    DecisionNeeded
        No stage is recorded for the plan's frame, so its positions are no readings.
    ValueError
        For another ending.
    """
    stages = [stage for stage in ws.stages if stage.frame == plan.cut.frame]
    if not stages:
        raise DecisionNeeded(
            f"positions in {plan.cut.frame} are no readings of a stage that is recorded: fit one "
            "with fit_stage and record it with ws.stages.add(name=, frame=, unit=, handedness=)"
        )
    stage, file = stages[0], Path(path)
    x, y, z = (float(plan.plan.position_um[k]) for k in _ORDER)
    name = plan.plan.name
    label = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)
    row = {
        "label": label or "target",
        "name": name,
        "x_um": x,
        "y_um": y,
        "z_um": z,
        "note": f"{name}; {plan.region.statement}",
        "tilt_deg": float(stage.tilt_deg if tilt_deg is None else tilt_deg),
        "rotation_deg": float(stage.rotation_deg if rotation_deg is None else rotation_deg),
    }
    table = pd.DataFrame([row])
    return write_nav(table, file) if file.suffix == ".nav" else write_fibsem_positions(table, file)


def _boxed(corners_um: np.ndarray) -> np.ndarray:
    """The box that a mapped box is, without the shear that a first-order map may have."""
    edges = corners_um[[4, 2, 1]] - corners_um[0]
    signs = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    return np.asarray(corners_um[0] + signs @ edges)


def _region(region: Any) -> dict[str, Any]:
    return {
        "radii_um": region.radii_um.tolist(),
        "axes_xyz": region.axes[:, ::-1].tolist(),
        "statement": region.statement,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # infinitely many degrees of freedom, or a region that is not stated
    return value
