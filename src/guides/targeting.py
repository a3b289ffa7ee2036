"""Targeting: a target in the coordinates of the instrument that will cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.quantification.measurement import Check, Measurement, measurement_from_parts
from ..analysis.registration import Located, Region, confidence_region, region_factor
from ..analysis.registration.cut import Containment
from ..analysis.registration.milling_volume import MillingVolume, volume_containment
from ..analysis.targeting import (
    BeamView,
    InstrumentError,
    Offset,
    UncertaintySplit,
    offset_table,
    offsets,
    split_uncertainty,
)
from ..analysis.targeting.plan import BELOW_SURFACE, TargetPlan
from ..analysis.targeting.surface_plane import SurfacePlane
from ..columns import significant
from ..quantities import format_length, format_value
from ..workspace import Workspace
from ..workspace.cut_margins import margins, milled_by
from ..workspace.instrument_cut import InstrumentCut, instrument_cut
from ..workspace.measured_surface import surface_of
from ..workspace.surface import NearSurface, coverage_factor
from .cut_files import refuse_gaps
from .depth_surfaces import surfaces_passed_over, unstated_threshold
from .fiducials import SeenFiducials, seen_fiducials, views_of

_AXES = ("z", "y", "x")
_DEPTH = ".depth_um"


@dataclass(frozen=True)
class CutPlan:
    """A target, located and with everything that a cut needs.

    Attributes
    ----------
    located : Located
        In the instrument's frame.
    plan : TargetPlan
    region : Region
        Its 95 % ellipsoid.
    table, margins, offsets : DataFrame
    measurements : tuple of Measurement
        ``targeting.<target>.<frame>.x_um`` and so on, and the depth.
    checks : tuple of Check
    notes : tuple of str
    drawn : dict
        Arguments for `scalebridge.plots.target_views`.
    region50 : Region
        The 50 % ellipsoid.
    found : tuple of Offset
        What `offsets` lists, for `scalebridge.plots.offset_overlay`.
    split : UncertaintySplit
        Where the uncertainty comes from, stage, drift and scale included.
    milled : MillingVolume or None
        What will be milled; None where the cut is not known.
    contained : Containment or None
        Probability that all corners of the volume of interest lie in it.
    cut : InstrumentCut
    segmentation : str or None
        Name of the one that the depth rests on; None for a surface that was measured again.
    """

    located: Located
    plan: TargetPlan
    region: Region
    table: pd.DataFrame
    margins: pd.DataFrame
    offsets: pd.DataFrame
    measurements: tuple[Measurement, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    drawn: dict[str, Any]
    region50: Region
    found: tuple[Offset, ...]
    split: UncertaintySplit
    milled: MillingVolume | None
    contained: Containment | None
    cut: InstrumentCut
    segmentation: str | None

    @property
    def positions(self) -> tuple[Measurement, ...]:
        """The measurements that rest on the transforms alone."""
        return tuple(one for one in self.measurements if not _is_depth(one))

    @property
    def depths(self) -> tuple[Measurement, ...]:
        """The depth, which rests on the surface too; none without a surface."""
        return tuple(one for one in self.measurements if _is_depth(one))

    def by_view(self) -> dict[str, tuple[Offset, ...]]:
        """The offsets of each view, for `scalebridge.plots.offset_overlay`."""
        views = dict.fromkeys(one.view for one in self.found)
        return {view: tuple(one for one in self.found if one.view == view) for view in views}

    @property
    def ellipsoids(self) -> str:
        """Both ellipsoids in words: their semi-axes, and what they rest on."""
        if not self.region.stated:
            return self.region.statement
        sizes = (
            f"{100 * one.level:g} % ellipsoid, semi-axes "
            + ", ".join(format_length(float(radius), digits=2) for radius in one.radii_um)
            for one in (self.region50, self.region)
        )
        why = self.region.statement.partition(", ")[2]
        return f"{'; '.join(sizes)}; {why}"

    def split_table(self) -> pd.DataFrame:
        """Where the uncertainty comes from, with the digits that are known."""
        table = self.split.table()
        for name in ("sx_um", "sy_um", "sz_um"):
            table[name] = significant(table[name].tolist(), digits=2)
        share = table.pop("share_of_variance")
        return table.assign(**{"share of the variance [%]": (100 * share).round(0)})

    def offset_table(self) -> pd.DataFrame:
        """Offsets as they are driven; ± s and the radius that holds 95 % with two digits."""
        table = self.offsets.drop(columns=["rho", "nu"])
        for name in ("sx_um", "sy_um", "radius95_um"):
            table[name] = significant(table[name].tolist(), digits=2)
        return table

    def position_table(self) -> pd.DataFrame:
        """Position, its uncertainties and the size of the cut, an axis a row."""
        sigma = np.sqrt(np.diag(self.located.covariance_um2[0]))
        plan, order = self.plan, (2, 1, 0)
        rows = {
            "axis": ["x", "y", "z"],
            "position_um": [plan.position_um[i] for i in order],
            "standard uncertainty [µm]": significant([sigma[i] for i in order], digits=2),
            "± 95 % [µm]": significant([plan.interval95_um[i] for i in order], digits=2),
            "cut [µm]": [plan.cut_size_um[i] for i in order],
            "localisation error": [self.located.error_source] * 3,
        }
        return pd.DataFrame(rows)

    def write_csv(self, folder: str | Path) -> Path:
        """Write the table for the instrument, columns by name, into a folder.

        Raises
        ------
        CovarianceUnavailable
            A number of it is not known.
        """
        refuse_gaps(self.table, why=self.region.statement)
        path = Path(folder) / f"target_{file_name(self.plan.name)}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.table.to_csv(path, index=False)
        return path


def plan_cut(
    ws: Workspace,
    target: str,
    *,
    to: str,
    surface: Any,
    probability: float | None = None,
    views: Sequence[BeamView] | None = None,
    instrument: InstrumentError | None = None,
    volume: MillingVolume | None = None,
    minutes: float | None = None,
) -> CutPlan:
    """Look a target up in an instrument's frame and plan the cut around it.

    Parameters
    ----------
    ws : Workspace
    target : str
        Name of a target record.
    to : str
        Frame of the instrument that will cut.
    surface : Record or None
        Segmentation whose first boundary along z is the surface, or a surface that was measured
        again (of ``ws.surfaces``); None gives no depth.
    probability : float, optional
        That the volume of interest lies in the cut; the target's own unless told.
    views : sequence of BeamView, optional
        In which offsets are given; of the stage that is recorded for the frame, else from above.
    instrument : InstrumentError, optional
        What stage, drift and scale add; what is recorded of the stage unless told.
    volume : MillingVolume, optional
        That will be milled, in the instrument's frame; the planned cut unless told.
    minutes : float, optional
        Between the last look at a fiducial and the cut, for a recorded drift [min].

    Raises
    ------
    NoPath
        The frames are not connected by accepted transforms.
    """
    record, below = ws.targets.get(target), surface and surface_of(ws, surface)
    cut = instrument_cut(
        ws, record, to=to, surface=below, probability=probability, instrument=instrument,
        minutes=minutes,
    )  # fmt: skip
    shown, instrument = seen_fiducials(ws, to=to, way=cut.way), cut.instrument
    measurements = _positions(target, to, cut)
    own = cut.localisation_um2
    split = split_uncertainty(cut.way, cut.place_um, localisation_um2=own, instrument=instrument)
    located, plan = cut.located, cut.plan
    region = confidence_region(located.covariance_um2[0], nu=located.nu)
    found = _offsets(cut, shown, views_of(ws, to) if views is None else views)
    milled = volume or milled_by(cut)
    checks = plan.checks
    if cut.surface is not None:
        depth = _depth(target, to, cut.surface, surface)
        checks = (*(_checked(check, depth) for check in checks), *unstated_threshold(surface))
        measurements.append(replace(depth, checks=checks))
    return CutPlan(
        located,
        plan,
        region,
        cut.table(),
        margins(cut.overhang),
        offset_table(found),
        tuple(measurements),
        checks,
        (*located.notes, *shown.notes, *cut.notes, *surfaces_passed_over(ws, surface)),
        _drawn(cut, region),
        confidence_region(located.covariance_um2[0], level=0.5, nu=located.nu),
        found,
        split,
        milled,
        None
        if milled is None
        else volume_containment(
            cut.way, cut.place_um, cut.half_um, milled, localisation_um2=own, instrument=instrument
        ),
        cut,
        surface.name if surface is not None and surface.kind == "segmentations" else None,
    )


def _positions(target: str, to: str, cut: InstrumentCut) -> list[Measurement]:
    located, (mapped, nus) = cut.exact, cut.way.covariance_and_nu(cut.place_um)
    factor = coverage_factor(float(nus[0])) if located.stated else float("nan")
    parts = {"registration": factor * np.sqrt(np.diag(mapped[0]))}
    known: dict[str, np.ndarray] = {}
    if cut.localisation_um2 is not None:
        matrix = cut.way.matrix()
        known["localisation"] = matrix @ cut.localisation_um2 @ matrix.T
    if cut.instrument is not None:
        added = cut.instrument.parts_at(located.points_um)
        known |= {name: part[0] for name, part in added.items() if part.any()}
    parts |= {name: coverage_factor(None) * np.sqrt(np.diag(part)) for name, part in known.items()}
    return [
        measurement_from_parts(
            key=f"targeting.{target}.{to}.{axis}_um",
            name=f"{target} in {to}, {axis}",
            value=float(located.points_um[0, index]),
            unit="µm",
            convention=f"frame of {to}, path {' to '.join(located.path)}",
            parts={name: float(part[index]) for name, part in parts.items()},
        )
        for index, axis in reversed(list(enumerate(_AXES)))
    ]


def _depth(target: str, to: str, surface: NearSurface, record: Any) -> Measurement:
    """Depth below the surface, in the lengths of the instrument's frame."""
    again = f" {record.name}, measured by {record.method}," if record.kind == "surfaces" else ""
    return measurement_from_parts(
        key=f"targeting.{target}{_DEPTH}",
        name=f"depth of {target} below the surface",
        value=surface.depth_um,
        unit="µm",
        convention=f"along the normal of the surface{again} around the target, lengths of {to}",
        parts=surface.parts,
    )


