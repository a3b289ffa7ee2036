"""Stacks of sections: the geometry of the cut first, then drift and the places of the slices."""

from __future__ import annotations

from .drift import StackDrift, remove_drift
from .geometry import TiltCorrection, plane_geometry, slice_geometry
from .thickness import SlicePositions, slice_positions
from .unsteadiness import slice_unsteadiness, with_unsteadiness

__all__ = [
    "SlicePositions",
    "StackDrift",
    "TiltCorrection",
    "plane_geometry",
    "remove_drift",
    "slice_geometry",
    "slice_positions",
    "slice_unsteadiness",
    "with_unsteadiness",
]
