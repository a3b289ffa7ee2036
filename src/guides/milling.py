"""From a planned cut to the milling: approaches, method, trench, steps and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.quantification.measurement import Check
from ..analysis.targeting import (
    ApproachDepth,
    MethodChoice,
    Stage,
    StagedPlan,
    Trench,
    Visibility,
    approach_table,
    bottom_visible,
    choose_method,
    ramped_trench,
    sigma_along,
    staged_plan,
)
from ..errors import NoPath
from ..quantities import format_length
from ..workspace import Workspace
from ..workspace.surface import NearSurface
from .approaches import ION_BEAM, SIDES, across_normal, approach_depths, scanned_surface
from .targeting import CutPlan

_UNSTATED = "a material that nobody has stated"
_AXES = ("z_um", "y_um", "x_um")


@dataclass(frozen=True)
class MillingPlan:
    """What it takes to reach a target.

    Attributes
    ----------
    approaches : DataFrame
        The ion beam along the surface's normal, and the electron beam from each side: depth
        with its 95 % half-width, material, overburden, what is in the way; lengths of the
        instrument's frame [µm].
    depths : dict of str to ApproachDepth
        The same, with every piece on the way; entries are in the frame of the surface's image.
    choice : MethodChoice
        Every method with its time and its reason.
    trench : Trench
    visibility : Visibility
        Whether the electron beam sees the bottom of the face.
    staged : StagedPlan or None
        None where no method comes close enough, or no rate is known.
    lost : DataFrame
        `name`, `kind` of landmarks and other targets that the trench would take away.
    checks : tuple of Check
    findings : tuple of tuple of str
        Text and level (``information``, ``look`` or ``refused``), for a report.
    """

    approaches: pd.DataFrame
    depths: dict[str, ApproachDepth]
    choice: MethodChoice
    trench: Trench
    visibility: Visibility
    staged: StagedPlan | None
    lost: pd.DataFrame
    checks: tuple[Check, ...]
    findings: tuple[tuple[str, str], ...]

    @property
    def methods(self) -> pd.DataFrame:
        """Methods with their roles, times [h] and reasons."""
        return self.choice.table

    @property
    def steps(self) -> pd.DataFrame:
        """One row a step; empty without a staged plan."""
        return pd.DataFrame() if self.staged is None else self.staged.table()

    def trench_table(self) -> pd.DataFrame:
        """Sizes of the trench, one row."""
        trench = self.trench
        return pd.DataFrame(
            [
                {
                    "width_um": trench.width_um,
                    "depth_um": trench.depth_um,
                    "length_um": trench.length_um,
                    "angle_deg": trench.angle_deg,
                    "volume_um3": trench.volume_um3,
                    "bottom_visible": self.visibility.visible,
                }
            ]
        )


@dataclass(frozen=True)
class _Face:
    """The face in the instrument's frame: where it stands, and its three directions."""

    foot_um: NDArray[np.float64]  # in the middle of the face, on the surface
    down: NDArray[np.float64]
    away: NDArray[np.float64]  # towards the electron beam
    along: NDArray[np.float64]


