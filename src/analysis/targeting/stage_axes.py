"""What is known about a stage before anything is fitted: unit, handedness, axes that turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..registration.points import lift
from .stage_turning import turned

if TYPE_CHECKING:
    import pandas as pd

UNITS = {"um": 1.0, "mm": 1e3, "m": 1e6}


@dataclass(frozen=True)
class StageAxes:
    """What is known about a stage before anything is fitted.

    Parameters
    ----------
    unit : {"um", "mm", "m"}
        Of its readings.
    handedness : {"right", "left"}
        Of x, y, z readings taken as coordinates of the specimen.
    z_grows : {"outwards", "inwards"}, optional
        Whether a place further out of the specimen has the larger z reading; checked where known.
    tilt_deg, rotation_deg : float
        At which the readings stand, unless a fiducial says otherwise [degree].
    xy_follow_tilt : bool
        Whether the x, y and z drives lie on the tilting part: then a place that is brought to the
        tilt axis reads the same at any tilt.
    tilt_axis_um : (2,) sequence, optional
        Readings y and z of the tilt axis, which runs along x [um]; needed to change the tilt of
        a stage whose drives stay level.
    rotation_centre_um : (2,) sequence, optional
        Readings x and y of the rotation axis [um]; needed to change the rotation.
    tilt_sign, rotation_sign : {1, -1}
        1 where a growing tilt turns y towards z, and a growing rotation turns x towards y.
    between_beams_deg : float
        Angle from the electron to the ion beam: 52 or 54 on most instruments [degree].

    Examples
    --------
    >>> axes = StageAxes("mm", handedness="left")
    >>> axes.readings([[0.0, 2000.0, 1000.0]]).to_dict("list")
    {'x': [1.0], 'y': [2.0], 'z': [0.0]}
    """

    unit: Literal["um", "mm", "m"]
    handedness: Literal["right", "left"]
    z_grows: Literal["outwards", "inwards"] | None = None
    tilt_deg: float = 0.0
    rotation_deg: float = 0.0
    xy_follow_tilt: bool = True
    tilt_axis_um: tuple[float, float] | None = None
    rotation_centre_um: tuple[float, float] | None = None
    tilt_sign: Literal[1, -1] = 1
    rotation_sign: Literal[1, -1] = 1
    between_beams_deg: float = 52.0

    def __post_init__(self) -> None:
        choices = (
            ("unit", self.unit, tuple(UNITS)),
            ("handedness", self.handedness, ("right", "left")),
            ("z_grows", self.z_grows, ("outwards", "inwards", None)),
            ("tilt_sign", self.tilt_sign, (1, -1)),
            ("rotation_sign", self.rotation_sign, (1, -1)),
        )
        for name, value, allowed in choices:
            if value not in allowed:
                raise ValueError(f"{name} needs one of {allowed}, got {value!r}")
        if not 0 < self.between_beams_deg < 90:
            raise ValueError(
                f"between_beams_deg needs 0 to 90 degrees, got {self.between_beams_deg!r}"
            )

    @property
    def unit_um(self) -> float:
        """Micrometres in a unit of the readings."""
        return UNITS[self.unit]

    def readings_um(self, readings: pd.DataFrame) -> np.ndarray:
        """Readings with columns x, y, z in the stage's unit as (n, 3) z, y, x [um].

        Those with columns ``tilt_deg`` or ``rotation_deg`` are turned to the axes' own.
        """
        import pandas as pd

        table = pd.DataFrame(readings)
        missing = [axis for axis in "xyz" if axis not in table]
        if missing:
            raise ValueError(
                f"readings need columns x, y, z in {self.unit}, got {', '.join(map(str, table))}: "
                f"{', '.join(missing)} missing"
            )
        points = lift(table[["z", "y", "x"]].to_numpy(float) * self.unit_um, name="readings")
        tilts = _column(table, "tilt_deg", self.tilt_deg)
        turns = _column(table, "rotation_deg", self.rotation_deg)
        for index in np.flatnonzero((tilts != self.tilt_deg) | (turns != self.rotation_deg)):
            there = replace(self, tilt_deg=float(tilts[index]), rotation_deg=float(turns[index]))
            back = turned(there, self.tilt_deg, self.rotation_deg)
            points[index] = back.apply(points[index][None])[0]
        return points

    def readings(self, points_um: ArrayLike) -> pd.DataFrame:
        """Places (n, 3) z, y, x [um] of the stage as readings x, y, z in its own unit."""
        import pandas as pd

        points = lift(points_um) / self.unit_um
        return pd.DataFrame({"x": points[:, 2], "y": points[:, 1], "z": points[:, 0]})


def _column(table: pd.DataFrame, name: str, default: float) -> np.ndarray:
    if name not in table:
        return np.full(len(table), default)
    return table[name].to_numpy(float)
