"""The specimen's surface around a place, from a segmentation of a volume that shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from ..errors import Degenerate, UnusableRecord
from .preparations import SurfaceShift, surface_shift

if TYPE_CHECKING:
    from ..analysis.registration import FramePath
    from ..analysis.targeting.surface_plane import SurfacePlane

#: Tag of the segmentation whose first boundary along z is the surface.
SURFACE_TAG = "surface"
_TOGETHER = 16  # points that are left out together where one of them cannot be mapped
_RADIUS_UM = 160.0  # lateral reach of the surface around the place


@dataclass(frozen=True)
class NearSurface:
    """The surface around a place in the frame of an instrument, and the place against it.

    The way from the image of the surface to the instrument carries surface and place alike, so
    only what it does to their distance counts.

    Attributes
    ----------
    plane : SurfacePlane
    depth_um : float
    parts : dict of str to float
        95 % half-widths of the depth [µm].
    """

    plane: SurfacePlane
    depth_um: float
    parts: dict[str, float]

    @property
    def pm95_um(self) -> float:
        """95 % half-width of the depth [µm]; the parts add in quadrature."""
        return math.sqrt(sum(part**2 for part in self.parts.values()))

    @property
    def interval95_um(self) -> tuple[float, float]:
        """Lower and upper end of the depth [µm]."""
        return self.depth_um - self.pm95_um, self.depth_um + self.pm95_um


def shifted(near: NearSurface, shift: SurfaceShift, size: float) -> NearSurface:
    """Move a surface by what was added or removed since, in lengths `size` times as long."""
    added = size * shift.added_um
    plane = replace(near.plane, point_um=near.plane.point_um + added * near.plane.normal)
    doubts = {name: size * part for name, part in shift.parts.items()}
    return NearSurface(plane, near.depth_um + added, {**near.parts, **doubts})


class SpecimenSurface:
    """The first boundary along z of a segmentation; its points are found once.

    Parameters
    ----------
    ws : Workspace
    segmentation : Record
        Of a volume that shows the surface, by plain thresholds: smoothing, cleaning and
        corrections do not count here.

    Raises
    ------
    UnusableRecord
        By another method: its thresholds are no grey values.
    """

    def __init__(self, ws: Any, segmentation: Any) -> None:
        if segmentation.method != "thresholds":
            raise UnusableRecord(
                f"the surface needs a segmentation by plain thresholds, got {segmentation.name!r} "
                f"by {segmentation.method}: save one with the method 'thresholds'",
                names=(str(segmentation.name),),
            )
        self._ws, self._segmentation = ws, segmentation
        self._image = ws.images[segmentation.image]

    def near(
        self,
        place_um: NDArray[np.float64],
        *,
        frame: str,
        to: str,
        graph: Any = None,
        localisation_um2: NDArray[np.float64] | None = None,
    ) -> NearSurface:
        """The surface around a place, in the frame of an instrument; a place above it lies at a
        depth below 0.

        Parameters
        ----------
        place_um : ndarray, shape (3,)
            z, y, x [µm].
        frame : str
            That the place is given in.
        to : str
            Of the instrument.
        graph : FrameGraph, optional
            The workspace's, where it was just read.
        localisation_um2 : ndarray, shape (3, 3), optional
            Covariance of the place itself, in its frame [µm²].

        Raises
        ------
        NoPath
        """
        from ..analysis.targeting.surface_plane import fit_surface
        from ..analysis.targeting.surface_points import flat_part

        graph, image = graph or self._ws.graph(), self._image
        centre = graph.positions(place_um[None], frame, image.frame)[0]
        here, *moved = (
            flat_part(points, around_um=centre, radius_um=_RADIUS_UM) for points in self._points
        )
        way = graph.path(image.frame, to)
        position = way.apply(centre[None])[0]
        below = here.mean(axis=0) + np.array([_RADIUS_UM, 0.0, 0.0])  # columns enter along z
        seen = reached(way, here)
        inside = seen.mean(axis=0) + way.gradient_at(centre[None])[0] @ (below - here.mean(axis=0))
        plane = fit_surface(seen, inside_um=inside)
        means = [points[:, 0].mean() for points in moved] or [0.0, 0.0]
        shift = abs(means[1] - means[0]) / 2 * magnification(way, centre)
        parts = depth_parts(
            graph.path(frame, image.frame), way, place_um, plane, localisation_um2=localisation_um2
        )
        depth = float((plane.point_um - position) @ plane.normal)
        near = NearSurface(plane, depth, {**parts, "threshold": float(1.96 * shift)})
        later = surface_shift(self._ws, image.frame)
        return shifted(near, later, magnification(way, centre))

    @cached_property
    def _points(self) -> list[NDArray[np.float64]]:
        """At the threshold and, where its doubt is known, one standard uncertainty off it."""
        from ..analysis.targeting.surface_points import surface_points

        image, segmentation = self._image, self._segmentation
        volume, threshold = image.array(), segmentation.thresholds[0]
        known = segmentation.threshold_uncertainty
        doubt = known[0] if known else 0.0
        levels = [threshold, threshold - doubt, threshold + doubt] if doubt else [threshold]
        grid = {"spacing_um": image.spacing_um, "origin_um": image.origin_um}
        return [surface_points(volume, threshold=level, **grid) for level in levels]


def reached(way: FramePath, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map the points that a way knows of, (n, 3) [µm]: a bend is known over its own image only."""
    if not way.bends:
        return np.asarray(way.apply(points_um))
    try:
        return np.asarray(way.apply(points_um))
    except (ValueError, Degenerate):
        if len(points_um) <= _TOGETHER:
            return np.empty((0, 3))
        halves = np.array_split(points_um, 2)
        return np.concatenate([reached(way, half) for half in halves])