def _is_depth(measurement: Measurement) -> bool:
    return measurement.key.endswith(_DEPTH)


def _checked(check: Check, depth: Measurement) -> Check:
    """Let the check of the depth state the depth that is reported: one number, not two.

    A plan knows the target's covariance alone; what moves surface and target alike is no part of
    the depth's uncertainty.
    """
    if check.name != BELOW_SURFACE:
        return check
    low = depth.interval95[0]
    if not np.isfinite(low):
        return Check(check.name, None, f"depth {depth.value:.4g} µm, its interval is not known")
    said = format_value(depth.value, depth.uncertainty, depth.unit)
    return Check(check.name, bool(low > 0), f"depth {said} (95 %)")


def _offsets(
    cut: InstrumentCut, shown: SeenFiducials, views: Sequence[BeamView]
) -> tuple[Offset, ...]:
    """Offsets to the target from the nearest landmarks that the instrument itself shows."""
    return offsets(cut.place_um, shown.seen, way=cut.way, views=views, fit=shown.fit)


def _drawn(cut: InstrumentCut, region: Region) -> dict[str, Any]:
    point, margin = cut.located.points_um[0], cut.plan.margin_um
    return {
        "position_um": point,
        "covariance_um2": cut.located.covariance_um2[0],
        "factor": region.factor if region.stated else None,
        "factor50": region_factor(3, level=0.5, nu=cut.located.nu) if region.stated else None,
        "half_size_um": cut.extent_um if cut.extent_um.any() else None,
        "margin_um": margin if np.isfinite(margin) else None,
        "surface_z_um": None if cut.surface is None else _height(cut.surface.plane, point),
        "name": cut.plan.name,
    }


def _height(surface: SurfacePlane, point: np.ndarray) -> float | None:
    """Where the surface lies above a point, along z; None for a surface that stands upright."""
    normal = surface.normal
    across = normal[1:] @ (point[1:] - surface.point_um[1:])
    return float(surface.point_um[0] - across / normal[0]) if normal[0] else None


def file_name(name: str) -> str:
    """Turn a target's name into one that every file system takes."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
