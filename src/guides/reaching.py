"""The way to a target as far as it is known: what nobody has stated is said, and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..analysis.targeting import approach_table, removal_rates
from ..columns import significant
from ..errors import ScalebridgeError
from ..workspace import Workspace
from ..workspace.surface import SURFACE_TAG
from .approaches import ION_BEAM, SIDES, approach_depths, scanned_surface
from .milling import MillingPlan, plan_milling
from .targeting import CutPlan

_APPROACH = {"approach": "approach", "depth_um": "depth [µm]", "depth_pm95_um": "± 95 % [µm]",
             "material_um": "material [µm]", "in_the_way": "in the way"}  # fmt: skip
_METHOD = {"method": "method", "role": "role", "median_h": "median [h]", "low_h": "from [h]",
           "high_h": "to [h]", "why": "why"}  # fmt: skip
_RATE = {"method": "method", "rate": "rate", "unit": "unit", "sigma_ln": "s of its logarithm",
         "source": "source", "checked": "checked"}  # fmt: skip
_STEP = {"step": "step", "method": "method", "stops_um": "stops before [µm]",
         "stand_off_um": "of this stand-off [µm]", "median_h": "median [h]",
         "probability_safe": "probability safe", "then": "then"}  # fmt: skip
_NO_SCAN = (
    "What lies on the way is not known, so no trench is planned: {} is a set of points. Tag a "
    "segmentation of a scan that shows the surface: ws.segmentations.tag('<name>', 'surface')"
)
_TWO = (
    "The face is as deep as {} says, which was measured again; the depths along the beams are "
    "those of the scan, by {}."
)


@dataclass(frozen=True)
class Reach:
    """What is known of the way to a target.

    Attributes
    ----------
    milling : MillingPlan or None
        None where the trench cannot be planned.
    approaches : DataFrame
        As in `MillingPlan`; the ion beam alone where the angle between the beams is not known.
    rates : DataFrame
        Removal rates of the material, with their source; empty where it is not stated.
    findings : tuple of tuple of str
        Text and level (``information``, ``look`` or ``refused``), for a report.
    """

    milling: MillingPlan | None
    approaches: pd.DataFrame
    rates: pd.DataFrame
    findings: tuple[tuple[str, str], ...]

    def tables(self) -> Iterator[tuple[str, pd.DataFrame, str]]:
        """Give what there is to show: name, rows and caption."""
        if len(self.approaches):
            rows = _shown(self.approaches, _APPROACH)
            rows["± 95 % [µm]"] = significant(rows["± 95 % [µm]"].tolist(), digits=2)
            yield "approaches", rows, "Depth along each beam, and what lies on the way."
        if self.milling is None:
            return
        trench = self.milling.trench_table()
        yield "trench", trench, "The ramped trench in front of the face."
        methods = _shown(self.milling.methods, _METHOD)
        yield "methods", methods, "Ways of removing the trench, with the 95 % interval of the time."
        if len(self.rates):
            yield (
                "rates",
                _shown(self.rates, _RATE),
                "Removal rates behind the times: replace them by your own.",
            )
        steps = self.milling.steps
        if len(steps):
            yield "steps", _shown(steps, _STEP), "The cut in steps, coarse to fine."


def reach_target(
    ws: Workspace,
    cut: CutPlan,
    *,
    surface: Any,
    material: str | None = None,
    beam_angle_deg: float | None = None,
    towards: str = "+y",
    later_sigma_um: float | None = None,
    rates: pd.DataFrame | None = None,
) -> Reach:
    """Plan the way to a target with what is stated, and say what is not.

    Parameters
    ----------
    ws : Workspace
    cut : CutPlan
        From `plan_cut`.
    surface : Record
        A segmentation of the surface, or one that was measured again; then the segmentation that
        is tagged as the surface tells what lies on the way.
    material : str, optional
        As in `removal_rates`; without it there is no time.
    beam_angle_deg : float, optional
        Between ion and electron beam; that of the stage that is recorded unless told [degree].
    towards, later_sigma_um, rates
        As in `plan_milling`.

    Returns
    -------
    Reach

    Raises
    ------
    ValueError
        For a side that `plan_milling` does not know.
    """
    if towards not in SIDES:
        raise ValueError(f"towards needs one of {', '.join(SIDES)}, got {towards!r}")
    scanned, (angle, words) = _scanned(ws, surface), _angle(ws, cut.cut.frame, beam_angle_deg)
    if scanned is None:
        return _nothing(_NO_SCAN.format(surface.name))
    said = [(words, "information" if angle else "look")]
    try:
        if angle is None:
            near = scanned_surface(ws, cut, scanned)
            depths = approach_depths(ws, cut, surface=scanned, near=near, beam_angle_deg=None)
            return Reach(None, approach_table(depths), pd.DataFrame(), tuple(said))
        plan = plan_milling(
            ws, cut, surface=scanned, material=material, beam_angle_deg=angle, towards=towards,
            later_sigma_um=later_sigma_um, rates=rates,
        )  # fmt: skip
    except (ScalebridgeError, ValueError) as error:
        return _nothing(f"The way to {cut.plan.name} is not planned: {error}", *said)
    if surface.kind == "surfaces":
        said.append((_TWO.format(surface.name, scanned.name), "information"))
    said += _unknown(plan.approaches)
    shown = _rates_of(material, removal_rates() if rates is None else rates)
    said += [(_sentence(words), level) for words, level in plan.findings]
    if plan.visibility:
        said.append((_sentence(plan.visibility.statement), "information"))
    return Reach(plan, plan.approaches, shown, tuple(said))


def _nothing(why: str, *said: tuple[str, str]) -> Reach:
    return Reach(None, pd.DataFrame(), pd.DataFrame(), (*said, (why, "look")))


def _scanned(ws: Workspace, surface: Any) -> Any:
    """The segmentation that shows what lies on the way; None where nobody has chosen one."""
    if surface.kind != "surfaces":
        return surface
    tagged = [record for record in ws.segmentations if SURFACE_TAG in record.tags]
    return tagged[0] if len(tagged) == 1 else None


def _angle(ws: Workspace, frame: str, told: float | None) -> tuple[float | None, str]:
    if told is not None:
        return told, f"The beams stand {told:g}° apart, as the parameter says."
    stage = next((stage for stage in ws.stages if stage.frame == frame), None)
    if stage is None:
        return None, (
            f"The angle between the beams is not known, so no trench is planned: no stage is "
            f"recorded for {frame}. Give beam_angle_deg: 52 (Thermo), 54 (ZEISS) or 55 (TESCAN)."
        )
    angle = float(stage.between_beams_deg)
    return angle, f"The beams stand {angle:g}° apart, as recorded of the stage {stage.name}."


def _unknown(approaches: pd.DataFrame) -> list[tuple[str, str]]:
    """Say once why depths are not known; plan_milling's checks say it of the ion beam."""
    gaps = approaches[approaches["depth_um"].isna()]
    slanted = gaps[gaps["approach"] != ION_BEAM]
    return [
        (f"{', '.join(rows['approach'])}: {why}.", "information")
        for why, rows in slanted.groupby("statement", sort=False)
    ]


def _rates_of(material: str | None, rates: pd.DataFrame) -> pd.DataFrame:
    known = rates["material"].isin([material, "any"]) & rates["rate"].notna()
    return rates[known] if material is not None else rates.iloc[:0]


def _shown(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Columns in the order of their names; times with the digits that are known."""
    shown = table[list(names)].rename(columns=names)
    hours = [name for name in shown.columns if name.endswith("[h]")]
    for name in hours:
        shown[name] = significant(shown[name].tolist(), digits=2)
    return shown


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
