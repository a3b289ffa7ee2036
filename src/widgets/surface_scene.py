"""A survey's surface as it looks from a direction, in the survey's own frame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..workspace.surface_sight import plane_of_surface
from .scene import box_corners_um

if TYPE_CHECKING:
    from ..analysis.registration.surface import Rendered, SurfaceView
    from ..analysis.targeting.surface_plane import SurfacePlane

_MOST_VOXELS = 60_000_000  # of the survey, in memory; a finer one is rendered from a coarser level
_MOST_PX = 700  # along the rendering's longer side
_KEPT = 6
_BENEATH_VOXELS = 4.0  # a ball's centre lies behind its surface, and the ball is seen


class SurfaceScene:
    """The iso-surface of a survey, rendered without perspective.

    Parameters
    ----------
    survey : Image
        Three-dimensional; the specimen is brighter than what is around it.
    level : float
        Between outside and specimen [grey value].
    """

    def __init__(self, survey: Any, level: float) -> None:
        from ..analysis.registration.surface.smooth import smoothed

        sizes = [np.prod(one.array.shape, dtype=float) for one in survey.levels]
        fitting = [k for k, size in enumerate(sizes) if size <= _MOST_VOXELS]
        chosen = survey.levels[fitting[0] if fitting else -1]
        self.survey, self.level = survey, float(level)
        self.spacing_um = tuple(map(float, chosen.spacing_um))
        self.origin_um = tuple(map(float, chosen.origin_um))
        volume = np.asarray(chosen.array[...])
        self.plane: SurfacePlane = plane_of_surface(
            volume, level=self.level, **self._grid, name=survey.name
        )
        self._grey = smoothed(volume, 1.0)
        self._seen: dict[tuple[float, float], Rendered] = {}
        self._along: tuple[bytes, Rendered] | None = None

    @property
    def _grid(self) -> dict[str, Any]:
        return {"spacing_um": self.spacing_um, "origin_um": self.origin_um}

    @cached_property
    def corners_um(self) -> NDArray[np.float64]:
        """Corners of the survey, (8, 3) [µm]."""
        return box_corners_um(self.survey.levels)

    def view(self, tilt_deg: float, rotation_deg: float) -> SurfaceView:
        """A view of the whole survey from a direction."""
        from ..analysis.registration.surface import SurfaceView

        given = {"tilt_deg": tilt_deg, "rotation_deg": rotation_deg}
        up = self.plane.normal.tolist()
        axes = SurfaceView(**given, spacing_um=(1, 1), shape=(1, 1), up=up).axes
        size = np.ptp(self.corners_um @ axes[:, 1:], axis=0)
        pixel = max(min(self.spacing_um) / 2, float(size.max()) / _MOST_PX)
        shape = tuple(int(np.ceil(side / pixel)) for side in size)
        return SurfaceView(**given, spacing_um=(pixel, pixel), shape=shape, up=up)

    def seen(self, tilt_deg: float, rotation_deg: float) -> Rendered:
        """Render it from a direction; the last few are kept."""
        from ..analysis.registration.surface.render import look

        key = (float(tilt_deg), float(rotation_deg))
        if key not in self._seen:
            view = self.view(*key)
            pose = view.nominal_pose(self.corners_um.mean(axis=0))
            self._seen[key] = look(self._grey, level=self.level, **self._grid, view=view, pose=pose)
            while len(self._seen) > _KEPT:
                del self._seen[next(iter(self._seen))]
        self._seen[key] = self._seen.pop(key)
        return self._seen[key]

    def seen_along(self, pose: Any) -> Rendered:
        """Render the whole survey along the beam of a pose; the last one is kept."""
        from dataclasses import replace

        from ..analysis.registration.surface.render import look

        axes = pose.matrix / pose.scale
        key = axes.tobytes()
        if self._along is None or self._along[0] != key:
            angles = self.view(0.0, 0.0).angles(pose)
            view = self.view(angles.tilt_deg, angles.rotation_deg)
            start = replace(view.nominal_pose(self.corners_um.mean(axis=0)), matrix=axes)
            seen = look(self._grey, level=self.level, **self._grid, view=view, pose=start)
            self._along = (key, seen)
        return self._along[1]

    def met_by(self, pose: Any, places_um: ArrayLike) -> NDArray[np.float64]:
        """Where the beams of a pose through places in its picture meet the surface.

        Parameters
        ----------
        pose : AffineTransform
            From a view's frame to the survey's.
        places_um : array_like, shape (n, 2)
            y, x [µm].

        Returns
        -------
        ndarray, shape (n, 3)
            NaN where a beam meets none [µm].
        """
        from dataclasses import replace

        from ..analysis.registration.surface import SurfaceView
        from ..analysis.registration.surface.render import look

        one = SurfaceView(tilt_deg=0, spacing_um=(1, 1), shape=(1, 1))
        found = []
        for place in np.atleast_2d(np.asarray(places_um, float)):
            here = replace(pose, centre_um=pose.centre_um - np.append(0.0, place))
            seen = look(self._grey, level=self.level, **self._grid, view=one, pose=here)
            found.append(seen.position_um[0, 0])
        return np.array(found)

    def hides(self, pose: Any, points_um: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the surface hides points of the survey from the beams of a pose: (n,)."""
        met = self.met_by(pose, pose.inverse_apply(points_um)[:, 1:])
        return _behind(points_um - met, pose, self.spacing_um)


def beneath(rendered: Rendered, points_um: ArrayLike) -> NDArray[np.float64]:
    """What of the surface is seen where points of the survey appear: (n, 3), NaN beside it [µm]."""
    return rendered.position_at(rendered.pose.inverse_apply(points_um)[:, 1:])


def hidden(
    rendered: Rendered, points_um: NDArray[np.float64], spacing_um: Sequence[float]
) -> NDArray[np.bool_]:
    """Whether the surface hides each point: it lies well behind what is seen there, (n,)."""
    if not len(points_um):
        return np.zeros(0, bool)
    return _behind(points_um - beneath(rendered, points_um), rendered.pose, spacing_um)


def _behind(
    arms_um: NDArray[np.float64], pose: Any, spacing_um: Sequence[float]
) -> NDArray[np.bool_]:
    along = arms_um @ pose.matrix[:, 0] / np.linalg.norm(pose.matrix[:, 0])
    return np.asarray(np.nan_to_num(along, nan=0.0) > _BENEATH_VOXELS * max(spacing_um))


def shaded(rendered: Rendered) -> NDArray[np.uint8]:
    """The rendering in 255 steps of grey; 0 where no surface is seen."""
    hit = rendered.hit
    found = np.zeros(hit.shape, np.uint8)
    if hit.any():
        low, high = np.quantile(rendered.picture[hit], [0.005, 0.995])
        share = np.clip((rendered.picture[hit] - low) / max(float(high - low), 1e-9), 0, 1)
        found[hit] = np.rint(40 + 215 * share).astype(np.uint8)
    return found
