"""How much there is of everything, in each field of view and in the whole specimen."""

from __future__ import annotations

import numpy as np

from .ellipsoids import Ellipsoids
from .entry import Truth, entry
from .session import Session
from .specimen import TIMES
from .statistics import FieldStatistics, face_fractions, field_statistics
from .views import View

RESOLVED_VOXELS = 5


def volume_truth(session: Session, view: View) -> Truth:
    """Volume, surface and sizes of each phase in one volume's field of view."""
    specimen = session.specimen
    truth: Truth = {}
    populations = {
        "pore": specimen.pores,
        "particle": specimen.particles,
        "dense": specimen.dense,
    }
    start = f"quantification.{view.name}"
    solid = 0.0
    for phase, solids in populations.items():
        found = field_statistics(solids, specimen, view)
        truth |= _phase_entries(f"{start}.{phase}", found)
        resolved = solids[solids.equivalent_diameters_um >= RESOLVED_VOXELS * max(view.spacing_um)]
        truth |= _resolved_entries(f"{start}.{phase}.resolved", resolved, session, view)
        solid += found.volume_um3
        if view.name.startswith("xrm_survey"):
            share = found.volume_um3 / np.prod(specimen.block_um)
            truth[f"{start}.{phase}.volume_fraction_of_block"] = entry(share, "1")
    truth[f"{start}.field_um3"] = entry(view.volume_um3, "um^3")
    if view.name.startswith("xrm_survey"):
        truth[f"{start}.solid.volume_um3"] = entry(
            specimen.solid_volume_um3(view.time), "um^3", note="block less pores and pits, no beads"
        )
    else:
        fraction = 1 - solid / view.volume_um3
        truth[f"{start}.matrix.volume_fraction"] = entry(fraction, "1")
    return truth


def face_truth(session: Session) -> Truth:
    """Area fractions on the face that the EDS map shows."""
    fractions = face_fractions(session.specimen, session.views["eds_map"])
    return {
        f"quantification.eds_map.{phase}.area_fraction": entry(value, "1", error=error)
        for phase, (value, error) in fractions.items()
    }


def metal_loss_truth(session: Session) -> Truth:
    """Volume that corrosion took since the first survey, and the depth of the deepest pit."""
    pits, block = session.specimen.pits, session.specimen.block_um
    truth: Truth = {}
    for time in range(TIMES):
        lost = pits.volume_um3(time) - pits.volume_um3(0)
        start = f"quantification.xrm_survey_t{time}"
        truth[f"{start}.metal_loss_um3"] = entry(lost, "um^3", note="since xrm_survey_t0")
        truth[f"{start}.metal_loss_um"] = entry(lost / (block[1] * block[2]), "um")
        truth[f"{start}.pit_volume_um3"] = entry(pits.volume_um3(time), "um^3")
        truth[f"{start}.deepest_pit_um"] = entry(pits.depths_um[time].max(), "um")
    return truth


def _phase_entries(start: str, found: FieldStatistics) -> Truth:
    field, diameters = found.field_um3, found.diameters_um
    truth = {
        f"{start}.volume_um3": entry(found.volume_um3, "um^3", error=found.volume_error_um3),
        f"{start}.volume_fraction": entry(
            found.volume_um3 / field, "1", error=found.volume_error_um3 / field
        ),
        f"{start}.surface_area_um2": entry(
            found.surface_um2, "um^2", error=found.surface_error_um2
        ),
        f"{start}.specific_surface_per_um": entry(
            found.surface_um2 / field, "1/um", error=found.surface_error_um2 / field
        ),
        f"{start}.count_whole": entry(len(diameters), "1"),
        f"{start}.count_touching": entry(found.touching, "1"),
        f"{start}.diameters_um": entry(diameters, "um", note="equivalent, wholly inside"),
    }
    if len(diameters):
        truth[f"{start}.mean_diameter_um"] = entry(diameters.mean(), "um")
        for percent in (10, 50, 90):
            value = np.percentile(diameters, percent)
            truth[f"{start}.diameter_d{percent}_um"] = entry(value, "um")
    return truth


def _resolved_entries(start: str, solids: Ellipsoids, session: Session, view: View) -> Truth:
    """The same for the solids that the image can show as more than a dot."""
    if not len(solids):
        return {}
    entries = _phase_entries(start, field_statistics(solids, session.specimen, view))
    note = f"diameter at least {RESOLVED_VOXELS} voxels"
    return {key: entry | {"note": note} for key, entry in entries.items()}