def magnification(way: FramePath, place_um: NDArray[np.float64]) -> float:
    """Mean magnification of a way near a place, (3,) [µm]."""
    return float(abs(np.linalg.det(_jacobian(way, place_um))) ** (1 / 3))


def extent_um(
    way: FramePath, place_um: NDArray[np.float64], half_um: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Half the edges of the box, along the axes of another frame, that holds a mapped box.

    Parameters
    ----------
    way : FramePath
    place_um, half_um : ndarray, shape (3,)
        Middle and half the edges of the box, z, y, x [µm].

    Returns
    -------
    ndarray, shape (3,)
        Larger than ``half_um`` where the frames are turned against each other.
    """
    return np.asarray(np.abs(_jacobian(way, place_um)) @ half_um)


def _jacobian(way: FramePath, place_um: NDArray[np.float64]) -> NDArray[np.float64]:
    """How a place moves in the other frame, one column for each own direction."""
    steps = np.asarray(way.apply(place_um + np.vstack([np.zeros(3), np.eye(3)])))
    return (steps[1:] - steps[0]).T


def coverage_factor(nu: float | None) -> float:
    """Standard uncertainties in a 95 % half-width; None where the error is known."""
    known = nu is None or not np.isfinite(nu)
    return float(ndtri(0.975) if known else stdtrit(nu, 0.975))


def depth_parts(
    to_image: FramePath,
    way: FramePath,
    place: NDArray[np.float64],
    plane: SurfacePlane,
    *,
    localisation_um2: NDArray[np.float64] | None = None,
) -> dict[str, float]:
    """95 % half-widths of a depth: of the target, of the surface, of lengths along the way."""
    normal, image = plane.normal, to_image.apply(place[None])[0]
    matrix = way.gradient_at(image[None])[0]
    offset = way.apply(image[None])[0] - plane.point_um
    foot = image - np.linalg.solve(matrix, (offset @ normal) * normal)
    placed, placed_nu = to_image.covariance_and_nu(place[None], localisation_um2)
    of_target = matrix @ placed[0] @ matrix.T
    of_way, way_nu = way.difference_and_nu(foot, image)
    along = np.concatenate([[1.0], plane.tangents @ offset])
    return {
        "target": coverage_factor(float(placed_nu[0]))
        * float(np.sqrt(normal @ of_target @ normal)),
        "surface": coverage_factor(plane.nu) * float(np.sqrt(along @ plane.covariance @ along)),
        "scale": coverage_factor(way_nu) * float(np.sqrt(max(normal @ of_way @ normal, 0.0))),
    }
