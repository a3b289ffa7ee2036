"""How deep a target lies along the beams of an instrument, from a segmented image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.registration import FramePath
from ..analysis.targeting import ApproachDepth, depth_along
from ..workspace import Workspace
from ..workspace.surface import NearSurface, SpecimenSurface, extent_um, magnification
from .targeting import CutPlan

SIDES = {"+y": (0, 1, 0), "-y": (0, -1, 0), "+x": (0, 0, 1), "-x": (0, 0, -1)}
"""Where the electron beam may stand, seen from the face, along axes of the instrument's frame."""

ION_BEAM = "ion beam, along the surface's normal"

_AXES = ("z_um", "y_um", "x_um")
_SMOOTHING_PX = 1.0  # as the surface's own search: against single bright voxels of noise


def scanned_surface(ws: Workspace, cut: CutPlan, surface: Any, *, graph: Any = None) -> NearSurface:
    """Give the surface that a segmentation shows around a target, in the instrument's frame.

    Raises
    ------
    ValueError
        The target does not lie below it.
    """
    record = ws.targets.get(cut.plan.name)
    near = SpecimenSurface(ws, surface).near(
        cut.cut.place_um,
        frame=record.frame,
        to=cut.cut.frame,
        graph=graph,
        localisation_um2=cut.cut.localisation_um2,
    )
    if not near.depth_um > 0:
        raise ValueError(
            f"the cut needs to lie below the surface, got a depth of {near.depth_um:.4g} µm for "
            f"{cut.plan.name}: look at the surface {surface.name}"
        )
    return near


def approach_depths(
    ws: Workspace,
    cut: CutPlan,
    *,
    surface: Any,
    near: NearSurface,
    beam_angle_deg: float | None,
    graph: Any = None,
) -> dict[str, ApproachDepth]:
    """Follow the ion beam and the electron beam from each side to a target.

    Parameters
    ----------
    ws : Workspace
    cut : CutPlan
        From `plan_cut`.
    surface : Record
        Segmentation by thresholds; its first boundary is the surface, and its phases are what may
        be in the way.
    near : NearSurface
        The surface around the target, in the instrument's frame.
    beam_angle_deg : float or None
        Between ion and electron beam; None follows the ion beam alone [degree].
    graph : FrameGraph, optional
        The workspace's, where it was just read.

    Returns
    -------
    dict of str to ApproachDepth
        By beam. Lengths and volumes are those of the instrument's frame; entries lie in the frame
        of the surface's image.
    """
    graph, image = graph or ws.graph(), ws.images[surface.image]
    way = graph.path(image.frame, cut.located.path[-1])
    matrix = way.gradient_at(_in_image(ws, cut, graph, image)[None])[0]
    back, volume = np.linalg.inv(matrix), abs(float(np.linalg.det(matrix)))
    beams = _beams(near.plane.normal, beam_angle_deg)
    grey, options = _looked_at(ws, cut, surface, near, graph, way)
    depths = {}
    for name, beam in beams.items():
        found = depth_along(grey, direction=(back @ beam).tolist(), **options)
        stretch = float(np.linalg.norm(matrix @ found.direction))
        depths[name] = found.stretched(length=stretch, volume=volume)
    return depths


def _looked_at(
    ws: Workspace, cut: CutPlan, surface: Any, near: NearSurface, graph: Any, way: Any
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    from scipy import ndimage

    record, image = ws.targets.get(cut.plan.name), ws.images[surface.image]
    place = np.array([record.position[name] for name in _AXES], float)
    size = record.half_size or dict.fromkeys(_AXES, 0.0)
    to_image, here = graph.path(record.frame, image.frame), _in_image(ws, cut, graph, image)
    grey = ndimage.gaussian_filter(
        np.asarray(image.array(), np.float32), _SMOOTHING_PX, mode="nearest"
    )
    # 95 % half-widths of what the threshold leaves open, and of lengths along the way
    doubt = np.hypot(near.parts.get("threshold", 0.0), near.parts.get("scale", 0.0))
    return grey, {
        "target_um": here.tolist(),
        "level": surface.thresholds[0],
        "spacing_um": image.spacing_um,
        "origin_um": image.origin_um,
        "covariance_um2": to_image.covariance_at(place[None])[0],
        "nu": _freedom(to_image, place),
        "surface_sigma_um": float(doubt) / 1.96 / magnification(way, here),
        "half_size_um": extent_um(to_image, place, np.array([size[n] for n in _AXES], float)),
        "labels": _phases(grey, surface.thresholds),
        "names": {k: phase["name"] for k, phase in enumerate(surface.phases)},
    }


def _in_image(ws: Workspace, cut: CutPlan, graph: Any, image: Any) -> NDArray[np.float64]:
    """The target in the frame of an image: (3,) [µm]."""
    record = ws.targets.get(cut.plan.name)
    place = np.array([record.position[name] for name in _AXES], float)
    return np.asarray(graph.positions(place[None], record.frame, image.frame)[0])


def _freedom(way: FramePath, place: NDArray[np.float64]) -> float | None:
    nu = float(way.nu_at(place[None])[0])
    return nu if np.isfinite(nu) else None


def _phases(grey: NDArray[np.float32], thresholds: list[float]) -> NDArray[np.uint8]:
    """Number of thresholds that each voxel reaches; 1 at least, also where it is cut in two."""
    phases = np.ones(grey.shape, np.uint8)
    for threshold in thresholds[1:]:
        phases += grey >= threshold
    return phases


def _beams(normal: NDArray[np.float64], angle_deg: float | None) -> dict[str, NDArray[np.float64]]:
    """Where the beams go, in the instrument's frame."""
    beams = {ION_BEAM: -normal}
    if angle_deg is None:
        return beams
    turn = np.radians(angle_deg)
    for name, side in SIDES.items():
        across = across_normal(side, normal)
        if across is not None:
            beams[f"electron beam from {name}"] = -np.cos(turn) * normal - np.sin(turn) * across
    return beams


def across_normal(
    side: tuple[float, float, float], normal: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Direction along the surface nearest to an axis; None where the axis is its normal."""
    axis = np.asarray(side, float)
    across = axis - (axis @ normal) * normal
    size = float(np.linalg.norm(across))
    return across / size if size > 1e-3 else None
