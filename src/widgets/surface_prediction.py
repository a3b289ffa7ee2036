"""Where a place of a picture lies on the surface, and where one of the survey is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import CovarianceUnavailable
from ..workspace.surface_sight import stretch_of
from .prediction import Prediction
from .state import by_name
from .surface_fit import SurfaceFit, raw_places

if TYPE_CHECKING:
    from .surface_scene import SurfaceScene


def onto_surface(
    fit: SurfaceFit,
    scene: SurfaceScene,
    point_um: NDArray[np.float64],
    *,
    frame: str,
    level: float,
) -> Prediction:
    """Follow the beam through a place of the picture, (1, 3) [µm], to the surface.

    Its covariance is that on the surface's plane; beside the specimen, so is the place.
    """
    from ..analysis.registration import confidence_region

    place = scene.met_by(fit.pose.transform, raw_places(point_um, fit.image))
    if not np.isfinite(place).all():
        place = fit.transform.apply(point_um)
    try:
        covariance = np.asarray(fit.transform.covariance_at(point_um))[0]
    except CovarianceUnavailable:
        covariance = np.full((3, 3), np.nan)
    region = confidence_region(covariance, level=level, nu=fit.transform.nu)
    return Prediction(
        position=by_name(place[0]), frame=frame, covariance_um2=covariance, region=region
    )


def seen_in_picture(
    fit: SurfaceFit, point_um: NDArray[np.float64], *, frame: str, level: float
) -> Prediction:
    """Where a place of the survey, (1, 3) [µm], is seen in the picture."""
    from ..analysis.registration import confidence_region

    stretch = np.array([stretch_of(fit.image), 1.0])
    place = np.append(0.0, fit.pose.seen_at(point_um)[0] / stretch + fit.image.origin_um)
    covariance = np.zeros((3, 3))
    try:
        own = fit.pose.seen_covariance_at(point_um)[0]
        covariance[1:, 1:] = own / np.outer(stretch, stretch)
    except CovarianceUnavailable:
        covariance = np.full((3, 3), np.nan)
    region = confidence_region(covariance, level=level, nu=fit.transform.nu)
    return Prediction(
        position=by_name(place), frame=frame, covariance_um2=covariance, region=region
    )
