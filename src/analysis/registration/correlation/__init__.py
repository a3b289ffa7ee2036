"""Digital volume and image correlation: displacement, strain, and how well both are known."""

from __future__ import annotations

from .displacement import Displacements, displacement_field
from .repeat import RepeatScan, repeat_scan
from .strain import Strain, strain_of
from .zero_strain import ZeroStrain, zero_strain_test

__all__ = [
    "Displacements",
    "RepeatScan",
    "Strain",
    "ZeroStrain",
    "displacement_field",
    "repeat_scan",
    "strain_of",
    "zero_strain_test",
]
