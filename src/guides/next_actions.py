"""What to do next for a target: which action raises the probability of success most per minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.registration import USUAL_MINUTES, Action, AffineTransform, rank_actions
from ..analysis.registration.information_value import ActionKind, after_action
from ..columns import significant
from ..workspace import Workspace
from .coverage import field_points
from .targeting import CutPlan

_AXES = ("z_um", "y_um", "x_um")
_GRID = 5
_DRAWS = 20_000
_FINER = 0.5  # voxel of a new scan, over that of the present one


def next_actions(
    ws: Workspace, cut: CutPlan, *, minutes: Mapping[ActionKind, float] | None = None
) -> pd.DataFrame:
    """Rank what could be done before the cut, for every transform on the way to the instrument.

    One more landmark where it helps most, a new mark beside the target, and a scan with voxels half
    as large.

    Parameters
    ----------
    ws : Workspace
    cut : CutPlan
        From `plan_cut`; what is milled stays as it is.
    minutes : mapping of str to float, optional
        Of ``"landmark"``, ``"fiducial"`` and ``"rescan"``; guesses unless told.

    Returns
    -------
    DataFrame
        Best first: `registration`, then the columns of `rank_actions`. Transforms without a
        localisation error are left out: nothing tells what would improve them. Empty where the
        cut has no margin.

    Notes
    -----
    A landmark is looked for on a grid over the moving image's field of view; whether something can
    be seen there is for a person to find. One action at a time: two together gain less than their
    sum.
    """
    record, to = ws.targets.get(cut.plan.name), cut.located.path[-1]
    way = ws.graph().path(record.frame, to)
    place = np.array([record.position[name] for name in _AXES], float)
    size = record.half_size or dict.fromkeys(_AXES, 0.0)
    half = np.array([size[name] for name in _AXES], float)
    tables = []
    at = place[None]
    for step in way.steps:
        transform, name = step.edge.transform, step.edge.name
        moving = at if not step.backward else step.apply(at)
        at = step.apply(at)
        if not isinstance(transform, AffineTransform) or not np.isfinite(cut.plan.margin_um):
            continue
        if transform.covariance is None or not transform.sigma_um:
            continue
        actions = _actions(ws, step.edge.from_frame, transform, moving, minutes or {})
        found = rank_actions(
            way, place, half, margin_um=cut.plan.margin_um, actions=actions, edge=name,
            volume=cut.milled, instrument=cut.cut.instrument, draws=_DRAWS,
        )  # fmt: skip
        found.insert(0, "registration", name)
        tables.append(found)
    if not tables:
        return pd.DataFrame(columns=["registration", "action", "gain_per_minute"])
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values("gain_per_minute", ascending=False, kind="stable", ignore_index=True)


def action_table(actions: pd.DataFrame) -> pd.DataFrame:
    """Show what `next_actions` ranked, as people read it: gains in percent a minute."""
    gain = 100 * actions["gain_per_minute"]
    shown = actions[["action", "minutes", "probability_now", "probability_after"]].assign(
        **{
            "gain a minute [%]": significant(gain.tolist(), digits=2),
            "for": actions["registration"],
        }
    )
    probable = ["probability_now", "probability_after"]
    return shown.assign(**{name: shown[name].round(3) for name in probable})


def _actions(
    ws: Workspace,
    frame: str,
    transform: AffineTransform,
    target_um: NDArray[np.float64],
    minutes: Mapping[ActionKind, float],
) -> list[Action]:
    """What could be done about one transform; the target is in its moving frame."""
    takes = {**USUAL_MINUTES, **minutes}
    actions = [
        Action("a scan with voxels half as large", "rescan", takes["rescan"], voxel_ratio=_FINER)
    ]
    image = next((image for image in ws.images if image.frame == frame), None)
    if image is not None and image.calibrated:
        best = _best_place(field_points(image, grid=_GRID), transform, target_um)
        said = ", ".join(f"{best[k]:.4g}" for k in (2, 1, 0))
        name = f"one more landmark near x, y, z = {said} µm of {image.name}"
        actions.append(Action(name, "landmark", takes["landmark"], places_um=(tuple(best),)))
    if transform.ndim_moving == 3:
        beside = tuple(target_um[0].tolist())
        actions.append(
            Action("a new mark beside the target", "fiducial", takes["fiducial"], (beside,))
        )
    return actions


def _best_place(
    places: NDArray[np.float64], transform: AffineTransform, target_um: NDArray[np.float64]
) -> Any:
    def error(place: NDArray[np.float64]) -> float:
        better = after_action(transform, Action("", "landmark", 1.0, (tuple(place),)))
        return float(np.trace(better.covariance_at(target_um)[0]))

    return min(places.tolist(), key=error)
