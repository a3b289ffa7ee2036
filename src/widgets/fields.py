"""A smooth quantity over a plane, laid over the picture as colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .layers import Layer
from .page import Ramp
from .placement import Placement
from .plane import Plane
from .scene import GridLevel, Placed

_STEPS = 33  # places an axis at which it is computed; between them it is interpolated
_OPACITY = 0.5
_STRAIGHT = 1e-12


class Part(Protocol):
    """A part of what planes show."""

    def covers(self, plane: Plane, width_px: int, height_px: int) -> NDArray[np.bool_]:
        """Which pixels of a plane lie in it, shape (height_px, width_px)."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of space, a box in some frame that a linear map leads to.

    Attributes
    ----------
    matrix : ndarray, shape (3, 3)
    offset_um : ndarray, shape (3,)
        ``matrix @ point + offset_um`` is the point in the box's frame, z, y, x.
    low_um, high_um : ndarray, shape (3,)
    """

    matrix: NDArray[np.float64]
    offset_um: NDArray[np.float64]
    low_um: NDArray[np.float64]
    high_um: NDArray[np.float64]

    def covers(self, plane: Plane, width_px: int, height_px: int) -> NDArray[np.bool_]:
        """Which pixels of a plane lie in it, shape (height_px, width_px)."""
        centre = self.matrix @ np.asarray(plane.centre_um) + self.offset_um
        across, down = (self.matrix @ np.asarray(axis) for axis in (plane.across, plane.down))
        right, below = _offsets(plane.width_um, width_px), _offsets(plane.height_um, height_px)
        inside = np.ones((height_px, width_px), bool)
        for axis in range(3):
            low, high = (end[axis] - centre[axis] for end in (self.low_um, self.high_um))
            if abs(across[axis]) < _STRAIGHT:  # whole rows
                place = below * down[axis]
                inside &= ((place >= low) & (place <= high))[:, None]
            else:  # in each row from here to there
                slope, row = right * across[axis], below * down[axis]
                first, last = sorted((0, -1), key=lambda end: slope[end])
                ordered = slope if first == 0 else slope[::-1]
                start = np.searchsorted(ordered, low - row, "left")
                end = np.searchsorted(ordered, high - row, "right")
                if last == 0:
                    start, end = width_px - end, width_px - start
                column = np.arange(width_px, dtype=np.int32)
                inside &= (column >= start[:, None].astype(np.int32)) & (
                    column < end[:, None].astype(np.int32)
                )
        return inside


@dataclass(frozen=True, kw_only=True)
class Field:
    """A smooth quantity over space.

    Attributes
    ----------
    key : str
        Which field it is: a newer one takes the place of that of the same key.
    mark : str
        The same mark is the same field with the same values.
    title : str
        With its unit, for the legend.
    color_map : str
    low, high : float
        Values of the first and last colour.
    low_words, high_words : str
        The same for people.
    values : callable
        Gives it at positions z, y, x, shape (n, 3) [µm]: shape (n,).
    boxes : tuple of Part
        Where it is shown: inside all of them.
    """

    key: str
    mark: str
    title: str
    color_map: str
    low: float
    high: float
    low_words: str
    high_words: str
    values: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    boxes: tuple[Part, ...] = ()

    @property
    def ramp(self) -> Ramp:
        """Its legend."""
        return Ramp(
            title=self.title, color_map=self.color_map, low=self.low_words, high=self.high_words
        )

    def on(self, plane: Plane, width_px: int, height_px: int) -> NDArray[np.float32]:
        """Its values at the pixels of a plane, NaN where it is not shown.

        Computed at 33 places an axis and interpolated linearly between them.

        Returns
        -------
        ndarray of float32, shape (height_px, width_px)
        """
        values = _between(self._nodes(plane), width_px, height_px)
        values[~self._inside(plane, width_px, height_px)] = np.nan
        return values

    def colored(self, plane: Plane, width_px: int, height_px: int) -> bytes:
        """A patch for the browser: 0 to 255 from the first to the last colour, and whether there
        is a value, four bytes a pixel.
        """
        nodes = self._nodes(plane)
        share = _between(255 / (self.high - self.low) * (nodes - self.low), width_px, height_px)
        share += np.float32(0.5)
        pixels = np.clip(share, 0, 255, out=share).astype("<u4")
        pixels |= self._inside(plane, width_px, height_px).astype("<u4") * np.uint32(255 << 24)
        return pixels.tobytes()

    def _nodes(self, plane: Plane) -> NDArray[np.float64]:
        share = np.linspace(-0.5, 0.5, _STEPS)
        right = np.outer(share * plane.width_um, plane.across)
        below = np.outer(share * plane.height_um, plane.down)
        points = np.asarray(plane.centre_um) + below[:, None] + right[None]
        return self.values(points.reshape(-1, 3)).reshape(_STEPS, _STEPS)

    def _inside(self, plane: Plane, width_px: int, height_px: int) -> NDArray[np.bool_]:
        inside = np.ones((height_px, width_px), bool)
        for box in self.boxes:
            inside &= box.covers(plane, width_px, height_px)
        return inside

    def placed(self, image: str, plane: Plane, width_px: int, height_px: int) -> Placed:
        """The same as a layer for a still of this plane."""
        turn = np.array([plane.normal, plane.down, plane.across])
        centre = np.asarray(plane.centre_um)
        size = (plane.height_um / height_px, plane.width_um / width_px)
        first = (size[0] / 2 - plane.height_um / 2, size[1] / 2 - plane.width_um / 2)
        values = self.on(plane, width_px, height_px)
        layer = Layer(
            image=image, name=self.title, color_map=self.color_map, limits=(self.low, self.high),
            opacity=_OPACITY, slab_um=plane.width_um,
        )  # fmt: skip
        return Placed(
            layer=layer,
            levels=(GridLevel(values, size, first),),
            axes="yx",
            placement=Placement(
                locate=lambda points: (points - centre) @ turn.T,
                matrix=turn,
                offset_um=-turn @ centre,
            ),
        )

    def spec(self, below: dict[str, Any]) -> dict[str, Any]:
        """How the browser draws it, see `Layer` in `painter.js`.

        Parameters
        ----------
        below : dict
            The same of the image that it lies over.
        """
        return {
            **below,
            "key": self.key, "mark": self.mark, "volume": "", "name": self.title, "mode": "image",
            "grid": None, "wide": False, "limits": [0.0, 255.0], "coding": [0.0, 1.0],
            "thresholds": [], "table": self.color_map, "color_map": self.color_map,
            "opacity": _OPACITY, "blending": "over", "visible": True, "widths_um": [None, None],
            "histogram": None, "phases": [],
        }  # fmt: skip


def _offsets(length_um: float, count: int) -> NDArray[np.float64]:
    """Pixel centres along one side of a plane, from its middle [µm]."""
    return ((np.arange(count) + 0.5) / count - 0.5) * length_um


def _between(nodes: NDArray[np.float64], width_px: int, height_px: int) -> NDArray[np.float32]:
    """Interpolate between nodes."""
    rows = _weights(height_px) @ nodes.astype(np.float32)
    out: NDArray[np.float32] = rows @ _weights(width_px).T
    return out


def _weights(count: int) -> NDArray[np.float32]:
    """What each of so many pixels takes of the nodes along one side, shape (count, 33)."""
    place = (np.arange(count) + 0.5) / count * (_STEPS - 1)
    first = place.astype(int)
    out = np.zeros((count, _STEPS), np.float32)
    out[np.arange(count), first] = 1 - (place - first)
    out[np.arange(count), first + 1] = place - first
    return out
