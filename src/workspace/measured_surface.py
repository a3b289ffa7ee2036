"""A surface that was measured again, in the instrument: the depth no longer rests on the scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnusableRecord
from .preparations import surface_shift
from .surface import (
    SURFACE_TAG,
    NearSurface,
    SpecimenSurface,
    depth_parts,
    magnification,
    reached,
    shifted,
)

_NAMES = ("z_um", "y_um", "x_um")


def counted_surfaces(ws: Any) -> list[Any]:
    """List the surfaces that depths may be measured from; there should be one.

    Somebody tags the surface that counts. One that was measured again goes before the scan's, for
    it tells of the specimen as it is now; without any tag, what was measured again counts.
    """
    tagged = [
        [record for record in records if SURFACE_TAG in record.tags]
        for records in (ws.surfaces, ws.segmentations)
    ]
    return tagged[0] or tagged[1] or list(ws.surfaces)


def surface_of(ws: Any, record: Any) -> SpecimenSurface | MeasuredSurface:
    """Make a surface of its record, a segmentation or one that was measured again."""
    if record.kind == "surfaces":
        return MeasuredSurface(ws, record)
    return SpecimenSurface(ws, record)


class MeasuredSurface:
    """Points of the surface that were measured after the preparation, as eucentric heights.

    Parameters
    ----------
    ws : Workspace
    surface : Record
        Of the collection ``surfaces``.
    """

    def __init__(self, ws: Any, surface: Any) -> None:
        self._ws, self._surface = ws, surface

    def near(
        self,
        place_um: NDArray[np.float64],
        *,
        frame: str,
        to: str,
        graph: Any = None,
        localisation_um2: NDArray[np.float64] | None = None,
    ) -> NearSurface:
        """The surface in the frame of an instrument, and a place against it.

        Which side is out follows from the stage that is recorded for the surface's frame, by
        where its z grows; without one, the place is taken to lie below.

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
        UnusableRecord
            A preparation of the same frame has no date, or the surface has none beside it.
        """
        from ..analysis.targeting.surface_plane import fit_surface

        record, graph = self._surface, graph or self._ws.graph()
        way, own = graph.path(record.frame, to), graph.path(frame, record.frame)
        centre = own.apply(place_um[None])
        position = way.apply(centre)[0]
        size = magnification(way, centre[0])
        points = np.array([[point[name] for name in _NAMES] for point in record.points])
        sigma = None if record.sigma_um is None else record.sigma_um * size
        inwards = self._inwards()
        inside = centre if inwards is None else points.mean(axis=0)[None] + inwards
        seen = reached(way, points)
        within = position if inwards is None else way.apply(inside)[0]
        plane = fit_surface(seen, inside_um=within, sigma_um=sigma)
        depth = float((plane.point_um - position) @ plane.normal)
        parts = depth_parts(own, way, place_um, plane, localisation_um2=localisation_um2)
        near = NearSurface(plane, depth, parts)
        return shifted(near, surface_shift(self._ws, record.frame, since=self._since()), size)

    def _inwards(self) -> NDArray[np.float64] | None:
        """A step into the specimen, in the surface's frame [µm]; None where it is not stated."""
        for stage in self._ws.stages:
            if stage.frame == self._surface.frame and stage.z_grows is not None:
                return np.array([1.0 if stage.z_grows == "inwards" else -1.0, 0.0, 0.0])
        return None

    def _since(self) -> str | None:
        record = self._surface
        done = [one for one in self._ws.preparations if one.frame == record.frame]
        if done and record.date is None:
            raise UnusableRecord(
                f"the surface {record.name} needs a date beside preparations of {record.frame}, "
                "got none: give date=, so that they count before or after it",
                names=(str(record.name),),
            )
        return str(record.date) if done else None
