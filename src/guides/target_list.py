"""All targets at a glance: where they are for the instrument that cuts, and what is in doubt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DecisionNeeded, ScalebridgeError
from ..workspace import Workspace
from .decisions import cutting_frame
from .depth_surfaces import depth_surface
from .targeting import CutPlan, plan_cut

_AXES = ("x", "y", "z")
_ROWS = {"x": 2, "y": 1, "z": 0}
#: Numbers of a row, NaN where they are not known.
NUMBERS = (
    *(f"{axis}_um" for axis in _AXES),
    *(f"s{axis}_um" for axis in _AXES),
    *(f"box_{axis}_um" for axis in _AXES),
    *(f"cut_{axis}_um" for axis in _AXES),
    "wanted_probability",
    "probability",
    "depth_um",
    "depth_low95_um",
    "depth_high95_um",
)
COLUMNS = ("name", "placed_in", "frame", *NUMBERS, "warnings")


def list_targets(
    ws: Workspace,
    *,
    to: str | None = None,
    surface: str | None = None,
    minutes: float | None = None,
) -> pd.DataFrame:
    """List all targets in the frame of the instrument that cuts.

    A target that cannot be looked up there stays in its own frame, where nobody has stated how well
    it was placed; the reason stands in its warnings.

    Parameters
    ----------
    ws : Workspace
    to : str, optional
        Frame of the instrument; the one that was chosen unless told, and each target's own where
        none was.
    surface : str, optional
        That depths are measured from, as in `depth_surface`.
    minutes : float, optional
        As in `plan_cut`.

    Returns
    -------
    DataFrame
        One row a target: ``name``, ``placed_in``, ``frame``, position, standard uncertainties
        (``sx_um`` and so on), sides of the volume of interest in its own frame (``box_x_um``) and
        of the cut around it (``cut_x_um``), the ``wanted_probability`` and the ``probability`` that
        all corners lie in the cut, the depth with its 95 % interval, and ``warnings`` in words.
        What is not known is NaN.

    Raises
    ------
    NotFound
        There is no such frame or surface.
    """
    notes: list[str] = []
    try:
        frame: str | None = cutting_frame(ws, to)
    except DecisionNeeded as error:
        frame = None
        notes.append(f"in its own frame: {error}")
    top = None
    if frame is not None:
        try:
            top = depth_surface(ws, surface)
        except DecisionNeeded as error:
            notes.append(f"no depth: {error}")
    rows = [_row(ws, record, frame, top, minutes, notes) for record in ws.targets]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def said_targets(table: pd.DataFrame) -> pd.DataFrame:
    """Put a list of targets as a person reads it: ``x [µm]`` as ``12.3 ± 0.4``.

    Examples
    --------
    >>> nan = float("nan")
    >>> row = dict.fromkeys(NUMBERS, nan) | {"name": "pore", "placed_in": "ct", "frame": "ct"}
    >>> row |= {"x_um": 1.234, "sx_um": 0.05, "y_um": 2.0, "z_um": 3.0, "warnings": ()}
    >>> said = said_targets(pd.DataFrame([row])).iloc[0]
    >>> said["x [µm]"], said["y [µm]"], said["depth [µm]"]
    ('1.234 ± 0.05', '2 ± ?', '?')
    """
    rows = [
        {
            "target": row["name"],
            "frame": row["frame"],
            **{f"{a} [µm]": _pm(row[f"{a}_um"], row[f"s{a}_um"]) for a in _AXES},
            "box x, y, z [µm]": " × ".join(_number(row[f"box_{a}_um"]) for a in _AXES),
            "probability": _number(row["probability"]),
            "depth [µm]": _depth(row),
            "warnings": len(row["warnings"]) or "",
        }
        for row in table.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _row(
    ws: Workspace, record: Any, frame: str | None, top: Any, minutes: float | None, notes: list[str]
) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(NUMBERS, np.nan)
    row |= {"name": record.name, "placed_in": record.frame, "frame": record.frame}
    row |= {f"{axis}_um": record.position[f"{axis}_um"] for axis in _AXES}
    if record.half_size is not None:
        row |= {f"box_{axis}_um": 2 * record.half_size[f"{axis}_um"] for axis in _AXES}
    row["wanted_probability"] = record.probability
    warnings = list(notes)
    if frame is not None:
        try:
            plan = plan_cut(ws, record.name, to=frame, surface=top, minutes=minutes)
        except (ScalebridgeError, ValueError) as error:
            warnings.append(f"not found in {frame}: {error}")
        else:
            row |= _planned(plan)
            warnings += _doubts(plan)
    if record.half_size is None:
        warnings.append("no volume of interest: a probability needs one")
    return row | {"warnings": tuple(dict.fromkeys(warnings))}


def _planned(plan: CutPlan) -> dict[str, Any]:
    sigma = np.sqrt(np.diag(plan.located.covariance_um2[0]))
    known = plan.located.stated
    found: dict[str, Any] = {"frame": plan.cut.frame}
    for axis, k in _ROWS.items():
        found[f"{axis}_um"] = float(plan.plan.position_um[k])
        found[f"s{axis}_um"] = float(sigma[k]) if known else np.nan
        found[f"cut_{axis}_um"] = float(plan.plan.cut_size_um[k])
    if plan.contained is not None and plan.cut.half_um.any():
        found["probability"] = float(plan.contained.probability)
    for depth in plan.depths:
        low, high = depth.interval95
        found |= {"depth_um": depth.value, "depth_low95_um": low, "depth_high95_um": high}
    return found


def _doubts(plan: CutPlan) -> list[str]:
    failed = [f"{check.name}: {check.detail}" for check in plan.checks if check.passed is not True]
    return [*plan.notes, *failed]


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "?"


def _pm(value: float, sigma: float) -> str:
    if not np.isfinite(sigma):
        return f"{value:.5g} ± ?"
    digits = max(0, 1 - int(np.floor(np.log10(sigma)))) if sigma > 0 else 3
    return f"{value:.{digits}f} ± {sigma:.2g}"


def _depth(row: dict[str, Any]) -> str:
    if not np.isfinite(row["depth_um"]):
        return "?"
    low, high = row["depth_low95_um"], row["depth_high95_um"]
    return f"{_number(row['depth_um'])} ({_number(low)} to {_number(high)})"
