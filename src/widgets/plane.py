"""The rectangle of the world that a view shows: axis-aligned or oblique, in micrometres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lattice import Lattice

Triple = tuple[float, float, float]

# Directions (z, y, x) that run to the right and downwards on the screen.
AXES: dict[str, tuple[Triple, Triple]] = {
    "xy": ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    "xz": ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    "yz": ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
}
ACROSS_THE_PLANE = {"xy": "z", "xz": "y", "yz": "x"}


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A rectangle in a frame of the specimen.

    Attributes
    ----------
    centre_um : tuple of 3 float
        Its middle, z, y, x [µm].
    across, down : tuple of 3 float
        Unit vectors z, y, x that run to the right and downwards on the screen, at right angles.
    width_um, height_um : float
        Its extent along ``across`` and ``down`` [µm].

    Examples
    --------
    >>> plane = axis_plane("xy", centre_um=(5, 0, 0), width_um=4, height_um=2)
    >>> plane.points(2, 1)[0].tolist()
    [[5.0, 0.0, -1.0], [5.0, 0.0, 1.0]]
    """

    centre_um: Triple
    across: Triple
    down: Triple
    width_um: float
    height_um: float

    def __post_init__(self) -> None:
        for name in ("width_um", "height_um"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} needs a positive length [µm], got {value!r}")
        if not np.all(np.isfinite(self.centre_um)):
            raise ValueError(f"centre_um needs three finite values (z, y, x), got {self.centre_um}")
        check_axes(self.across, self.down)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector z, y, x at right angles to the plane, right-handed in x, y, z."""
        return np.cross(self.across[::-1], self.down[::-1])[::-1]

    def pixel_um(self, width_px: int) -> float:
        """Size of a screen pixel [µm] when the plane is drawn ``width_px`` wide."""
        return self.width_um / width_px

    def height_px(self, width_px: int) -> int:
        """Height in square pixels that goes with a width."""
        return max(1, round(self.height_um / self.pixel_um(width_px)))

    def points(self, width_px: int, height_px: int) -> NDArray[np.float64]:
        """Positions of the pixel centres.

        Returns
        -------
        ndarray, shape (height_px, width_px, 3)
            z, y, x [µm].
        """
        return self.lattice(width_px, height_px).points()

    def lattice(self, width_px: int, height_px: int) -> Lattice:
        """The pixel centres as they are sampled: z, y, x [µm], none of them written down."""
        right = np.asarray(self.across) * (self.width_um / width_px)
        down = np.asarray(self.down) * (self.height_um / height_px)
        first = np.asarray(self.centre_um) - (width_px - 1) / 2 * right - (height_px - 1) / 2 * down
        return Lattice(first, down, right, (height_px, width_px))

    def to_canvas(self, points_um: ArrayLike, width_px: int) -> NDArray[np.float64]:
        """Where points fall on the canvas, seen along the normal.

        Parameters
        ----------
        points_um : array_like, shape (n, 3)
            z, y, x [µm].
        width_px : int
            Width of the canvas.

        Returns
        -------
        ndarray, shape (n, 2)
            Right and down [px]; pixel i covers i to i + 1.
        """
        offset = np.atleast_2d(np.asarray(points_um, float)) - np.asarray(self.centre_um)
        right = offset @ np.asarray(self.across) + self.width_um / 2
        below = offset @ np.asarray(self.down) + self.height_um / 2
        return np.stack([right, below], axis=1) / self.pixel_um(width_px)

    def from_canvas(self, place_px: Sequence[float], width_px: int) -> NDArray[np.float64]:
        """Position z, y, x [µm] of a place on the canvas, right and down [px].

        Examples
        --------
        >>> plane = axis_plane("xy", centre_um=(5, 0, 0), width_um=4, height_um=2)
        >>> plane.from_canvas((0, 25), 100).tolist()
        [5.0, 0.0, -2.0]
        """
        right, down = np.asarray(place_px, float) * self.pixel_um(width_px)
        return (
            np.asarray(self.centre_um)
            + (right - self.width_um / 2) * np.asarray(self.across)
            + (down - self.height_um / 2) * np.asarray(self.down)
        )

    def distance_um(self, points_um: ArrayLike) -> NDArray[np.float64]:
        """Signed distance of points from the plane, along its normal [µm]."""
        offset = np.atleast_2d(np.asarray(points_um, float)) - np.asarray(self.centre_um)
        return offset @ self.normal

    def covariance_on(self, covariance_um2: ArrayLike) -> NDArray[np.float64]:
        """The 2 x 2 part (right, down) of a 3 x 3 covariance, seen along the normal [µm²]."""
        axes = np.array([self.across, self.down])
        return axes @ np.asarray(covariance_um2, float) @ axes.T

    def through(self, point_um: Sequence[float]) -> Plane:
        """The parallel plane through a point, with the same middle on the screen."""
        shift = float(self.distance_um(point_um)[0]) * self.normal
        return replace(self, centre_um=triple(np.asarray(self.centre_um) + shift))


def axis_plane(
    name: str, *, centre_um: Sequence[float], width_um: float, height_um: float
) -> Plane:
    """Make an axis-aligned plane.

    Parameters
    ----------
    name : {"xy", "xz", "yz"}
        The two axes that it shows, the first to the right, the second downwards.
    centre_um : sequence of 3 float
        Middle, z, y, x [µm].
    width_um, height_um : float
        Extent [µm].
    """
    if name not in AXES:
        raise ValueError(f"plane needs one of {', '.join(AXES)}, got {name!r}")
    across, down = AXES[name]
    return Plane(
        centre_um=triple(centre_um),
        across=across,
        down=down,
        width_um=width_um,
        height_um=height_um,
    )


def axes_through(
    first_um: Sequence[float], second_um: Sequence[float], third_um: Sequence[float]
) -> tuple[Triple, Triple]:
    """Directions of the plane through three points: right along first to second.

    Raises
    ------
    ValueError
        If the points lie on a line.
    """
    start = np.asarray(first_um, float)
    along, aside = np.asarray(second_um, float) - start, np.asarray(third_um, float) - start
    length = np.linalg.norm(along)
    across = along / length if length > 0 else along
    down = aside - (aside @ across) * across
    size = np.linalg.norm(down)
    if length == 0 or size <= 1e-6 * max(np.linalg.norm(aside), length):
        points = (tuple(float(f"{v:.6g}") for v in p) for p in (first_um, second_um, third_um))
        raise ValueError(
            "a plane needs three points that are not on a line, got "
            f"{', '.join(map(str, points))}: move one aside"
        )
    return triple(across), triple(down / size)


def check_axes(across: Sequence[float], down: Sequence[float]) -> None:
    """Refuse directions that are not unit vectors at right angles."""
    pair = np.array([across, down], float)
    if pair.shape != (2, 3) or not np.allclose(pair @ pair.T, np.eye(2), atol=1e-6):
        raise ValueError(
            "across and down need unit vectors (z, y, x) at right angles, got "
            f"{tuple(across)} and {tuple(down)}: normalise them, or use a plane through points"
        )


def triple(values: ArrayLike) -> Triple:
    """Three plain floats."""
    z, y, x = np.asarray(values, float)
    return float(z), float(y), float(x)
