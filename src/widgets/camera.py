"""From where a scene is seen, without perspective: a micrometre is as long in front as behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plane import Plane, triple

_MARGINS = (1.3, 1.2)  # across and down: room for ticks and their numbers


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A direction to look along, and how near.

    Attributes
    ----------
    azimuth_deg : float
        Turn around z; at 0 x runs to the right, as in the slices xy and xz.
    elevation_deg : float
        -90 to 90: 0 looks at xz, 90 at xy, as the slices of these names show them. z points down.
    zoom : float
        1 shows everything, 2 half of it.

    Examples
    --------
    >>> Camera(azimuth_deg=0, elevation_deg=90).direction.round(6).tolist()  # z, y, x
    [1.0, -0.0, 0.0]
    """

    azimuth_deg: float = 32.0
    elevation_deg: float = 28.0
    zoom: float = 1.0

    def __post_init__(self) -> None:
        for name in ("azimuth_deg", "elevation_deg", "zoom"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} needs a finite number, got {getattr(self, name)!r}")
        if not -90 <= self.elevation_deg <= 90:
            raise ValueError(f"elevation_deg needs -90 to 90, got {self.elevation_deg}")
        if not self.zoom > 0:
            raise ValueError(f"zoom needs a positive number, got {self.zoom}")

    @property
    def across(self) -> NDArray[np.float64]:
        """Unit vector z, y, x that runs to the right."""
        turn = math.radians(self.azimuth_deg)
        return np.array([0.0, math.sin(turn), math.cos(turn)])

    @property
    def down(self) -> NDArray[np.float64]:
        """Unit vector z, y, x that runs downwards in the picture."""
        rise = math.radians(self.elevation_deg)
        return math.cos(rise) * np.array([1.0, 0, 0]) + math.sin(rise) * self._towards()

    @property
    def up(self) -> NDArray[np.float64]:
        """Unit vector z, y, x that runs upwards in the picture."""
        return -self.down

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vector z, y, x from the eye into the scene."""
        rise = math.radians(self.elevation_deg)
        return math.sin(rise) * np.array([1.0, 0, 0]) - math.cos(rise) * self._towards()

    def turned(self, *, azimuth_deg: float = 0.0, elevation_deg: float = 0.0) -> Camera:
        """The camera after a turn; it stops when it looks straight up or down."""
        return replace(
            self,
            azimuth_deg=(self.azimuth_deg + azimuth_deg + 180) % 360 - 180,
            elevation_deg=min(90.0, max(-90.0, self.elevation_deg + elevation_deg)),
        )

    def plane(self, corners_um: ArrayLike, *, focus_um: ArrayLike, aspect: float) -> Plane:
        """The rectangle that the picture shows.

        Parameters
        ----------
        corners_um : array_like, shape (n, 3)
            Of everything, z, y, x [µm].
        focus_um : array_like, shape (3,)
            What is in the middle [µm].
        aspect : float
            Height of the picture over its width.
        """
        offset = np.atleast_2d(np.asarray(corners_um, float)) - np.asarray(focus_um, float)
        wide = 2 * float(np.abs(offset @ self.across).max())
        high = 2 * float(np.abs(offset @ self.down).max())
        width = max(_MARGINS[0] * wide, _MARGINS[1] * high / aspect) / self.zoom
        return Plane(
            centre_um=triple(focus_um),
            across=triple(self.across),
            down=triple(self.down),
            width_um=width,
            height_um=width * aspect,
        )

    def _towards(self) -> NDArray[np.float64]:
        """What points to the eye in the level plane."""
        turn = math.radians(self.azimuth_deg)
        return np.array([0.0, math.cos(turn), -math.sin(turn)])


VIEWS = {
    "corner": Camera(),
    "top": Camera(azimuth_deg=0, elevation_deg=90),
    "bottom": Camera(azimuth_deg=0, elevation_deg=-90),
    "front": Camera(azimuth_deg=0, elevation_deg=0),
    "back": Camera(azimuth_deg=180, elevation_deg=0),
    "left": Camera(azimuth_deg=90, elevation_deg=0),
    "right": Camera(azimuth_deg=-90, elevation_deg=0),
}


def named_camera(value: Camera | str) -> Camera:
    """A camera, or the view of that name.

    Raises
    ------
    ValueError
        There is no view of that name.
    """
    if isinstance(value, Camera):
        return value
    if value not in VIEWS:
        raise ValueError(f"camera needs a Camera or one of {', '.join(VIEWS)}, got {value!r}")
    return VIEWS[value]
