"""Everything that is exactly known about a session, under flat names, for comparison at the end.

Positions are z, y, x. *Nominal* coordinates of a frame are index times the voxel size its file
states; *specimen* coordinates are true micrometres, z downwards from the original top surface.
Registration and segmentation never see this.

Three images look at their plane from the side. For each of them there are two frames: ``sem_view``
with the pixel that its file states, and ``sem_view.tilt_corrected`` with y divided by the cosine
of the tilt, as an import with the operator's answer makes it; ``fibsem`` and ``eds_map`` likewise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids
from .poses import eds_slice
from .session import Session
from .specimen import TIMES
from .statistics import FieldStatistics, face_fractions, field_statistics
from .views import SlicedView, View

Truth = dict[str, dict[str, Any]]
Floats = NDArray[np.float64]

RESOLVED_VOXELS = 5

_MAP = "affine 4x4 on (z, y, x, 1) [um]"


def session_truth(session: Session) -> Truth:
    """Collect the truth of a session.

    Returns
    -------
    dict
        ``{"quantification.xrm_zoom.pore.volume_fraction": {"value": ..., "unit": ...}, ...}``;
        entries may carry ``error`` (one standard error of a numeric integration) and ``note``.
    """
    truth: Truth = {}
    for view in session.views.values():
        truth |= _calibration(session, view)
    truth |= _transforms(session)
    truth |= _fiducials(session)
    truth |= _targets(session)
    for view in session.views.values():
        if not view.is_picture:
            truth |= _volume_statistics(session, view)
    truth |= _face_statistics(session)
    truth |= _metal_loss(session)
    return truth


def tilt_corrections(session: Session) -> dict[str, float]:
    """Tilt of the plane against the picture [deg], for the images that show it foreshortened."""
    face = 90 - session.layout.beam_angle_deg
    return {"sem_view": session.layout.sem_tilt_deg, "fibsem": face, "eds_map": face}


def _corrected(session: Session, name: str) -> Floats | None:
    """Factors (z, y, x) from tilt-corrected to nominal coordinates, None without a tilt."""
    tilt = tilt_corrections(session).get(name)
    return None if tilt is None else np.array([1, np.cos(np.deg2rad(tilt)), 1])


def _positions(session: Session, start: str, name: str, nominal: Floats, **extra: Any) -> Truth:
    """A position in a frame and, where there is one, in its tilt-corrected twin."""
    truth = {f"{start}.{name}": _entry(nominal, "um", **extra)}
    factors = _corrected(session, name)
    if factors is not None:
        truth[f"{start}.{name}.tilt_corrected"] = _entry(nominal / factors, "um", **extra)
    return truth


def _entry(value: Any, unit: str, **extra: Any) -> dict[str, Any]:
    plain = np.asarray(value).tolist() if not isinstance(value, str) else value
    return {"value": plain, "unit": unit, **extra}


def _calibration(session: Session, view: View) -> Truth:
    axes = slice(1, None) if view.is_picture else slice(None)
    start = f"imaging.{view.name}"
    truth = {
        f"{start}.nominal_spacing_um": _entry(view.spacing_um[axes], "um"),
        f"{start}.true_step_um": _entry(
            view.true_spacing_um[axes],
            "um",
            note="length in the specimen of one step along each axis",
        ),
    }
    if isinstance(view, SlicedView):
        truth |= {
            f"{start}.slice_positions_um": _entry(view.positions_um, "um"),
            f"{start}.drift_um": _entry(view.drift_um, "um", note="y, x of each slice"),
            f"{start}.beam_angle_deg": _entry(view.angle_deg, "deg"),
            f"{start}.eds_slice": _entry(eds_slice(session.layout), "1"),
        }
    if view.name.startswith("xrm_survey"):
        scale = session.layout.survey_true_um / session.layout.survey_nominal_um
        truth[f"{start}.true_over_nominal"] = _entry(scale, "1")
    return truth


def _transforms(session: Session) -> Truth:
    """Frame to specimen and frame to frame, as far as an affine map can say it."""
    truth: Truth = {}
    volumes = [view for view in session.views.values() if not view.is_picture]
    maps = _frame_maps(session)
    maps |= _corrected_maps(session, maps)
    for name, matrix in maps.items():
        note = "geometry alone: uneven slices and drift left out" if "fibsem" in name else ""
        truth[f"registration.{name}_to_specimen"] = _entry(matrix, _MAP, note=note)
        for other in volumes:
            if other.name != name:
                pair = np.linalg.solve(maps[other.name], matrix)
                truth[f"registration.{name}_to_{other.name}"] = _entry(pair, _MAP, note=note)
    for name in maps:
        truth[f"registration.specimen_to_{name}"] = _entry(np.linalg.inv(maps[name]), _MAP)
    return truth


def _frame_maps(session: Session) -> dict[str, Floats]:
    volumes = [view for view in session.views.values() if not view.is_picture]
    maps = {view.name: _homogeneous(view.matrix, view.offset_um) for view in volumes}
    return maps | _picture_maps(session)


def _picture_maps(session: Session) -> dict[str, Floats]:
    """Where the points (0, y, x) of each picture lie, on the plane that was looked at."""
    beads = session.specimen.beads.centres_um[:, 0].mean()
    planes = {"bead_plane": beads, "top_surface": 0.0}
    maps = {
        f"{name}.{plane}": _onto_plane(session.views[name], height)
        for name in ("light_mosaic", "sem_view")
        for plane, height in planes.items()
    }
    eds = session.views["eds_map"]
    return maps | {"eds_map.face": _homogeneous(eds.matrix, eds.offset_um)}


def _corrected_maps(session: Session, maps: dict[str, Floats]) -> dict[str, Floats]:
    corrected = {}
    for name, matrix in maps.items():
        image, dot, plane = name.partition(".")
        factors = _corrected(session, image)
        if factors is not None:
            scaled = matrix @ np.diag([*factors, 1])
            if session.views[image].is_picture:  # z becomes the normal of the plane
                scaled[:3, 0] = np.cross(scaled[:3, 1], scaled[:3, 2])
            corrected[f"{image}.tilt_corrected{dot}{plane}"] = scaled
    return corrected


def _onto_plane(view: View, height_um: float) -> Floats:
    """Follow the beam from (0, y, x) to a horizontal plane; z stays the beam's direction."""
    beam = view.matrix[:, 0]
    drop = np.eye(3) - np.outer(beam, [1, 0, 0]) / beam[0]
    matrix = np.column_stack([beam, drop @ view.matrix[:, 1], drop @ view.matrix[:, 2]])
    offset = drop @ view.offset_um + beam / beam[0] * height_um
    return _homogeneous(matrix, offset)


