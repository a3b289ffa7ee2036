"""Which of two fluids drives out the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..analysis.transport import young_laplace_kpa

_UPRIGHT = 0.05  # of the cosine: a fluid that wets neither way has no capillary pressure


@dataclass(frozen=True)
class Fluids:
    """Which fluid drives out which, and along which axis.

    Attributes
    ----------
    tension_n_per_m : float
        Between the two [N/m]; 0.0728 for water and air, 0.485 for mercury.
    contact_angle_deg : float
        Of the fluid that is driven out [degrees].
    along : {"z", "y", "x"}
        The other one comes in at the first layer.

    Raises
    ------
    ValueError
        The tension is not positive, or there is no capillary pressure at this angle.

    Examples
    --------
    >>> Fluids().words
    'along z, 0.0728 N/m, 0°'
    """

    tension_n_per_m: float = 0.0728
    contact_angle_deg: float = 0.0
    along: str = "z"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tension_n_per_m) and self.tension_n_per_m > 0):
            raise ValueError(f"tension needs to be positive [N/m], got {self.tension_n_per_m}")
        angle = self.contact_angle_deg
        if not 0 <= angle <= 180 or abs(math.cos(math.radians(angle))) < _UPRIGHT:
            raise ValueError(
                f"contact_angle needs 0 to 180 degrees and not close to 90, got {angle}: at 90 "
                "neither fluid drives out the other"
            )
        if self.along not in ("z", "y", "x"):
            raise ValueError(f"drained_along needs z, y or x, got {self.along!r}")

    @property
    def words(self) -> str:
        """How they are named in a convention."""
        return f"along {self.along}, {self.tension_n_per_m:g} N/m, {self.contact_angle_deg:g}°"

    @property
    def unit_kpa_um(self) -> float:
        """Pressure times radius of a tube."""
        return young_laplace_kpa(
            1.0, tension_n_per_m=self.tension_n_per_m, contact_angle_deg=self.contact_angle_deg
        )
