"""Where things are in every frame: maps between frames, fiducials, the target.

Three images look at their plane from the side. For each of them there are two frames: ``sem_view``
with the pixel that its file states, and ``sem_view.tilt_corrected`` with y divided by the cosine
of the tilt, as an import with the operator's answer makes it; ``fibsem`` and ``eds_map`` likewise.

A picture lies on a plane of the specimen. The beads' centres are a bead's radius above the top
surface, and a tilted view turns that height into a shift, so both planes have their own map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .entry import Truth, entry
from .session import Session
from .views import View

Floats = NDArray[np.floating]

_MAP = "affine 4x4 on (z, y, x, 1) [um]"


def transform_truth(session: Session) -> Truth:
    """Frame to specimen and frame to frame, as far as an affine map can say it."""
    truth: Truth = {}
    volumes = [view for view in session.views.values() if not view.is_picture]
    maps = _frame_maps(session)
    maps |= _corrected_maps(session, maps)
    for name, matrix in maps.items():
        note = "geometry alone: uneven slices and drift left out" if "fibsem" in name else ""
        truth[f"registration.{name}_to_specimen"] = entry(matrix, _MAP, note=note)
        for other in volumes:
            if other.name != name:
                pair = np.linalg.solve(maps[other.name], matrix)
                truth[f"registration.{name}_to_{other.name}"] = entry(pair, _MAP, note=note)
    for name in maps:
        truth[f"registration.specimen_to_{name}"] = entry(np.linalg.inv(maps[name]), _MAP)
    return truth


def fiducial_truth(session: Session) -> Truth:
    """Where every fiducial is seen, in the frames that show it whole [um]."""
    specimen = session.specimen
    truth: Truth = {}
    radii = specimen.dense.bounding_radii_um
    for (name, centre), radius in zip(specimen.fiducials().items(), radii, strict=True):
        truth[f"fiducials.{name}.specimen"] = entry(centre, "um")
        truth[f"fiducials.{name}.radius_um"] = entry(radius, "um")
        for view in session.views.values():
            if _shows(view, name, centre, radius):
                seen = _seen(view, centre)
                truth |= _positions(session, f"fiducials.{name}", view.name, seen)
    return truth


def target_truth(session: Session) -> Truth:
    """Where the target is in every frame, and how deep [um]."""
    target = session.specimen.target_um
    truth = {
        "targeting.target.specimen": entry(target, "um"),
        "targeting.target.depth_um": entry(
            target[0], "um", note="below the original top surface, true micrometres"
        ),
        "targeting.target.depth_below_bead_plane_um": entry(
            target[0] - session.specimen.beads.centres_um[:, 0].mean(), "um"
        ),
    }
    for view in session.views.values():
        note = "z along the viewing direction" if view.is_picture else ""
        nominal = view.to_nominal(target[None])[0]
        truth[f"targeting.target.{view.name}"] = entry(nominal, "um", note=note)
    corrected = _corrected_maps(session, _frame_maps(session))
    for frame, matrix in corrected.items():
        position = np.linalg.solve(matrix, [*target, 1])[:3]
        note = "foot of the perpendicular, z along it" if frame != "fibsem.tilt_corrected" else ""
        truth[f"targeting.target.{frame}"] = entry(position, "um", note=note)
    fib = truth["targeting.target.fibsem"]["value"] / _corrected(session, "fibsem")
    truth["targeting.target.fibsem.tilt_corrected"] = entry(fib, "um")
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
    truth = {f"{start}.{name}": entry(nominal, "um", **extra)}
    factors = _corrected(session, name)
    if factors is not None:
        truth[f"{start}.{name}.tilt_corrected"] = entry(nominal / factors, "um", **extra)
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


def _shows(view: View, name: str, centre: Floats, radius: float) -> bool:
    """Whether a fiducial appears whole: pictures of the surface show beads, the map none."""
    if view.name == "eds_map" or (view.is_picture and not name.startswith("bead")):
        return False
    return bool(view.contains(centre[None], inset_um=radius)[0])


def _seen(view: View, centre: Floats) -> Floats:
    """Nominal position; a picture has no depth, so its z is 0."""
    nominal = view.to_nominal(centre[None])[0]
    return nominal * [0, 1, 1] if view.is_picture else nominal