def _homogeneous(matrix: Floats, offset: Floats) -> Floats:
    full = np.eye(4)
    full[:3, :3], full[:3, 3] = matrix, offset
    return full


def _fiducials(session: Session) -> Truth:
    specimen, truth = session.specimen, {}
    radii = specimen.dense.bounding_radii_um
    for (name, centre), radius in zip(specimen.fiducials().items(), radii, strict=True):
        truth[f"fiducials.{name}.specimen"] = _entry(centre, "um")
        truth[f"fiducials.{name}.radius_um"] = _entry(radius, "um")
        for view in session.views.values():
            if _shows(view, name, centre, radius):
                seen = _seen(view, centre)
                truth |= _positions(session, f"fiducials.{name}", view.name, seen)
    return truth


def _shows(view: View, name: str, centre: Floats, radius: float) -> bool:
    """Whether a fiducial appears whole: pictures of the surface show beads, the map none."""
    if view.name == "eds_map" or (view.is_picture and not name.startswith("bead")):
        return False
    return bool(view.contains(centre[None], inset_um=radius)[0])


def _seen(view: View, centre: Floats) -> Floats:
    """Nominal position; a picture has no depth, so its z is 0."""
    nominal = view.to_nominal(centre[None])[0]
    return nominal * [0, 1, 1] if view.is_picture else nominal


