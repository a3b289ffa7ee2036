"""What a cleaning counts in voxels, as people read it: in µm, with the voxels in brackets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

_DIGITS = 6  # of a length in a field: voxels times µm leave no 0.30000000000000004


@dataclass(frozen=True)
class Measure:
    """How a number of voxels is shown and taken in another unit.

    Attributes
    ----------
    unit : str
    per_px : float
        How much of the unit one voxel is.
    whole : bool
        Whether only whole voxels can be meant: what is between two is the larger one.
    """

    unit: str = "px"
    per_px: float = 1.0
    whole: bool = False

    def shown(self, count: float) -> float:
        """Voxels in the unit."""
        return float(f"{count * self.per_px:.{_DIGITS}g}")

    def taken(self, value: float) -> float | int:
        """What is shown, in voxels."""
        count = float(f"{value / self.per_px:.{2 * _DIGITS}g}")
        return math.ceil(count - 10.0**-_DIGITS) if self.whole else count

    def words(self, count: float) -> str:
        """A number of voxels for people.

        Examples
        --------
        >>> Measure("µm³", 0.008).words(20), Measure().words(0.7)
        ('0.16 µm³ (20 px)', '0.7 px')
        """
        voxels = f"{count:g} px"
        return voxels if self.unit == "px" else f"{self.shown(count):.3g} {self.unit} ({voxels})"


def length_measure(sliders: Any) -> Measure:
    """Of lengths along every axis: voxels where these are no cubes, or of no known size."""
    spacing = _spacing_um(sliders)
    if not spacing or not np.allclose(spacing, spacing[0], rtol=1e-6):
        return Measure()
    return Measure("µm", spacing[0])


def size_measure(sliders: Any) -> Measure:
    """Of pieces: their volume, in a picture their area."""
    spacing = _spacing_um(sliders)
    if not spacing:
        return Measure(whole=True)
    return Measure("µm³" if len(spacing) == 3 else "µm²", math.prod(spacing), whole=True)


def _spacing_um(sliders: Any) -> tuple[float, ...] | None:
    return sliders.spacing_um() if sliders.length_unit == "um" else None
