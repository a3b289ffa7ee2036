"""Strokes that a person paints with: brush, pen, lasso and fill, as a record keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

TOOLS = ("brush", "pen", "lasso", "area", "fill")
Tool = Literal["brush", "pen", "lasso", "area", "fill"]


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One correction, in the frame of the image.

    A fill acts on an array, or a block of one, that holds its point; elsewhere it does nothing.

    Attributes
    ----------
    tool : {"brush", "pen", "lasso", "area", "fill"}
        A ball along a line; a disk along a line, one voxel deep, of at least the voxels that the
        line goes through; what a closed line surrounds, as deep as is told, and one voxel deep;
        the piece of one label around a point, as far as a ball reaches.
    label : int or None
        What the voxels become; None takes earlier corrections away.
    points_um : tuple of tuples of 3 float
        z, y, x [µm].
    radius_um : float
        Of the brush, the pen and the fill; half the depth of a lasso [µm].
    normal : tuple of 3 float, optional
        Unit vector z, y, x at right angles to the plane of a pen, a lasso or an area.
    time : int
        Index along the time axis, where the image has one.
    """

    tool: Tool
    label: int | None
    points_um: tuple[tuple[float, float, float], ...]
    radius_um: float
    normal: tuple[float, float, float] | None = None
    time: int = 0

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise ValueError(f"a stroke needs one of {', '.join(TOOLS)}, got {self.tool!r}")
        if not (np.isfinite(self.radius_um) and self.radius_um > 0):
            raise ValueError(f"a stroke needs a positive radius_um [µm], got {self.radius_um!r}")
        points = np.asarray(self.points_um, float)
        least = 3 if self.tool in ("lasso", "area") else 1
        if points.ndim != 2 or points.shape[1:] != (3,) or len(points) < least:
            raise ValueError(f"a {self.tool} needs at least {least} points z, y, x, got {points}")
        if not np.all(np.isfinite(points)):
            raise ValueError(f"a {self.tool} needs finite points, got {self.points_um}")
        if self.tool in ("lasso", "area", "pen") and (
            self.normal is None or not np.isclose(np.linalg.norm(self.normal), 1, atol=1e-6)
        ):
            raise ValueError(f"a {self.tool} needs the unit normal of its plane, got {self.normal}")

    def to_dict(self) -> dict[str, Any]:
        """The stroke as plain JSON types, for a record."""
        return {
            "tool": self.tool,
            "label": self.label,
            "points_um": [list(point) for point in self.points_um],
            "radius_um": self.radius_um,
            "normal": None if self.normal is None else list(self.normal),
            "time": self.time,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Stroke:
        """A stroke as a record tells it.

        Raises
        ------
        ValueError
            It is none.
        """
        try:
            normal = told.get("normal")
            return cls(
                tool=told["tool"],
                label=None if told["label"] is None else int(told["label"]),
                points_um=tuple(_triple(point) for point in told["points_um"]),
                radius_um=float(told["radius_um"]),
                normal=None if normal is None else _triple(normal),
                time=int(told.get("time", 0)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"a stroke needs tool, label, points_um and radius_um, got {dict(told)}"
            ) from error


def _triple(values: ArrayLike) -> tuple[float, float, float]:
    z, y, x = np.asarray(values, float)
    return float(z), float(y), float(x)