def _targets(session: Session) -> Truth:
    target = session.specimen.target_um
    truth = {
        "targeting.target.specimen": _entry(target, "um"),
        "targeting.target.depth_um": _entry(
            target[0], "um", note="below the original top surface, true micrometres"
        ),
        "targeting.target.depth_below_bead_plane_um": _entry(
            target[0] - session.specimen.beads.centres_um[:, 0].mean(), "um"
        ),
    }
    for view in session.views.values():
        note = "z along the viewing direction" if view.is_picture else ""
        nominal = view.to_nominal(target[None])[0]
        truth[f"targeting.target.{view.name}"] = _entry(nominal, "um", note=note)
    corrected = _corrected_maps(session, _frame_maps(session))
    for frame, matrix in corrected.items():
        position = np.linalg.solve(matrix, [*target, 1])[:3]
        note = "foot of the perpendicular, z along it" if frame != "fibsem.tilt_corrected" else ""
        truth[f"targeting.target.{frame}"] = _entry(position, "um", note=note)
    fib = truth["targeting.target.fibsem"]["value"] / _corrected(session, "fibsem")
    truth["targeting.target.fibsem.tilt_corrected"] = _entry(fib, "um")
    return truth


def _volume_statistics(session: Session, view: View) -> Truth:
    specimen, truth = session.specimen, {}
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
            truth[f"{start}.{phase}.volume_fraction_of_block"] = _entry(share, "1")
    truth[f"{start}.field_um3"] = _entry(view.volume_um3, "um^3")
    if view.name.startswith("xrm_survey"):
        truth[f"{start}.solid.volume_um3"] = _entry(
            specimen.solid_volume_um3(view.time), "um^3", note="block less pores and pits, no beads"
        )
    else:
        fraction = 1 - solid / view.volume_um3
        truth[f"{start}.matrix.volume_fraction"] = _entry(fraction, "1")
    return truth


def _phase_entries(start: str, found: FieldStatistics) -> Truth:
    field, diameters = found.field_um3, found.diameters_um
    truth = {
        f"{start}.volume_um3": _entry(found.volume_um3, "um^3", error=found.volume_error_um3),
        f"{start}.volume_fraction": _entry(
            found.volume_um3 / field, "1", error=found.volume_error_um3 / field
        ),
        f"{start}.surface_area_um2": _entry(
            found.surface_um2, "um^2", error=found.surface_error_um2
        ),
        f"{start}.specific_surface_per_um": _entry(
            found.surface_um2 / field, "1/um", error=found.surface_error_um2 / field
        ),
        f"{start}.count_whole": _entry(len(diameters), "1"),
        f"{start}.count_touching": _entry(found.touching, "1"),
        f"{start}.diameters_um": _entry(diameters, "um", note="equivalent, wholly inside"),
    }
    if len(diameters):
        truth[f"{start}.mean_diameter_um"] = _entry(diameters.mean(), "um")
        for percent in (10, 50, 90):
            value = np.percentile(diameters, percent)
            truth[f"{start}.diameter_d{percent}_um"] = _entry(value, "um")
    return truth


def _resolved_entries(start: str, solids: Ellipsoids, session: Session, view: View) -> Truth:
    """The same for the solids that the image can show as more than a dot."""
    if not len(solids):
        return {}
    entries = _phase_entries(start, field_statistics(solids, session.specimen, view))
    note = f"diameter at least {RESOLVED_VOXELS} voxels"
    return {key: entry | {"note": note} for key, entry in entries.items()}


def _face_statistics(session: Session) -> Truth:
    fractions = face_fractions(session.specimen, session.views["eds_map"])
    return {
        f"quantification.eds_map.{phase}.area_fraction": _entry(value, "1", error=error)
        for phase, (value, error) in fractions.items()
    }


def _metal_loss(session: Session) -> Truth:
    """Volume that corrosion took since the first survey, and the depth of the deepest pit."""
    pits, block = session.specimen.pits, session.specimen.block_um
    truth: Truth = {}
    for time in range(TIMES):
        lost = pits.volume_um3(time) - pits.volume_um3(0)
        start = f"quantification.xrm_survey_t{time}"
        truth[f"{start}.metal_loss_um3"] = _entry(lost, "um^3", note="since xrm_survey_t0")
        truth[f"{start}.metal_loss_um"] = _entry(lost / (block[1] * block[2]), "um")
        truth[f"{start}.pit_volume_um3"] = _entry(pits.volume_um3(time), "um^3")
        truth[f"{start}.deepest_pit_um"] = _entry(pits.depths_um[time].max(), "um")
    return truth
