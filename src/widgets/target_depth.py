"""How deep a target lies below the specimen's surface, and the line that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ScalebridgeError
from ..plots.theme import OKABE_ITO
from ..quantities import format_length
from ..workspace.measured_surface import MeasuredSurface, counted_surfaces, surface_of
from ..workspace.surface import SpecimenSurface
from .annotate import Color, Marks
from .colors import rgb
from .plane import Plane

_COLOR: Color = (*rgb(OKABE_ITO["green"]), 255)
_STEEPEST = np.sin(np.radians(20.0))  # out of the plane: drawn in it, a line is 6 % too short
_SHORTEST_PX = 3.0
_KEPT = 8


@dataclass(frozen=True)
class DepthLine:
    """From a target straight to the specimen's surface, in one frame.

    Attributes
    ----------
    place_um, foot_um : ndarray, shape (3,)
        The target, and its foot on the surface: z, y, x [µm].
    depth_um, pm95_um : float
        Below the surface, negative above it, with its 95 % half-width [µm].
    extrapolated : bool
        Whether the foot lies beside the points from which the surface is known.
    """

    place_um: NDArray[np.float64]
    foot_um: NDArray[np.float64]
    depth_um: float
    pm95_um: float
    extrapolated: bool


class Depths:
    """Depths of places in a workspace; the surface of the specimen is looked for once.

    Parameters
    ----------
    ws : Workspace
    """

    def __init__(self, ws: Any) -> None:
        self._ws = ws
        self._surfaces: dict[Any, SpecimenSurface | MeasuredSurface] = {}
        self._lines: dict[Any, DepthLine | None] = {}

    def line(
        self,
        place_um: NDArray[np.float64],
        *,
        frame: str,
        to: str,
        localisation_um2: NDArray[np.float64] | None = None,
    ) -> DepthLine | None:
        """Find how deep a place lies; None where nothing tells.

        Parameters
        ----------
        place_um : ndarray, shape (3,)
            In ``frame``: z, y, x [µm].
        frame, to : str
            Frames of the place and of the line.
        localisation_um2 : ndarray, shape (3, 3), optional
            Covariance of the place itself [µm²].
        """
        asked = (self._ws.state, repr(place_um), repr(localisation_um2), frame, to)
        if asked not in self._lines:
            found = self._found(place_um, frame, to, localisation_um2)
            self._lines = {**dict(list(self._lines.items())[1 - _KEPT :]), asked: found}
        return self._lines[asked]

    def _found(
        self,
        place_um: NDArray[np.float64],
        frame: str,
        to: str,
        own_um2: NDArray[np.float64] | None,
    ) -> DepthLine | None:
        counted = counted_surfaces(self._ws)
        if len(counted) != 1:  # none, or one that a person has to choose
            return None
        key = self._key(counted[0])
        graph = self._ws.graph()
        try:
            if key not in self._surfaces:
                self._surfaces = {key: surface_of(self._ws, counted[0])}
            near = self._surfaces[key].near(
                place_um, frame=frame, to=to, graph=graph, localisation_um2=own_um2
            )
            there = graph.positions(place_um[None], frame, to)[0]
        except (ScalebridgeError, ValueError):
            return None  # not connected, or no surface there: the report says why
        foot = there + near.depth_um * near.plane.normal
        beside = not near.plane.surrounds(foot)
        return DepthLine(there, foot, near.depth_um, near.pm95_um, beside)

    def _key(self, surface: Any) -> tuple[Any, ...]:
        if surface.kind == "surfaces":
            return surface.id, surface.version
        image = self._ws.images[surface.image]  # a recalibration moves its points
        return surface.id, surface.version, image.id, image.version


def draw_depth(
    marks: Marks, plane: Plane, line: DepthLine, *, said: DepthLine | None = None, size: int = 13
) -> None:
    """Draw the line from a target to the surface, with the depth, where a plane holds it.

    The depth is that of ``said``, by default of the line itself: frames of another scale know
    another one, and that of the instrument that cuts counts.

    Nothing in a plane that the line leaves at more than 20°: it would be seen too short, or as a
    point. Dashed where the surface is extrapolated.
    """
    step = line.foot_um - line.place_um
    length = float(np.linalg.norm(step))
    if length == 0 or abs(float(step @ plane.normal)) > _STEEPEST * length:
        return
    ends = plane.to_canvas(np.array([line.place_um, line.foot_um]), marks.size[0])
    across = ends[1] - ends[0]
    if (long := float(np.hypot(*across))) < _SHORTEST_PX:
        return
    for part in dashes(ends) if line.extrapolated else [ends]:
        marks.line(part, color=_COLOR, width=1.2)
    tick = np.array([-across[1], across[0]]) / long * 0.5 * size
    marks.line([ends[1] - tick, ends[1] + tick], color=_COLOR, width=1.2)
    x, y = ends.mean(axis=0)
    depth_um = (said or line).depth_um
    words = f"{format_length(abs(depth_um))}{' above' if depth_um < 0 else ' deep'}"
    upright = abs(across[1]) >= abs(across[0])  # the target's name stands on the right
    at, anchor = ((x - 0.5 * size, y), "rm") if upright else ((x, y - 0.4 * size), "mb")
    marks.text(at, words, size=size, color=_COLOR, anchor=anchor)


def dashes(ends: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Every other piece of a line, about 7 px long."""
    pieces = int(np.clip(np.hypot(*(ends[1] - ends[0])) / 7, 1, 199)) | 1  # it ends as it begins
    places = ends[0] + np.linspace(0, 1, pieces + 1)[:, None] * (ends[1] - ends[0])
    return [places[number : number + 2] for number in range(0, pieces, 2)]