def plan_milling(
    ws: Workspace,
    cut: CutPlan,
    *,
    surface: Any,
    material: str | None,
    beam_angle_deg: float,
    towards: str = "+y",
    closest_um: float = 1.0,
    clearance_um: float | None = None,
    later_sigma_um: float | None = None,
    instrument_um: float = 0.0,
    probability: float | None = None,
    hours_free: float | None = None,
    only: Sequence[str] | None = None,
    methods: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
) -> MillingPlan:
    """Plan how the cut around a target is reached.

    The ion beam mills along the surface's normal; the face stands in front of the planned cut, on
    the side of the electron beam, as wide as the cut and down to its bottom.

    Parameters
    ----------
    ws : Workspace
    cut : CutPlan
        From `plan_cut`.
    surface : Record
        Segmentation by thresholds whose first boundary along z is the surface. A surface that was
        measured again and that the cut rests on sets the depth of the face in its place.
    material : str or None
        As in the table of rates; None gives no time.
    beam_angle_deg : float
        Between ion and electron beam, 52 (Thermo), 54 (ZEISS) or 55 (TESCAN) [degree].
    towards : {"+y", "-y", "+x", "-x"}
        Side of the instrument's frame on which the electron beam stands.
    closest_um : float
        How near the finished face comes to the cut [µm].
    clearance_um : float, optional
        What the trench is longer by; unless told, what the 95 % doubt of the depth asks for [µm].
    later_sigma_um : float, optional
        Standard uncertainty that a re-registration after the coarse step is expected to leave;
        None plans without one; stage and drift add to it [µm].
    instrument_um : float
        Standard uncertainty of stage and drift along the way of the face, besides what the cut
        counts of them already [µm].
    probability : float, optional
        That each step leaves the volume of interest alone; the cut's own unless told, at least 0.5.
    hours_free, only, methods, rates
        As in `choose_method`.

    Returns
    -------
    MillingPlan

    Raises
    ------
    ValueError
        The cut has no depth below the surface, or an unknown side.
    NoPath
        The surface's image and the instrument are not connected by accepted transforms.
    """
    if towards not in SIDES:
        raise ValueError(f"towards needs one of {', '.join(SIDES)}, got {towards!r}")
    graph = ws.graph()
    near = scanned_surface(ws, cut, surface, graph=graph)
    depths = approach_depths(
        ws, cut, surface=surface, near=near, beam_angle_deg=beam_angle_deg, graph=graph
    )
    near = _as_measured(cut, surface, near)
    half = cut.plan.cut_size_um / 2
    face = _face(cut, near, half, towards)
    depth, width = near.depth_um + float(abs(face.down) @ half), 2 * float(abs(face.along) @ half)
    _refuse_unknown(depth, width, cut)
    if clearance_um is None:
        clearance_um = _clearance(near.pm95_um, beam_angle_deg)
    choice = choose_method(
        depth_um=depth, width_um=width, material=material or _UNSTATED, angle_deg=beam_angle_deg,
        closest_um=closest_um, clearance_um=clearance_um, hours_free=hours_free, only=only,
        methods=methods, rates=rates,
    )  # fmt: skip
    trench = ramped_trench(width, depth, angle_deg=beam_angle_deg, clearance_um=clearance_um)
    visible = bottom_visible(trench, angle_deg=beam_angle_deg)
    sigma = sigma_along(cut.located.covariance_um2[0], face.away.tolist(), instrument_um)
    wanted = cut.plan.probability if probability is None else probability
    later = None if later_sigma_um is None else _later(cut, face, later_sigma_um, instrument_um)
    staged = _staged(choice, trench, sigma, cut.located.nu, later, max(wanted, 0.5), clearance_um)
    lost = _lost(ws, cut, face, trench, graph)
    table = approach_table(depths)
    checks = _checks(table, visible, lost)
    findings = _findings(choice, staged, checks, material, later_sigma_um)
    return MillingPlan(table, depths, choice, trench, visible, staged, lost, checks, findings)


def _later(cut: CutPlan, face: _Face, later_sigma_um: float, instrument_um: float) -> float:
    """What a re-registration leaves, and what the instrument misses after it [µm]."""
    missed = np.zeros((3, 3))
    if cut.cut.instrument is not None:
        missed = cut.cut.instrument.covariance_at(cut.located.points_um[:1])[0]
    return sigma_along(missed, face.away.tolist(), instrument_um, later_sigma_um)


def _as_measured(cut: CutPlan, surface: Any, near: NearSurface) -> NearSurface:
    """The surface that the cut rests on, where that is not the scan's."""
    if cut.cut.surface is None or cut.segmentation == surface.name:
        return near
    if not cut.cut.surface.depth_um > 0:
        raise ValueError(
            f"the cut needs to lie below the surface, got a depth of "
            f"{cut.cut.surface.depth_um:.4g} µm for {cut.plan.name}: look at what was measured"
        )
    return cut.cut.surface


def _clearance(pm95_um: float, angle_deg: float) -> float:
    """Length that a face needs which reaches deeper than thought [µm]."""
    return float(pm95_um * np.tan(np.radians(angle_deg))) if np.isfinite(pm95_um) else 0.0


def _refuse_unknown(depth: float, width: float, cut: CutPlan) -> None:
    if not np.isfinite([depth, width]).all():
        raise ValueError(
            f"the cut around {cut.plan.name} has no size, because its margin is not known "
            f"({cut.plan.region}): add landmarks"
        )
    if width <= 0:
        raise ValueError(
            f"the cut around {cut.plan.name} has no width: give the target a half_size"
        )


def _face(cut: CutPlan, near: NearSurface, half: NDArray, towards: str) -> _Face:
    normal = near.plane.normal
    away = across_normal(SIDES[towards], normal)
    if away is None:
        raise ValueError(
            f"towards needs a side along the surface, got {towards!r}, which is its normal: "
            "choose another"
        )
    position = cut.located.points_um[0]
    foot = position + near.depth_um * normal + float(abs(away) @ half) * away
    return _Face(foot, -normal, away, np.cross(normal, away))


