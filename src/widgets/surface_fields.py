"""What the fit of a surface pose says over the picture and over the rendered surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..workspace.surface_sight import in_picture_frame
from .plane import Plane
from .surface_fit import SurfaceFit, picture_places, raw_places
from .surface_scene import SurfaceScene, beneath, hidden

if TYPE_CHECKING:
    from ..analysis.registration.surface import Rendered


@dataclass(frozen=True, eq=False)
class Seen:
    """Pixels of a rendering, as a part of what planes show.

    Attributes
    ----------
    mask : ndarray of bool, shape (y, x)
        Of the rendering.
    matrix : ndarray, shape (2, 3)
    offset_px : ndarray, shape (2,)
        ``matrix @ point + offset_px`` is the pixel that shows a point.
    """

    mask: NDArray[np.bool_]
    matrix: NDArray[np.float64]
    offset_px: NDArray[np.float64]

    @classmethod
    def of(
        cls, mask: NDArray[np.bool_], pixel: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> Seen:
        """Take the linear map from its values at four points."""
        ends = pixel(np.vstack([np.zeros(3), np.eye(3)]))
        return cls(mask, (ends[1:] - ends[0]).T, ends[0])

    def covers(self, plane: Plane, width_px: int, height_px: int) -> NDArray[np.bool_]:
        """Which pixels of a plane lie in it, shape (height_px, width_px)."""
        right = ((np.arange(width_px) + 0.5) / width_px - 0.5) * plane.width_um
        below = ((np.arange(height_px) + 0.5) / height_px - 0.5) * plane.height_um
        middle = self.matrix @ np.asarray(plane.centre_um) + self.offset_px
        across, down = (self.matrix @ np.asarray(axis) for axis in (plane.across, plane.down))
        inside, place = np.ones((height_px, width_px), bool), []
        for axis in range(2):
            here = middle[axis] + below[:, None] * down[axis] + right * across[axis]
            index = np.rint(here).astype(np.int64)
            inside &= (index >= 0) & (index < self.mask.shape[axis])
            place.append(np.clip(index, 0, self.mask.shape[axis] - 1))
        return inside & self.mask[place[0], place[1]]


def surface_places(
    fit: SurfaceFit,
    scene: SurfaceScene,
    rendered: Rendered,
    side: str,
    points_um: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The places on the surface that points of one side show, (n, 3) [µm].

    Beside the specimen they lie on the surface's plane.
    """
    if side == "moving":
        seen = scene.seen_along(fit.pose.transform)
        start = fit.pose.transform.apply(_lifted(raw_places(points_um, fit.image)))
    else:
        seen, start = rendered, points_um
    beam = seen.pose.matrix[:, 0]
    found, normal = beneath(seen, start), scene.plane.normal
    away = (np.asarray(scene.plane.point_um) - start) @ normal / (beam @ normal)
    return np.where(np.isfinite(found), found, start + away[:, None] * beam)


def seen_places(
    fit: SurfaceFit,
    scene: SurfaceScene,
    rendered: Rendered,
    side: str,
    points_um: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Where the picture shows what points of one side show, in its frame: (n, 3) [µm]."""
    if side == "moving":
        return points_um
    places = surface_places(fit, scene, rendered, side, points_um)
    return picture_places(fit.pose.seen_at(places), fit.image)


def errors_with_pair(
    fit: SurfaceFit,
    scene: SurfaceScene,
    places_um: NDArray[np.float64],
    target_um: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Predicted error at the target with one more pair at places of the surface, (n,) [µm]."""
    from ..analysis.registration.surface import errors_with_mark

    return errors_with_mark(
        fit.pose.transform,
        places_um,
        target_um,
        sigma_um2=np.mean(fit.sigmas_um2, axis=0),
        onto=partial(in_picture_frame, plane=scene.plane, image=fit.image),
    )


def shown_surface(rendered: Rendered) -> Seen:
    """Where a rendering shows the surface."""
    return Seen.of(rendered.hit, partial(_pixels, rendered))


def reached_surface(fit: SurfaceFit, scene: SurfaceScene, rendered: Rendered) -> Seen:
    """Where a rendering shows what the picture shows too."""
    found = np.zeros(rendered.hit.shape, bool)
    places = rendered.position_um[rendered.hit]
    along = scene.seen_along(fit.pose.transform)
    inside = in_picture(fit.image, picture_places(fit.pose.seen_at(places), fit.image))
    found[rendered.hit] = inside & ~hidden(along, places, scene.spacing_um)
    return Seen.of(found, partial(_pixels, rendered))


def picture_of_surface(fit: SurfaceFit, scene: SurfaceScene) -> Seen:
    """Where the picture shows the surface, as the fit has it."""
    along = scene.seen_along(fit.pose.transform)

    def pixel(points_um: NDArray[np.float64]) -> NDArray[np.float64]:
        places = fit.pose.transform.apply(_lifted(raw_places(points_um, fit.image)))
        return _pixels(along, places)

    return Seen.of(along.hit, pixel)


def in_picture(image: Any, points_um: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points of a picture's frame lie in its field of view, (n,)."""
    pixel = (points_um[:, 1:] - np.asarray(image.origin_um)) / np.asarray(image.spacing_um)
    return np.asarray(((pixel >= -0.5) & (pixel <= np.array(image.shape[-2:]) - 0.5)).all(axis=1))


def _lifted(places_um: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.zeros(len(places_um)), places_um])


def _pixels(rendered: Rendered, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels of a rendering that show points of the survey, (n, 2)."""
    seen = rendered.pose.inverse_apply(points_um)[:, 1:]
    return np.asarray(seen / np.asarray(rendered.view.spacing_um))
