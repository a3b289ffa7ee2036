"""Digital volume and image correlation: displacement, strain, and how well both are known."""

from __future__ import annotations

from .displacement import Displacements, displacement_field
from .zero_strain import ZeroStrain, zero_strain_test

__all__ = ["Displacements", "ZeroStrain", "displacement_field", "zero_strain_test"]
