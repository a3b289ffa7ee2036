"""What a picture of the surface and its survey say about how the one looked at the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DecisionNeeded, Degenerate, UnusableRecord

if TYPE_CHECKING:
    from ..analysis.registration import AffineTransform
    from ..analysis.registration.surface import SurfaceView
    from ..analysis.targeting.surface_plane import SurfacePlane


def corrected_for(image: Any) -> float:
    """Tilt that an image's y pixel is corrected for; 0 without a correction [degree]."""
    said = (image.source.get("answers") or {}).get("tilt_correction")
    if said:
        return float(said)
    instrument = image.metadata.get("tilt_correction") or {}
    if isinstance(instrument, dict) and instrument.get("on") and instrument.get("angle_deg"):
        return float(instrument["angle_deg"])
    return 0.0


def stated_tilt(image: Any, tilt_deg: float | None = None) -> float:
    """Tilt at which a picture was taken: as told, or as its correction or its file says [degree].

    Raises
    ------
    DecisionNeeded
        Nobody has said it.
    """
    stage = (image.source.get("stage") or {}).get("tilt_deg")
    for said in (tilt_deg, corrected_for(image) or None, stage):
        if said is not None:
            return float(said)
    raise DecisionNeeded(
        f"the tilt at which {image.name} was taken is not decided: neither its file nor an answer "
        "states it. To decide: give the parameter tilt_deg"
    )


def refuse_without_level(segmentation: Any) -> None:
    """Refuse a segmentation whose first threshold is no grey value of its image.

    Raises
    ------
    UnusableRecord
    """
    if segmentation.method != "thresholds":
        raise UnusableRecord(
            f"the surface needs a segmentation by plain thresholds, got {segmentation.name!r} by "
            f"{segmentation.method}: save one with the method 'thresholds'",
            names=(str(segmentation.name),),
        )


def plane_of_surface(
    volume: NDArray[Any],
    *,
    level: float,
    spacing_um: Sequence[float],
    origin_um: Sequence[float],
    name: str,
) -> SurfacePlane:
    """Fit the plane of a specimen's surface, entered from low z.

    Parameters
    ----------
    volume : ndarray, shape (z, y, x)
    level : float
        Between outside and specimen [grey value].
    spacing_um, origin_um : sequence of 3 float
        Of the volume [µm].
    name : str
        Of the survey, for what is refused.

    Raises
    ------
    Degenerate
        No surface is seen.
    """
    from ..analysis.targeting.surface_plane import fit_surface
    from ..analysis.targeting.surface_points import flat_part, surface_points

    points = surface_points(volume, threshold=level, spacing_um=spacing_um, origin_um=origin_um)
    if len(points) == 0:
        raise Degenerate(
            f"no surface is seen in {name} at its threshold of {level:g}: the specimen must be "
            "entered from low z, brighter than what is around it"
        )
    middle = np.median(points, axis=0)
    reach = float(np.linalg.norm(np.ptp(points[:, 1:], axis=0)))
    inside = middle + np.array([np.ptp(points[:, 0]) + spacing_um[0], 0, 0])
    return fit_surface(
        flat_part(points, around_um=middle.tolist(), radius_um=reach), inside_um=inside
    )


def view_of_picture(
    image: Any, plane: SurfacePlane, *, tilt_deg: float, rotation_deg: float
) -> SurfaceView:
    """How the stage says that a picture looked at a surface, in the picture's raw pixels."""
    from ..analysis.registration.surface import SurfaceView, raw_spacing

    return SurfaceView(
        tilt_deg=tilt_deg,
        rotation_deg=rotation_deg,
        spacing_um=raw_spacing(image.spacing_um, corrected_for_deg=corrected_for(image)),
        shape=image.shape[-2:],
        up=plane.normal.tolist(),
    )


def stretch_of(image: Any) -> float:
    """Raw by stated pixel along y: below 1 where the y pixel is corrected for a tilt."""
    return float(np.cos(np.radians(corrected_for(image))))


def in_picture_frame(pose: AffineTransform, plane: SurfacePlane, image: Any) -> AffineTransform:
    """Turn a pose into the map of a picture's own frame onto the plane of the surface."""
    from ..analysis.registration.surface import onto_plane

    made = onto_plane(
        pose,
        point_um=plane.point_um,
        normal=plane.normal.tolist(),
        stretch_y=stretch_of(image),
        tangents=plane.tangents,
        plane_covariance=plane.covariance,
    )
    return replace(made, centre_um=made.centre_um + np.append(0.0, image.origin_um))