def _staged(
    choice: MethodChoice,
    trench: Trench,
    sigma: float,
    nu: float | None,
    later_sigma_um: float | None,
    probability: float,
    clearance_um: float,
) -> StagedPlan | None:
    names = [name for name in (choice.coarse, choice.method) if name in choice.durations]
    few = nu is not None and nu < 3
    if choice.method not in choice.durations or not np.isfinite(sigma) or few:
        return None
    stand_off = choice.table.set_index("method")["stand_off_um"]
    later = sigma if later_sigma_um is None else later_sigma_um
    stages = [
        Stage(
            choice.durations[str(name)].rates[0],
            float(stand_off[name]),
            sigma_um=sigma if number == 0 else later,
            nu=nu if number == 0 or later_sigma_um is None else None,
        )
        for number, name in enumerate(names)
    ]
    return staged_plan(
        stages,
        depth_um=trench.depth_um,
        width_um=trench.width_um,
        angle_deg=trench.angle_deg,
        probability=probability,
        reregister=later_sigma_um is not None,
        clearance_um=clearance_um,
    )


def _lost(ws: Workspace, cut: CutPlan, face: _Face, trench: Trench, graph: Any) -> pd.DataFrame:
    """Landmarks of the instrument's image and other targets that lie where the trench will be."""
    to = cut.located.path[-1]
    rows = []
    for mark in ws.landmarks:
        if mark.active and to in (mark.moving_frame, mark.fixed_frame):
            side = mark.moving if mark.moving_frame == to else mark.fixed
            point = np.array([side[name] for name in _AXES], float)
            if _in_trench(point, face, trench, slack_um=trench.depth_um):
                rows.append({"name": mark.name, "kind": "landmark"})
    for other in ws.targets:
        place = _located(other, to, graph)
        if other.name == cut.plan.name or place is None:
            continue
        if _in_trench(place, face, trench, slack_um=0.0):
            rows.append({"name": other.name, "kind": "target"})
    return pd.DataFrame(rows, columns=["name", "kind"])


def _located(target: Any, to: str, graph: Any) -> NDArray[np.float64] | None:
    place = np.array([target.position[name] for name in _AXES], float)
    try:
        found: NDArray[np.float64] = graph.positions(place[None], target.frame, to)[0]
    except NoPath:
        return None
    return found


def _in_trench(point: NDArray, face: _Face, trench: Trench, *, slack_um: float) -> bool:
    """Whether a point lies in the ramp; a mark on the surface may lie a little above it."""
    offset = point - face.foot_um
    far, beside, deep = offset @ face.away, offset @ face.along, offset @ face.down
    floor = trench.depth_um * (1 - far / trench.length_um)
    inside = 0 <= far <= trench.length_um and abs(beside) <= trench.width_um / 2
    return bool(inside and -slack_um <= deep <= floor)


def _checks(table: pd.DataFrame, visible: Visibility, lost: pd.DataFrame) -> tuple[Check, ...]:
    ion = table[table["approach"] == ION_BEAM].iloc[0]
    known = bool(np.isfinite(ion["depth_um"]))
    names = ", ".join(lost["name"])
    kept = f"the trench takes away {names}" if len(lost) else "the trench takes no mark away"
    return (
        Check("depth along the ion beam", True if known else None, str(ion["statement"])),
        Check("bottom of the face visible", visible.visible, visible.statement),
        Check("landmarks and targets outside the trench", lost.empty, kept),
    )


def _findings(
    choice: MethodChoice,
    staged: StagedPlan | None,
    checks: tuple[Check, ...],
    material: str | None,
    later_sigma_um: float | None,
) -> tuple[tuple[str, str], ...]:
    roles = choice.table.set_index("method")["role"]
    usual = choice.coarse is not None or (choice.method and roles[choice.method] == "alone")
    found = [(choice.statement, "information" if staged and usual else "look")]
    if material is None:
        found.append(("The material is not stated: no rate is looked up, and no time.", "look"))
    if staged is None:
        found.append(
            ("No staged plan: a rate, a margin or a method that comes close is missing.", "look")
        )
    else:
        found.append((staged.statement, "information"))
        found += [(words, "information") for words in staged.dropped]
        nearest = staged.steps[-1].stops_um
        if len(staged.steps) + len(staged.dropped) > 1 and later_sigma_um is None:
            found.append(
                (
                    "No re-registration after the coarse step is counted on, so the last face "
                    f"stops {format_length(nearest)} away: state later_sigma_um to come nearer.",
                    "look",
                )
            )
    found += [(check.detail, "look") for check in checks if check.passed is not True]
    return tuple(found)
